// SPDX-License-Identifier: GPL-2.0
/*
 * The command ring: requests, and the table that answers are looked up in.
 *
 * Requests that wait for the world, CONNECT and ACCEPT, are answered when they
 * are, and until then take a slot. So that they leave some for those that are
 * answered at once, the others wait in a queue.
 */
#include <linux/jiffies.h>
#include <linux/kernel.h>
#include <linux/sched/signal.h>
#include "pvcfront.h"

/* How long one waits for an answer that a backend gives at once. */
#define ANSWER_WAIT	(30 * HZ)

/**
 * pvcfront_commands_init() - an empty table for a new command ring
 * @pf: the device, not connected
 */
void pvcfront_commands_init(struct pvcfront *pf)
{
	unsigned int i;

	pf->nr_slots = min_t(unsigned int, pf->ring.nr, PVCFRONT_MAX_CALLS);
	pf->nr_free = 0;
	pf->accepts = 0;
	for (i = pf->nr_slots; i--;) {
		pf->asked[i].out = false;
		pf->calls[i] = NULL;
		pf->free[pf->nr_free++] = i;
	}
}

static enum pvcfront_class class_of(u32 cmd)
{
	switch (cmd) {
	case PVCALLS_ACCEPT:
		return PVCFRONT_ACCEPTS;
	case PVCALLS_CONNECT:
		return PVCFRONT_CONNECTS;
	}
	return PVCFRONT_PROMPT;
}

/* Whether a request can have a slot now. */
static bool may_send(const struct pvcfront *pf, enum pvcfront_class class)
{
	u32 room = min(pf->nr_free, xpv_front_ring_free(&pf->ring));

	lockdep_assert_held(&pf->lock);
	switch (class) {
	case PVCFRONT_ACCEPTS:
		return room > pf->nr_slots / 4 &&
		       pf->accepts < pf->nr_slots / 2;
	case PVCFRONT_CONNECTS:
		return room > pf->nr_slots / 4;
	default:
		return room;
	}
}

/**
 * pvcfront_prompt_out() - whether something is out that the backend answers at once
 * @pf: the device, locked
 */
bool pvcfront_prompt_out(const struct pvcfront *pf)
{
	unsigned int i;

	lockdep_assert_held(&pf->lock);
	for (i = 0; i < pf->nr_slots; i++)
		if (pf->asked[i].out && class_of(pf->asked[i].cmd) == PVCFRONT_PROMPT)
			return true;
	return false;
}

static void send(struct pvcfront *pf, struct pvcfront_call *call)
{
	u16 slot = pf->free[--pf->nr_free];
	struct pvcfront_asked *asked = &pf->asked[slot];

	lockdep_assert_held(&pf->lock);
	call->slot = slot;
	call->req.req_id = (u32)pf->turn++ << 16 | slot;
	asked->out = true;
	asked->req_id = call->req.req_id;
	asked->cmd = call->req.cmd;
	/* All of them have it at the same place. */
	asked->id = call->req.u.poll.id;
	pf->calls[slot] = call;
	if (asked->cmd == PVCALLS_ACCEPT)
		pf->accepts++;
	xpv_front_ring_put(&pf->ring, &call->req, sizeof(call->req));
}

/* Send what waits and can be, the prompt ones first. */
static void send_queues(struct pvcfront *pf)
{
	struct pvcfront_call *call;
	enum pvcfront_class class;
	bool any = false;

	lockdep_assert_held(&pf->lock);
	for (class = 0; class < PVCFRONT_CLASSES; class++) {
		while (!list_empty(&pf->queues[class]) && may_send(pf, class)) {
			call = list_first_entry(&pf->queues[class],
						struct pvcfront_call, link);
			list_del_init(&call->link);
			send(pf, call);
			any = true;
		}
	}
	if (any && xpv_front_ring_push(&pf->ring))
		xpv_evtchn_notify(&pf->ch);
}

/**
 * pvcfront_call() - ask the backend
 * @call: the request; not busy
 *
 * Context: any.
 * Return: 0, and it will be answered or lost; -ENETDOWN without a backend.
 */
int pvcfront_call(struct pvcfront_call *call)
{
	struct pvcfront *pf = call->end->pf;
	unsigned long flags;
	int err = -ENETDOWN;

	spin_lock_irqsave(&pf->lock, flags);
	if (pf->connected) {
		err = 0;
		kref_get(&call->end->ref);
		call->busy = true;
		call->slot = -1;
		list_add_tail(&call->link,
			      &pf->queues[class_of(call->req.cmd)]);
		send_queues(pf);
	}
	spin_unlock_irqrestore(&pf->lock, flags);
	return err;
}

