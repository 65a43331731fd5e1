// SPDX-License-Identifier: GPL-2.0
/*
 * Packets that come one after the other, each a moment after the one before was
 * taken, would be an event each, and all that an event costs at both ends. A ring
 * like that is watched (<xpv/poll.h>), if the processor has nothing else to do; if
 * it has, the queue naps: it asks for no event, but looks again by itself after
 * that moment. What comes meanwhile is one batch.
 *
 * A question and its answer take longer than the rests that make a queue nap, and
 * a nap that gathers no more than one packet is the last for a while.
 */
#include <linux/hrtimer.h>
#include <linux/ktime.h>

#include "netfront.h"

/* A nap is for rests that are shorter than so many parts of it. */
#define REST_SHARE	4

/* Packets that a nap has to gather: the timer costs what one event does. */
#define WORTH		2

static u64 nap_ns(void)
{
	unsigned int us = min(READ_ONCE(netfront_poll_us), XPV_POLL_MOST_US);

	return (u64)us * NSEC_PER_USEC;
}

static enum hrtimer_restart nap_over(struct hrtimer *timer)
{
	struct netfront_nap *nap = container_of(timer, struct netfront_nap,
						timer);
	struct netfront_rx *rx = container_of(nap, struct netfront_rx, nap);

	napi_schedule_irqoff(&container_of(rx, struct netfront_queue, rx)->napi);
	return HRTIMER_NORESTART;
}

/**
 * netfront_nap_init() - set up what is needed to nap
 * @nap: of a queue that has nothing yet
 */
void netfront_nap_init(struct netfront_nap *nap)
{
	hrtimer_init(&nap->timer, CLOCK_MONOTONIC, HRTIMER_MODE_REL_PINNED);
	nap->timer.function = nap_over;
}

/**
 * netfront_nap_start() - nothing is known of the ring
 * @nap: of a queue whose NAPI is disabled
 */
void netfront_nap_start(struct netfront_nap *nap)
{
	xpv_poll_init(&nap->rests);
	nap->on = false;
}

/**
 * netfront_nap_stop() - let nobody be woken any more
 * @nap: of a queue whose NAPI is disabled
 *
 * Context: sleeps.
 */
void netfront_nap_stop(struct netfront_nap *nap)
{
	hrtimer_cancel(&nap->timer);
}

/**
 * netfront_nap_begin() - something is in the ring that had become empty
 * @nap: of the queue
 * @now: by ktime_get_ns()
 * @rest_ns: when it had
 *
 * Context: NAPI.
 */
void netfront_nap_begin(struct netfront_nap *nap, u64 now, u64 rest_ns)
{
	if (nap->on)
		return;
	nap->rests.rest_ns = rest_ns;
	xpv_poll_begin(&nap->rests, now, nap_ns() / REST_SHARE);
}

/* Whether the nap that is over was one of many. */
static bool was_worth_it(struct netfront_rx *rx)
{
	struct netfront_nap *nap = &rx->nap;

	nap->on = false;
	if (rx->whole - nap->whole < WORTH) {
		xpv_poll_lost(&nap->rests);
		netfront_rx_count(rx, &rx->stats.napped_vainly);
		return false;
	}
	xpv_poll_won(&nap->rests);
	netfront_rx_count(rx, &rx->stats.napped);
	return true;
}

/**
 * netfront_nap() - whether the queue naps, all packets being taken
 * @rx: the receive side of a queue
 *
 * If so, no event is needed.
 *
 * Context: NAPI.
 */
bool netfront_nap(struct netfront_rx *rx)
{
	struct netfront_nap *nap = &rx->nap;
	u64 ns = nap_ns();

	/* Somebody has looked here before the time, who waits for other things. */
	if (nap->on && hrtimer_active(&nap->timer))
		return true;
	if (nap->on ? !was_worth_it(rx) : !xpv_poll_pays(&nap->rests))
		return false;
	if (!ns || rx->broken)
		return false;
	nap->on = true;
	nap->whole = rx->whole;
	hrtimer_start(&nap->timer, ns_to_ktime(ns), HRTIMER_MODE_REL_PINNED);
	return true;
}
