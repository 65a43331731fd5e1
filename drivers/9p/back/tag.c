// SPDX-License-Identifier: GPL-2.0
/*
 * Tags: the client's names for requests, and flushing what has one.
 *
 * A tag is taken from when a request is taken until its answer is on its way.
 * A client that uses one again before that is refused.
 *
 * The answer to a flush comes after that of what it flushes, if there is one.
 * What can change nothing is forgotten at once: its tag is free, and nobody
 * waits for a disk. Anything else is waited for, since a client that was told
 * that a write is not under way may write the same place again.
 */
#include <linux/lockdep.h>

#include "p9back.h"

/**
 * p9b_tag_claim() - take a request's tag
 * @req: the request, its head read
 *
 * Return: false if it cannot be had: another request has it.
 */
bool p9b_tag_claim(struct p9back_request *req)
{
	struct p9back *be = req->ring->be;
	struct p9back_request *other;
	void *was = NULL;

	/* The table has room for it before the lock is taken. */
	if (xa_reserve(&be->tags, req->req.tag, GFP_KERNEL))
		return false;
	spin_lock(&be->lock);
	req->serial = ++be->serial;
	req->changes = p9w_changes(req->req.type);
	other = xa_load(&be->tags, req->req.tag);
	if (!other || other->answering) {
		was = xa_store(&be->tags, req->req.tag, req, GFP_ATOMIC);
		req->tagged = !xa_is_err(was);
		if (other && req->tagged)
			other->tagged = false;
	}
	spin_unlock(&be->lock);
	return req->tagged;
}

/**
 * p9b_tag_answer() - begin to answer a request
 * @req: the request
 *
 * Return: false if there must be no answer: it was flushed.
 */
bool p9b_tag_answer(struct p9back_request *req)
{
	struct p9back *be = req->ring->be;
	bool wanted;

	spin_lock(&be->lock);
	wanted = !req->forgotten;
	req->answering = true;
	spin_unlock(&be->lock);
	return wanted;
}

static void move_flushes(struct p9back *be, u64 serial, struct list_head *to)
{
	struct p9back_request *flush, *next;

	lockdep_assert_held(&be->lock);
	list_for_each_entry_safe(flush, next, &be->flushes, link)
		if (flush->awaits == serial)
			list_move_tail(&flush->link, to);
}

/**
 * p9b_tag_release() - have done with a request
 * @req: the request, answered if it has to be
 *
 * Those who flush it go on.
 */
void p9b_tag_release(struct p9back_request *req)
{
	struct p9back *be = req->ring->be;
	struct p9back_request *flush, *next;
	LIST_HEAD(flushes);

	spin_lock(&be->lock);
	if (req->tagged)
		xa_erase(&be->tags, req->req.tag);
	req->tagged = false;
	move_flushes(be, req->serial, &flushes);
	req->serial = 0;
	spin_unlock(&be->lock);
	list_for_each_entry_safe(flush, next, &flushes, link) {
		list_del(&flush->link);
		p9b_share_resume(flush);
	}
}

/*
 * Only what was taken before the flush is waited for: two flushes of each other
 * would wait for ever.
 *
 * Return: the serial of what has to be waited for, 0 if nothing has.
 */
static u64 forget(struct p9back *be, struct p9back_request *flush)
{
	struct p9back_request *old;
	u64 serial = 0;

	lockdep_assert_held(&be->lock);
	old = xa_load(&be->tags, flush->req.oldtag);
	if (old && old != flush) {
		if (!old->answering && !old->changes) {
			old->forgotten = true;
			old->tagged = false;
			xa_erase(&be->tags, flush->req.oldtag);
		} else if (old->serial < flush->serial) {
			serial = old->serial;
		}
	}
	return serial;
}

/**
 * p9b_tag_flush() - flush what a request says, if it is a flush
 * @req: the request, taken apart
 *
 * As many may flush one request as there are that had to do with it, so that they
 * do not keep workers meanwhile.
 *
 * Context: the worker.
 * Return: whether to go on; as p9b_share_enter(). What is flushed has to be done
 * first, else.
 */
bool p9b_tag_flush(struct p9back_request *req)
{
	struct p9back *be = req->ring->be;
	bool waits;

	if (req->err || req->req.type != P9W_TFLUSH)
		return true;
	spin_lock(&be->lock);
	req->awaits = forget(be, req);
	waits = req->awaits;
	if (waits) {
		p9b_share_park(req);
		list_add_tail(&req->link, &be->flushes);
	}
	spin_unlock(&be->lock);
	return !waits;
}

/**
 * p9b_op_flush() - Tflush
 * @req: the request; p9b_tag_flush() did what there is to do
 *
 * Return: 0.
 */
int p9b_op_flush(struct p9back_request *req)
{
	return 0;
}
