/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Whether an empty ring is worth watching for a moment. An event costs both
 * ends far more than that moment, but most rings that are empty stay so for
 * long. So a ring has to prove first that it is one that a short wait would
 * have spared its events, and after each watch in vain for longer: an idle ring
 * is never watched.
 *
 * Who watches is the only one to use this: nothing is locked.
 */
#ifndef XPV_POLL_H
#define XPV_POLL_H

#include <linux/cpumask.h>
#include <linux/kernel.h>
#include <linux/ktime.h>
#include <linux/minmax.h>
#include <linux/types.h>

/*
 * How many runs in a row must have come soon; and how many at most after
 * watches in vain, each of which doubles the number.
 */
#define XPV_POLL_NEED		8U
#define XPV_POLL_NEED_MAX	4096U

/*
 * How often to look before looking at the clock, which costs far more, and how
 * long to rest between two looks (cpu_relax()): under a microsecond.
 */
#define XPV_POLL_LOOKS		8
#define XPV_POLL_RELAXES	4

/* The longest that anybody may want to watch, in us. */
#define XPV_POLL_MOST_US	10000U

/**
 * struct xpv_poll - what is known of a ring
 * @rest_ns: when all was taken last, by ktime_get_ns(); 0 if that is not known
 * @score: how many runs in a row came soon after that
 * @need: how many have to
 */
struct xpv_poll {
	u64 rest_ns;
	unsigned int score;
	unsigned int need;
};

/**
 * xpv_poll_window() - how long to watch, in ns
 * @us: how long the user allows, in us; no more than %XPV_POLL_MOST_US counts
 *
 * Return: 0 for not at all: on a single processor the other end might be what
 * is kept from running.
 */
static inline u64 xpv_poll_window(unsigned int us)
{
	us = min_t(unsigned int, us, XPV_POLL_MOST_US);
	return num_online_cpus() == 1 ? 0 : (u64)us * NSEC_PER_USEC;
}

/**
 * xpv_poll_init() - nothing is known
 * @poll: to be set
 */
static inline void xpv_poll_init(struct xpv_poll *poll)
{
	poll->rest_ns = 0;
	poll->score = 0;
	poll->need = XPV_POLL_NEED;
}

/**
 * xpv_poll_begin() - something came
 * @poll: what is known
 * @now: by ktime_get_ns()
 * @window: from xpv_poll_window()
 */
static inline void xpv_poll_begin(struct xpv_poll *poll, u64 now, u64 window)
{
	if (now - poll->rest_ns >= window)
		poll->score = 0;
	else if (poll->score < poll->need)
		poll->score++;
}

/**
 * xpv_poll_pays() - whether to watch
 * @poll: what is known
 */
static inline bool xpv_poll_pays(const struct xpv_poll *poll)
{
	return poll->score >= poll->need;
}

/**
 * xpv_poll_won() - something came while the ring was watched
 * @poll: what is known
 */
static inline void xpv_poll_won(struct xpv_poll *poll)
{
	poll->need = XPV_POLL_NEED;
}

/**
 * xpv_poll_lost() - nothing did
 * @poll: what is known
 */
static inline void xpv_poll_lost(struct xpv_poll *poll)
{
	poll->score = 0;
	poll->need = min(2 * poll->need, XPV_POLL_NEED_MAX);
}

#endif
