// SPDX-License-Identifier: GPL-2.0
/*
 * What the guest receives: packets from the stack, into buffers that it put
 * into its rx ring.
 *
 * It happens where the stack transmits, without a thread. Into pages that stay
 * mapped we copy at once; the other ones are gathered (see gather.c), until NAPI has
 * Xen copy them together. A packet's responses become visible together, in the slots of
 * its requests, and NAPI sends one event for all packets of a burst.
 *
 * A guest that gives no buffers stops its queue, so that packets wait in the
 * stack's queue of this interface. If these become too many, the queue goes on for
 * a moment in which they are dropped (see backlog.c). When it has lasted for the
 * drain time-out all are, and when it lasts for the stall time-out, too, the
 * interface loses its carrier until there are buffers.
 */
#include <linux/jiffies.h>
#include <linux/netdevice.h>

#include "netback.h"

/*
 * How often a full ring is looked at: for what waits before it and, if the guest
 * does not tell of them, for buffers. And when it is first, if the guest was asked
 * for more buffers than are needed at once.
 */
#define LOOK_INTERVAL	msecs_to_jiffies(30)
#define ASK_TIME	msecs_to_jiffies(10)

/*
 * struct plan - how a packet goes into slots
 * @gso: it has an extra for segmentation
 * @hash: the type of hash in an extra, or negative
 * @headroom: bytes before it, told in an extra; or 0
 * @extras: how many that makes
 * @need: slots in all
 */
struct plan {
	bool gso;
	int hash;
	unsigned int headroom;
	unsigned int extras;
	unsigned int need;
};

/*
 * struct fill - a packet on its way into slots
 * @queue: the queue
 * @slot: index of the present slot
 * @ref: the grant of its page
 * @staged: that page, if it stays mapped
 * @at: where in the page
 * @begin: where the data of this slot begins
 * @left: bytes of the packet that have no place yet
 * @plan: see there
 */
struct fill {
	struct netback_queue *queue;
	u32 slot;
	grant_ref_t ref;
	u8 *staged;
	unsigned int at;
	unsigned int begin;
	unsigned int left;
	const struct plan *plan;
};

static struct xen_netif_rx_response *answer_at(struct netback_rx *rx, u32 slot)
{
	return &rx->answers[slot & (rx->ring.nr - 1)];
}

static void kick(struct netback_queue *queue)
{
	WRITE_ONCE(queue->rx.kick, true);
	napi_schedule(&queue->napi);
}

/**
 * rx_refresh() - see what buffers the guest has given, and so what it has taken
 * @queue: the queue, its lock held
 *
 * Return: whether there are new ones.
 */
bool rx_refresh(struct netback_queue *queue)
{
	struct netback_rx *rx = &queue->rx;
	int waiting = xpv_back_ring_pending(&rx->ring);
	u32 before = rx->known;

	if (waiting < 0) {
		WRITE_ONCE(queue->vif->rogue, true);
		xpv_device_fail(queue->vif->xdev, waiting,
				"queue %u: the frontend sent more requests than the rx ring holds",
				queue->index);
		return false;
	}
	rx->known = rx->ring.cons + waiting;
	rx->most = max_t(unsigned int, rx->most, waiting);
	if (rx->known == before)
		return false;
	limit_count(queue);
	return true;
}

static bool have(struct netback_queue *queue, unsigned int need)
{
	struct netback_rx *rx = &queue->rx;

	if (rx->known - rx->ring.cons >= need)
		return true;
	rx_refresh(queue);
	return rx->known - rx->ring.cons >= need;
}

/* Responses --------------------------------------------------------------- */

static void copy_failed(void *arg, u32 slot)
{
	struct netback_queue *queue = arg;

	netback_count(queue->rx.stats.errors, 1);
	answer_at(&queue->rx, slot)->status = XEN_NETIF_RSP_ERROR;
}

/* All packets in slots have their data: let the guest see them. */
static void put_answers(struct netback_rx *rx)
{
	if (rx->ring.prod == rx->ring.cons)
		return;
	while (rx->ring.prod != rx->ring.cons)
		xpv_back_ring_put(&rx->ring, answer_at(rx, rx->ring.prod),
				  sizeof(*rx->answers));
	xpv_back_ring_show(&rx->ring);
	rx->shown = true;
}

