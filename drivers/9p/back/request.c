// SPDX-License-Identifier: GPL-2.0
/*
 * A request from being taken out of its ring to being answered, and the worker
 * that does all of that.
 */
#include <linux/err.h>
#include <linux/jiffies.h>
#include <linux/mm.h>
#include <linux/slab.h>

#include "p9back.h"

/* Large requests of a device have so much memory together, and no more. */
static bool charge(struct p9back *be, u32 size)
{
	int was = atomic_read(&be->large);

	do {
		if (was + size > P9BACK_LARGE_BYTES)
			return false;
	} while (!atomic_try_cmpxchg(&be->large, &was, was + size));
	return true;
}

static void uncharge(struct p9back *be, u32 size)
{
	atomic_sub(size, &be->large);
	wake_up_all(&be->large_freed);
}

/* Return: whether to wait no longer: it is charged, or the ring stops. */
static bool try_charge(struct p9back_request *req, u32 size, bool *charged)
{
	if (test_bit(RING_STOPPING, &req->ring->flags))
		return true;
	*charged = charge(req->ring->be, size);
	return *charged;
}

/**
 * p9b_request_charge() - be permitted to have so much memory
 * @req: the request
 * @size: bytes, until it has been answered
 *
 * Memory of requests of the device that are being carried out will be freed.
 *
 * Context: process; sleeps.
 * Return: 0 or -ENOMEM.
 */
int p9b_request_charge(struct p9back_request *req, u32 size)
{
	bool charged = false;

	wait_event_idle(req->ring->be->large_freed,
			try_charge(req, size, &charged));
	if (!charged)
		return -ENOMEM;
	req->large += size;
	return 0;
}

/**
 * p9b_request_uncharge() - give back what p9b_request_charge() permitted
 * @req: the request, which has no such memory any more
 */
void p9b_request_uncharge(struct p9back_request *req)
{
	if (req->large)
		uncharge(req->ring->be, req->large);
	req->large = 0;
}

/*
 * Swap what a ring keeps for what has no use any more; the smaller is the
 * caller's.
 */
static struct p9back_memory keep_larger(struct p9back_ring *ring,
					struct p9back_memory memory)
{
	spin_lock_irq(&ring->lock);
	if (memory.size > ring->spare.size)
		swap(memory, ring->spare);
	spin_unlock_irq(&ring->lock);
	return memory;
}

static struct p9back_memory take_spare(struct p9back_ring *ring, u32 least)
{
	struct p9back_memory none = {};

	spin_lock_irq(&ring->lock);
	if (ring->spare.size >= least)
		swap(none, ring->spare);
	spin_unlock_irq(&ring->lock);
	return none;
}

/*
 * Making and clearing such memory costs as much as copying the data. So a ring
 * keeps one piece for a second, which holds nothing but what the guest has sent
 * or was sent.
 */
static int get_large(struct p9back_request *req, struct p9back_memory *memory,
		     u32 size)
{
	if (p9b_request_charge(req, size))
		return -ENOMEM;
	*memory = take_spare(req->ring, size);
	if (memory->at) {
		/* Who holds all of it answers for all of it. */
		atomic_add(memory->size - size, &req->ring->be->large);
		req->large += memory->size - size;
		return 0;
	}
	memory->at = kvmalloc(size, GFP_KERNEL_ACCOUNT);
	memory->size = memory->at ? size : 0;
	return memory->at ? 0 : -ENOMEM;
}

static void put_large(struct p9back_request *req, struct p9back_memory *memory)
{
	struct p9back_memory small;

	if (!memory->at)
		return;
	small = keep_larger(req->ring, *memory);
	kvfree(small.at);
	*memory = (struct p9back_memory){};
	queue_delayed_work(system_unbound_wq, &req->ring->be->tidy, HZ);
}

/**
 * p9b_request_tidy() - free what rings keep for the next large request
 * @work: the device's
 */
void p9b_request_tidy(struct work_struct *work)
{
	struct p9back *be = container_of(to_delayed_work(work), struct p9back,
					 tidy);
	unsigned int i;

	for (i = 0; i < P9BACK_MAX_RINGS; i++)
		kvfree(take_spare(&be->rings[i], 0).at);
}

/**
 * p9b_request_room() - make room for a large answer
 * @req: the request, with nothing put into its answer
 * @size: bytes of the answer, with its head; at most the msize
 *
 * Context: process; sleeps.
 * Return: 0 or -ENOMEM.
 */
int p9b_request_room(struct p9back_request *req, u32 size)
{
	if (size <= req->out.room)
		return 0;
	if (size > req->session->msize)
		return -EMSGSIZE;
	if (get_large(req, &req->large_out, size))
		return -ENOMEM;
	p9w_begin(&req->out, req->large_out.at, size);
	return 0;
}

/**
 * p9b_request_message() - have memory for a message
 * @req: a request with nothing
 * @size: bytes of the message
 *
 * Context: process; sleeps.
 * Return: 0 or -ENOMEM.
 */
int p9b_request_message(struct p9back_request *req, u32 size)
{
	if (size <= P9BACK_SMALL) {
		req->message = req->small;
		return 0;
	}
	if (get_large(req, &req->large_message, size + 1))
		return -ENOMEM;
	req->message = req->large_message.at;
	return 0;
}

/* What it had is freed. */
static void reset(struct p9back_request *req)
{
	req->message = NULL;
	put_large(req, &req->large_message);
	put_large(req, &req->large_out);
	p9b_pages_drop(req);
	p9b_request_uncharge(req);
	req->tagged = false;
	req->answering = false;
	req->forgotten = false;
}

/*
 * Let go what the request was about, before it is answered: the client may use a
 * fid's number again once it has the answer. And an answer may wait for room as
 * long as the client likes, which would keep the fids of old sessions.
 */
static void let_go(struct p9back_request *req)
{
	p9b_fid_put(req->fid);
	p9b_fid_put(req->fid2);
	p9b_session_put(req->session);
	req->fid = NULL;
	req->fid2 = NULL;
	req->session = NULL;
}

/* From the whole message to its answer being on the ring, if it has one. */
static void run(struct p9back_request *req)
{
	p9w_begin(&req->out, req->small_out, sizeof(req->small_out));
	req->session = p9b_session_get(req->ring->be);
	p9b_serve(req);
	let_go(req);
	if (p9b_tag_answer(req))
		p9b_ring_answer(req);
	p9b_tag_release(req);
}

/**
 * p9b_request_work() - what a worker does
 * @work: the worker's
 *
 * The queue calls another one when this one has to wait; so it is after each of
 * the others' turns that this one goes on, if there is always something to do.
 *
 * Context: the device's queue.
 */
void p9b_request_work(struct work_struct *work)
{
	struct p9back_request *req =
		container_of(work, struct p9back_request, work);
	unsigned long began = jiffies;

	p9b_ring_begin(req);
	while (p9b_ring_take(req)) {
		run(req);
		reset(req);
		if (time_after(jiffies, began)) {
			queue_work(req->ring->be->wq, work);
			return;
		}
		cond_resched();
		p9b_watch(req);
	}
	reset(req);
	p9b_ring_rest(req);
}
