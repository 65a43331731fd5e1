// SPDX-License-Identifier: GPL-2.0
/*
 * Answers: each finds its request by its tag, once, and goes where that one
 * wants it.
 *
 * The event's handler takes what is small, which is what people wait for; more
 * than that is left to a work, which then ends the event. While it has not
 * ended no other comes, so the two never meet.
 */
#include <linux/interrupt.h>
#include <linux/jiffies.h>
#include <linux/kernel.h>
#include <linux/kthread.h>
#include <linux/minmax.h>
#include <linux/preempt.h>
#include <linux/uaccess.h>
#include "p9front.h"

/* Bytes that the work copies in one go. */
#define WORK_BYTES	(16 * 1024 * 1024)

/*
 * To the memory of a reader, who waits until this is done. Little goes to the request,
 * from where the reader copies it.
 *
 * Return: 0, or -EAGAIN if a page is not there, or this is no thread.
 */
static int copy_to_reader(struct p9front_ring *ring, struct p9front_slot *slot,
			  u32 len)
{
	struct xpv_byte_stream *in = &ring->bytes.in;
	struct p9_fcall *rc = &slot->req->rc;
	struct p9front_data *data = slot->data;
	u32 done;

	if (P9FRONT_READ_HEAD + len <= rc->capacity) {
		xpv_bytes_read(in, P9FRONT_READ_HEAD,
			       rc->sdata + P9FRONT_READ_HEAD, len);
		data->small = len;
		return 0;
	}
	/* It was not out yet when needs_thread() looked: nobody had asked for this. */
	if (!in_task())
		return -EAGAIN;
	kthread_use_mm(data->mm);
	pagefault_disable();
	done = xpv_bytes_to_iter(in, P9FRONT_READ_HEAD, data->iter, len);
	pagefault_enable();
	kthread_unuse_mm(data->mm);
	return done == len ? 0 : -EAGAIN;
}

/* A read's answer: its head goes to the request, its data to the iterator. */
static int take_data(struct p9front_ring *ring, struct p9front_slot *slot)
{
	struct xpv_byte_stream *in = &ring->bytes.in;
	struct p9_fcall *rc = &slot->req->rc;
	int len;

	if (ring->head.size < P9FRONT_READ_HEAD)
		return -EPROTO;
	xpv_bytes_read(in, P9FRONT_HEAD, rc->sdata + P9FRONT_HEAD,
		       P9FRONT_READ_HEAD - P9FRONT_HEAD);
	len = p9front_parse_read(&ring->head, rc->sdata + P9FRONT_HEAD,
				 slot->data->len);
	if (len < 0)
		return len;
	if (slot->data->mm)
		return copy_to_reader(ring, slot, len);
	if (xpv_bytes_to_iter(in, P9FRONT_READ_HEAD, slot->data->iter, len) !=
	    len)
		return -EFAULT;
	return 0;
}

/*
 * Less may have gone than the client believes (p9front_data_take()), so that it
 * cannot see whether the backend claims to have written more.
 */
static int check_written(const struct p9front_ring *ring,
			 const struct p9front_slot *slot)
{
	int count;

	count = p9front_parse_written(&ring->head,
				      slot->req->rc.sdata + P9FRONT_HEAD,
				      slot->data->len);
	return min(count, 0);
}

static int take_message(struct p9front_ring *ring, struct p9front_slot *slot)
{
	const struct p9front_head *head = &ring->head;
	struct p9_fcall *rc = &slot->req->rc;
	struct p9front_head own = *head;
	bool data = slot->data && head->type == slot->type + 1;
	int err = 0;

	if (!p9front_is_answer(slot->type, head->type))
		return -EPROTO;
	if (slot->deaf)
		return -EINTR;
	own.tag = slot->tag;
	if (data && !slot->data->out) {
		err = take_data(ring, slot);
	} else {
		if (head->size > rc->capacity)
			return -EPROTO;
		xpv_bytes_read(&ring->bytes.in, P9FRONT_HEAD,
			       rc->sdata + P9FRONT_HEAD,
			       head->size - P9FRONT_HEAD);
		if (data)
			err = check_written(ring, slot);
	}
	if (err)
		return err;
	p9front_put_head(rc->sdata, &own);
	rc->size = own.size;
	rc->id = own.type;
	rc->tag = own.tag;
	rc->offset = 0;
	p9front_change_make(&ring->pf->table, slot->change, rc->sdata,
			    rc->size);
	slot->change = NULL;
	if (slot->type == P9FRONT_TVERSION)
		err = p9front_take_version(slot->mount, slot->req);
	return err;
}