/*
 * Show what is complete, unless it is behind what waits for copies. Return: whether
 * the guest wants an event for what it was shown.
 */
static bool push_answers(struct netback_rx *rx)
{
	if (skb_queue_empty(&rx->waiting))
		put_answers(rx);
	if (!rx->shown)
		return false;
	rx->shown = false;
	return xpv_back_ring_push(&rx->ring);
}

/* The channel of the ring, or of both rings. */
static void notify(struct netback_queue *queue)
{
	netback_count(queue->rx.stats.notified, 1);
	xpv_evtchn_notify(queue->split ? &queue->rx_ch : &queue->tx_ch);
}

/* Have Xen copy what waits for that. */
static void flush(struct netback_queue *queue)
{
	struct netback_rx *rx = &queue->rx;
	struct sk_buff *skb;

	if (skb_queue_empty(&rx->waiting))
		return;
	xpv_copy_run(&rx->copy, copy_failed, queue);
	put_answers(rx);
	while ((skb = __skb_dequeue(&rx->waiting)))
		net_consume(skb);
}

/* Slots ------------------------------------------------------------------- */

static int gso_type(const struct netback *vif, const struct sk_buff *skb)
{
	unsigned int type = skb_is_gso(skb) ? skb_shinfo(skb)->gso_type : 0;

	if (type & SKB_GSO_TCPV4 && vif->front.gso4)
		return XEN_NETIF_GSO_TYPE_TCPV4;
	if (type & SKB_GSO_TCPV6 && vif->front.gso6)
		return XEN_NETIF_GSO_TYPE_TCPV6;
	return XEN_NETIF_GSO_TYPE_NONE;
}

/* With several queues the hash was made when one of them was chosen. */
static int plan_hash(struct netback *vif, struct sk_buff *skb)
{
	const struct netback_hash *hash;
	int type = -1;

	rcu_read_lock();
	hash = rcu_dereference(vif->hash);
	if (hash && hash->alg) {
		if (vif->nr_queues == 1)
			hash_skb(hash, skb);
		type = hash_type(skb);
	}
	rcu_read_unlock();
	return type;
}

static void plan_make(struct netback *vif, struct sk_buff *skb,
		      struct plan *plan)
{
	plan->gso = gso_type(vif, skb) != XEN_NETIF_GSO_TYPE_NONE;
	plan->hash = rcu_access_pointer(vif->hash) ? plan_hash(vif, skb) : -1;
	plan->headroom = READ_ONCE(vif->front.headroom);
	plan->extras = plan->gso + (plan->hash >= 0) + !!plan->headroom;
	plan->need = DIV_ROUND_UP(skb->len + plan->headroom, XEN_PAGE_SIZE) +
		     plan->extras;
}

/* Take the next buffer, for data. */
static void slot_open(struct fill *fill, unsigned int begin)
{
	struct netback_rx *rx = &fill->queue->rx;
	struct xen_netif_rx_response *rsp;
	struct xen_netif_rx_request req;

	fill->slot = rx->ring.cons;
	xpv_back_ring_get(&rx->ring, &req, sizeof(req));
	fill->ref = req.gref;
	fill->staged = stage_find(&fill->queue->stage, req.gref, true);
	fill->begin = begin;
	fill->at = begin;
	rsp = answer_at(rx, fill->slot);
	rsp->id = req.id;
	rsp->offset = begin;
	rsp->flags = 0;
	rsp->status = XEN_NETIF_RSP_OKAY;
	if (fill->staged)
		netback_count(rx->stats.staged, 1);
	else
		netback_count(rx->stats.copied, 1);
}

/* A status below 0 is that of a copy that was made already, and failed. */
static void slot_close(struct fill *fill)
{
	struct xen_netif_rx_response *rsp =
		answer_at(&fill->queue->rx, fill->slot);

	if (fill->left)
		rsp->flags |= XEN_NETRXF_more_data;
	if (rsp->status >= 0)
		rsp->status = fill->at - fill->begin;
}

/* What the first slot says of the whole packet. */
static void slot_describe(struct fill *fill, const struct sk_buff *skb)
{
	struct xen_netif_rx_response *rsp =
		answer_at(&fill->queue->rx, fill->slot);

	if (skb->ip_summed == CHECKSUM_PARTIAL)
		rsp->flags |= XEN_NETRXF_csum_blank |
			      XEN_NETRXF_data_validated;
	else if (skb->ip_summed == CHECKSUM_UNNECESSARY)
		rsp->flags |= XEN_NETRXF_data_validated;
	if (fill->plan->extras)
		rsp->flags |= XEN_NETRXF_extra_info;
}

