// SPDX-License-Identifier: GPL-2.0
/*
 * The way of ended requests back to the guest: their pages unmapped, unless
 * they are kept, and their answers shown together.
 *
 * Unmapping comes first: some frontends free a page as soon as they see the
 * answer, mapped or not. A page that somebody below still holds, such as a
 * network card that may have to send it again, delays the answer.
 */
#include <linux/compiler.h>
#include <linux/interrupt.h>
#include <linux/ktime.h>
#include <linux/llist.h>
#include <linux/log2.h>
#include <linux/math64.h>

#include "blkback.h"

static void count_latency(struct blkback_ring *ring, u64 ns)
	__must_hold(&ring->lock)
{
	u64 us = div_u64(ns, NSEC_PER_USEC);
	unsigned int bucket = us ? ilog2(us) : 0;

	ring->latency[min(bucket, BLKBACK_LATENCIES - 1U)]++;
}

/* Put an answer, and take the object and its kept pages back. */
static void put_response(struct blkback_ring *ring,
			 struct blkback_request *req, u64 now)
	__must_hold(&ring->lock)
{
	u32 rsp[BLKIF_RESPONSE_MAX / sizeof(u32)];
	u32 size;

	size = blkif_fill_response(ring->be->front.abi, req->id, req->op,
				   blkif_status(req->op, req->err), rsp);
	xpv_back_ring_put(&ring->shared, rsp, size);
	count_latency(ring, now - req->began);
	xpv_map_set_put(&req->data);
	xpv_map_set_put(&req->table);
	req->node.next = ring->free[req->large];
	ring->free[req->large] = &req->node;
	ring->answered++;
}

/*
 * Answer a chain of requests. Who answers the last one also wakes whoever
 * waits for that. The waiter looks under the lock as well, having queued
 * itself before: one of the two sees the other.
 */
static void respond(struct blkback_ring *ring, struct llist_node *chain)
{
	struct blkback_request *req, *next;
	u64 now = ktime_get_ns();
	bool notify;

	spin_lock_bh(&ring->lock);
	llist_for_each_entry_safe(req, next, chain, node)
		put_response(ring, req, now);
	notify = xpv_back_ring_push(&ring->shared);
	ring->notified += notify;
	if (ring->answered == READ_ONCE(ring->taken)) {
		if (ring->held)
			ring_kick(ring);
		/* Ordered by the lock, as said above. */
		if (waitqueue_active(&ring->idle))
			wake_up(&ring->idle);
	}
	/* Under the lock: the channel closes after the last answer. */
	if (notify)
		xpv_evtchn_notify(&ring->ch);
	spin_unlock_bh(&ring->lock);
}

static void check_unmap(struct blkback_request *req, int err)
{
	if (err)
		xpv_err_ratelimited(req->ring->be->xdev,
				    "queue %u: pages of request %llx cannot be unmapped (error %d)\n",
				    req->ring->index, req->id, err);
}

static void respond_alone(struct blkback_request *req)
{
	req->node.next = NULL;
	respond(req->ring, &req->node);
}

static void table_unmapped(struct xpv_map_set *table, int err)
{
	struct blkback_request *req =
		container_of(table, struct blkback_request, table);

	check_unmap(req, err);
	respond_alone(req);
}

static void data_unmapped(struct xpv_map_set *data, int err)
{
	struct blkback_request *req =
		container_of(data, struct blkback_request, data);

	check_unmap(req, err);
	if (req->table.rest.nr)
		xpv_map_set_unmap(&req->table, table_unmapped);
	else
		respond_alone(req);
}

/* Unmap a request by itself and answer it when that is done, now or later. */
static void release_alone(struct blkback_request *req)
{
	if (req->data.rest.nr)
		xpv_map_set_unmap(&req->data, data_unmapped);
	else
		data_unmapped(&req->data, 0);
}

static bool group_add(struct xpv_unmap_group *group,
		      struct blkback_request *req)
{
	if (!xpv_unmap_group_add(group, &req->data.rest))
		return false;
	if (xpv_unmap_group_add(group, &req->table.rest))
		return true;
	xpv_unmap_group_drop(group, &req->data.rest);
	return false;
}

