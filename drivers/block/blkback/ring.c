// SPDX-License-Identifier: GPL-2.0
/*
 * A ring from being mapped to being unmapped, and its unused requests. worker.c
 * takes requests from it, respond.c answers them.
 */
#include <linux/err.h>
#include <linux/errno.h>
#include <linux/kthread.h>
#include <linux/llist.h>
#include <linux/slab.h>

#include "blkback.h"

/*
 * Requests made when a ring is connected, without room for an indirect one and
 * with; more are made when needed.
 */
static const unsigned int ring_reserve_nr[2] = { 32, 1 };

/*
 * Pages that the indirect requests of a ring may have at a time: as many as a
 * ring of 16 pages is full of, if they have 256 each. A guest can name its pages
 * as often as it likes, and every time is a frame here.
 */
#define RING_PAGES_MAX	(512 * 256)

/* Pages unmapped together: of 32 full requests, or of one indirect one. */
#define UNMAP_TOGETHER	(32 * BLKIF_SLOT_SEGS)

static void push_free(struct llist_node **list, struct blkback_request *req)
{
	req->node.next = *list;
	*list = &req->node;
}

static struct blkback_request *pop_free(struct llist_node **list)
{
	struct llist_node *node = *list;

	if (!node)
		return NULL;
	*list = node->next;
	return llist_entry(node, struct blkback_request, node);
}

static struct blkback_request *make_request(struct blkback_ring *ring,
					    bool large)
{
	struct blkback_request *req = request_alloc(ring, large);

	if (req)
		ring->made[large]++;
	return req;
}

static int add_requests(struct blkback_ring *ring, bool large)
{
	struct blkback_request *req;

	while (ring->made[large] < ring_reserve_nr[large]) {
		req = make_request(ring, large);
		if (!req)
			return -ENOMEM;
		push_free(&ring->spare[large], req);
	}
	return 0;
}

/* Of a ring without worker and without busy requests. */
static void free_requests(struct blkback_ring *ring)
{
	struct blkback_request *req;
	unsigned int large;

	for (large = 0; large < 2; large++) {
		while ((req = pop_free(&ring->spare[large])))
			request_free(req);
		while ((req = pop_free(&ring->free[large])))
			request_free(req);
		ring->made[large] = 0;
	}
}

/* The worker's own list is empty: take all that were answered since. */
static struct blkback_request *refill_spare(struct blkback_ring *ring,
					    bool large)
{
	spin_lock_bh(&ring->lock);
	ring->spare[large] = ring->free[large];
	ring->free[large] = NULL;
	spin_unlock_bh(&ring->lock);
	return pop_free(&ring->spare[large]);
}

static struct blkback_request *take_unused(struct blkback_ring *ring,
					   bool large)
{
	return pop_free(&ring->spare[large]) ?: refill_spare(ring, large);
}

static bool may_make(const struct blkback_ring *ring, bool large)
{
	return !large || ring->made[true] * request_room(ring, true) <
			 RING_PAGES_MAX;
}

/*
 * A request to work with. There are never more than the ring has slots: one is
 * made only when all are busy.
 */
static struct blkback_request *get_free(struct blkback_ring *ring, bool large)
{
	struct blkback_request *req = take_unused(ring, large);

	if (req || !may_make(ring, large))
		return req;
	WRITE_ONCE(ring->stats.oo_req, ring->stats.oo_req + 1);
	return make_request(ring, large);
}

static void trim_requests(struct blkback_ring *ring, bool large)
{
	struct blkback_request *req;

	while (ring->made[large] > ring_reserve_nr[large]) {
		req = take_unused(ring, large);
		if (!req)
			return;		/* the others are busy */
		request_free(req);
		ring->made[large]--;
	}
}

/**
 * ring_has_surplus() - whether a ring has more requests than it began with
 * @ring: the ring
 *
 * Context: the worker.
 */
bool ring_has_surplus(const struct blkback_ring *ring)
{
	return ring->made[false] > ring_reserve_nr[false] ||
	       ring->made[true] > ring_reserve_nr[true];
}

/**
 * ring_expire_requests() - free what a ring has made beyond its reserve
 * @ring: the ring
 *
 * Not if one had to be made since this was last called: it would be again.
 *
 * Context: the worker.
 */