/* Spend a buffer on an extra, whose place is that of the response. */
static void *slot_extra(struct fill *fill)
{
	struct netback_rx *rx = &fill->queue->rx;

	return answer_at(rx, rx->ring.cons++);
}

static void fill_extras(struct fill *fill, const struct sk_buff *skb)
{
	const struct netback *vif = fill->queue->vif;
	unsigned int left = fill->plan->extras;

	if (fill->plan->gso)
		netif_rx_gso(slot_extra(fill), gso_type(vif, skb),
			     skb_shinfo(skb)->gso_size, --left);
	if (fill->plan->hash >= 0)
		netif_rx_hash(slot_extra(fill), fill->plan->hash,
			      skb_get_hash_raw(skb), --left);
	if (fill->plan->headroom)
		netif_rx_xdp(slot_extra(fill), fill->plan->headroom, --left);
}

/* The next buffer; behind the first come the extras. */
static void slot_next(struct fill *fill, const struct sk_buff *skb, bool first)
{
	slot_close(fill);
	if (first)
		fill_extras(fill, skb);
	if (fill->left)
		slot_open(fill, 0);
}

static void put_bytes(struct fill *fill, const u8 *from, unsigned int len)
{
	struct xpv_copy *copy = &fill->queue->rx.copy;

	if (fill->staged) {
		memcpy(fill->staged + fill->at, from, len);
		return;
	}
	if (!xpv_copy_room(copy))
		xpv_copy_run(copy, copy_failed, fill->queue);
	xpv_copy_to(copy, fill->ref, fill->at, from, len, fill->slot);
}

static void feed(struct fill *fill, const struct sk_buff *skb, u32 first,
		 const u8 *from, unsigned int len)
{
	unsigned int part;

	while (len) {
		if (fill->at == XEN_PAGE_SIZE)
			slot_next(fill, skb, fill->slot == first);
		part = min_t(unsigned int, len, XEN_PAGE_SIZE - fill->at);
		put_bytes(fill, from, part);
		fill->at += part;
		fill->left -= part;
		from += part;
		len -= part;
	}
}

/* All bytes of @part, which is @skb or one of the list that hangs on it. */
static void feed_skb(struct fill *fill, const struct sk_buff *skb, u32 first,
		     const struct sk_buff *part)
{
	const struct skb_shared_info *info = skb_shinfo(part);
	unsigned int i;

	feed(fill, skb, first, part->data, skb_headlen(part));
	for (i = 0; i < info->nr_frags; i++)
		feed(fill, skb, first, skb_frag_address(&info->frags[i]),
		     skb_frag_size(&info->frags[i]));
}

/* One slot and one piece, as small packets are. */
static void fill_at_once(struct fill *fill, const struct sk_buff *skb)
{
	put_bytes(fill, skb->data, skb->len);
	fill->at += skb->len;
	fill->left = 0;
	slot_close(fill);
}

static void fill_packet(struct netback_queue *queue, struct sk_buff *skb,
			const struct plan *plan)
{
	struct fill fill = {
		.queue = queue,
		.left = skb->len,
		.plan = plan,
	};
	struct sk_buff *part;
	u32 first;

	slot_open(&fill, plan->headroom);
	slot_describe(&fill, skb);
	if (plan->need == 1 && !skb_is_nonlinear(skb)) {
		fill_at_once(&fill, skb);
		return;
	}
	first = fill.slot;
	feed_skb(&fill, skb, first, skb);
	skb_walk_frags(skb, part)
		feed_skb(&fill, skb, first, part);
	slot_next(&fill, skb, fill.slot == first);
}

/* Too few buffers --------------------------------------------------------- */

/* How long to wait before looking at a full ring again. */
static unsigned long patience(const struct netback_queue *queue)
{
	const struct netback_rx *rx = &queue->rx;
	unsigned long waited = jiffies - rx->full_since;
	unsigned long until;

	if (!queue->vif->front.rx_notify || !rx->draining)
		return LOOK_INTERVAL;
	until = msecs_to_jiffies(netback_stall_ms);
	return until > waited ? until - waited : 1;
}

