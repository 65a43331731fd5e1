// SPDX-License-Identifier: GPL-2.0
/*
 * What a ring's worker does when its ring has become empty.
 *
 * An event costs both ends more than many requests. So answers are held back
 * while the guest has more to ask, since one event then tells it of them all,
 * and an empty ring is waited for in one of three ways: watched for a moment,
 * if few requests make the next round of answers; asleep until many have come,
 * but not long; or asleep until one comes.
 */
#include <linux/compiler.h>
#include <linux/hrtimer.h>
#include <linux/ktime.h>
#include <linux/llist.h>
#include <linux/minmax.h>
#include <linux/processor.h>
#include <linux/sched.h>

#include "blkback.h"

/* A nap pays if it lets so many requests come. */
#define NAP_WORTH	4U

/* Answers are held back so many times as long as a ring is watched, at most. */
#define HOLD_WINDOWS	2U
#define NAP_WINDOWS	10U

/* What a wait for requests came upon. */
enum came { CAME_NOTHING, CAME_ENDED, CAME_REQUEST };

static u64 poll_window(void)
{
	return xpv_poll_window(READ_ONCE(blkback_poll_us));
}

static enum came ring_look(struct blkback_ring *ring)
{
	unsigned int i, j;

	for (i = 0; i < XPV_POLL_LOOKS; i++) {
		if (xpv_back_ring_stirs(&ring->shared))
			return CAME_REQUEST;
		if (!llist_empty(&ring->done))
			return CAME_ENDED;
		for (j = 0; j < XPV_POLL_RELAXES; j++)
			cpu_relax();
	}
	return CAME_NOTHING;
}

/* Take over what ended in interrupts. */
static void ring_gather(struct blkback_ring *ring)
{
	struct llist_node *node, *next;

	if (llist_empty(&ring->done))
		return;
	for (node = llist_del_all(&ring->done); node; node = next) {
		next = node->next;
		node->next = ring->ended;
		ring->ended = node;
		ring->nr_ended++;
	}
}

/*
 * Watch for requests, until @until. What ends in interrupts meanwhile is left
 * to us: the barriers pair with llist_add() in ring_complete().
 */
static enum came ring_watch(struct blkback_ring *ring, u64 until)
{
	enum came came;

	/* Before the first look at @done. */
	smp_store_mb(ring->waiting, true);
	do {
		came = ring_look(ring);
	} while (came == CAME_NOTHING && !need_resched() &&
		 ktime_get_ns() < until &&
		 !test_bit(RING_STOPPING, &ring->flags));
	/* Before the last. */
	smp_store_mb(ring->waiting, false);
	ring_gather(ring);
	return came;
}

/**
 * ring_answer_ended() - answer what has ended
 * @ring: the ring
 *
 * Context: the worker.
 */
void ring_answer_ended(struct blkback_ring *ring)
{
	struct llist_node *ended = ring->ended;

	ring->hold_end = 0;
	ring->ended = NULL;
	ring->nr_ended = 0;
	if (ended)
		ring_answer(ring, ended);
}

/**
 * ring_answer_enough() - answer what has ended, if it is as much as waited for
 * @ring: the ring
 *
 * Context: the worker.
 */
void ring_answer_enough(struct blkback_ring *ring)
{
	if (!ring->nr_ended || ring->nr_ended < hold_nr(&ring->hold))
		return;
	hold_enough(&ring->hold);
	ring_answer_ended(ring);
}

static void ring_answer_late(struct blkback_ring *ring)
{
	if (ring->nr_ended)
		hold_in_vain(&ring->hold, ring->nr_ended);
	ring_answer_ended(ring);
}

/* Whether there is time left to hold back what is, or what comes. */
static bool have_time(struct blkback_ring *ring, u64 now, u64 time)
{
	if (!ring->hold_end)
		ring->hold_end = now + time;
	return now < ring->hold_end;
}