/* The frontend's own: of whoever waits for it there is one, in recover.c. */
static void answer_call(struct p9front_ring *ring, struct p9front_slot *slot)
{
	struct p9front_call *call = slot->call;
	u32 size = ring->head.size;

	call->err = -EPROTO;
	if (p9front_is_answer(slot->type, ring->head.type) &&
	    size <= sizeof(call->answer)) {
		p9front_put_head(call->answer, &ring->head);
		xpv_bytes_read(&ring->bytes.in, P9FRONT_HEAD,
			       call->answer + P9FRONT_HEAD,
			       size - P9FRONT_HEAD);
		call->answer_len = size;
		call->err = 0;
	}
	/* Pairs with call_done(). */
	smp_store_release(&call->done, true);
	wake_up_all(&ring->pf->wait);
}

/* Return: whether it has to be asked again. */
static bool answer_request(struct p9front_ring *ring,
			   struct p9front_slot *slot)
{
	int err = take_message(ring, slot);

	if (err == -EAGAIN)
		return true;
	if (err && err != -EINTR)
		xpv_err_ratelimited(ring->pf->dev,
				    "ring %u: request %u has answer %u of %u bytes, which is wrong\n",
				    ring->index, slot->type, ring->head.type,
				    ring->head.size);
	slot->req->t_err = err == -EPROTO ? -EIO : err;
	p9_client_cb(slot->mount->client, slot->req,
		     err ? REQ_STATUS_ERROR : REQ_STATUS_RCVD);
	return false;
}

/* Return: the request that the answer is for; NULL if nobody waits for it. */
static struct p9front_slot *take_slot(struct p9front_ring *ring, u16 tag)
{
	struct p9front_slot *slot;
	unsigned long flags;
	bool known = true;

	spin_lock_irqsave(&ring->lock, flags);
	slot = p9front_slot_of(ring, tag);
	if (slot && slot->state == P9FRONT_OUT) {
		slot->state = P9FRONT_TAKEN;
		if (slot->type == P9FRONT_TFLUSH)
			ring->slots[slot->flushes].flushed = true;
	} else if (slot && slot->state == P9FRONT_ORPHAN) {
		p9front_slot_free(ring, slot);
		slot = NULL;
	} else {
		known = false;
		slot = NULL;
	}
	spin_unlock_irqrestore(&ring->lock, flags);
	if (!known)
		xpv_err_ratelimited(ring->pf->dev,
				    "ring %u: an answer that nothing was asked for, tag %u\n",
				    ring->index, tag);
	return slot;
}

/* The slot stays taken until the client knows, who may be about to go. */
static void answer(struct p9front_ring *ring)
{
	struct p9front_slot *slot = take_slot(ring, ring->head.tag);
	unsigned long flags;
	bool again = false;

	if (!slot)
		return;
	if (slot->call)
		answer_call(ring, slot);
	else
		again = answer_request(ring, slot);

	spin_lock_irqsave(&ring->lock, flags);
	if (again) {
		slot->data->missed = true;
		p9front_slot_again(ring, slot);
	}
	p9front_slot_free(ring, slot);
	spin_unlock_irqrestore(&ring->lock, flags);
}

/* Return: whether a whole answer is there; a negative errno if none can be. */
static int find_answer(struct p9front_ring *ring)
{
	struct xpv_byte_stream *in = &ring->bytes.in;
	int ready = xpv_bytes_ready(in);
	u8 bytes[P9FRONT_HEAD];

	if (ready < 0) {
		p9front_ring_break(ring, ready,
				   "the backend's producer is impossible");
		return ready;
	}
	if (!ring->headed && ready >= P9FRONT_HEAD) {
		xpv_bytes_read(in, 0, bytes, sizeof(bytes));
		if (p9front_parse_head(bytes, in->size, &ring->head)) {
			p9front_ring_break(ring, -EPROTO,
					   "an answer has no possible size");
			return -EPROTO;
		}
		ring->headed = true;
	}
	return ring->headed && ready >= ring->head.size;
}