/*
 * Stop the queue until the guest gives buffers: half of what it can give, so
 * that one event is worth many packets, or for a moment only, what is needed.
 * That it was stopped already, and went on only to shed what was too much, changes
 * nothing of how long it was. Return: whether it just gave enough.
 */
static bool pause(struct netback_queue *queue, unsigned int need)
{
	struct netback_rx *rx = &queue->rx;

	netif_tx_stop_queue(netback_txq(queue));
	rx->ask = max(need, rx->most / 2);
	xpv_back_ring_ask(&rx->ring, rx->ask);
	if (have(queue, need)) {
		netif_tx_start_queue(netback_txq(queue));
		return true;
	}
	if (!rx->need) {
		netback_count(rx->stats.ring_full, 1);
		rx->full_since = jiffies;
		mod_timer(&rx->timer, jiffies + ASK_TIME);
	}
	rx->shedding = false;
	WRITE_ONCE(rx->need, need);
	/* The guest may not have been told yet of what it has. */
	kick(queue);
	return false;
}

/* It does not give so many: be content with fewer. */
static bool ask_less(struct netback_queue *queue)
{
	struct netback_rx *rx = &queue->rx;

	if (rx->ask > rx->need) {
		rx->ask = rx->need;
		rx->most = rx->need;
		xpv_back_ring_ask(&rx->ring, rx->ask);
	}
	return have(queue, rx->need);
}

static void resume(struct netback_queue *queue)
{
	struct netback_rx *rx = &queue->rx;
	struct netback *vif = queue->vif;

	WRITE_ONCE(rx->need, 0);
	rx->shedding = false;
	rx->draining = false;
	if (rx->stalled) {
		rx->stalled = false;
		atomic_dec(&vif->stalled);
		vif_carrier(vif, true);
	}
	netif_tx_wake_queue(netback_txq(queue));
}

static void stall(struct netback_queue *queue)
{
	struct netback *vif = queue->vif;

	queue->rx.stalled = true;
	if (atomic_inc_return(&vif->stalled) != vif->nr_queues)
		return;
	netdev_info(vif->dev, "the guest takes no packets: carrier off\n");
	vif_carrier(vif, false);
}

/* Too much waits: let packets come, to be dropped until it does not. */
static void shed(struct netback_queue *queue)
{
	if (queue->rx.draining || !backlog_is_large(queue))
		return;
	queue->rx.shedding = true;
	netif_tx_wake_queue(netback_txq(queue));
}

/* It took too long: let packets come, to be dropped; later say so. */
static void impatience(struct netback_queue *queue)
{
	unsigned long waited = jiffies - queue->rx.full_since;
	struct netback_rx *rx = &queue->rx;

	if (!rx->draining && waited >= msecs_to_jiffies(netback_drain_ms)) {
		netback_count(rx->stats.stalls, 1);
		rx->draining = true;
		netif_tx_wake_queue(netback_txq(queue));
	}
	if (!queue->vif->front.rx_notify)
		return;
	if (netback_stall_ms && !rx->stalled &&
	    waited >= msecs_to_jiffies(netback_stall_ms))
		stall(queue);
}

/**
 * rx_timer() - look at a full ring again
 * @timer: of a queue
 */
void rx_timer(struct timer_list *timer)
{
	struct netback_queue *queue =
		container_of(timer, struct netback_queue, rx.timer);
	struct netback_rx *rx = &queue->rx;
	bool again;

	rx_lock(queue);
	if (!rx->running || !rx->need)
		goto unlock;
	if (ask_less(queue)) {
		resume(queue);
		goto unlock;
	}
	impatience(queue);
	shed(queue);
	again = !queue->vif->front.rx_notify || !rx->draining ||
		(netback_stall_ms && !rx->stalled);
	if (again)
		mod_timer(&rx->timer, jiffies + patience(queue));
unlock:
	rx_unlock(queue);
}

/* Sending ----------------------------------------------------------------- */

static netdev_tx_t drop(struct sk_buff *skb, unsigned long *counter)
{
	netback_count(*counter, 1);
	dev_kfree_skb_any(skb);
	return NETDEV_TX_OK;
}

