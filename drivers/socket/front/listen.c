// SPDX-License-Identifier: GPL-2.0
/*
 * Listening: one ACCEPT is always out, so that a connection is here before the
 * program asks for it, and poll() knows. So that no more of them are taken from
 * the backend than the program wants to have waiting, it is not while too many
 * do; then they wait where the program's backlog says, at the backend.
 *
 * A stock backend must not be asked to release a socket while its ACCEPT is out:
 * it crashes. There one is out only once a program asks, by accept() or poll(),
 * and a socket that closes meanwhile is released when one more connection came.
 */
#include <linux/err.h>
#include <linux/jiffies.h>
#include <linux/minmax.h>
#include "pvcfront.h"

/* Connections that wait here at most; each has a ring. */
#define MAX_READY	16

/* When to ask again after the backend had none to give, or we no memory. */
#define RETRY_WAIT	(HZ / 4)

static void ask_more(struct pvcfront_end *end, unsigned long delay)
{
	kref_get(&end->ref);
	if (!queue_delayed_work(pvcfront_queue, &end->more, delay))
		pvcfront_end_put(end);
}

/* Whether the backend answers whatever happens: ours all do. */
static bool is_eager(const struct pvcfront_end *end)
{
	return end->pf->offer.names;
}

/**
 * pvcfront_listen_want() - a program asks for connections
 * @end: the listening end
 *
 * Context: process.
 */
void pvcfront_listen_want(struct pvcfront_end *end)
{
	if (READ_ONCE(end->wanted))
		return;
	WRITE_ONCE(end->wanted, true);
	ask_more(end, 0);
}

/**
 * pvcfront_listen_start() - begin to listen, or change the backlog
 * @end: a bound end, whose socket is locked
 * @backlog: how many connections may wait
 *
 * Return: 0 or a negative errno.
 */
int pvcfront_listen_start(struct pvcfront_end *end, unsigned int backlog)
{
	struct xpv_pvcalls_request req = {
		.cmd = PVCALLS_LISTEN,
		.u.listen.backlog = backlog,
	};
	int err;

	err = pvcfront_ask(end, &req);
	if (err)
		return err;
	end->max_ready = clamp_t(unsigned int, backlog, 1, MAX_READY);
	spin_lock_irq(&end->lock);
	if (end->state == PVCFRONT_NEW) {
		end->state = PVCFRONT_LISTENING;
		WRITE_ONCE(end->sk->sk_state, TCP_LISTEN);
	}
	spin_unlock_irq(&end->lock);
	if (is_eager(end))
		pvcfront_listen_want(end);
	return 0;
}

static bool wants_more(struct pvcfront_end *end)
{
	bool wants;

	spin_lock_irq(&end->lock);
	wants = end->state == PVCFRONT_LISTENING && end->wanted &&
		!end->child && end->nr_ready < end->max_ready;
	spin_unlock_irq(&end->lock);
	return wants;
}

/* A child that is not out yet; it and its ring go with the lane if that fails. */
static struct pvcfront_end *new_child(struct pvcfront_end *end)
{
	struct pvcfront_end *child = pvcfront_end_new(end->pf, NULL);
	int err;

	if (IS_ERR(child))
		return child;
	err = pvcfront_ring_get(child);
	if (!err)
		return child;
	pvcfront_end_close(child, true);
	pvcfront_end_put(child);
	return ERR_PTR(err);
}

static struct pvcfront_end *take_child(struct pvcfront_end *end)
{
	struct pvcfront_end *child;
	unsigned long flags;

	spin_lock_irqsave(&end->lock, flags);
	child = end->child;
	end->child = NULL;
	spin_unlock_irqrestore(&end->lock, flags);
	return child;
}

/* Whoever closes the socket from now on knows that an ACCEPT is out. */
static bool expect(struct pvcfront_end *end, struct pvcfront_end *child)
{
	bool listening;

	spin_lock_irq(&end->lock);
	listening = end->state == PVCFRONT_LISTENING;
	if (listening)
		end->child = child;
	spin_unlock_irq(&end->lock);
	return listening;
}

static void ask_accept(struct pvcfront_end *end, struct pvcfront_end *child)
{
	struct xpv_pvcalls_request *req = &end->wait.req;
	bool lost;

	memset(req, 0, sizeof(*req));
	req->cmd = PVCALLS_ACCEPT;
	req->u.accept.id = end->id;
	req->u.accept.id_new = child->id;
	spin_lock_irq(&child->lock);
	lost = !child->ring;
	if (!lost) {
		req->u.accept.ref = child->ring->mem.index.refs[0];
		req->u.accept.evtchn = child->ring->ch.port;
	}
	spin_unlock_irq(&child->lock);
	if (lost) {
		pvcfront_end_put(child);
		return;
	}
	if (!expect(end, child))
		pvcfront_end_discard(child);
	else if (pvcfront_call(&end->wait))
		pvcfront_listen_lost(end);
}

