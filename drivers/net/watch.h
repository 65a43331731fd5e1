/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Watching a ring that has become empty, from NAPI. An other end that sends
 * packet after packet, a little slower than they are taken, would have to send
 * an event for each. Which ring is worth it, <xpv/poll.h> says.
 */
#ifndef XPV_NET_WATCH_H
#define XPV_NET_WATCH_H

#include <linux/interrupt.h>
#include <linux/ktime.h>
#include <linux/netdevice.h>
#include <linux/processor.h>
#include <linux/sched.h>
#include <xpv/poll.h>
#include <xpv/ring.h>

/* Others want this processor, or somebody wants NAPI to end. */
static inline bool net_watch_is_over(struct napi_struct *napi)
{
	return local_softirq_pending() || need_resched() ||
	       napi_disable_pending(napi);
}

/**
 * net_watch() - wait for the other end's next packet
 * @napi: whose turn it is
 * @poll: what is known of the ring; it learns what came of this
 * @window: how long, at most, in ns
 * @stirs: whether there is something in the ring; cheap
 * @ring: the ring
 *
 * Return: whether something came.
 */
static __always_inline bool
net_watch(struct napi_struct *napi, struct xpv_poll *poll, u64 window,
	  bool (*stirs)(const struct xpv_ring *ring),
	  const struct xpv_ring *ring)
{
	u64 until = ktime_get_ns() + window;
	unsigned int i, j;

	do {
		for (i = 0; i < XPV_POLL_LOOKS; i++) {
			if (stirs(ring)) {
				xpv_poll_won(poll);
				return true;
			}
			for (j = 0; j < XPV_POLL_RELAXES; j++)
				cpu_relax();
		}
	} while (!net_watch_is_over(napi) && ktime_get_ns() < until);
	xpv_poll_lost(poll);
	return false;
}

#endif