static bool is_filtered(struct netback *vif, const struct sk_buff *skb)
{
	const struct ethhdr *eth = (const struct ethhdr *)skb->data;

	return READ_ONCE(vif->mcast_on) &&
	       is_multicast_ether_addr(eth->h_dest) &&
	       !is_broadcast_ether_addr(eth->h_dest) &&
	       !mcast_passes(vif, eth->h_dest);
}

/* The packet is in its slots: done with, unless copies are to be made from it. */
static void hand_over(struct netback_queue *queue, struct sk_buff *skb)
{
	struct netback_rx *rx = &queue->rx;

	if (rx->copy.nr || !skb_queue_empty(&rx->waiting)) {
		__skb_queue_tail(&rx->waiting, skb);
		rx->put_off++;
		if (!gather_more(queue))
			kick(queue);
		return;
	}
	net_consume(skb);
}

/* One packet, which may be dropped, or come again. */
static netdev_tx_t send_one(struct netback_queue *queue, struct sk_buff *skb)
{
	struct netback *vif = queue->vif;
	struct netback_rx *rx = &queue->rx;
	struct plan plan;
	u32 first;

	if (unlikely(!rx->running || READ_ONCE(vif->rogue)))
		return drop(skb, &rx->stats.drop_gone);
	if (is_filtered(vif, skb))
		return drop(skb, &rx->stats.drop_filter);
	plan_make(vif, skb, &plan);
	if (unlikely(plan.need > rx->ring.nr))
		return drop(skb, &rx->stats.drop_large);
	if (!have(queue, plan.need)) {
		if (rx->draining)
			return drop(skb, &rx->stats.drop_stalled);
		if (rx->shedding && !backlog_is_small(queue))
			return drop(skb, &rx->stats.drop_excess);
		if (!pause(queue, plan.need))
			return NETDEV_TX_BUSY;
	}
	if (unlikely(rx->shedding))
		resume(queue);
	skb_tx_timestamp(skb);
	netback_count(rx->stats.packets, 1);
	netback_count(rx->stats.bytes, skb->len);
	first = rx->ring.cons;
	fill_packet(queue, skb, &plan);
	limit_add(queue, first, skb->len);
	hand_over(queue, skb);
	return NETDEV_TX_OK;
}

/**
 * rx_send() - give a packet to the guest
 * @queue: the queue
 * @skb: the packet
 *
 * Context: the stack's transmission, with the queue's lock held.
 * Return: as ndo_start_xmit().
 */
netdev_tx_t rx_send(struct netback_queue *queue, struct sk_buff *skb)
{
	netdev_tx_t sent = send_one(queue, skb);

	/* Whoever makes its indices anew while it is not running holds no lock. */
	if (unlikely(!queue->rx.running))
		return sent;
	if (netdev_xmit_more() && sent == NETDEV_TX_OK &&
	    likely(!limit_is_reached(queue)))
		return sent;
	/* The last of a burst, even if itself was dropped; or the stack has to wait. */
	if (push_answers(&queue->rx)) {
		/* One event for all that comes in this softirq. */
		queue->rx.notify = true;
		kick(queue);
	}
	/* Not every sender heeds it. */
	if (unlikely(limit_is_reached(queue)) && !queue->rx.limit_asked)
		limit_wait(queue);
	return sent;
}

/* Packets of programs ------------------------------------------------------- */

/*
 * Whether the guest takes a packet of so many bytes now: nobody waits with such
 * a one.
 */
static bool takes(struct netback_queue *queue, unsigned int len,
		  struct plan *plan)
{
	const struct netback *vif = queue->vif;
	struct netback_rx *rx = &queue->rx;
	unsigned int pages;

	*plan = (struct plan){
		.hash = -1,
		.headroom = READ_ONCE(vif->front.headroom),
	};
	pages = DIV_ROUND_UP(len + plan->headroom, XEN_PAGE_SIZE);
	plan->extras = !!plan->headroom;
	plan->need = pages + plan->extras;
	if (!rx->running || READ_ONCE(vif->rogue) || !len ||
	    (pages > 1 && !vif->front.sg))
		return false;
	if (have(queue, plan->need))
		return true;
	netback_count(rx->stats.xdp_full, 1);
	return false;
}