/* Calls that are waited for are over when whoever waits can see their answer. */
static void unbusy(struct pvcfront_call *call)
{
	if (call != &call->end->sync)
		call->busy = false;
}

static struct pvcfront_call *free_slot(struct pvcfront *pf, int slot)
{
	struct pvcfront_call *call = pf->calls[slot];

	lockdep_assert_held(&pf->lock);
	if (pf->asked[slot].cmd == PVCALLS_ACCEPT)
		pf->accepts--;
	pf->asked[slot].out = false;
	pf->calls[slot] = NULL;
	pf->free[pf->nr_free++] = slot;
	call->slot = -1;
	unbusy(call);
	return call;
}

/**
 * pvcfront_call_cancel() - do not ask, if it was not asked yet
 * @call: the call; nothing happens if it is not busy
 *
 * Context: any.
 */
void pvcfront_call_cancel(struct pvcfront_call *call)
{
	struct pvcfront *pf = call->end->pf;
	unsigned long flags;
	bool was;

	spin_lock_irqsave(&pf->lock, flags);
	was = !list_empty(&call->link);
	if (was) {
		list_del_init(&call->link);
		call->busy = false;
	}
	spin_unlock_irqrestore(&pf->lock, flags);
	if (was)
		pvcfront_end_put(call->end);
}

/**
 * pvcfront_call_forget() - a call's answer will not come
 * @call: the call; nothing happens if it is not busy
 *
 * For backends that leave an ACCEPT unanswered whose socket was released. What
 * it takes of the command ring does not come back; if too little is left the
 * device begins anew.
 *
 * Context: any.
 */
void pvcfront_call_forget(struct pvcfront_call *call)
{
	struct pvcfront *pf = call->end->pf;
	unsigned long flags;
	bool was, scarce;

	spin_lock_irqsave(&pf->lock, flags);
	was = call->busy;
	if (was && call->slot < 0)
		list_del_init(&call->link);
	else if (was)
		free_slot(pf, call->slot);
	call->busy = false;
	scarce = was && pf->connected && pf->nr_free > pf->nr_slots / 2 &&
		 xpv_front_ring_free(&pf->ring) <= pf->nr_slots / 4;
	spin_unlock_irqrestore(&pf->lock, flags);
	if (scarce)
		xpv_device_restart(pf->dev);
	if (was)
		pvcfront_end_put(call->end);
}

static void answer_sync(struct pvcfront_end *end,
			const struct xpv_pvcalls_response *rsp)
{
	if (rsp)
		end->answer = *rsp;
	else
		end->lost = true;
	/* Pairs with is_over(): the answer before another call. */
	smp_store_release(&end->sync.busy, false);
	wake_up_all(&end->wq);
}

static void answered(struct pvcfront_call *call,
		     const struct xpv_pvcalls_response *rsp)
{
	struct pvcfront_end *end = call->end;

	switch (rsp->cmd) {
	case PVCALLS_CONNECT:
		pvcfront_end_connected(end, rsp);
		break;
	case PVCALLS_ACCEPT:
		pvcfront_listen_accepted(end, rsp);
		break;
	case PVCALLS_RELEASE:
		pvcfront_end_released(end, rsp);
		break;
	default:
		answer_sync(end, rsp);
	}
	pvcfront_end_put(end);
}

/* Take one answer. Returns whose, or an error. */
static struct pvcfront_call *take(struct pvcfront *pf,
				  struct xpv_pvcalls_response *rsp)
{
	int slot;

	lockdep_assert_held(&pf->lock);
	xpv_front_ring_get(&pf->ring, rsp, sizeof(*rsp));
	slot = pvcfront_answer_find(pf->asked, pf->nr_slots, rsp);
	return slot < 0 ? ERR_PTR(slot) : free_slot(pf, slot);
}

static int pending(struct pvcfront *pf)
{
	int n;

	lockdep_assert_held(&pf->lock);
	if (!pf->connected)
		return 0;
	n = xpv_front_ring_pending(&pf->ring);
	return n ?: xpv_front_ring_final_check(&pf->ring);
}