/* Watch for what makes the round of answers full. */
static bool ring_hold(struct blkback_ring *ring, u64 window)
{
	u64 now = ktime_get_ns();
	enum came came;

	do {
		if (!have_time(ring, now, HOLD_WINDOWS * window))
			break;
		came = ring_watch(ring, min(now + window, ring->hold_end));
		if (came == CAME_REQUEST)
			return true;
		ring_answer_enough(ring);
		now = ktime_get_ns();
	} while (came == CAME_ENDED && ring->nr_ended);
	ring_answer_late(ring);
	return false;
}

/* All is answered. */
static bool ring_poll(struct blkback_ring *ring, u64 window)
{
	enum came came;
	u64 until;

	if (!window || !xpv_poll_pays(&ring->poll))
		return false;
	until = ktime_get_ns() + window;
	do {
		came = ring_watch(ring, until);
		ring_answer_ended(ring);
	} while (came == CAME_ENDED);
	if (came == CAME_REQUEST) {
		WRITE_ONCE(ring->polled, ring->polled + 1);
		xpv_poll_won(&ring->poll);
		return true;
	}
	WRITE_ONCE(ring->polled_vainly, ring->polled_vainly + 1);
	xpv_poll_lost(&ring->poll);
	return false;
}

/*
 * Rest until @nr requests have come, or the time is over. Not while the disk
 * is at work, which could be at what comes.
 */
static int ring_nap(struct blkback_ring *ring, u64 window, unsigned int nr)
{
	u64 now = ktime_get_ns();
	int waiting;

	if (!have_time(ring, now, NAP_WINDOWS * window)) {
		ring_answer_late(ring);
		return ring_waiting(ring, 1);
	}
	waiting = ring_waiting(ring, nr);
	if (waiting < 0 || waiting >= nr)
		return waiting;
	ring->napping = true;
	WRITE_ONCE(ring->naps, ring->naps + 1);
	hrtimer_start(&ring->alarm, ns_to_ktime(ring->hold_end - now),
		      HRTIMER_MODE_REL);
	return 0;
}

static bool disk_works(const struct blkback_ring *ring)
{
	return ring->taken - READ_ONCE(ring->answered) != ring->nr_ended;
}

/**
 * ring_linger() - the ring is empty: wait for more
 * @ring: the ring
 *
 * Context: the worker.
 * Return: what ring_waiting() says; on 0 the worker will be called, and if it
 * is napping, answers may still be held back.
 */
int ring_linger(struct blkback_ring *ring)
{
	unsigned int nr = hold_nr(&ring->hold) - ring->nr_ended;
	u64 window = poll_window();

	if (window && nr >= NAP_WORTH && !disk_works(ring))
		return ring_nap(ring, window, nr);
	if (window && ring->nr_ended && ring_hold(ring, window))
		return 1;
	ring_answer_ended(ring);
	if (ring_poll(ring, window))
		return 1;
	return ring_waiting(ring, 1);
}

static enum hrtimer_restart ring_alarm(struct hrtimer *alarm)
{
	ring_kick(container_of(alarm, struct blkback_ring, alarm));
	return HRTIMER_NORESTART;
}

/**
 * ring_linger_init() - prepare a ring that is not connected
 * @ring: the ring
 */
void ring_linger_init(struct blkback_ring *ring)
{
	hrtimer_init(&ring->alarm, CLOCK_MONOTONIC, HRTIMER_MODE_REL);
	ring->alarm.function = ring_alarm;
	hold_init(&ring->hold);
	xpv_poll_init(&ring->poll);
}

/**
 * ring_wake() - a run begins
 * @ring: the ring
 *
 * Whatever called it, a nap is over. An alarm that rings meanwhile calls the
 * worker once more, to no harm.
 *
 * Context: the worker.
 */
void ring_wake(struct blkback_ring *ring)
{
	ring->run_ns = ktime_get_ns();
	xpv_poll_begin(&ring->poll, ring->run_ns, poll_window());
	if (!ring->napping)
		return;
	ring->napping = false;
	hrtimer_try_to_cancel(&ring->alarm);
}
