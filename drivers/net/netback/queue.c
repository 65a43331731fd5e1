// SPDX-License-Identifier: GPL-2.0
/*
 * A queue from being mapped to being unmapped, its events, and its NAPI. tx.c
 * and rx.c are about its two rings.
 */
#include <linux/netdevice.h>
#include <linux/slab.h>

#include "netback.h"

/* Copies that Xen makes with one hypercall. */
#define COPY_BATCH	256

static void tx_event(void *arg)
{
	struct netback_queue *queue = arg;

	if (!queue->split)
		WRITE_ONCE(queue->rx.kick, true);
	/* Pairs with is_due(). */
	smp_mb__before_atomic();
	set_bit(QUEUE_TX_EVENT, &queue->flags);
	napi_schedule(&queue->napi);
}

static void rx_event(void *arg)
{
	struct netback_queue *queue = arg;

	WRITE_ONCE(queue->rx.kick, true);
	/* Pairs with is_due(). */
	smp_mb__before_atomic();
	set_bit(QUEUE_RX_EVENT, &queue->flags);
	napi_schedule(&queue->napi);
}

/* Whether an event is to be ended: one came, and was looked into. */
static bool is_due(struct netback_queue *queue, unsigned int bit)
{
	if (!test_bit(bit, &queue->flags))
		return false;
	/* The event before what it has us look for. */
	smp_rmb();
	return !READ_ONCE(queue->rx.kick);
}

/*
 * What an event brought may have been found before it came, by a run that
 * something else called for.
 */
static void end_rx_event(struct netback_queue *queue)
{
	if (!is_due(queue, QUEUE_RX_EVENT))
		return;
	clear_bit(QUEUE_RX_EVENT, &queue->flags);
	netback_count(queue->rx.stats.events, 1);
	xpv_evtchn_eoi(&queue->rx_ch, queue->rx_worked);
	queue->rx_worked = false;
}

static void end_tx_event(struct netback_queue *queue)
{
	bool rx_worked = !queue->split && queue->rx_worked;

	if (!is_due(queue, QUEUE_TX_EVENT))
		return;
	clear_bit(QUEUE_TX_EVENT, &queue->flags);
	netback_count(queue->tx.stats.events, 1);
	xpv_evtchn_eoi(&queue->tx_ch, queue->tx_worked || rx_worked);
	queue->tx_worked = queue->tx_foreseen;
	queue->tx_foreseen = false;
	if (rx_worked)
		queue->rx_worked = false;
}

/*
 * NAPI is about to be done: have the guest send an event for what comes next,
 * unless there is something already; for that it may have sent one all the
 * same. While this runs, no other run does: an event that comes as soon as the
 * last has ended has NAPI run once more. So does one that was not looked into
 * yet, which is not ended here. Return: false if NAPI has to go on.
 */
static bool queue_rest(struct netback_queue *queue)
{
	int waiting = tx_rest(queue);

	if (waiting > 0) {
		queue->tx_foreseen = true;
		return false;
	}
	end_rx_event(queue);
	/*
	 * A queue that may not go on does not want to hear of more either. If
	 * only the rate limit holds it, the rx ring of the same channel does.
	 */
	if (!waiting || (waiting == -EBUSY && !queue->split))
		end_tx_event(queue);
	return true;
}

static int queue_poll(struct napi_struct *napi, int budget)
{
	struct netback_queue *queue =
		container_of(napi, struct netback_queue, napi);
	struct netback *vif = queue->vif;
	bool idle = READ_ONCE(vif->rogue) || !READ_ONCE(vif->heard) ||
		    !READ_ONCE(queue->rx.running);
	int work = 0;

	/* From netpoll, with interrupts off: it has no use for what we do. */
	if (!budget)
		return 0;
	if (!idle)
		poll_learn(queue);
	do {
		if (!idle)
			work += tx_run(queue, budget - work);
		if (READ_ONCE(queue->rx.kick) || READ_ONCE(queue->rx.nap.over)) {
			WRITE_ONCE(queue->rx.kick, false);
			if (rx_look(queue))
				queue->rx_worked = true;
		}
	} while (work && work < budget && poll_more(queue));
	if (work) {
		queue->tx_worked = true;
		poll_rest(queue);
	}
	if (work >= budget)
		return work;
	/*
	 * An idle one keeps its event until queue_start(), until the interface is
	 * up, or until the next life.
	 */
	if (!idle && !queue_rest(queue))
		return budget;
	napi_complete_done(napi, work);
	return work;
}

/**
 * queue_alloc() - make a queue that is not connected
 * @vif: its device
 * @index: its number
 *
 * Context: the lane; sleeps.
 * Return: the queue, or NULL.
 */