/*
 * Give back the room of answers that were taken. Whether there is still something
 * to be answered is looked at behind that: the answer to what is asked later finds
 * the room. A backend of others that has something may want more room for it than
 * the answer needs.
 */
static void release(struct p9front_ring *ring)
{
	struct xpv_byte_stream *in = &ring->bytes.in;
	u32 old = xpv_bytes_free(in);
	u32 most = READ_ONCE(ring->due) ? ring->pf->size : 0;

	if (xpv_bytes_awaited(in, old, most))
		xpv_evtchn_notify(&ring->ch);
}

/* Whether the answer is for memory that an interrupt cannot get at. */
static bool needs_thread(struct p9front_ring *ring)
{
	const struct p9front_slot *slot;
	unsigned long flags;
	bool needs;

	spin_lock_irqsave(&ring->lock, flags);
	slot = p9front_slot_of(ring, ring->head.tag);
	needs = slot && slot->state == P9FRONT_OUT && slot->data &&
		slot->data->mm && ring->head.size > slot->req->rc.capacity;
	spin_unlock_irqrestore(&ring->lock, flags);
	return needs;
}

/*
 * Take answers, as long as they have not more than @left bytes.
 *
 * Return: how many were taken; a negative errno if no more can be.
 */
static int take_answers(struct p9front_ring *ring, u32 *left, bool *more)
{
	struct xpv_byte_stream *in = &ring->bytes.in;
	int there, nr;

	*more = false;
	for (nr = 0; (there = find_answer(ring)) > 0; nr++) {
		if (ring->head.size > *left ||
		    (!in_task() && needs_thread(ring))) {
			*more = true;
			break;
		}
		*left -= ring->head.size;
		answer(ring);
		ring->headed = false;
		xpv_bytes_move(in, ring->head.size);
	}
	if (nr) {
		WRITE_ONCE(ring->answered_at, jiffies);
		release(ring);
	}
	ring->answers += nr;
	return there < 0 ? there : nr;
}

/*
 * Where events have to be asked for, that is done when there are no more answers.
 * An answer that comes just then is taken here, and its event finds nothing.
 *
 * Return: as take_answers().
 */
static int take_all(struct p9front_ring *ring, u32 left, bool *more)
{
	struct xpv_byte_stream *in = &ring->bytes.in;
	int nr = 0, took;

	for (;;) {
		took = take_answers(ring, &left, more);
		if (took < 0)
			return took;
		nr += took;
		if (*more || !xpv_bytes_agreed(in))
			return nr;
		xpv_bytes_ask(in, 1);
		if (!find_answer(ring))
			return nr;
		ring->early = true;
	}
}

/* After a violation no event is ended: the lane closes the ring. */
static void end_event(struct p9front_ring *ring, bool worked)
{
	p9front_ring_stir(ring);
	xpv_evtchn_eoi(&ring->ch, worked);
}

/**
 * p9front_event() - the backend sent an event
 * @arg: the ring
 *
 * It may be for answers, or for room.
 *
 * Context: hard interrupt.
 */
void p9front_event(void *arg)
{
	struct p9front_ring *ring = arg;
	u32 cons = xpv_bytes_peek(&ring->bytes.out);
	bool worked = cons != ring->cons || ring->early;
	bool more;
	int nr;

	ring->cons = cons;
	ring->early = false;
	nr = take_all(ring, P9FRONT_HANDLER_BYTES, &more);
	if (more)
		queue_work(p9front_queue, &ring->take);
	else if (nr >= 0)
		end_event(ring, nr || worked);
}

/**
 * p9front_take() - take all answers there are
 * @work: the ring's
 */
void p9front_take(struct work_struct *work)
{
	struct p9front_ring *ring = container_of(work, struct p9front_ring,
						 take);
	bool more;
	int nr = take_all(ring, WORK_BYTES, &more);

	if (more)
		queue_work(p9front_queue, &ring->take);
	else if (nr >= 0)
		end_event(ring, true);
}
