// SPDX-License-Identifier: GPL-2.0
/*
 * What is put into a ring and shown later: of a socket that is corked, or of a
 * program that says more comes (%MSG_MORE). An answer that is written in two pieces
 * is one then, and has one event, as with TCP; and the backend, which would need a
 * call for each end of the cork, hears of none.
 *
 * Nothing is held for long, and little: a page is worth an event, and the backend sends
 * it while the next one comes. Whatever ends the stream shows all first.
 */
#include <linux/jiffies.h>
#include <linux/minmax.h>
#include "pvcfront.h"

/* How long at most, as with TCP. */
#define HELD_WAIT	(HZ / 5)

static void held_long(struct work_struct *work)
{
	struct pvcfront_end *end = container_of(to_delayed_work(work),
						struct pvcfront_end, held);

	mutex_lock(&end->tx);
	pvcfront_show(end);
	mutex_unlock(&end->tx);
	pvcfront_end_put(end);
}

/**
 * pvcfront_cork_init() - prepare an end
 * @end: a new one
 */
void pvcfront_cork_init(struct pvcfront_end *end)
{
	INIT_DELAYED_WORK(&end->held, held_long);
}

/**
 * pvcfront_cork_holds() - whether what was put had better be shown later
 * @end: the end of a connected socket, whose @tx is held
 * @s: its stream out
 *
 * Return: whether it will be, if nobody does it before.
 */
bool pvcfront_cork_holds(struct pvcfront_end *end,
			 const struct xpv_byte_stream *s)
{
	if (s->at - s->shown >= min_t(u32, s->size / 4, XEN_PAGE_SIZE))
		return false;
	kref_get(&end->ref);
	/* One that is queued already may come early. */
	if (!queue_delayed_work(pvcfront_queue, &end->held, HELD_WAIT))
		pvcfront_end_put(end);
	return true;
}

/**
 * pvcfront_cork_pull() - show what was held
 * @end: the end
 *
 * Context: process; sleeps.
 */
void pvcfront_cork_pull(struct pvcfront_end *end)
{
	mutex_lock(&end->tx);
	pvcfront_show(end);
	mutex_unlock(&end->tx);
}

/**
 * pvcfront_splice_eof() - a file ended before as much of it was sent as was asked for
 * @sock: the socket, whose last piece was said to be followed by more
 *
 * Context: process; sleeps.
 */
void pvcfront_splice_eof(struct socket *sock)
{
	struct pvcfront_end *end = pvcfront_sock_end(sock->sk);

	if (!end)
		return;
	/* A cork stays one. */
	if (!READ_ONCE(pvcfront_sk(sock->sk)->options.value[XPV_PVCALLS_CORK]))
		pvcfront_cork_pull(end);
	pvcfront_end_put(end);
}

/**
 * pvcfront_cork_end() - nothing is held any more
 * @end: an end that has shown all, or is not to, and does not send
 */
void pvcfront_cork_end(struct pvcfront_end *end)
{
	/* One that runs is waited for with the queue. */
	if (cancel_delayed_work(&end->held))
		pvcfront_end_put(end);
}