void ring_expire_requests(struct blkback_ring *ring)
{
	unsigned long made = ring->stats.oo_req;

	if (ring->made_before == made) {
		trim_requests(ring, false);
		trim_requests(ring, true);
	}
	ring->made_before = made;
}

/*
 * Count one more request as taken if no other is busy, or hold the ring until
 * none is.
 */
static bool take_alone(struct blkback_ring *ring)
{
	spin_lock_bh(&ring->lock);
	ring->held = ring->taken != ring->answered;
	if (!ring->held)
		ring->taken++;
	spin_unlock_bh(&ring->lock);
	return !ring->held;
}

/**
 * ring_get_request() - start to work on what the worker is at
 * @ring: the ring, with ring->now read from it
 * @req: set to a request object for it
 *
 * A barrier starts when no other request is busy, and none starts beside it.
 * Without memory, or with too many pages in use, a request also waits until no
 * other is busy: then one is free. Nothing sleeps for that: the ring is marked
 * held, and the last response runs the worker again.
 *
 * Context: the worker.
 * Return: whether there is one; if not the worker comes back later.
 */
bool ring_get_request(struct blkback_ring *ring, struct blkback_request **req)
{
	bool barrier = ring->now.op == BLKIF_BARRIER;
	bool large = ring->now.indirect;
	bool alone = barrier || ring->fenced || ring->held;

	if (alone && !take_alone(ring))
		return false;
	*req = get_free(ring, large);
	if (!*req) {
		if (!alone && !take_alone(ring))
			return false;
		alone = true;
		*req = refill_spare(ring, large);
	}
	if (!alone)
		WRITE_ONCE(ring->taken, ring->taken + 1);
	ring->fenced = barrier;
	return true;
}

/**
 * ring_is_alone() - whether the last request taken is the only one that is busy
 * @ring: the ring
 *
 * Context: the worker.
 */
bool ring_is_alone(const struct blkback_ring *ring)
{
	return ring->taken - READ_ONCE(ring->answered) == 1;
}

/**
 * ring_put_back() - have what the worker is at wait until no other is busy
 * @ring: the ring
 * @req: what ring_get_request() gave for it, unused
 *
 * The others may be done by now, or there were none: then nobody else runs the
 * worker again, and it looks in a while.
 *
 * Context: the worker, which ends its run.
 */
void ring_put_back(struct blkback_ring *ring, struct blkback_request *req)
{
	bool idle;

	push_free(&ring->spare[req->large], req);
	spin_lock_bh(&ring->lock);
	ring->taken--;
	ring->held = true;
	idle = ring->taken == ring->answered;
	spin_unlock_bh(&ring->lock);
	if (idle)
		hrtimer_start(&ring->alarm, ms_to_ktime(SHORT_REST_MS),
			      HRTIMER_MODE_REL);
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

	llist_add(&req->node, &ring->discards);
	queue_work(ring->be->wq, &ring->discard_work);
}

/*
 * Have the worker wake here rather than where it ran last, if both are idle:
 * the event has woken this processor already. It is a hint.
 */
static void wake_worker_here(struct blkback_ring *ring)
{
#ifdef CONFIG_SMP
	WRITE_ONCE(ring->worker->task->wake_cpu, smp_processor_id());
#endif
}

