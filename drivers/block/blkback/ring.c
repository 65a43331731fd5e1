// SPDX-License-Identifier: GPL-2.0
/*
 * A ring from being mapped to being unmapped: its unused requests, and the
 * way of finished ones back to the guest. worker.c takes requests from it.
 */
#include <linux/errno.h>
#include <linux/list.h>
#include <linux/slab.h>

#include "blkback.h"

/* Requests made when a ring is connected; more are made when needed. */
#define RING_RESERVE	32

static struct list_head *free_list(struct blkback_ring *ring, bool large)
{
	return large ? &ring->free_large : &ring->free;
}

static int add_requests(struct blkback_ring *ring, bool large, unsigned int nr)
{
	struct blkback_request *req;

	while (nr--) {
		req = request_alloc(ring, large);
		if (!req)
			return -ENOMEM;
		list_add(&req->link, free_list(ring, large));
	}
	return 0;
}

static void free_requests(struct list_head *list)
{
	struct blkback_request *req, *next;

	list_for_each_entry_safe(req, next, list, link)
		request_free(req);
	INIT_LIST_HEAD(list);
}

static struct blkback_request *take_free(struct blkback_ring *ring, bool large)
	__must_hold(&ring->lock)
{
	struct blkback_request *req;

	lockdep_assert_held(&ring->lock);
	req = list_first_entry_or_null(free_list(ring, large),
				       struct blkback_request, link);
	if (req)
		list_del(&req->link);
	return req;
}

/*
 * A request to work with, without the lock when one has to be made. There are
 * never more than the ring has slots: one is made only when all are busy.
 */
static struct blkback_request *make_request(struct blkback_ring *ring,
					    bool large)
{
	struct blkback_request *req;

	spin_lock_bh(&ring->lock);
	req = take_free(ring, large);
	spin_unlock_bh(&ring->lock);
	if (req)
		return req;
	WRITE_ONCE(ring->stats.oo_req, ring->stats.oo_req + 1);
	return request_alloc(ring, large);
}

/**
 * ring_get_request() - start to work on what the worker is at
 * @ring: the ring, with ring->now read from it
 * @req: set to a request object for it
 *
 * A barrier starts when no other request is busy, and none starts beside it.
 * Without memory a request also waits until no other is busy: then one is
 * free. Nothing sleeps for that: the ring is marked held, and the last
 * response runs the worker again.
 *
 * Context: the worker.
 * Return: whether there is one; if not the worker comes back later.
 */
bool ring_get_request(struct blkback_ring *ring, struct blkback_request **req)
{
	bool barrier = ring->now.op == BLKIF_BARRIER;
	bool large = ring->now.indirect;

	*req = make_request(ring, large);
	spin_lock_bh(&ring->lock);
	if (!*req)
		*req = take_free(ring, large);
	ring->held = !*req || (ring->busy && (barrier || ring->fenced));
	if (ring->held)
		goto hold;
	ring->busy++;
	ring->fenced = barrier;
	spin_unlock_bh(&ring->lock);
	return true;

hold:
	if (*req)
		list_add(&(*req)->link, free_list(ring, large));
	spin_unlock_bh(&ring->lock);
	return false;
}

/**
 * ring_queue_discard() - hand a discard to the ring's discard worker
 * @req: the request
 *
 * Context: the worker.
 */
void ring_queue_discard(struct blkback_request *req)
{
	struct blkback_ring *ring = req->ring;

	spin_lock_bh(&ring->lock);
	list_add_tail(&req->link, &ring->discards);
	spin_unlock_bh(&ring->lock);
	queue_work(ring->be->wq, &ring->discard_work);
}

/**
 * ring_complete() - a request's last bio has ended
 * @req: the request
 *
 * Context: any, hard interrupts included.
 */
void ring_complete(struct blkback_request *req)
{
	struct blkback_ring *ring = req->ring;
	bool here = in_task() && !irqs_disabled();
	unsigned long flags;

	/* Spares the softirq's thread: it runs when bottom halves are on. */
	if (here)
		local_bh_disable();
	spin_lock_irqsave(&ring->done_lock, flags);
	list_add_tail(&req->link, &ring->done);
	tasklet_hi_schedule(&ring->done_task);
	spin_unlock_irqrestore(&ring->done_lock, flags);
	if (here)
		local_bh_enable();
}

