// SPDX-License-Identifier: GPL-2.0
/*
 * Watching a tx ring that has become empty. A guest that sends packet after
 * packet, a little slower than we take them, would have to send an event for
 * each. Which ring is worth it, <xpv/poll.h> says.
 */
#include <linux/interrupt.h>
#include <linux/ktime.h>
#include <linux/processor.h>
#include <linux/sched.h>

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
	u64 window = poll_window();

	if (!window || !tx->poll.rest_ns || !xpv_back_ring_stirs(&tx->ring))
		return;
	xpv_poll_begin(&tx->poll, ktime_get_ns(), window);
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
	if (poll_window())
		queue->tx.poll.rest_ns = ktime_get_ns();
}

/* Others want this processor, or the lane wants NAPI to end. */
static bool is_wanted_elsewhere(struct netback_queue *queue)
{
	return local_softirq_pending() || need_resched() ||
	       napi_disable_pending(&queue->napi);
}

static bool look(const struct netback_tx *tx)
{
	unsigned int i, j;

	for (i = 0; i < XPV_POLL_LOOKS; i++) {
		if (xpv_back_ring_stirs(&tx->ring))
			return true;
		for (j = 0; j < XPV_POLL_RELAXES; j++)
			cpu_relax();
	}
	return false;
}

static bool watch(struct netback_queue *queue, u64 window)
{
	u64 until = ktime_get_ns() + window;
	bool stirs;

	do {
		stirs = look(&queue->tx);
	} while (!stirs && !is_wanted_elsewhere(queue) &&
		 ktime_get_ns() < until);
	return stirs;
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
	if (watch(queue, window)) {
		netback_count(tx->stats.polled, 1);
		xpv_poll_won(&tx->poll);
		return true;
	}
	netback_count(tx->stats.polled_vainly, 1);
	xpv_poll_lost(&tx->poll);
	return false;
}
