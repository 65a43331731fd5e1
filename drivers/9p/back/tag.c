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

/**
 * p9b_tag_release() - have done with a request
 * @req: the request, answered if it has to be
 */
void p9b_tag_release(struct p9back_request *req)
{
	struct p9back *be = req->ring->be;

	spin_lock(&be->lock);
	if (req->tagged)
		xa_erase(&be->tags, req->req.tag);
	req->tagged = false;
	req->serial = 0;
	spin_unlock(&be->lock);
	wake_up_all(&be->answered);
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

	spin_lock(&be->lock);
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
	spin_unlock(&be->lock);
	return serial;
}

static bool is_done(struct p9back *be, u16 tag, u64 serial)
{
	struct p9back_request *old;
	bool done;

	spin_lock(&be->lock);
	old = xa_load(&be->tags, tag);
	done = !old || old->serial != serial;
	spin_unlock(&be->lock);
	return done;
}

/**
 * p9b_op_flush() - Tflush
 * @req: the request
 *
 * Context: process; sleeps until what is flushed is done, if it has to be.
 * Return: 0.
 */
int p9b_op_flush(struct p9back_request *req)
{
	struct p9back *be = req->ring->be;
	u64 serial = forget(be, req);

	if (serial)
		wait_event_idle(be->answered,
				is_done(be, req->req.oldtag, serial));
	return 0;
}