/**
 * ring_respond() - answer a request and take its object back
 * @req: the request, its pages unmapped
 *
 * Who is last to answer also wakes whoever waits for that, and has no business
 * with the ring once the lock is free.
 *
 * Context: process or softirq.
 */
void ring_respond(struct blkback_request *req)
{
	struct blkback_ring *ring = req->ring;
	u32 rsp[BLKIF_RESPONSE_MAX / sizeof(u32)];
	u32 size;

	size = blkif_fill_response(ring->be->front.abi, req->id, req->op,
				   blkif_status(req->op, req->err), rsp);
	spin_lock_bh(&ring->lock);
	xpv_back_ring_put(&ring->shared, rsp, size);
	if (!ring->gathering && xpv_back_ring_push(&ring->shared))
		xpv_evtchn_notify(&ring->ch);
	list_add(&req->link, free_list(ring, req->large));
	if (!--ring->busy) {
		if (ring->held)
			queue_work(ring->be->wq, &ring->work);
		wake_up(&ring->idle);
	}
	spin_unlock_bh(&ring->lock);
}

/*
 * Unmap and answer all that is done, and show the guest the answers together.
 * What cannot be unmapped at once is answered later, by ring_respond() alone.
 */
static void ring_done(struct tasklet_struct *task)
{
	struct blkback_ring *ring =
		container_of(task, struct blkback_ring, done_task);
	struct blkback_request *req, *next;
	LIST_HEAD(done);
	bool notify;

	spin_lock_irq(&ring->done_lock);
	list_splice_init(&ring->done, &done);
	spin_unlock_irq(&ring->done_lock);
	if (list_empty(&done))
		return;

	spin_lock(&ring->lock);
	ring->gathering = true;
	spin_unlock(&ring->lock);
	list_for_each_entry_safe(req, next, &done, link)
		request_release(req);
	spin_lock(&ring->lock);
	ring->gathering = false;
	notify = xpv_back_ring_push(&ring->shared);
	spin_unlock(&ring->lock);
	if (notify)
		xpv_evtchn_notify(&ring->ch);
}

/* The channel's event. It is ended by the worker, once the ring is empty. */
static void ring_event(void *arg)
{
	struct blkback_ring *ring = arg;

	set_bit(RING_EVENT, &ring->flags);
	queue_work(ring->be->wq, &ring->work);
}

/**
 * ring_alloc() - make a ring that is not connected
 * @be: its device
 * @index: its number
 *
 * Context: process; sleeps.
 * Return: the ring, for kfree(), or NULL.
 */
struct blkback_ring *ring_alloc(struct blkback *be, unsigned int index)
{
	struct blkback_ring *ring = kzalloc(sizeof(*ring), GFP_KERNEL);

	if (!ring)
		return NULL;
	ring->be = be;
	ring->index = index;
	INIT_WORK(&ring->work, ring_work);
	INIT_WORK(&ring->discard_work, ring_discard_work);
	spin_lock_init(&ring->done_lock);
	INIT_LIST_HEAD(&ring->done);
	tasklet_setup(&ring->done_task, ring_done);
	spin_lock_init(&ring->lock);
	INIT_LIST_HEAD(&ring->free);
	INIT_LIST_HEAD(&ring->free_large);
	INIT_LIST_HEAD(&ring->discards);
	init_waitqueue_head(&ring->idle);
	xpv_map_pool_init(&ring->pool, be->xdev);
	return ring;
}

