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
static int get_large(struct p9back_request *req, enum p9back_held what,
		     struct p9back_memory *memory, u32 size)
{
	int err = p9b_share_charge(req, what, size);

	if (err)
		return err;
	*memory = take_spare(req->ring, size);
	if (memory->at) {
		/* Who holds all of it answers for all of it. */
		p9b_share_add(req, what, memory->size - size);
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
 * Return: 0, -ENOMEM, or -ESHUTDOWN if the ring stops: there will be no answer.
 */
int p9b_request_room(struct p9back_request *req, u32 size)
{
	int err;

	if (size <= req->out.room)
		return 0;
	if (size > req->session->msize)
		return -EMSGSIZE;
	err = get_large(req, P9BACK_ANSWERS, &req->large_out, size);
	if (!err)
		p9w_begin(&req->out, req->large_out.at, size);
	req->stopped = err == -ESHUTDOWN;
	return err;
}

/**
 * p9b_request_message() - have memory for a message
 * @req: a request with nothing
 * @size: bytes of the message
 *
 * Context: process; sleeps.
 * Return: 0, -ENOMEM, or -ESHUTDOWN if the ring stops.
 */
int p9b_request_message(struct p9back_request *req, u32 size)
{
	int err;

	if (size <= P9BACK_SMALL) {
		req->message = req->small;
		return 0;
	}
	err = get_large(req, P9BACK_MESSAGES, &req->large_message, size + 1);
	if (!err)
		req->message = req->large_message.at;
	return err;
}

/* What it had is freed. */
static void reset(struct p9back_request *req)
{
	req->message = NULL;
	put_large(req, &req->large_message);
	put_large(req, &req->large_out);
	p9b_pages_drop(req);
	p9b_share_uncharge(req, P9BACK_MESSAGES);
	p9b_share_uncharge(req, P9BACK_ANSWERS);
	req->parked = false;
	req->stopped = false;
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
	p9b_share_leave(req);
	p9b_fid_put(req->fid);
	p9b_fid_put(req->fid2);
	p9b_session_put(req->session);
	req->fid = NULL;
	req->fid2 = NULL;
	req->session = NULL;
}

/* From the whole message to what it is about. Return: whether it may go on. */
static bool begin(struct p9back_request *req)
{
	p9w_begin(&req->out, req->small_out, sizeof(req->small_out));
	req->session = p9b_session_get(req->ring->be);
	p9b_serve_begin(req);
	return p9b_tag_flush(req) && p9b_share_enter(req);
}

/* To its answer being on the ring, if it has one. */
static void finish(struct p9back_request *req)
{
	/* One that was parked may have been flushed meanwhile. */
	if (!READ_ONCE(req->forgotten))
		p9b_serve(req);
	p9b_place_end(req);
	let_go(req);
	if (p9b_tag_answer(req) && !req->stopped)
		p9b_ring_answer(req);
	p9b_warm_end(req);
	p9b_tag_release(req);
	reset(req);
}

/**
 * p9b_request_work() - what a worker does
 * @work: the worker's
 *
 * The queue calls another one when this one has to wait; so it is after each of
 * the others' turns that this one goes on, if there is always something to do.
 *
 * One whose request is parked ends, and is called again to finish it; another one
 * looks for what is behind that. Of parked ones that could go on, but for want of a
 * thread, the first has that of whoever is done next.
 *
 * Context: the device's queue.
 */
void p9b_request_work(struct work_struct *work)
{
	struct p9back_request *req =
		container_of(work, struct p9back_request, work);
	struct p9back_ring *ring = req->ring;
	unsigned long began = jiffies;

	if (req->parked)
		finish(req);
	else
		p9b_ring_begin(req);
	while (!p9b_share_hand_over(ring) && p9b_ring_take(req)) {
		if (!begin(req)) {
			p9b_ring_kick(ring);
			return;
		}
		finish(req);
		if (time_after(jiffies, began)) {
			queue_work(ring->be->wq, work);
			return;
		}
		cond_resched();
		p9b_watch(req);
	}
	reset(req);
	p9b_ring_rest(req);
}
