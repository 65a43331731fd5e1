// SPDX-License-Identifier: GPL-2.0
/* Ring memory of connections that are over; see xpv/relic.h. */
#include <linux/errno.h>
#include <linux/export.h>
#include <linux/gfp.h>
#include <linux/slab.h>
#include <xpv/device.h>
#include <xpv/fault.h>
#include <xpv/relic.h>

void xpv_relics_init(struct xpv_relics *relics)
{
	spin_lock_init(&relics->lock);
	relics->first = NULL;
	relics->spare = NULL;
}
EXPORT_SYMBOL_GPL(xpv_relics_init);

int xpv_relics_reserve(struct xpv_relics *relics, struct xpv_device *dev)
{
	if (relics->spare)
		return 0;
	if (!xpv_fault(dev, "a ring's relic"))
		relics->spare = kmalloc(sizeof(*relics->spare), GFP_NOIO);
	return relics->spare ? 0 : -ENOMEM;
}
EXPORT_SYMBOL_GPL(xpv_relics_reserve);

void xpv_relics_add(struct xpv_relics *relics, struct xpv_granted_ring *mem,
		    u32 number)
{
	struct xpv_relic *relic = relics->spare;
	unsigned long flags;

	if (!mem->mem)
		return;
	relics->spare = NULL;
	relic->number = number;
	relic->mem = *mem;
	mem->mem = NULL;

	spin_lock_irqsave(&relics->lock, flags);
	relic->next = relics->first;
	relics->first = relic;
	spin_unlock_irqrestore(&relics->lock, flags);
}
EXPORT_SYMBOL_GPL(xpv_relics_add);

/* Return: whether it is gone. */
static bool relic_free(struct xpv_relic **at)
{
	struct xpv_relic *relic = *at;

	if (!xpv_ring_try_revoke(&relic->mem))
		return false;
	*at = relic->next;
	kfree(relic);
	return true;
}

bool xpv_relics_has(struct xpv_relics *relics, u32 number)
{
	struct xpv_relic **at = &relics->first;
	unsigned long flags;
	bool has;

	spin_lock_irqsave(&relics->lock, flags);
	while (*at && (*at)->number != number)
		at = &(*at)->next;
	has = *at && !relic_free(at);
	spin_unlock_irqrestore(&relics->lock, flags);
	return has;
}
EXPORT_SYMBOL_GPL(xpv_relics_has);

bool xpv_relics_reclaim(struct xpv_relics *relics)
{
	struct xpv_relic **at = &relics->first;
	unsigned long flags;
	bool left;

	spin_lock_irqsave(&relics->lock, flags);
	while (*at)
		if (!relic_free(at))
			at = &(*at)->next;
	left = relics->first;
	spin_unlock_irqrestore(&relics->lock, flags);
	return left;
}
EXPORT_SYMBOL_GPL(xpv_relics_reclaim);

void xpv_relics_exit(struct xpv_relics *relics)
{
	struct xpv_relic *relic, *next;

	for (relic = relics->first; relic; relic = next) {
		next = relic->next;
		xpv_ring_revoke(&relic->mem);
		kfree(relic);
	}
	relics->first = NULL;
	kfree(relics->spare);
	relics->spare = NULL;
}
EXPORT_SYMBOL_GPL(xpv_relics_exit);