struct netback_queue *queue_alloc(struct netback *vif, unsigned int index)
{
	struct netback_queue *queue = kzalloc(sizeof(*queue), GFP_KERNEL);

	if (!queue)
		return NULL;
	queue->vif = vif;
	queue->index = index;
	__skb_queue_head_init(&queue->tx.built);
	__skb_queue_head_init(&queue->rx.waiting);
	timer_setup(&queue->tx.credit_timer, credit_timer, 0);
	timer_setup(&queue->rx.timer, rx_timer, 0);
	net_nap_init(&queue->tx.nap, poll_nap_over);
	gather_init(queue);
	limit_init(queue);
	netif_napi_add(vif->dev, &queue->napi, queue_poll);
	if (netback_xdp_init(queue)) {
		netif_napi_del(&queue->napi);
		kfree(queue);
		return NULL;
	}
	return queue;
}

/**
 * queue_free() - free a queue
 * @queue: the queue, disconnected, of an interface that is not registered any
 *	more; nobody finds its NAPI
 */
void queue_free(struct netback_queue *queue)
{
	netback_xdp_exit(queue);
	kfree(queue);
}

static int map_ring(struct netback_queue *queue,
		    struct xpv_mapped_ring *mapped, struct xpv_ring *ring,
		    const grant_ref_t *refs, unsigned int order,
		    unsigned int slot_size, const char *name)
{
	struct xpv_device *xdev = queue->vif->xdev;
	int err;

	err = xpv_ring_map(mapped, xdev, refs, 1U << order);
	if (err)
		return xpv_device_fail(xdev, err == -EAGAIN ? -EIO : err,
				       "%s/%s-ring-ref of queue %u cannot be mapped",
				       xdev->otherend, name, queue->index);
	err = xpv_back_ring_init(ring, mapped->mem, XEN_PAGE_SIZE << order,
				 slot_size);
	if (!err)
		return 0;
	xpv_ring_unmap(mapped);
	return xpv_device_fail(xdev, err,
			       "the %s ring of queue %u has impossible indices",
			       name, queue->index);
}

static void unmap_rings(struct netback_queue *queue)
{
	mutex_lock(&queue->vif->rings_lock);
	xpv_ring_unmap(&queue->rx.mapped);
	xpv_ring_unmap(&queue->tx.mapped);
	mutex_unlock(&queue->vif->rings_lock);
}

static int map_rings(struct netback_queue *queue,
		     const struct netback_ports *ports)
{
	const struct netback_front *front = &queue->vif->front;
	int err;

	mutex_lock(&queue->vif->rings_lock);
	err = map_ring(queue, &queue->tx.mapped, &queue->tx.ring,
		       ports->tx_refs, front->tx_order, NETIF_TX_SLOT, "tx");
	if (!err)
		err = map_ring(queue, &queue->rx.mapped, &queue->rx.ring,
			       ports->rx_refs, front->rx_order, NETIF_RX_SLOT,
			       "rx");
	mutex_unlock(&queue->vif->rings_lock);
	if (err)
		unmap_rings(queue);
	return err;
}

static void queue_unreserve(struct netback_queue *queue)
{
	stage_exit(&queue->stage);
	xpv_copy_exit(&queue->rx.copy);
	xpv_copy_exit(&queue->tx.copy);
	kvfree(queue->rx.sums);
	kvfree(queue->rx.answers);
	kvfree(queue->tx.answers);
	queue->rx.sums = NULL;
	queue->rx.answers = NULL;
	queue->tx.answers = NULL;
}

/* What carrying packets needs, but for the packets themselves. */
static int queue_reserve(struct netback_queue *queue)
{
	struct xpv_device *xdev = queue->vif->xdev;
	struct netback_tx *tx = &queue->tx;
	struct netback_rx *rx = &queue->rx;
	int err = -ENOMEM;

	tx->answers = kvcalloc(tx->ring.nr, sizeof(*tx->answers), GFP_KERNEL);
	rx->answers = kvcalloc(rx->ring.nr, sizeof(*rx->answers), GFP_KERNEL);
	rx->sums = kvcalloc(rx->ring.nr, sizeof(*rx->sums), GFP_KERNEL);
	if (tx->answers && rx->answers && rx->sums &&
	    !xpv_fault(xdev, "memory of a queue"))
		err = xpv_copy_init(&tx->copy, xdev, COPY_BATCH);
	if (!err)
		err = xpv_copy_init(&rx->copy, xdev, COPY_BATCH);
	if (!err)
		err = stage_init(queue);
	if (!err)
		return 0;

	queue_unreserve(queue);
	return xpv_device_fail(xdev, err, "no memory for queue %u",
			       queue->index);
}

