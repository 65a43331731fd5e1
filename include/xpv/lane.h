/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Lanes: one ordered queue of work per device.
 *
 * At most one callback of a lane runs at a time; different lanes run in
 * parallel; none runs in the kernel's xenwatch thread. Events are bits, so a
 * peer that makes a million of them costs one bit.
 *
 * Lanes of devices of one class that share an other-end domain share a group: a
 * workqueue with a cap on how many of them run at once. A domain that blocks all
 * of its own lanes delays nobody else. Nor do its disks, which storage may hold up,
 * delay its networks, for whose end the kernel's xenwatch thread waits.
 */
#ifndef XPV_LANE_H
#define XPV_LANE_H

#include <linux/atomic.h>
#include <linux/ktime.h>
#include <linux/types.h>
#include <linux/workqueue.h>
#include <xpv/state.h>

struct xpv_lane;
struct xpv_lane_group;

/**
 * typedef xpv_lane_fn - what a lane runs
 * @lane: the lane
 * @events: the bits marked since the last run; may be 0 after a retry
 *
 * Context: process; may sleep.
 */
typedef void (*xpv_lane_fn)(struct xpv_lane *lane, unsigned long events);

/**
 * struct xpv_lane - one device's ordered queue
 * @work: the worker, pending or running in @group's workqueue
 * @group: the lanes that share its cap; one reference held
 * @run: called with the events
 * @events: bits marked and not yet run
 * @dead: no run starts any more
 * @due: a run was asked for that may have been overtaken; set by
 *	xpv_lane_retry(), cleared by the run that does what was to be done then
 * @step: what it does now, a constant string, NULL when idle
 * @since: when @step began, CLOCK_MONOTONIC
 * @runs: how often it ran
 */
struct xpv_lane {
	struct delayed_work work;
	struct xpv_lane_group *group;
	xpv_lane_fn run;
	atomic_long_t events;
	bool dead;
	bool due;
	const char *step;
	ktime_t since;
	unsigned long runs;
};

/**
 * xpv_lane_init() - set up a lane in the group of its other end
 * @lane: zeroed memory
 * @side: which end we are; the two sides never share a group
 * @class: of the device, of at most 15 characters; copied
 * @domid: the other end's domain; a lane whose other end moves stays in the group
 * @run: what it runs
 *
 * Context: process; may sleep (the group's workqueue may be created).
 * Return: 0 or -ENOMEM.
 */
int xpv_lane_init(struct xpv_lane *lane, enum xpv_side side, const char *class,
		  int domid, xpv_lane_fn run);

/**
 * xpv_lane_mark() - tell a lane that something happened
 * @lane: the lane
 * @events: bits to add
 *
 * Runs the lane at once, or right after its present run. A dead lane ignores
 * it.
 *
 * Context: any, interrupts included.
 */
void xpv_lane_mark(struct xpv_lane *lane, unsigned long events);

/**
 * xpv_lane_keep() - leave something to the next run, whenever that is
 * @lane: the lane
 * @events: what is to be run again
 *
 * Context: any.
 */
static inline void xpv_lane_keep(struct xpv_lane *lane, unsigned long events)
{
	atomic_long_or(events, &lane->events);
}

/**
 * xpv_lane_retry() - run a lane again later, unless an event comes first
 * @lane: the lane
 * @ms: how much later, milliseconds
 *
 * Context: any.
 */
void xpv_lane_retry(struct xpv_lane *lane, unsigned int ms);

/**
 * xpv_lane_step() - say what the lane does now, for debugfs
 * @lane: the lane, from its own worker
 * @what: a constant string, NULL for nothing
 */
void xpv_lane_step(struct xpv_lane *lane, const char *what);

/**
 * xpv_lane_kill() - let no run start any more
 * @lane: the lane, typically from its own worker, as its last act
 *
 * Context: any.
 */
void xpv_lane_kill(struct xpv_lane *lane);

/**
 * xpv_lane_destroy() - wait for the lane's last run and leave its group
 * @lane: a killed lane that nobody can mark any more; never from its own
 *	worker
 *
 * Context: process; sleeps for as long as the present run takes.
 */
void xpv_lane_destroy(struct xpv_lane *lane);

#endif