/* Unmap a group in one go; its requests then are ready to be answered. */
static void group_run(struct xpv_unmap_group *group, struct llist_node **members,
		      struct llist_node **ready)
{
	struct blkback_request *req;
	struct llist_node *node;

	xpv_unmap_group_run(group);
	while ((node = *members)) {
		req = llist_entry(node, struct blkback_request, node);
		check_unmap(req, req->data.rest.err);
		check_unmap(req, req->table.rest.err);
		*members = node->next;
		node->next = *ready;
		*ready = node;
	}
}

/*
 * Unmap the pages of a chain of requests, of all of them at once as far as
 * possible: each unmapping flushes TLBs.
 */
static void unmap_chain(struct blkback_ring *ring, struct llist_node *chain,
			struct llist_node **ready)
{
	struct xpv_unmap_group *group = &ring->unmaps;
	struct llist_node *members = NULL;
	struct blkback_request *req, *next;

	spin_lock_bh(&ring->unmap_lock);
	llist_for_each_entry_safe(req, next, chain, node) {
		if (!group_add(group, req)) {
			group_run(group, &members, ready);
			if (!group_add(group, req)) {
				release_alone(req);
				continue;
			}
		}
		req->node.next = members;
		members = &req->node;
	}
	group_run(group, &members, ready);
	spin_unlock_bh(&ring->unmap_lock);
}

static bool is_mapped(const struct blkback_request *req)
{
	return req->data.rest.nr || req->table.rest.nr;
}

/**
 * ring_answer() - answer requests that have ended
 * @ring: the ring
 * @chain: the requests, the last one first
 *
 * What cannot be unmapped at once is answered later.
 *
 * Context: process or softirq.
 */
void ring_answer(struct blkback_ring *ring, struct llist_node *chain)
{
	struct llist_node *ready = NULL, *mapped = NULL;
	struct blkback_request *req, *next;
	struct llist_node **to;

	/* This turns the order round, to that in which they ended. */
	llist_for_each_entry_safe(req, next, chain, node) {
		to = is_mapped(req) ? &mapped : &ready;
		req->node.next = *to;
		*to = &req->node;
	}
	if (mapped)
		unmap_chain(ring, mapped, &ready);
	if (ready)
		respond(ring, ready);
}

static void ring_answer_done(struct blkback_ring *ring)
{
	struct llist_node *done = llist_del_all(&ring->done);

	if (done)
		ring_answer(ring, done);
}

/**
 * ring_done() - the tasklet
 * @task: of a ring
 */
void ring_done(struct tasklet_struct *task)
{
	ring_answer_done(container_of(task, struct blkback_ring, done_task));
}

/**
 * ring_complete() - a request has ended
 * @req: the request
 *
 * The worker answers what it sees end itself when it has submitted all that
 * was waiting, or later (ring_hold()). Another thread answers at once. In an
 * interrupt more is likely to end in the next moment: the tasklet answers that
 * together, unless the worker sees it.
 *
 * As soon as the request is in the list somebody else may answer it, and the
 * ring may be disconnected: ring_disconnect() waits until nobody is in here,
 * which holds RCU off for that by having preemption off.
 *
 * Context: any, hard interrupts included.
 */
void ring_complete(struct blkback_request *req)
{
	struct blkback_ring *ring = req->ring;

	if (!in_task() || irqs_disabled()) {
		preempt_disable();
		/* A full barrier; pairs with ring_wait(). */
		if (llist_add(&req->node, &ring->done) &&
		    !READ_ONCE(ring->waiting))
			tasklet_hi_schedule(&ring->done_task);
		preempt_enable();
	} else if (READ_ONCE(ring->task) == current) {
		req->node.next = ring->ended;
		ring->ended = &req->node;
		ring->nr_ended++;
	} else {
		local_bh_disable();
		llist_add(&req->node, &ring->done);
		ring_answer_done(ring);
		local_bh_enable();
	}
}
