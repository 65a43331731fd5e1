// SPDX-License-Identifier: GPL-2.0
/*
 * An end: a socket as the backend knows it, from SOCKET, or the ACCEPT that
 * brings it, to the answer to its RELEASE.
 */
#include <linux/atomic.h>
#include <linux/err.h>
#include <linux/jiffies.h>
#include <linux/net.h>
#include <linux/slab.h>
#include <linux/socket.h>
#include "pvcfront.h"

/* How long a closed socket's data may take to be taken by the backend. */
#define DRAIN_WAIT	(60 * HZ)

/* How often one looks whether it took longer. */
#define DRAIN_LOOK	HZ

/* The number that an end got last; none is given twice. */
static atomic64_t last_id;

static void init_call(struct pvcfront_call *call, struct pvcfront_end *end)
{
	call->end = end;
	call->slot = -1;
	INIT_LIST_HEAD(&call->link);
}

static void init_end(struct pvcfront_end *end, struct pvcfront *pf,
		     struct sock *sk)
{
	kref_init(&end->ref);
	end->pf = pf;
	end->sk = sk;
	end->id = atomic64_inc_return(&last_id);
	mutex_init(&end->rx);
	mutex_init(&end->tx);
	spin_lock_init(&end->lock);
	INIT_LIST_HEAD(&end->link);
	INIT_LIST_HEAD(&end->ready);
	INIT_LIST_HEAD(&end->next);
	INIT_DELAYED_WORK(&end->more, pvcfront_listen_more);
	pvcfront_cork_init(end);
	init_waitqueue_head(&end->wq);
	init_call(&end->sync, end);
	init_call(&end->wait, end);
	init_call(&end->release, end);
}

static void free_end(struct kref *ref)
{
	struct pvcfront_end *end = container_of(ref, struct pvcfront_end, ref);

	pvcfront_put(end->pf);
	kfree(end);
}

/**
 * pvcfront_end_put() - let an end go
 * @end: the end
 *
 * Context: any.
 */
void pvcfront_end_put(struct pvcfront_end *end)
{
	kref_put(&end->ref, free_end);
}

/**
 * pvcfront_end_new() - an end that the backend does not know yet
 * @pf: the device
 * @sk: the socket, or NULL if one will come
 *
 * Return: the end, held, or an ERR_PTR: -ENETDOWN without a backend.
 */
struct pvcfront_end *pvcfront_end_new(struct pvcfront *pf, struct sock *sk)
{
	struct pvcfront_end *end = kzalloc(sizeof(*end), GFP_KERNEL);
	bool connected, linked;

	if (!end)
		return ERR_PTR(-ENOMEM);
	pvcfront_get(pf);
	init_end(end, pf, sk);

	spin_lock_irq(&pf->lock);
	connected = pf->connected;
	linked = connected && pf->nr_ends < PVCFRONT_MAX_ENDS;
	if (linked) {
		kref_get(&end->ref);
		list_add_tail(&end->link, &pf->ends);
		pf->nr_ends++;
	}
	spin_unlock_irq(&pf->lock);
	if (linked)
		return end;
	pvcfront_end_put(end);
	return ERR_PTR(connected ? -ENOBUFS : -ENETDOWN);
}

/* The device does not know it any more. */
static void unlink(struct pvcfront_end *end)
{
	struct pvcfront *pf = end->pf;
	unsigned long flags;
	bool was;

	spin_lock_irqsave(&pf->lock, flags);
	was = !list_empty(&end->link);
	if (was) {
		list_del_init(&end->link);
		pf->nr_ends--;
	}
	spin_unlock_irqrestore(&pf->lock, flags);
	if (was)
		pvcfront_end_put(end);
}

/**
 * pvcfront_end_create() - have the backend know an end
 * @end: a new end, whose socket is locked
 * @family: %PVCFRONT_INET or %PVCFRONT_INET6
 * @wait: for the answer. If not, the next request has the error.
 *
 * Return: 0 or a negative errno.
 */
int pvcfront_end_create(struct pvcfront_end *end, u16 family, bool wait)
{
	struct xpv_pvcalls_request req = {
		.cmd = PVCALLS_SOCKET,
		.u.socket.domain = family,
		.u.socket.type = 1,	/* of streams, everywhere */
	};

	end->family = family;
	end->told = true;
	return wait ? pvcfront_ask(end, &req) : pvcfront_tell(end, &req);
}

/**
 * pvcfront_end_connect() - ask for a connection
 * @end: an end that was created, whose socket is locked
 * @addr: where to
 *
 * Return: 0, and the socket will be told; or a negative errno.
 */
