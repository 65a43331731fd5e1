// SPDX-License-Identifier: GPL-2.0
/*
 * Data rings: mapped for a socket, or kept from the one before.
 *
 * Events. One that came is ended (PVRING_EVENT) by the worker of the socket, or the
 * ring's tasklet, when it has nothing more to do; the next one comes only then.
 */
#include <linux/err.h>
#include <linux/errno.h>
#include <linux/slab.h>

#include "pvback.h"

/*
 * Whether the guest has put a little, by a look that only says who is to see. Who is
 * busy with more moves the index meanwhile.
 */
static bool is_little(const struct pvring *ring)
{
	const struct xpv_byte_stream *out = &ring->bytes.out;
	u32 put = xpv_bytes_peek(out) - READ_ONCE(out->at);

	return put && put <= min(READ_ONCE(pvback_at_once), PVRING_LITTLE);
}

static void event_for(struct pvring *ring, struct pvsock *ps)
{
	lockdep_assert_held(&ring->lock);
	set_bit(PVRING_EVENT, &ring->flags);
	WRITE_ONCE(ps->cpu, smp_processor_id());
	if (is_little(ring))
		tasklet_schedule(&ring->now);
	else
		queue_work(ring->be->wq, &ps->work);
	atomic64_inc(&ring->be->came);
}

static void ring_event(void *arg)
{
	struct pvring *ring = arg;
	unsigned long flags;
	bool used;

	spin_lock_irqsave(&ring->lock, flags);
	used = ring->sock;
	if (used)
		event_for(ring, ring->sock);
	spin_unlock_irqrestore(&ring->lock, flags);
	if (!used)
		xpv_evtchn_eoi(&ring->ch, false);
}

static void ring_now(struct tasklet_struct *task)
{
	struct pvring *ring = container_of(task, struct pvring, now);
	struct pvsock *ps;

	spin_lock_irq(&ring->lock);
	ps = ring->sock;
	spin_unlock_irq(&ring->lock);
	/* It stays while this runs: pvr_use(). */
	if (ps)
		pvs_stream_now(ps);
}

/**
 * pvr_claim() - be the one who moves what the guest sent
 * @ring: the ring
 *
 * Context: any but hard interrupts.
 * Return: whether nobody else is. If somebody is, that one has the worker look once
 * more when it is done.
 */
bool pvr_claim(struct pvring *ring)
{
	if (!test_and_set_bit_lock(PVRING_CLAIMED, &ring->flags))
		return true;
	set_bit(PVRING_MISSED, &ring->flags);
	/* Pairs with pvr_unclaim(): it sees that, or we that it was called. */
	smp_mb__after_atomic();
	return !test_and_set_bit_lock(PVRING_CLAIMED, &ring->flags);
}

/**
 * pvr_unclaim() - let others move what the guest sent
 * @ring: the ring, which was claimed
 * @ps: who uses it
 *
 * Context: as pvr_claim().
 */
void pvr_unclaim(struct pvring *ring, struct pvsock *ps)
{
	clear_bit_unlock(PVRING_CLAIMED, &ring->flags);
	/* Pairs with pvr_claim(). */
	smp_mb__after_atomic();
	if (test_bit(PVRING_MISSED, &ring->flags) &&
	    test_and_clear_bit(PVRING_MISSED, &ring->flags))
		queue_work_on(READ_ONCE(ps->cpu), ring->be->wq, &ps->work);
}

/**
 * pvr_end_event() - end the event that came, if one did
 * @ring: the ring
 *
 * It was for something if the guest has sent, or has read.
 *
 * Context: the worker of who uses it, or the tasklet.
 */
void pvr_end_event(struct pvring *ring)
{
	u32 seen;
	bool worked;

	if (!test_and_clear_bit(PVRING_EVENT, &ring->flags))
		return;
	seen = xpv_bytes_peek(&ring->bytes.in);
	worked = ring->worked || seen != ring->in_seen;
	ring->in_seen = seen;
	ring->worked = false;
	xpv_evtchn_eoi(&ring->ch, worked);
}

/**
 * pvr_notify() - send the guest an event
 * @ring: the ring
 */
void pvr_notify(struct pvring *ring)
{
	atomic64_inc(&ring->be->events);
	xpv_evtchn_notify(&ring->ch);
}

/**
 * pvr_use() - have events wake a socket's worker, or its data sent
 * @ring: the ring
 * @ps: the socket, or NULL for none any more: then events do not when this
 *	returns
 *
 * Context: process; sleeps.
 */
void pvr_use(struct pvring *ring, struct pvsock *ps)
{
	spin_lock_irq(&ring->lock);
	ring->sock = ps;
	spin_unlock_irq(&ring->lock);
	if (!ps)
		tasklet_kill(&ring->now);
}

/* Take up what the page of indices says now. */
static int begin(struct pvring *ring)
{
	int err = xpv_back_bytes_init(&ring->bytes, ring->mapped.intf,
				      ring->mapped.pages, ring->mapped.order);

	if (err)
		return err;
	if (ring->be->agreed)
		xpv_back_bytes_agree(&ring->bytes, ring->mapped.intf);
	ring->in_seen = xpv_bytes_peek(&ring->bytes.in);
	ring->worked = false;
	return 0;
}

static unsigned int pages_of(const struct pvring *ring)
{
	return (1U << ring->mapped.order) + 1;
}

static void unmap(struct pvring *ring)
{
	atomic_sub(pages_of(ring), &ring->be->nr_pages);
	xpv_bytes_unmap(&ring->mapped);
}

