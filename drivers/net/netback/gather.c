// SPDX-License-Identifier: GPL-2.0
/*
 * Packets to a guest whose pages Xen copies to, which takes a hypercall for each batch.
 * What the stack sends in one softirq is a batch. A sender that is done with each packet
 * before it makes the next would have a hypercall for each, and an event: where packets
 * come so soon after one another, they are gathered for a moment first; see ../nap.h.
 */
#include <linux/ktime.h>
#include <linux/netdevice.h>

#include "netback.h"

/* Packets that are enough: more would spare little, and the guest can be at work. */
#define GATHER_MOST	32

static enum hrtimer_restart gather_over(struct hrtimer *timer)
{
	struct netback_queue *queue = container_of(timer, struct netback_queue,
						   rx.nap.timer);

	return net_nap_over(&queue->rx.nap, &queue->napi);
}

/**
 * gather_init() - set up what lasts as long as the queue
 * @queue: the queue, not connected
 */
void gather_init(struct netback_queue *queue)
{
	net_nap_init(&queue->rx.nap, gather_over);
}

/**
 * gather_more() - whether what waits for copies may wait for more
 * @queue: the queue, its lock held
 *
 * Not if the stack waits for the guest to take it.
 */
bool gather_more(const struct netback_queue *queue)
{
	const struct netback_rx *rx = &queue->rx;

	return rx->nap.on && skb_queue_len(&rx->waiting) < GATHER_MOST &&
	       rx->copy.nr < rx->copy.max / 2 && !limit_is_reached(queue);
}

/**
 * gather_learn() - note how soon there was something to be copied
 * @queue: the queue, its lock held, about to have it copied, if there is
 *
 * Context: the queue's NAPI.
 * Return: whether gather_rest() is to be told that it is.
 */
bool gather_learn(struct netback_queue *queue)
{
	struct net_nap *nap = &queue->rx.nap;

	if (skb_queue_empty(&queue->rx.waiting))
		return nap->on;
	net_nap_learn(nap, ktime_get_ns(), nap->rests.rest_ns,
		      READ_ONCE(netback_poll_us));
	return true;
}

/**
 * gather_rest() - note that all is copied, and see whether to gather what comes
 * @queue: the queue, its lock held
 *
 * Context: the queue's NAPI.
 */
void gather_rest(struct netback_queue *queue)
{
	struct netback_rx *rx = &queue->rx;

	switch (net_nap_end(&rx->nap, rx->put_off)) {
	case NET_NAP_PAID:
		netback_count(rx->stats.gathered, 1);
		break;
	case NET_NAP_VAIN:
		netback_count(rx->stats.gathered_vainly, 1);
		break;
	case NET_NAP_NONE:
		break;
	}
	if (!net_nap(&rx->nap, rx->put_off, READ_ONCE(netback_poll_us)))
		rx->nap.rests.rest_ns = ktime_get_ns();
}