int pvcfront_end_connect(struct pvcfront_end *end,
			 const struct pvcfront_addr *addr)
{
	struct xpv_pvcalls_request *req = &end->wait.req;
	int err;

	err = pvcfront_ring_get(end);
	if (err)
		return err;
	spin_lock_irq(&end->lock);
	end->peer = *addr;
	if (!end->ring)		/* The lane was here. */
		err = -ENETDOWN;
	else
		end->state = PVCFRONT_CONNECTING;
	memset(req, 0, sizeof(*req));
	req->cmd = PVCALLS_CONNECT;
	req->u.connect.id = end->id;
	req->u.connect.len = pvcfront_addr_put(addr, req->u.connect.addr);
	if (!err) {
		req->u.connect.ref = end->ring->mem.index.refs[0];
		req->u.connect.evtchn = end->ring->ch.port;
	}
	spin_unlock_irq(&end->lock);
	return err ?: pvcfront_call(&end->wait);
}

/* What becomes of a socket whose connection is lost, or never came. */
static void fail_sock(struct sock *sk, int err)
{
	WRITE_ONCE(sk->sk_err, -err);
	WRITE_ONCE(sk->sk_shutdown, SHUTDOWN_MASK);
	WRITE_ONCE(sk->sk_state, TCP_CLOSE);
	sk->sk_state_change(sk);
	sk_error_report(sk);
}

static void release(struct pvcfront_end *end)
{
	struct xpv_pvcalls_request *req = &end->release.req;
	unsigned long flags;
	bool due;

	spin_lock_irqsave(&end->lock, flags);
	due = end->told && !end->releasing;
	end->releasing = true;
	end->draining = false;
	spin_unlock_irqrestore(&end->lock, flags);
	if (!due)
		return;
	/* One that came later would find the ring in use by another. */
	pvcfront_call_cancel(&end->wait);
	memset(req, 0, sizeof(*req));
	req->cmd = PVCALLS_RELEASE;
	req->u.release.id = end->id;
	spin_lock_irqsave(&end->lock, flags);
	req->u.release.reuse = end->ring && pvcfront_ring_keep(end->ring);
	spin_unlock_irqrestore(&end->lock, flags);
	pvcfront_call(&end->release);
}

/**
 * pvcfront_end_drop() - an end that the backend never came to know
 * @end: the end
 * @kept: the backend keeps its ring mapped
 *
 * Context: the handler of answers.
 */
void pvcfront_end_drop(struct pvcfront_end *end, bool kept)
{
	struct pvcfront_ring *ring = pvcfront_ring_detach(end);

	if (ring)
		pvcfront_ring_put(ring, true, kept && ring->kept);
	unlink(end);
}

/* What the streams' errors say, for the socket. Returns if that is news. */
static bool read_errors(struct pvcfront_ring *ring, struct sock *sk)
{
	u8 before = sk->sk_shutdown;
	int err = 0;

	if (pvcfront_stream_in(xpv_bytes_error(&ring->bytes.in), &err) ==
	    PVCFRONT_ENDED)
		WRITE_ONCE(sk->sk_shutdown, sk->sk_shutdown | RCV_SHUTDOWN);
	if (pvcfront_stream_out(xpv_bytes_error(&ring->bytes.out), &err) ==
	    PVCFRONT_ENDED)
		WRITE_ONCE(sk->sk_shutdown, sk->sk_shutdown | SEND_SHUTDOWN);
	if (err && sk->sk_state == TCP_ESTABLISHED) {
		fail_sock(sk, err);
		return false;
	}
	return sk->sk_shutdown != before;
}

/**
 * pvcfront_end_connected() - CONNECT was answered
 * @end: the end
 * @rsp: the answer
 *
 * Context: the handler of answers.
 */
void pvcfront_end_connected(struct pvcfront_end *end,
			    const struct xpv_pvcalls_response *rsp)
{
	int err = pvcfront_errno(rsp->ret);
	struct pvcfront_ring *ring;
	unsigned long flags;

	spin_lock_irqsave(&end->lock, flags);
	if (!err && end->pf->offer.names)
		pvcfront_addr_get(&end->local, rsp->addr, rsp->addr_len);
	if (end->state == PVCFRONT_CONNECTING) {
		end->state = err ? PVCFRONT_DEAD : PVCFRONT_CONNECTED;
		if (end->sk && err) {
			fail_sock(end->sk, err);
		} else if (end->sk) {
			WRITE_ONCE(end->sk->sk_state, TCP_ESTABLISHED);
			/* An event that came before this was for nobody. */
			if (end->ring)
				read_errors(end->ring, end->sk);
			end->sk->sk_state_change(end->sk);
		}
	}
	spin_unlock_irqrestore(&end->lock, flags);
	if (!err)
		return;
	ring = pvcfront_ring_detach(end);
	if (ring)
		pvcfront_ring_put(ring, true, ring->kept && rsp->value == 1);
	release(end);
}

/**
 * pvcfront_end_released() - RELEASE was answered
 * @end: the end
 * @rsp: the answer
 *
 * Context: the handler of answers.
 */