/**
 * pvcfront_listen_more() - ask for the next connection
 * @work: the listening end's
 */
void pvcfront_listen_more(struct work_struct *work)
{
	struct pvcfront_end *end = container_of(to_delayed_work(work),
						struct pvcfront_end, more);
	struct pvcfront_end *child;

	if (wants_more(end)) {
		child = new_child(end);
		if (!IS_ERR(child))
			ask_accept(end, child);
		else if (PTR_ERR(child) != -ENETDOWN)
			ask_more(end, RETRY_WAIT);
	}
	pvcfront_end_put(end);
}

/* Whoever listens has it, with our reference; or nobody does any more. */
static bool hand_over(struct pvcfront_end *end, struct pvcfront_end *child)
{
	unsigned long flags;
	bool listening;

	spin_lock_irqsave(&end->lock, flags);
	listening = end->state == PVCFRONT_LISTENING;
	if (listening) {
		list_add_tail(&child->next, &end->ready);
		end->nr_ready++;
		WRITE_ONCE(end->wanted, is_eager(end));
		if (end->sk)
			end->sk->sk_data_ready(end->sk);
	}
	spin_unlock_irqrestore(&end->lock, flags);
	return listening;
}

/**
 * pvcfront_listen_accepted() - ACCEPT was answered
 * @end: the listening end
 * @rsp: the answer
 *
 * Context: the handler of answers.
 */
void pvcfront_listen_accepted(struct pvcfront_end *end,
			      const struct xpv_pvcalls_response *rsp)
{
	struct pvcfront_end *child = take_child(end);
	unsigned long flags;

	if (!child)
		return;
	if (rsp->ret) {
		pvcfront_end_drop(child, rsp->value == 1);
		pvcfront_end_put(child);
		ask_more(end, RETRY_WAIT);
		pvcfront_end_finish(end);
		return;
	}
	spin_lock_irqsave(&child->lock, flags);
	child->told = true;
	child->family = end->family;
	child->state = PVCFRONT_CONNECTED;
	if (end->pf->offer.names)
		pvcfront_addr_get(&child->peer, rsp->addr, rsp->addr_len);
	spin_unlock_irqrestore(&child->lock, flags);
	if (hand_over(end, child)) {
		ask_more(end, 0);
		return;
	}
	pvcfront_end_close(child, true);
	pvcfront_end_put(child);
	pvcfront_end_finish(end);
}

static struct pvcfront_end *pop(struct pvcfront_end *end)
{
	struct pvcfront_end *child;

	spin_lock_irq(&end->lock);
	child = list_first_entry_or_null(&end->ready, struct pvcfront_end,
					 next);
	if (child) {
		list_del_init(&child->next);
		end->nr_ready--;
	}
	spin_unlock_irq(&end->lock);
	return child;
}

/**
 * pvcfront_listen_take() - accept a connection
 * @end: the listening end
 *
 * Return: the connection's end, held, or NULL if none waits.
 */
struct pvcfront_end *pvcfront_listen_take(struct pvcfront_end *end)
{
	struct pvcfront_end *child = pop(end);

	if (child)
		ask_more(end, 0);
	return child;
}

/**
 * pvcfront_listen_stop() - let connections go that nobody will accept
 * @end: the end, which listens no more, or never did
 *
 * Context: process, or any if it never did.
 */
void pvcfront_listen_stop(struct pvcfront_end *end)
{
	struct pvcfront_end *child;

	if (!end->max_ready)
		return;
	while ((child = pop(end))) {
		pvcfront_end_close(child, true);
		pvcfront_end_put(child);
	}
}

/**
 * pvcfront_listen_lost() - the ACCEPT that was out will bring nothing
 * @end: the listening end, or one that never listened, without a backend
 *
 * What it was to bring is in the lane's hands.
 */
void pvcfront_listen_lost(struct pvcfront_end *end)
{
	struct pvcfront_end *child = take_child(end);

	if (child)
		pvcfront_end_put(child);
}

/**
 * pvcfront_listen_forget() - the backend let go of a listening end
 * @end: the end, or one that never listened
 *
 * The backend has answered its ACCEPT by now, or never will.
 *
 * Context: the handler of answers.
 */
void pvcfront_listen_forget(struct pvcfront_end *end)
{
	struct pvcfront_end *child = take_child(end);

	if (child) {
		pvcfront_end_drop(child, false);
		pvcfront_end_put(child);
	}
}
