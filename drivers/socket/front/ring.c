// SPDX-License-Identifier: GPL-2.0
/*
 * Data rings of a device: their pages stay granted and their channels open from
 * one socket to the next, so that a connection costs no hypercall here. With a
 * backend that keeps rings mapped it costs none there either.
 */
#include <linux/err.h>
#include <linux/slab.h>
#include "pvcfront.h"

/*
 * The backend moved something, or wants to be looked at. Events that come when
 * the ring's user has gone are late, not idle.
 */
static void ring_event(void *arg)
{
	struct pvcfront_ring *ring = arg;
	bool in, out, worked = true;
	unsigned long flags;

	spin_lock_irqsave(&ring->lock, flags);
	if (ring->end) {
		u32 in_prod = xpv_bytes_peek(&ring->bytes.in);
		u32 out_cons = xpv_bytes_peek(&ring->bytes.out);

		in = in_prod != ring->in_prod;
		out = out_cons != ring->out_cons;
		ring->in_prod = in_prod;
		ring->out_cons = out_cons;
		worked = in || out || xpv_bytes_error(&ring->bytes.in) ||
			 xpv_bytes_error(&ring->bytes.out);
		pvcfront_end_stir(ring->end, ring, in, out);
	}
	spin_unlock_irqrestore(&ring->lock, flags);
	xpv_evtchn_eoi(&ring->ch, worked);
}

static bool is_large(const struct pvcfront_ring *ring)
{
	return ring->mem.order > PVCFRONT_SMALL_ORDER;
}

/* Large rings have few events; but memory, and grants, are for all. */
static int grant_some(struct pvcfront_ring *ring)
{
	struct pvcfront *pf = ring->pf;
	unsigned int order = min(pvcfront_max_order, pf->offer.max_order);
	int err;

	if (pf->nr_large >= READ_ONCE(pvcfront_large_rings))
		order = min_t(unsigned int, order, PVCFRONT_SMALL_ORDER);
	do
		err = xpv_bytes_grant(&ring->mem, pf->dev, order);
	while (err && order-- > XPV_BYTES_MIN_ORDER);
	return err;
}

static struct pvcfront_ring *make_ring(struct pvcfront *pf)
{
	struct pvcfront_ring *ring;
	int err;

	lockdep_assert_held(&pf->rings_lock);
	if (pf->nr_rings >= pvcfront_max_rings)
		return ERR_PTR(-ENOBUFS);
	ring = kzalloc(sizeof(*ring), GFP_KERNEL);
	if (!ring)
		return ERR_PTR(-ENOMEM);
	ring->pf = pf;
	spin_lock_init(&ring->lock);
	INIT_LIST_HEAD(&ring->idle);
	err = grant_some(ring);
	if (err)
		goto err_free;
	err = xpv_evtchn_alloc(pf->dev, &ring->ch, ring_event, ring,
			       pf->nr_rings + 1);
	if (err)
		goto err_revoke;
	list_add_tail(&ring->all, &pf->rings);
	pf->nr_rings++;
	pf->nr_large += is_large(ring);
	return ring;

err_revoke:
	xpv_bytes_revoke(&ring->mem);
err_free:
	kfree(ring);
	return ERR_PTR(err == -ENOSPC ? -ENOBUFS : err);
}

static void free_ring(struct pvcfront_ring *ring)
{
	lockdep_assert_held(&ring->pf->rings_lock);
	list_del(&ring->all);
	ring->pf->nr_rings--;
	ring->pf->nr_large -= is_large(ring);
	xpv_evtchn_close(&ring->ch);
	xpv_bytes_revoke(&ring->mem);
	kfree(ring);
}

static struct pvcfront_ring *take_idle(struct pvcfront *pf)
{
	struct pvcfront_ring *ring;

	spin_lock_irq(&pf->lock);
	ring = list_first_entry_or_null(&pf->idle, struct pvcfront_ring, idle);
	if (ring) {
		list_del_init(&ring->idle);
		pf->nr_idle--;
	}
	spin_unlock_irq(&pf->lock);
	return ring;
}

static void make_fresh(struct pvcfront_ring *ring)
{
	struct xpv_bytes_intf *intf = ring->mem.index.mem;

	xpv_front_bytes_reset(intf);
	xpv_front_bytes_init(&ring->bytes, intf, ring->mem.pages,
			     ring->mem.order);
	if (ring->pf->offer.events) {
		xpv_front_bytes_agree(&ring->bytes, intf);
		xpv_bytes_ask(&ring->bytes.in, 1);
	}
	ring->in_prod = 0;
	ring->out_cons = 0;
}

static void attach(struct pvcfront_end *end, struct pvcfront_ring *ring)
{
	struct pvcfront *pf = ring->pf;

	make_fresh(ring);
	spin_lock_irq(&pf->lock);
	pf->large_out += is_large(ring);
	spin_unlock_irq(&pf->lock);
	spin_lock_irq(&ring->lock);
	ring->end = end;
	spin_unlock_irq(&ring->lock);
	spin_lock_irq(&end->lock);
	end->ring = ring;
	spin_unlock_irq(&end->lock);
}

/**
 * pvcfront_ring_get() - give an end a fresh data ring
 * @end: the end, which has none
 *
 * From then on it is the answers' and the lane's to take it away again.
 *
 * Context: process; sleeps.
 * Return: 0; -ENETDOWN without a backend, -ENOBUFS or -ENOMEM.
 */
