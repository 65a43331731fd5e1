// SPDX-License-Identifier: GPL-2.0
/*
 * A tx ring that has become empty may be worth watching; see ../watch.h. Or looking at
 * by the clock; see ../nap.h.
 */
#include <linux/ktime.h>

#include "../watch.h"
#include "netback.h"

static u64 poll_window(void)
{
	return xpv_poll_window(READ_ONCE(netback_poll_us));
}

/**
 * poll_learn() - note how soon something came
 * @queue: the queue, at the beginning of a run
 *
 * Context: the queue's NAPI.
 */
void poll_learn(struct netback_queue *queue)
{
	struct netback_tx *tx = &queue->tx;
	u64 now;

	if (!tx->poll.rest_ns || !xpv_back_ring_stirs(&tx->ring))
		return;
	now = ktime_get_ns();
	net_nap_learn(&tx->nap, now, tx->poll.rest_ns, READ_ONCE(netback_poll_us));
	xpv_poll_begin(&tx->poll, now, poll_window());
	tx->poll.rest_ns = 0;
}

/**
 * poll_rest() - note that all was taken
 * @queue: the queue, at the end of a run that found something
 *
 * Context: the queue's NAPI.
 */
void poll_rest(struct netback_queue *queue)
{
	if (READ_ONCE(netback_poll_us))
		queue->tx.poll.rest_ns = ktime_get_ns();
}

/**
 * poll_more() - wait a moment for more, if that is worth it
 * @queue: a queue whose tx ring was found empty after there was something
 *
 * Context: the queue's NAPI.
 * Return: whether there is more.
 */
bool poll_more(struct netback_queue *queue)
{
	struct netback_tx *tx = &queue->tx;
	u64 window = poll_window();

	if (!window || tx->held || !xpv_poll_pays(&tx->poll) ||
	    READ_ONCE(queue->vif->rogue))
		return false;
	if (net_watch(&queue->napi, &tx->poll, window, xpv_back_ring_stirs,
		      &tx->ring)) {
		netback_count(tx->stats.polled, 1);
		return true;
	}
	netback_count(tx->stats.polled_vainly, 1);
	return false;
}

/**
 * poll_nap_over() - look at a ring again
 * @timer: of a queue's nap
 */
enum hrtimer_restart poll_nap_over(struct hrtimer *timer)
{
	struct netback_queue *queue = container_of(timer, struct netback_queue,
						   tx.nap.timer);

	return net_nap_over(&queue->tx.nap, &queue->napi);
}

/**
 * poll_nap() - whether the queue naps, its tx ring being empty
 * @queue: a queue whose frontend may be asked for events
 *
 * If so, none is needed for what comes next.
 *
 * Context: the queue's NAPI.
 */
bool poll_nap(struct netback_queue *queue)
{
	struct netback_tx *tx = &queue->tx;

	switch (net_nap_end(&tx->nap, tx->stats.packets)) {
	case NET_NAP_PAID:
		netback_count(tx->stats.napped, 1);
		break;
	case NET_NAP_VAIN:
		netback_count(tx->stats.napped_vainly, 1);
		break;
	case NET_NAP_NONE:
		break;
	}
	return net_nap(&tx->nap, tx->stats.packets, READ_ONCE(netback_poll_us));
}