/* The limit is of what comes from the stack's queue, so it is not theirs. */
static void put_frame(struct netback_queue *queue, struct sk_buff *skb,
		      const struct plan *plan)
{
	struct netback_rx *rx = &queue->rx;
	u32 first = rx->ring.cons;

	netback_count(rx->stats.packets, 1);
	netback_count(rx->stats.bytes, skb->len);
	netback_count(rx->stats.xdp_sent, 1);
	fill_packet(queue, skb, plan);
	limit_add(queue, first, 0);
	hand_over(queue, skb);
}

/* NAPI finishes it, if that is not what runs. A ring may be about to be set up. */
static void finish_frames(struct netback_queue *queue)
{
	if (!queue->rx.running)
		return;
	if (push_answers(&queue->rx))
		queue->rx.notify = true;
	kick(queue);
}

/**
 * rx_send_back() - give the guest a packet that a program sends back
 * @queue: the queue
 * @skb: the packet
 *
 * Context: the queue's NAPI.
 * Return: whether it could be; the packet is the guest's then.
 */
bool rx_send_back(struct netback_queue *queue, struct sk_buff *skb)
{
	struct plan plan;
	bool sent;

	rx_lock(queue);
	sent = takes(queue, skb->len, &plan);
	if (sent) {
		put_frame(queue, skb, &plan);
		WRITE_ONCE(queue->rx.kick, true);
	}
	rx_unlock(queue);
	return sent;
}

/**
 * rx_send_frames() - give the guest packets that programs send
 * @queue: the queue
 * @nr: how many
 * @frames: the packets
 * @flush: let the guest know
 *
 * Context: softirq.
 * Return: how many it was given, from the first on; these are taken.
 */
int rx_send_frames(struct netback_queue *queue, int nr,
		   struct xdp_frame **frames, bool flush)
{
	struct sk_buff *skb;
	struct plan plan;
	int sent;

	rx_lock(queue);
	for (sent = 0; sent < nr; sent++) {
		if (!takes(queue, xdp_get_frame_len(frames[sent]), &plan))
			break;
		skb = xdp_build_skb_from_frame(frames[sent], queue->vif->dev);
		if (!skb)
			break;
		__skb_push(skb, ETH_HLEN);
		put_frame(queue, skb, &plan);
	}
	if (flush)
		finish_frames(queue);
	rx_unlock(queue);
	return sent;
}

/* Finishing --------------------------------------------------------------- */

/**
 * rx_look() - finish what was sent, and see whether more can be
 * @queue: a connected queue
 *
 * Context: the queue's NAPI.
 * Return: whether the guest gave buffers that were not known of.
 */
bool rx_look(struct netback_queue *queue)
{
	struct netback_rx *rx = &queue->rx;
	bool moved = false, learn;

	rx_lock(queue);
	if (rx->running) {
		learn = gather_learn(queue);
		flush(queue);
		if (learn)
			gather_rest(queue);
		if (push_answers(rx))
			rx->notify = true;
		if (rx->notify)
			notify(queue);
		rx->notify = false;
		/* Those of a queue that drains may have been used since. */
		if (rx->need)
			xpv_back_ring_ask(&rx->ring, rx->ask);
		moved = rx_refresh(queue);
		if (rx->need && rx->known - rx->ring.cons >= rx->ask)
			resume(queue);
		if (limit_is_reached(queue))
			limit_wait(queue);
	}
	rx_unlock(queue);
	return moved;
}

/**
 * rx_start() - let packets in
 * @queue: a connected queue
 *
 * Context: the lane.
 */
void rx_start(struct netback_queue *queue)
{
	rx_lock(queue);
	limit_reset(queue);
	WRITE_ONCE(queue->rx.running, true);
	netif_tx_wake_queue(netback_txq(queue));
	rx_unlock(queue);
}

/**
 * rx_stop() - let none in any more
 * @queue: a queue
 *
 * What was sent before is shown to the guest, so that its ring can be taken up
 * again.
 *
 * Context: the lane.
 */
void rx_stop(struct netback_queue *queue)
{
	rx_lock(queue);
	if (queue->rx.running) {
		flush(queue);
		if (push_answers(&queue->rx) || queue->rx.notify)
			notify(queue);
	}
	queue->rx.notify = false;
	WRITE_ONCE(queue->rx.running, false);
	/* Those that wait are dropped, rather than kept for another life. */
	limit_reset(queue);
	netif_tx_wake_queue(netback_txq(queue));
	rx_unlock(queue);
}