void pvcfront_end_released(struct pvcfront_end *end,
			   const struct xpv_pvcalls_response *rsp)
{
	struct pvcfront_ring *ring = pvcfront_ring_detach(end);
	bool good = !rsp->ret;

	if (ring)
		pvcfront_ring_put(ring, good, good && rsp->value == 1 &&
				  end->release.req.u.release.reuse);
	pvcfront_call_forget(&end->wait);
	pvcfront_listen_forget(end);
	unlink(end);
}

static bool drained(struct pvcfront_ring *ring)
{
	int err = 0;

	if (pvcfront_stream_out(xpv_bytes_error(&ring->bytes.out), &err))
		return true;
	return xpv_bytes_peek(&ring->bytes.out) == ring->bytes.out.at;
}

static bool is_roomy(const struct xpv_byte_stream *s)
{
	u32 used = READ_ONCE(s->at) - xpv_bytes_peek(s);

	/* What cannot be is for whoever sends to find. */
	return used > s->size || s->size - used >= s->size / 4;
}

/**
 * pvcfront_end_stir() - an event came
 * @end: the end
 * @ring: its ring, or the one it had until just now
 * @in: the backend put something
 * @out: it took something
 *
 * Context: the handler of events, with the ring's lock held.
 */
void pvcfront_end_stir(struct pvcfront_end *end, struct pvcfront_ring *ring,
		       bool in, bool out)
{
	struct sock *sk;
	bool done;

	spin_lock(&end->lock);
	sk = end->ring == ring && end->state == PVCFRONT_CONNECTED ? end->sk :
								     NULL;
	done = end->ring == ring && end->draining && drained(ring);
	if (sk) {
		if (read_errors(ring, sk))
			sk->sk_state_change(sk);
		if (in)
			sk->sk_data_ready(sk);
		if (out && is_roomy(&ring->bytes.out))
			sk->sk_write_space(sk);
	}
	spin_unlock(&end->lock);
	if (done)
		release(end);
}

/**
 * pvcfront_ready() - how much there is to read
 * @end: the end
 *
 * Context: any.
 */
u32 pvcfront_ready(struct pvcfront_end *end)
{
	unsigned long flags;
	u32 ready = 0;

	spin_lock_irqsave(&end->lock, flags);
	if (end->ring) {
		const struct xpv_byte_stream *s = &end->ring->bytes.in;
		u32 at = READ_ONCE(s->at);

		/*
		 * A reader may go on meanwhile. Then there seems to be more than
		 * there is, and never less, for which nobody would be woken. So does
		 * it when the index cannot be, which is for whoever reads to find.
		 */
		smp_rmb();
		ready = min(xpv_bytes_peek(s) - at, s->size);
	}
	spin_unlock_irqrestore(&end->lock, flags);
	return ready;
}

/**
 * pvcfront_used() - how much the backend has not taken
 * @end: the end
 *
 * Context: any.
 */
u32 pvcfront_used(struct pvcfront_end *end)
{
	unsigned long flags;
	u32 used = 0;

	spin_lock_irqsave(&end->lock, flags);
	if (end->ring) {
		const struct xpv_byte_stream *s = &end->ring->bytes.out;

		used = min(READ_ONCE(s->at) - xpv_bytes_peek(s), s->size);
	}
	spin_unlock_irqrestore(&end->lock, flags);
	return used;
}

/**
 * pvcfront_roomy() - whether there is room enough to wake somebody for
 * @end: the end
 *
 * Context: any.
 */
bool pvcfront_roomy(struct pvcfront_end *end)
{
	unsigned long flags;
	bool roomy = true;

	spin_lock_irqsave(&end->lock, flags);
	if (end->ring)
		roomy = is_roomy(&end->ring->bytes.out);
	spin_unlock_irqrestore(&end->lock, flags);
	return roomy;
}

/**
 * pvcfront_end_adopt() - give an accepted connection its socket
 * @end: the end
 * @sk: the socket, which nobody else knows yet
 */
void pvcfront_end_adopt(struct pvcfront_end *end, struct sock *sk)
{
	spin_lock_irq(&end->lock);
	end->sk = sk;
	WRITE_ONCE(sk->sk_state, TCP_ESTABLISHED);
	if (end->state == PVCFRONT_CONNECTED && end->ring)
		read_errors(end->ring, sk);
	else
		fail_sock(sk, -ECONNRESET);
	spin_unlock_irq(&end->lock);
}

/**
 * pvcfront_end_shut() - mark directions of the socket as shut
 * @end: its end
 * @how: %RCV_SHUTDOWN, %SEND_SHUTDOWN or both
 */