static int map(struct pvring *ring)
{
	struct pvback *be = ring->be;
	int err = xpv_bytes_map(&ring->mapped, be->xdev, ring->ref,
				pvback_max_order);

	if (err)
		return err == -ENOMEM ? -ENOBUFS : -EINVAL;
	if (atomic_add_return(pages_of(ring), &be->nr_pages) >
	    be->limits.pages)
		err = -ENOBUFS;
	if (!err && begin(ring))
		err = -EINVAL;
	if (err)
		unmap(ring);
	return err;
}

/* Who has it neither in a list nor in use any more gives it back. */
static void destroy(struct pvring *ring)
{
	xpv_evtchn_close(&ring->ch);
	unmap(ring);
	kfree(ring);
}

static struct pvring *create(struct pvback *be, grant_ref_t ref,
			     evtchn_port_t port)
{
	struct pvring *ring = kzalloc(sizeof(*ring), GFP_KERNEL);
	int err;

	if (!ring)
		return ERR_PTR(-ENOBUFS);
	ring->be = be;
	ring->ref = ref;
	ring->port = port;
	spin_lock_init(&ring->lock);
	tasklet_setup(&ring->now, ring_now);
	err = map(ring);
	if (err)
		goto err_free;
	err = xpv_evtchn_bind(be->xdev, &ring->ch, port, ring_event, ring, ref);
	if (err)
		goto err_unmap;
	mutex_lock(&be->lock);
	list_add(&ring->link, &be->rings);
	mutex_unlock(&be->lock);
	return ring;

err_unmap:
	unmap(ring);
	err = -EINVAL;
err_free:
	kfree(ring);
	return ERR_PTR(err);
}

static struct pvring *find_locked(struct pvback *be, grant_ref_t ref, bool kept)
{
	struct pvring *ring;

	lockdep_assert_held(&be->lock);
	list_for_each_entry(ring, &be->rings, link)
		if (ring->ref == ref && ring->kept == kept)
			return ring;
	return NULL;
}

/* Return: the ring, NULL if none is kept by that reference, or an error. */
static struct pvring *take_kept(struct pvback *be, grant_ref_t ref,
				evtchn_port_t port)
{
	struct pvring *ring;

	mutex_lock(&be->lock);
	ring = find_locked(be, ref, true);
	if (ring && (ring->port != port || begin(ring))) {
		ring = ERR_PTR(-EINVAL);
	} else if (ring) {
		ring->kept = false;
		be->nr_kept--;
		set_bit(PVRING_KEPT, &ring->flags);
	}
	mutex_unlock(&be->lock);
	return ring;
}

/**
 * pvr_get() - the ring for a socket
 * @be: the device
 * @ref: the reference of its page of indices; untrusted
 * @port: the guest's event channel; untrusted
 *
 * Context: process; sleeps.
 * Return: a ring that is in use by nobody else, or an ERR_PTR(): -ENOBUFS if
 * memory, or what the guest may have, is used up; or -EINVAL.
 */
struct pvring *pvr_get(struct pvback *be, grant_ref_t ref, evtchn_port_t port)
{
	struct pvring *ring = take_kept(be, ref, port);

	return ring ?: create(be, ref, port);
}

static bool may_keep(const struct pvback *be)
{
	return be->keep && be->nr_kept < be->limits.kept &&
	       !test_bit(PVBACK_STOPPING, &be->flags);
}

/**
 * pvr_put() - use a ring no more
 * @ring: the ring; not to be touched afterwards
 * @keep: whether it may stay mapped
 *
 * Context: process; sleeps.
 * Return: whether it stayed mapped.
 */
bool pvr_put(struct pvring *ring, bool keep)
{
	struct pvback *be = ring->be;

	pvr_use(ring, NULL);
	/* Events from now on the handler ends itself. */
	pvr_end_event(ring);
	mutex_lock(&be->lock);
	keep = keep && may_keep(be);
	if (keep) {
		ring->kept = true;
		be->nr_kept++;
	} else {
		list_del(&ring->link);
	}
	mutex_unlock(&be->lock);
	if (!keep)
		destroy(ring);
	return keep;
}

/**
 * pvr_is_kept() - whether a ring is mapped, and no socket's
 * @be: the device
 * @ref: which
 *
 * Context: process; sleeps.
 */
bool pvr_is_kept(struct pvback *be, grant_ref_t ref)
{
	bool kept;

	mutex_lock(&be->lock);
	kept = find_locked(be, ref, true);
	mutex_unlock(&be->lock);
	return kept;
}

/**
 * pvr_forget() - %XPV_PVCALLS_FORGET
 * @be: the device
 * @ref: which
 *
 * Context: the command worker; sleeps.
 * Return: the result.
 */
int pvr_forget(struct pvback *be, grant_ref_t ref)
{
	struct pvring *ring;
	bool used;

	mutex_lock(&be->lock);
	ring = find_locked(be, ref, true);
	used = find_locked(be, ref, false);
	if (ring) {
		list_del(&ring->link);
		be->nr_kept--;
	}
	mutex_unlock(&be->lock);
	if (!ring)
		return used ? -EBUSY : -ENOENT;
	destroy(ring);
	return 0;
}

/**
 * pvr_forget_all() - give back all rings that were kept
 * @be: the device, without sockets
 *
 * Context: the lane; sleeps.
 */
void pvr_forget_all(struct pvback *be)
{
	struct pvring *ring, *next;

	list_for_each_entry_safe(ring, next, &be->rings, link) {
		list_del(&ring->link);
		destroy(ring);
	}
	be->nr_kept = 0;
}