/* The channel's event. It is ended by the worker, once the ring is empty. */
static void ring_event(void *arg)
{
	struct blkback_ring *ring = arg;

	set_bit(RING_EVENT, &ring->flags);
	wake_worker_here(ring);
	ring_kick(ring);
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
	INIT_DELAYED_WORK(&ring->expire, ring_expire_work);
	INIT_WORK(&ring->discard_work, ring_discard_work);
	init_llist_head(&ring->done);
	tasklet_setup(&ring->done_task, ring_done);
	init_llist_head(&ring->discards);
	spin_lock_init(&ring->unmap_lock);
	spin_lock_init(&ring->lock);
	init_waitqueue_head(&ring->idle);
	xpv_map_pool_init(&ring->pool, be->xdev);
	ring_linger_init(ring);
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

static int ring_staff(struct blkback_ring *ring)
{
	struct xpv_device *xdev = ring->be->xdev;
	struct kthread_worker *worker;

	if (xpv_fault(xdev, "a thread"))
		return xpv_device_fail(xdev, -ENOMEM, "no thread for queue %u",
				       ring->index);
	worker = kthread_create_worker(0, "blkback.%d.%u-%u",
				       xdev->otherend_id, xdev->id,
				       ring->index);
	if (IS_ERR(worker))
		return xpv_device_fail(xdev, -ENOMEM, "no thread for queue %u",
				       ring->index);
	/* For kernels that leave this to the caller. */
	wake_up_process(worker->task);
	/* Work remembers the thread it was last done by. */
	kthread_init_work(&ring->work, ring_work);
	ring->worker = worker;
	return 0;
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

/**
 * ring_keep_limit() - how many pages a ring may keep mapped
 * @ring: the ring
 *
 * The module's limit may have changed since the ring was connected.
 */
unsigned int ring_keep_limit(const struct blkback_ring *ring)
{
	return min(READ_ONCE(blkback_max_persistent),
		   ring->be->caps.persistent);
}

/* What mapping and answering need, so that neither allocates as a rule. */
static int ring_reserve(struct blkback_ring *ring)
{
	unsigned int keep = 0;
	int err;

	if (ring->be->front.persistent)
		keep = ring_keep_limit(ring);
	err = xpv_map_cache_init(&ring->cache, &ring->pool, keep);
	if (err)
		goto err_report;
	err = xpv_unmap_group_init(&ring->unmaps, UNMAP_TOGETHER);
	if (err)
		goto err_cache;
	err = -ENOMEM;
	ring->refs = kvmalloc_array(max(request_room(ring, false),
					request_room(ring, true)),
				    sizeof(*ring->refs), GFP_KERNEL);
	if (!ring->refs)
		goto err_group;
	err = add_requests(ring, false);
	if (!err)
		err = add_requests(ring, true);
	if (err)
		goto err_requests;
	return 0;

err_requests:
	free_requests(ring);
	kvfree(ring->refs);
err_group:
	xpv_unmap_group_exit(&ring->unmaps);
err_cache:
	xpv_map_cache_exit(&ring->cache);
err_report:
	return xpv_device_fail(ring->be->xdev, err,
			       "no memory for the requests of queue %u",
			       ring->index);
}

static void ring_unreserve(struct blkback_ring *ring)
{
	free_requests(ring);
	kvfree(ring->refs);
	xpv_unmap_group_exit(&ring->unmaps);
	xpv_map_cache_exit(&ring->cache);
	xpv_map_pool_shrink(&ring->pool, 0);
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
		goto err_unmap;
	err = ring_staff(ring);
	if (err)
		goto err_unreserve;
	err = ring_bind(ring, port);
	if (err)
		goto err_dismiss;
	return 0;

err_dismiss:
	kthread_destroy_worker(ring->worker);
err_unreserve:
	ring_unreserve(ring);
err_unmap:
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
	kthread_queue_work(ring->worker, &ring->work);
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
	idle = !ring->held && ring->taken == ring->answered;
	spin_unlock_bh(&ring->lock);
	return idle;
}

/**
 * ring_drain() - wait until all that was taken from a ring is answered
 * @ring: a stopped ring
 *
 * Everything taken is answered, and the guest is told, before the channel
 * closes: another backend can go on where the responses end, and no slot is
 * lost or answered twice. This waits for our own disk alone.
 *
 * Context: the lane; sleeps as long as the disk has requests.
 */
void ring_drain(struct blkback_ring *ring)
{
	/*
	 * A run that began before the ring was stopped still takes requests;
	 * a later one takes at most the request it is held at, and answers
	 * what was held back.
	 */
	ring_kick(ring);
	kthread_flush_work(&ring->work);
	wait_event_idle(ring->idle, ring_is_idle(ring));
}

/**
 * ring_disconnect() - give a ring back
 * @ring: a drained ring; since then a grace period is over, so that nobody is
 *	in ring_complete() any more
 *
 * Context: the lane; sleeps.
 */
void ring_disconnect(struct blkback_ring *ring)
{
	tasklet_kill(&ring->done_task);
	xpv_evtchn_close(&ring->ch);
	hrtimer_cancel(&ring->alarm);
	cancel_delayed_work_sync(&ring->expire);
	/* A late event may have queued the work: it sees RING_STOPPING. */
	kthread_destroy_worker(ring->worker);
	cancel_work_sync(&ring->discard_work);
	xpv_ring_unmap(&ring->mapped);
	ring_unreserve(ring);
}
