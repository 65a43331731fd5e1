// SPDX-License-Identifier: GPL-2.0
/*
 * Flushes: who was killed waits for the backend to say that it has let go of
 * what was asked of it, and cannot be killed any more. A backend says so at
 * once; one that does not is as good as gone, and is treated so.
 */
#include <linux/jiffies.h>
#include <xpv/work.h>
#include "p9front.h"

/* How long a backend may take, and how often it is looked. */
#define FLUSH_WAIT	(10 * HZ)
#define FLUSH_LOOK	(HZ + 1)

/**
 * p9front_flush_sent() - a flush is about to go
 * @pf: the share
 * @slot: its slot
 */
void p9front_flush_sent(struct p9front *pf, struct p9front_slot *slot)
{
	slot->since = jiffies;
	queue_delayed_work(xpv_prompt_queue, &pf->watch, FLUSH_LOOK);
}

/* Whether flushes are out, and one of them has been for too long. */
static bool look(struct p9front_ring *ring, bool *any)
{
	bool late = false;
	unsigned int i;

	spin_lock_irq(&ring->lock);
	for (i = 0; i < P9FRONT_SLOTS; i++) {
		const struct p9front_slot *slot = &ring->slots[i];

		if (slot->state != P9FRONT_OUT || slot->type != P9FRONT_TFLUSH)
			continue;
		*any = true;
		late |= time_after(jiffies, slot->since + FLUSH_WAIT);
	}
	spin_unlock_irq(&ring->lock);
	return late;
}

/**
 * p9front_watch() - see whether flushes are answered
 * @work: the share's
 */
void p9front_watch(struct work_struct *work)
{
	struct p9front *pf = container_of(to_delayed_work(work),
					  struct p9front, watch);
	bool any = false, late = false;
	unsigned int i;

	for (i = 0; i < pf->max_rings; i++)
		late |= look(&pf->rings[i], &any);
	if (late) {
		xpv_err_ratelimited(pf->dev, "the backend does not answer\n");
		xpv_device_restart(pf->dev);
	} else if (any) {
		queue_delayed_work(xpv_prompt_queue, &pf->watch, FLUSH_LOOK);
	}
}