static int bind(struct netback_queue *queue, struct xpv_evtchn *ch,
		evtchn_port_t port, void (*handler)(void *arg),
		unsigned int number)
{
	struct xpv_device *xdev = queue->vif->xdev;
	int err = xpv_evtchn_bind(xdev, ch, port, handler, queue, number);

	if (!err)
		return 0;
	return xpv_device_fail(xdev, err == -EAGAIN ? -EIO : err,
			       "%s: event channel %u of queue %u cannot be bound",
			       xdev->otherend, port, queue->index);
}

/* The two of a queue are numbered one after the other. */
static int queue_bind(struct netback_queue *queue,
		      const struct netback_ports *ports)
{
	int err = bind(queue, &queue->tx_ch, ports->tx_port, tx_event,
		       2 * queue->index);

	if (err || !ports->rx_port)
		return err;
	err = bind(queue, &queue->rx_ch, ports->rx_port, rx_event,
		   2 * queue->index + 1);
	if (err)
		xpv_evtchn_close(&queue->tx_ch);
	return err;
}

/* A life begins where the ring is; the statistics go on. */
static void queue_reset(struct netback_queue *queue, bool split)
{
	queue->flags = 0;
	queue->split = split;
	queue->tx_worked = false;
	queue->tx_foreseen = false;
	queue->rx_worked = false;
	queue->tx.waiting = 0;
	queue->tx.ready = queue->tx.ring.prod;
	queue->tx.held = false;
	xpv_poll_init(&queue->tx.poll);
	net_nap_reset(&queue->tx.nap);
	queue->rx.known = queue->rx.ring.cons;
	net_nap_reset(&queue->rx.nap);
	queue->rx.shown = false;
	queue->rx.notify = false;
	queue->rx.need = 0;
	queue->rx.most = 0;
	queue->rx.shedding = false;
	queue->rx.draining = false;
	queue->rx.stalled = false;
	queue->rx.kick = false;
}

/**
 * queue_connect() - take up the rings of a queue
 * @queue: a queue that is not connected
 * @ports: its keys; untrusted
 *
 * Context: the lane; sleeps.
 * Return: 0, or an error, already reported and cleaned up after.
 */
int queue_connect(struct netback_queue *queue,
		  const struct netback_ports *ports)
{
	int err;

	err = map_rings(queue, ports);
	if (err)
		return err;
	queue_reset(queue, ports->rx_port);
	err = queue_reserve(queue);
	if (err)
		goto err_unmap;
	/* Before the first event. */
	napi_enable(&queue->napi);
	err = queue_bind(queue, ports);
	if (err)
		goto err_disable;
	return 0;

err_disable:
	napi_disable(&queue->napi);
	queue_unreserve(queue);
err_unmap:
	unmap_rings(queue);
	return err;
}

/**
 * queue_kick() - have a queue look at its rings
 * @queue: the queue; nothing happens if it is not connected
 *
 * Context: process.
 */
void queue_kick(struct netback_queue *queue)
{
	WRITE_ONCE(queue->rx.kick, true);
	local_bh_disable();
	napi_schedule(&queue->napi);
	local_bh_enable();
}

/**
 * queue_start() - let packets through
 * @queue: a connected queue
 *
 * Context: the lane.
 */
void queue_start(struct netback_queue *queue)
{
	rx_start(queue);
	queue_kick(queue);
}

/**
 * queue_stop() - let none through any more
 * @queue: a connected queue
 *
 * When it returns nobody looks at its rings but the lane.
 *
 * Context: the lane; sleeps as long as one run of NAPI takes.
 */
void queue_stop(struct netback_queue *queue)
{
	rx_stop(queue);
	napi_disable(&queue->napi);
	net_nap_stop(&queue->tx.nap);
	net_nap_stop(&queue->rx.nap);
	timer_delete_sync(&queue->tx.credit_timer);
	timer_delete_sync(&queue->rx.timer);
	timer_delete_sync(&queue->rx.limit_timer);
}

/**
 * queue_disconnect() - give a queue's rings back
 * @queue: a stopped queue
 *
 * Context: the lane; sleeps.
 */
void queue_disconnect(struct netback_queue *queue)
{
	xpv_evtchn_close(&queue->rx_ch);
	xpv_evtchn_close(&queue->tx_ch);
	__skb_queue_purge(&queue->tx.built);
	__skb_queue_purge(&queue->rx.waiting);
	if (queue->tx.frag.page)
		put_page(queue->tx.frag.page);
	queue->tx.frag.page = NULL;
	net_pages_free(&queue->tx.heads);
	queue_unreserve(queue);
	unmap_rings(queue);
}
