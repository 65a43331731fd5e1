/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Packets that come one after the other, each a moment after the one before was
 * dealt with, would be dealt with one by one: an event each, or a hypercall each,
 * and all that it costs. A ring like that is watched (watch.h), if the processor has
 * nothing else to do; if it has, NAPI naps: it looks again by itself after that
 * moment, and what came meanwhile is one batch.
 *
 * A question and its answer take longer than the rests that make NAPI nap, and a nap
 * that gathers no more than one packet is the last for a while.
 */
#ifndef XPV_NET_NAP_H
#define XPV_NET_NAP_H

#include <linux/hrtimer.h>
#include <linux/ktime.h>
#include <linux/minmax.h>
#include <linux/netdevice.h>
#include <linux/types.h>
#include <xpv/poll.h>

/* A nap is for rests that are shorter than so many parts of it. */
#define NET_NAP_REST_SHARE	4

/* Packets that a nap has to gather: the timer costs what one event does. */
#define NET_NAP_LEAST		2

/**
 * struct net_nap - looking by the clock
 * @on: there is to be a look, which @timer is for
 * @over: it is to be now; the timer's word, which lasts until it was heeded
 * @since: packets that there had been when that was decided
 * @rests: whether packets come so soon that it pays
 * @timer: wakes NAPI
 *
 * Whoever looks is the only one to use it, but for the timer.
 */
struct net_nap {
	bool on;
	bool over;
	u32 since;
	struct xpv_poll rests;
	struct hrtimer timer;
};

/**
 * enum net_nap_end - what became of a nap
 * @NET_NAP_NONE: none has ended
 * @NET_NAP_PAID: there was a batch
 * @NET_NAP_VAIN: there was too little for one
 */
enum net_nap_end {
	NET_NAP_NONE,
	NET_NAP_PAID,
	NET_NAP_VAIN,
};

/* How long a nap is, in ns, if whoever may say so allows it to be @us. */
static inline u64 net_nap_ns(unsigned int us)
{
	return (u64)min_t(unsigned int, us, XPV_POLL_MOST_US) * NSEC_PER_USEC;
}

/**
 * net_nap_init() - set up what is needed to nap
 * @nap: zeroed
 * @over: calls net_nap_over()
 */
static inline void net_nap_init(struct net_nap *nap,
				enum hrtimer_restart (*over)(struct hrtimer *timer))
{
	hrtimer_init(&nap->timer, CLOCK_MONOTONIC, HRTIMER_MODE_REL_PINNED);
	nap->timer.function = over;
}

/**
 * net_nap_over() - wake NAPI
 * @nap: whose timer it is
 * @napi: which sleeps, or looks for another reason, and then once more
 *
 * Whether the timer is still to come, the timer itself cannot be asked: this may go on
 * for long on a processor of its own, after NAPI has looked.
 *
 * Context: the timer.
 */
static inline enum hrtimer_restart net_nap_over(struct net_nap *nap,
						struct napi_struct *napi)
{
	/* Before what has NAPI look for it. */
	WRITE_ONCE(nap->over, true);
	napi_schedule_irqoff(napi);
	return HRTIMER_NORESTART;
}

/**
 * net_nap_reset() - nothing is known of the packets
 * @nap: of a NAPI that is disabled
 */
static inline void net_nap_reset(struct net_nap *nap)
{
	xpv_poll_init(&nap->rests);
	nap->on = false;
	nap->over = false;
}

/**
 * net_nap_stop() - let nobody be woken any more
 * @nap: of a NAPI that is disabled
 *
 * Context: sleeps.
 */
static inline void net_nap_stop(struct net_nap *nap)
{
	hrtimer_cancel(&nap->timer);
}

/**
 * net_nap_learn() - something came
 * @nap: of where it did
 * @now: by ktime_get_ns()
 * @rest_ns: when all that came before had been dealt with
 * @us: how long a nap may be
 */
static inline void net_nap_learn(struct net_nap *nap, u64 now, u64 rest_ns,
				 unsigned int us)
{
	if (nap->on)
		return;
	nap->rests.rest_ns = rest_ns;
	xpv_poll_begin(&nap->rests, now, net_nap_ns(us) / NET_NAP_REST_SHARE);
}

/**
 * net_nap_end() - see whether a nap is over, and was worth it
 * @nap: of what was just looked at
 * @packets: how many there were, ever
 *
 * It is not if somebody looked before the time, who waits for other things.
 *
 * Return: what became of it.
 */
static inline enum net_nap_end net_nap_end(struct net_nap *nap, u32 packets)
{
	if (!nap->on || !READ_ONCE(nap->over))
		return NET_NAP_NONE;
	nap->on = false;
	WRITE_ONCE(nap->over, false);
	if (packets - nap->since < NET_NAP_LEAST) {
		xpv_poll_lost(&nap->rests);
		return NET_NAP_VAIN;
	}
	xpv_poll_won(&nap->rests);
	return NET_NAP_PAID;
}

/**
 * net_nap() - nap, if that is worth it, all packets being dealt with
 * @nap: which net_nap_end() has looked at
 * @packets: how many there were, ever
 * @us: how long it may be; 0 for not at all
 *
 * Return: whether there will be a look.
 */
static inline bool net_nap(struct net_nap *nap, u32 packets, unsigned int us)
{
	if (nap->on)
		return true;
	if (!us || !xpv_poll_pays(&nap->rests))
		return false;
	nap->on = true;
	nap->since = packets;
	hrtimer_start(&nap->timer, ns_to_ktime(net_nap_ns(us)), HRTIMER_MODE_REL_PINNED);
	return true;
}

#endif
