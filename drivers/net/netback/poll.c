// SPDX-License-Identifier: GPL-2.0
/*
 * Watching a tx ring that has become empty. A guest that sends packet after
 * packet, a little slower than we take them, would have to send an event for
 * each; a moment of watching costs less. Only a ring is watched that has proved
 * to be such, and each watch in vain has it prove itself for longer: an idle
 * one never is.
 */
#include <linux/cpumask.h>
#include <linux/interrupt.h>
#include <linux/ktime.h>
#include <linux/processor.h>
#include <linux/sched.h>

#include "netback.h"

/* Runs in a row that must have come soon; and at most, after watches in vain. */
#define POLL_NEED	8U
#define POLL_NEED_MAX	4096U

/*
 * How often to look before looking at the clock, which costs far more, and how
 * long to rest between two looks.
 */
#define LOOKS	8
#define RELAXES	4

static u64 poll_window(void)
{
	return num_online_cpus() == 1 ? 0 : (u64)READ_ONCE(netback_poll_us) *
					    NSEC_PER_USEC;
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

	if (!window || !tx->rest_ns || !xpv_back_ring_stirs(&tx->ring))
		return;
	tx->poll_need = max(tx->poll_need, POLL_NEED);
	if (ktime_get_ns() - tx->rest_ns >= window)
		tx->poll_score = 0;
	else if (tx->poll_score < tx->poll_need)
		tx->poll_score++;
	tx->rest_ns = 0;
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
		queue->tx.rest_ns = ktime_get_ns();
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

	for (i = 0; i < LOOKS; i++) {
		if (xpv_back_ring_stirs(&tx->ring))
			return true;
		for (j = 0; j < RELAXES; j++)
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

	if (!window || tx->held || tx->poll_score < tx->poll_need ||
	    !tx->poll_need || READ_ONCE(queue->vif->rogue))
		return false;
	if (watch(queue, window)) {
		netback_count(tx->stats.polled, 1);
		tx->poll_need = POLL_NEED;
		return true;
	}
	netback_count(tx->stats.polled_vainly, 1);
	tx->poll_score = 0;
	tx->poll_need = clamp(2 * tx->poll_need, POLL_NEED, POLL_NEED_MAX);
	return false;
}