/**
 * pvcfront_event() - the backend answered
 * @arg: the device
 *
 * No more is done than was asked: whoever asks anew in the meantime has an
 * event of their own.
 *
 * Context: hard interrupt.
 */
void pvcfront_event(void *arg)
{
	struct pvcfront *pf = arg;
	struct xpv_pvcalls_response rsp;
	struct pvcfront_call *call;
	const char *what = "more than was asked";
	unsigned long flags;
	bool worked = false;
	int n;

	spin_lock_irqsave(&pf->lock, flags);
	while ((n = pending(pf)) > 0) {
		worked = true;
		call = take(pf, &rsp);
		if (IS_ERR(call)) {
			n = PTR_ERR(call);
			what = "what was not asked";
			break;
		}
		spin_unlock_irqrestore(&pf->lock, flags);
		answered(call, &rsp);
		spin_lock_irqsave(&pf->lock, flags);
	}
	if (n < 0)
		pf->connected = false;
	else if (pf->connected)
		send_queues(pf);
	spin_unlock_irqrestore(&pf->lock, flags);
	if (n < 0)
		xpv_device_fail(pf->dev, n, "backend answered %s", what);
	xpv_evtchn_eoi(&pf->ch, worked);
}

static struct pvcfront_call *next_queued(struct pvcfront *pf)
{
	struct pvcfront_call *call;
	enum pvcfront_class class;

	lockdep_assert_held(&pf->lock);
	for (class = 0; class < PVCFRONT_CLASSES; class++) {
		call = list_first_entry_or_null(&pf->queues[class],
						struct pvcfront_call, link);
		if (call) {
			list_del_init(&call->link);
			unbusy(call);
			return call;
		}
	}
	return NULL;
}

static struct pvcfront_call *next_out(struct pvcfront *pf)
{
	unsigned int i;

	lockdep_assert_held(&pf->lock);
	for (i = 0; i < pf->nr_slots; i++)
		if (pf->asked[i].out)
			return free_slot(pf, i);
	return NULL;
}

/**
 * pvcfront_commands_lose() - what is out will not be answered
 * @pf: the device, not connected any more, its channel closed
 *
 * Context: the lane.
 */
void pvcfront_commands_lose(struct pvcfront *pf)
{
	struct pvcfront_call *call;

	for (;;) {
		spin_lock_irq(&pf->lock);
		call = next_queued(pf) ?: next_out(pf);
		spin_unlock_irq(&pf->lock);
		if (!call)
			return;
		if (call == &call->end->sync)
			answer_sync(call->end, NULL);
		pvcfront_end_put(call->end);
	}
}

static bool is_over(const struct pvcfront_call *call)
{
	/* Pairs with answer_sync(). */
	return !smp_load_acquire(&call->busy);
}

/**
 * pvcfront_tell() - ask something whose answer nobody waits for
 * @end: the end
 * @req: the request, but for its number and the end's
 *
 * Context: process; may wait for an answer to what was asked before.
 * Return: 0; -ENETDOWN, -ETIMEDOUT or -ERESTARTSYS.
 */
int pvcfront_tell(struct pvcfront_end *end,
		  const struct xpv_pvcalls_request *req)
{
	long left;

	left = wait_event_killable_timeout(end->wq, is_over(&end->sync),
					   ANSWER_WAIT);
	if (left <= 0)
		return left ?: -ETIMEDOUT;
	end->lost = false;
	end->sync.req = *req;
	end->sync.req.u.poll.id = end->id;
	return pvcfront_call(&end->sync);
}

/**
 * pvcfront_ask() - ask something and wait for the answer
 * @end: the end, whose socket is locked
 * @req: the request, but for its number and the end's
 *
 * The rest of the answer is in &pvcfront_end.answer.
 *
 * Context: process; waits, but not for longer than a backend may take.
 * Return: 0, what the backend says, -ENETDOWN, -ETIMEDOUT or -EINTR.
 */
int pvcfront_ask(struct pvcfront_end *end,
		 const struct xpv_pvcalls_request *req)
{
	long left;
	int err;

	err = pvcfront_tell(end, req);
	if (err)
		return err;
	left = wait_event_killable_timeout(end->wq, is_over(&end->sync),
					   ANSWER_WAIT);
	if (left <= 0)
		return left ? -EINTR : -ETIMEDOUT;
	return end->lost ? -ENETDOWN : pvcfront_errno(end->answer.ret);
}