static int ring_map(struct blkback_ring *ring, const grant_ref_t *refs)
{
	struct xpv_device *xdev = ring->be->xdev;
	unsigned int nr = 1U << ring->be->front.order;
	int err;

	err = xpv_ring_map(&ring->mapped, xdev, refs, nr);
	if (err)
		return xpv_device_fail(xdev, err == -EAGAIN ? -EIO : err,
				       "%s/ring-ref of queue %u cannot be mapped",
				       xdev->otherend, ring->index);
	err = xpv_back_ring_init(&ring->shared, ring->mapped.mem,
				 nr * XEN_PAGE_SIZE,
				 ring->be->front.abi->slot_size);
	if (!err)
		return 0;
	xpv_ring_unmap(&ring->mapped);
	return xpv_device_fail(xdev, err,
			       "the ring of queue %u has impossible indices",
			       ring->index);
}

static int ring_bind(struct blkback_ring *ring, evtchn_port_t port)
{
	struct xpv_device *xdev = ring->be->xdev;
	int err;

	err = xpv_evtchn_bind(xdev, &ring->ch, port, ring_event, ring,
			      ring->index);
	if (!err)
		return 0;
	return xpv_device_fail(xdev, err == -EAGAIN ? -EIO : err,
			       "%s/event-channel %u of queue %u cannot be bound",
			       xdev->otherend, port, ring->index);
}

static int ring_reserve(struct blkback_ring *ring)
{
	int err = add_requests(ring, false,
			       min_t(u32, ring->shared.nr, RING_RESERVE));

	if (!err)
		err = add_requests(ring, true, 1);
	if (err)
		xpv_device_fail(ring->be->xdev, err,
				"no memory for the requests of queue %u",
				ring->index);
	return err;
}

/**
 * ring_connect() - take up a ring
 * @ring: a ring that is not connected
 * @refs: the grant references of its pages; untrusted
 * @port: the frontend's event channel; untrusted
 *
 * Context: the lane; sleeps.
 * Return: 0, or an error, already reported and cleaned up after.
 */
int ring_connect(struct blkback_ring *ring, const grant_ref_t *refs,
		 evtchn_port_t port)
{
	int err;

	ring->flags = 0;
	ring->eoi_owed = false;
	ring->worked = false;
	ring->fenced = false;
	err = ring_map(ring, refs);
	if (err)
		return err;
	err = ring_reserve(ring);
	if (err)
		goto err_free;
	err = ring_bind(ring, port);
	if (err)
		goto err_free;
	return 0;

err_free:
	free_requests(&ring->free);
	free_requests(&ring->free_large);
	xpv_ring_unmap(&ring->mapped);
	return err;
}

/**
 * ring_kick() - look for requests
 * @ring: a connected ring
 *
 * Context: any.
 */
void ring_kick(struct blkback_ring *ring)
{
	queue_work(ring->be->wq, &ring->work);
}

/**
 * ring_stop() - take no more requests from a ring
 * @ring: a connected ring
 *
 * Context: any.
 */
void ring_stop(struct blkback_ring *ring)
{
	set_bit(RING_STOPPING, &ring->flags);
}

static bool ring_is_idle(struct blkback_ring *ring)
{
	bool idle;

	spin_lock_bh(&ring->lock);
	idle = !ring->busy && !ring->held && !ring->serving;
	spin_unlock_bh(&ring->lock);
	return idle;
}

/**
 * ring_disconnect() - answer what was taken from a ring, and give it back
 * @ring: a stopped ring
 *
 * Everything taken is answered, and the guest is told, before the channel
 * closes: another backend can go on where the responses end, and no slot is
 * lost or answered twice. This waits for our own disk alone.
 *
 * Context: the lane; sleeps as long as the disk has requests.
 */
void ring_disconnect(struct blkback_ring *ring)
{
	wait_event_idle(ring->idle, ring_is_idle(ring));
	/*
	 * Nothing is in the block layer, so nothing can schedule the tasklet;
	 * it may still be telling the guest.
	 */
	tasklet_kill(&ring->done_task);
	xpv_evtchn_close(&ring->ch);
	/* A late event may have queued it: it sees RING_STOPPING. */
	cancel_work_sync(&ring->work);
	cancel_work_sync(&ring->discard_work);
	xpv_ring_unmap(&ring->mapped);
	free_requests(&ring->free);
	free_requests(&ring->free_large);
	xpv_map_pool_shrink(&ring->pool, 0);
}