void pvcfront_end_shut(struct pvcfront_end *end, u8 how)
{
	spin_lock_irq(&end->lock);
	if (end->sk)
		WRITE_ONCE(end->sk->sk_shutdown, end->sk->sk_shutdown | how);
	spin_unlock_irq(&end->lock);
}

/* The work holds the device. */
static void look_later(struct pvcfront *pf)
{
	pvcfront_get(pf);
	if (!queue_delayed_work(pvcfront_queue, &pf->drain, DRAIN_LOOK))
		pvcfront_put(pf);
}

/* Whether to wait for the backend, which then says when it took all. */
static bool start_drain(struct pvcfront_end *end)
{
	struct pvcfront_ring *ring = end->ring;
	struct xpv_byte_stream *s;

	lockdep_assert_held(&end->lock);
	if (!ring || drained(ring))
		return false;
	s = &ring->bytes.out;
	end->draining = true;
	end->until = jiffies + DRAIN_WAIT;
	xpv_bytes_ask(s, s->at - s->seen);
	if (drained(ring))
		end->draining = false;
	return end->draining;
}

/**
 * pvcfront_end_discard() - an end with a ring is not needed after all
 * @end: the end, whose reference is given up; the backend never heard of it
 *
 * Only answers and the lane take rings away, so the backend is told to release
 * what it does not know.
 */
void pvcfront_end_discard(struct pvcfront_end *end)
{
	end->told = true;
	pvcfront_end_close(end, true);
	pvcfront_end_put(end);
}

/**
 * pvcfront_end_finish() - a listening end's ACCEPT was answered
 * @end: the end; released if its socket has closed
 *
 * Context: the handler of answers.
 */
void pvcfront_end_finish(struct pvcfront_end *end)
{
	if (READ_ONCE(end->state) == PVCFRONT_CLOSING)
		release(end);
}

/* Whether a stock backend has to answer an ACCEPT first. */
static bool must_wait(const struct pvcfront_end *end)
{
	lockdep_assert_held(&end->lock);
	return end->child && !end->pf->offer.names;
}

/**
 * pvcfront_end_close() - an end's socket closes
 * @end: the end
 * @abort: what was not sent is of no interest
 *
 * Context: process, or any with @abort.
 */
void pvcfront_end_close(struct pvcfront_end *end, bool abort)
{
	enum pvcfront_end_state was;
	unsigned long flags;
	bool drain = false, wait;

	spin_lock_irqsave(&end->lock, flags);
	end->sk = NULL;
	was = end->state;
	wait = must_wait(end);
	if (was != PVCFRONT_DEAD)
		end->state = PVCFRONT_CLOSING;
	if (was == PVCFRONT_CONNECTED && !abort)
		drain = start_drain(end);
	spin_unlock_irqrestore(&end->lock, flags);

	if (was == PVCFRONT_DEAD) {
		pvcfront_listen_stop(end);
		return;
	}
	if (drain) {
		look_later(end->pf);
		return;
	}
	pvcfront_listen_stop(end);
	if (!wait)
		release(end);
	if (!end->told)
		unlink(end);
}

/**
 * pvcfront_end_lose() - the backend is gone
 * @end: the end
 *
 * Context: the lane.
 */
void pvcfront_end_lose(struct pvcfront_end *end)
{
	mutex_lock(&end->rx);
	mutex_lock(&end->tx);
	pvcfront_ring_detach(end);
	mutex_unlock(&end->tx);
	mutex_unlock(&end->rx);

	spin_lock_irq(&end->lock);
	if (end->sk && end->state != PVCFRONT_DEAD)
		fail_sock(end->sk, end->state == PVCFRONT_LISTENING ?
				   -ENETDOWN : -ECONNRESET);
	end->state = PVCFRONT_DEAD;
	end->draining = false;
	spin_unlock_irq(&end->lock);
	pvcfront_listen_lost(end);
}

/* One that has waited long enough, held. */
static struct pvcfront_end *late_end(struct pvcfront *pf, bool *more)
{
	struct pvcfront_end *end, *late = NULL;

	*more = false;
	spin_lock_irq(&pf->lock);
	list_for_each_entry(end, &pf->ends, link) {
		if (!READ_ONCE(end->draining))
			continue;
		*more = true;
		if (time_after(jiffies, READ_ONCE(end->until))) {
			late = end;
			kref_get(&end->ref);
			break;
		}
	}
	spin_unlock_irq(&pf->lock);
	return late;
}

/**
 * pvcfront_drain() - release ends whose data the backend does not take
 * @work: the device's
 */
void pvcfront_drain(struct work_struct *work)
{
	struct pvcfront *pf = container_of(to_delayed_work(work),
					   struct pvcfront, drain);
	struct pvcfront_end *late;
	bool more;

	while ((late = late_end(pf, &more))) {
		release(late);
		pvcfront_end_put(late);
	}
	if (more)
		look_later(pf);
	pvcfront_put(pf);
}