int pvcfront_ring_get(struct pvcfront_end *end)
{
	struct pvcfront *pf = end->pf;
	struct pvcfront_ring *ring = ERR_PTR(-ENETDOWN);

	mutex_lock(&pf->rings_lock);
	if (READ_ONCE(pf->connected))
		ring = take_idle(pf) ?: make_ring(pf);
	if (!IS_ERR(ring))
		attach(end, ring);
	else if (PTR_ERR(ring) != -ENETDOWN && __ratelimit(&pf->scarce))
		xpv_warn(pf->dev, "no data ring beside the %u there are: %ld; connections wait or fail\n",
			 pf->nr_rings, PTR_ERR(ring));
	mutex_unlock(&pf->rings_lock);
	return PTR_ERR_OR_ZERO(ring);
}

/**
 * pvcfront_ring_detach() - take an end's ring away
 * @end: the end; data does not flow, or both its mutexes are held
 *
 * Context: the handler of answers, or the lane; nobody else could be sure that
 * the ring still exists.
 * Return: the ring, or NULL if there was none.
 */
struct pvcfront_ring *pvcfront_ring_detach(struct pvcfront_end *end)
{
	struct pvcfront_ring *ring;
	unsigned long flags;

	spin_lock_irqsave(&end->lock, flags);
	ring = end->ring;
	end->ring = NULL;
	spin_unlock_irqrestore(&end->lock, flags);
	if (!ring)
		return NULL;
	spin_lock_irqsave(&ring->lock, flags);
	ring->end = NULL;
	spin_unlock_irqrestore(&ring->lock, flags);
	return ring;
}

/*
 * Whether one more ring may be idle. Small ones leave room, half of it at most, for the
 * large ones that are in use: whatever comes back first, those are there for the next
 * sockets.
 */
static bool may_idle(const struct pvcfront_ring *ring, unsigned int most)
{
	const struct pvcfront *pf = ring->pf;
	unsigned int wanted = is_large(ring) ? 0 : min(pf->large_out, most / 2);

	lockdep_assert_held(&pf->lock);
	return pf->nr_idle + pf->nr_keeping + wanted < most;
}

/**
 * pvcfront_ring_keep() - whether a ring that is released should stay mapped
 * @ring: the ring of an end, whose lock is held
 *
 * What the backend keeps has to be kept here, so those that it was asked to keep
 * count as idle.
 *
 * Context: any.
 */
bool pvcfront_ring_keep(struct pvcfront_ring *ring)
{
	struct pvcfront *pf = ring->pf;
	unsigned int most = min(pvcfront_idle_rings, pf->offer.kept_rings);
	unsigned long flags;

	spin_lock_irqsave(&pf->lock, flags);
	if (!ring->keeping && may_idle(ring, most)) {
		ring->keeping = true;
		pf->nr_keeping++;
		pf->large_out -= is_large(ring);
	}
	spin_unlock_irqrestore(&pf->lock, flags);
	return ring->keeping;
}

/**
 * pvcfront_ring_put() - nobody uses a ring any more
 * @ring: the ring, which no end has
 * @usable: the backend has let go of it
 * @kept: the backend keeps it mapped, so that it must stay
 *
 * Context: any.
 */
void pvcfront_ring_put(struct pvcfront_ring *ring, bool usable, bool kept)
{
	struct pvcfront *pf = ring->pf;
	unsigned long flags;

	spin_lock_irqsave(&pf->lock, flags);
	ring->kept = kept;
	if (ring->keeping)
		pf->nr_keeping--;
	else
		pf->large_out -= is_large(ring);
	ring->keeping = false;
	usable = usable && may_idle(ring, pvcfront_idle_rings);
	if (kept || usable) {
		/* The next socket gets the first one. */
		if (is_large(ring))
			list_add(&ring->idle, &pf->idle);
		else
			list_add_tail(&ring->idle, &pf->idle);
		pf->nr_idle++;
	} else {
		list_add(&ring->idle, &pf->spent);
		queue_work(pvcfront_queue, &pf->tidy);
	}
	spin_unlock_irqrestore(&pf->lock, flags);
}

/**
 * pvcfront_rings_tidy() - give back rings that are not worth keeping
 * @work: the device's
 */
void pvcfront_rings_tidy(struct work_struct *work)
{
	struct pvcfront *pf = container_of(work, struct pvcfront, tidy);
	struct pvcfront_ring *ring, *next;
	LIST_HEAD(spent);

	mutex_lock(&pf->rings_lock);
	spin_lock_irq(&pf->lock);
	list_splice_init(&pf->spent, &spent);
	spin_unlock_irq(&pf->lock);
	list_for_each_entry_safe(ring, next, &spent, idle)
		free_ring(ring);
	mutex_unlock(&pf->rings_lock);
}

/**
 * pvcfront_rings_quiet() - see to it that nobody is being given a ring
 * @pf: the device, not connected any more
 */
void pvcfront_rings_quiet(struct pvcfront *pf)
{
	mutex_lock(&pf->rings_lock);
	mutex_unlock(&pf->rings_lock);
}

/**
 * pvcfront_rings_close() - give back all rings
 * @pf: the device, not connected any more; no end has a ring
 *
 * Context: the lane.
 */
void pvcfront_rings_close(struct pvcfront *pf)
{
	struct pvcfront_ring *ring, *next;

	cancel_work_sync(&pf->tidy);
	mutex_lock(&pf->rings_lock);
	spin_lock_irq(&pf->lock);
	INIT_LIST_HEAD(&pf->idle);
	INIT_LIST_HEAD(&pf->spent);
	pf->nr_idle = 0;
	pf->nr_keeping = 0;
	pf->large_out = 0;
	spin_unlock_irq(&pf->lock);
	list_for_each_entry_safe(ring, next, &pf->rings, all)
		free_ring(ring);
	mutex_unlock(&pf->rings_lock);
}
