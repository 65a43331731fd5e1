// SPDX-License-Identifier: GPL-2.0
/*
 * Moving data between a socket and its ring, straight: the network copies from
 * the ring's pages and to them. The guest may change them meanwhile, which
 * changes what is sent and nothing else.
 *
 * A run of the worker moves what there is until both directions have to wait for
 * somebody: the guest (who sends an event) or the network (who calls,
 * pvs_hook()).
 *
 * What comes from the network is moved as it comes, by who brings it
 * (pvs_stream_came()): no worker has to be woken for it. So the stream in is
 * under the network's own lock of the socket, but for what only receiving tells:
 * ends, errors and what is urgent. For that the worker lets go of the lock and
 * says so (pvsock.taking); data that comes meanwhile has it run again.
 *
 * The stream out is of who claimed the ring: the worker, or the tasklet of an event
 * that finds a little in it (pvs_stream_now()). That sends it in the place of a worker
 * which would have to be woken first, and leaves all that is not just that to it.
 *
 * No end sleeps on what has come. Who asks for an event (xpv_bytes_ask()) looks
 * once more behind the barrier in there; the other end looks for the question
 * behind the one of xpv_bytes_push() or xpv_bytes_release(). So either the event
 * comes or what it would tell is seen. An event has the worker run, also one that
 * comes while it does, and the next one comes when that was ended, which is after
 * the last look.
 */
#include <linux/bvec.h>
#include <linux/errno.h>
#include <linux/net.h>
#include <linux/uio.h>
#include <net/sock.h>
#include <net/tcp.h>
#include <net/tcp_states.h>

#include "pvback.h"

/* What is moved by one call, and how often in a run. */
#define CHUNK	65536U
#define BUDGET	8

static int broken(struct pvsock *ps)
{
	WRITE_ONCE(ps->in_over, true);
	ps->out_over = true;
	set_bit(PVBACK_BROKEN, &ps->be->flags);
	xpv_device_fail(ps->be->xdev, -EPROTO,
			"impossible indices of a data ring");
	return 0;
}

static void end_in(struct pvsock *ps, int err)
{
	if (ps->in_over)
		return;
	WRITE_ONCE(ps->in_over, true);
	xpv_bytes_end(&ps->ring->bytes.in, err);
	pvr_notify(ps->ring);
}

static void end_out(struct pvsock *ps, int err)
{
	if (ps->out_over)
		return;
	ps->out_over = true;
	xpv_bytes_end(&ps->ring->bytes.out, err);
	pvr_notify(ps->ring);
}

/*
 * Nothing came, and nothing will. When the device goes, it may be us who closed
 * the other end: that connection is lost as this one is. What sending gives is
 * there before what receiving gives, so that who sees the latter knows all.
 */
static void end_of_stream(struct pvsock *ps, int err)
{
	if (!err)
		err = ps->lost;
	if (test_bit(PVBACK_STOPPING, &ps->be->flags))
		err = -ECONNRESET;
	if (err && err != -ENOTCONN)
		end_out(ps, err);
	end_in(ps, err ?: -ENOTCONN);
}

static int receive(struct pvsock *ps, u32 len)
{
	struct bio_vec vec[XPV_BYTES_VECS(CHUNK)];
	struct msghdr msg = {};
	unsigned int nr;

	nr = xpv_bytes_pages(&ps->ring->bytes.in, 0, len, vec,
			     ARRAY_SIZE(vec));
	iov_iter_bvec(&msg.msg_iter, ITER_DEST, vec, nr, len);
	return sock_recvmsg(ps->sock, &msg, MSG_DONTWAIT);
}

static int send(struct pvsock *ps, u32 len)
{
	struct msghdr msg = { .msg_flags = MSG_DONTWAIT | MSG_NOSIGNAL };
	struct bio_vec vec[XPV_BYTES_VECS(CHUNK)];
	unsigned int nr;

	nr = xpv_bytes_pages(&ps->ring->bytes.out, 0, len, vec,
			     ARRAY_SIZE(vec));
	iov_iter_bvec(&msg.msg_iter, ITER_SOURCE, vec, nr, len);
	return sock_sendmsg(ps->sock, &msg);
}

/*
 * The guest reads no more: what comes is not wanted. To shut the socket takes its
 * lock: who found it open has shown what they brought before in_error is set.
 */
static void shut_in(struct pvsock *ps)
{
	kernel_sock_shutdown(ps->sock, SHUT_RD);
	end_in(ps, -ENOTCONN);
}

/*
 * The peer has sent all, and then lost the connection: nothing is received that
 * would say so.
 */
static void look_for_loss(struct pvsock *ps)
{
	struct sock *sk = ps->sock->sk;

	if (!ps->out_over && READ_ONCE(sk->sk_state) == TCP_CLOSE)
		end_out(ps, sock_error(sk) ?: -EPIPE);
}

/*
 * How much the guest has room for. Where events come only when asked for, a ring
 * that was full counts as full until half of it is free, which is when the event
 * comes: pieces are large, and events few. A ring of one page is not: a guest may
 * wait for a page of data without taking any (%MSG_PEEK).
 */
static int room_in(struct pvsock *ps)
{
	struct xpv_byte_stream *in = &ps->ring->bytes.in;
	int room = xpv_bytes_room(in);
	int enough = in->size > XEN_PAGE_SIZE ? in->size / 2 : 1;

	if (!in->ask)
		return room;
	if (!room && !ps->in_full) {
		ps->in_full = true;
		xpv_bytes_ask(in, enough);
		room = xpv_bytes_room(in);
	}
	if (room < 0 || (ps->in_full && room < enough))
		return min(room, 0);
	ps->in_full = false;
	return room;
}

/* Show the guest what was put. */
static void show(struct pvsock *ps, u32 len)
{
	if (xpv_bytes_push(&ps->ring->bytes.in))
		pvr_notify(ps->ring);
	atomic64_add(len, &ps->be->in_bytes);
}

/* For tcp_read_sock(): what the network has, to the ring. */
static int put_data(read_descriptor_t *desc, struct sk_buff *skb,
		    unsigned int offset, size_t len)
{
	struct bio_vec vec[XPV_BYTES_VECS(CHUNK)];
	struct xpv_byte_stream *in = desc->arg.data;
	u32 n = min(len, desc->count);
	struct iov_iter to;
	unsigned int nr;

	if (!n)
		return 0;
	nr = xpv_bytes_pages(in, 0, n, vec, ARRAY_SIZE(vec));
	iov_iter_bvec(&to, ITER_DEST, vec, nr, n);
	if (skb_copy_datagram_iter(skb, offset, &to, n))
		return -EFAULT;
	xpv_bytes_move(in, n);
	desc->count -= n;
	return n;
}

/*
 * From the network to the guest, with the socket's lock held. Return: how much, 0
 * if there is nothing or no room, or an error of the ring.
 */
static int take_in(struct pvsock *ps)
{
	read_descriptor_t desc = { .arg.data = &ps->ring->bytes.in };
	int room = room_in(ps), got;

	if (room <= 0)
		return room;
	desc.count = min_t(u32, room, CHUNK);
	got = tcp_read_sock(ps->sock->sk, &desc, put_data);
	if (got <= 0)
		return 0;
	show(ps, got);
	return got;
}

/* Whether there is what take_in() left, or cannot tell. */
static bool has_more(const struct sock *sk)
{
	return READ_ONCE(sk->sk_err) ||
	       READ_ONCE(sk->sk_shutdown) & RCV_SHUTDOWN ||
	       READ_ONCE(sk->sk_state) == TCP_CLOSE ||
	       !skb_queue_empty_lockless(&sk->sk_receive_queue);
}

/**
 * pvs_stream_came() - data came from the network
 * @ps: the socket
 *
 * Context: the network's, with the socket's lock held; any.
 * Return: whether all is done; if not it is for the worker.
 */
bool pvs_stream_came(struct pvsock *ps)
{
	/* The worker's, with its ring. */
	if (smp_load_acquire(&ps->state) != PVSOCK_CONNECTED || ps->taking ||
	    READ_ONCE(ps->in_over) || READ_ONCE(ps->shut_in))
		return false;
	if (take_in(ps) < 0)
		return false;
	return ps->in_full || !has_more(ps->sock->sk);
}

static void set_taking(struct pvsock *ps, bool taking)
{
	struct sock *sk = ps->sock->sk;

	lock_sock(sk);
	ps->taking = taking;
	release_sock(sk);
}

/* What is in order, and whether there is what is not. */
static int pull_plain(struct pvsock *ps, bool *more)
{
	struct sock *sk = ps->sock->sk;
	int got;

	lock_sock(sk);
	got = take_in(ps);
	/* An end is told at once; data that has no room waits until there is some. */
	*more = !got && has_more(sk) && (!ps->in_full || !tcp_inq(sk));
	ps->taking = *more;
	release_sock(sk);
	return got;
}

/* As a program receives, while nobody else does. */
static bool pull_rest(struct pvsock *ps)
{
	struct xpv_byte_stream *in = &ps->ring->bytes.in;
	int room = xpv_bytes_room(in), got;

	if (room < 0)
		return broken(ps);
	if (!room)
		return false;
	got = receive(ps, min_t(u32, room, CHUNK));
	if (got == -EAGAIN)
		return false;
	if (got <= 0) {
		end_of_stream(ps, got);
		return false;
	}
	xpv_bytes_move(in, got);
	show(ps, got);
	return true;
}

/* From the network to the guest. Return: whether there may be more. */
static bool pull(struct pvsock *ps)
{
	bool more;
	int got;

	if (READ_ONCE(ps->shut_in) && !ps->in_over)
		shut_in(ps);
	if (ps->in_over) {
		look_for_loss(ps);
		return false;
	}
	got = pull_plain(ps, &more);
	if (got < 0)
		return broken(ps);
	if (!more)
		return got;
	more = pull_rest(ps);
	set_taking(ps, false);
	return more;
}

/*
 * How much there is to send; what the guest put there after it said that this
 * was all is not.
 */
static int to_send(struct pvsock *ps)
{
	struct xpv_byte_stream *out = &ps->ring->bytes.out;
	int ready = xpv_bytes_ready(out), left;

	if (ready < 0 || !smp_load_acquire(&ps->shut))	/* pvs_shut() */
		return ready;
	left = ps->out_end - out->at;
	if (left > 0)
		return min(ready, left);
	kernel_sock_shutdown(ps->sock, SHUT_WR);
	ps->out_over = true;
	return 0;
}

/* What sending came to. Return: whether there may be more to send. */
static bool note_sent(struct pvsock *ps, int sent)
{
	struct xpv_byte_stream *out = &ps->ring->bytes.out;

	if (sent == -EAGAIN)
		return false;
	if (sent < 0) {
		ps->lost = sent;
		end_out(ps, sent);
		return true;
	}
	xpv_bytes_move(out, sent);
	/* One that found the ring full waits; others would not. */
	if (xpv_bytes_release(out, 1))
		ps->out_waits = true;
	ps->ring->worked = true;
	atomic64_add(sent, &ps->be->out_bytes);
	return true;
}

/* From the guest to the network. Return: whether there may be more. */
static bool push(struct pvsock *ps)
{
	int ready;

	if (ps->out_over)
		return false;
	ready = to_send(ps);
	if (ready < 0)
		return broken(ps);
	if (!ready)
		return false;
	return note_sent(ps, send(ps, min_t(u32, ready, CHUNK)));
}

/*
 * Who waits for room gets an event when there is some to speak of; where it said
 * how much that is, at once.
 */
static void tell_of_room(struct pvsock *ps)
{
	struct xpv_byte_stream *out = &ps->ring->bytes.out;

	if (!ps->out_waits)
		return;
	if (!out->asked && xpv_bytes_peek(out) - out->at > out->size / 2)
		return;
	ps->out_waits = false;
	pvr_notify(ps->ring);
}

/*
 * Whether push() found nothing to do, by what it saw: what came since has no
 * event, so that to look anew here would be to miss it.
 */
static bool wants_data(const struct pvsock *ps)
{
	const struct xpv_byte_stream *out = &ps->ring->bytes.out;

	return !ps->out_over && out->seen == out->at;
}

/*
 * Ask for an event, where they only come then; for room room_in() did. Return:
 * whether what was asked for has come meanwhile.
 */
static bool ask(struct pvsock *ps)
{
	struct xpv_byte_stream *out = &ps->ring->bytes.out;

	if (!out->ask || !wants_data(ps))
		return false;
	xpv_bytes_ask(out, 1);
	return xpv_bytes_ready(out);
}

/* Return: whether there may be more to move. */
static bool move(struct pvsock *ps)
{
	bool out = push(ps), in = false;

	/* Who sent something has another turn to look at what the guest read. */
	if (!out || has_more(ps->sock->sk))
		in = pull(ps);
	tell_of_room(ps);
	return in || out || ask(ps);
}

/**
 * pvs_stream_work() - move what there is to move
 * @ps: a connected socket
 *
 * Context: its worker; sleeps, but not for the guest or the network.
 */
void pvs_stream_work(struct pvsock *ps)
{
	unsigned int i;

	if (!pvr_claim(ps->ring))
		return;
	atomic64_inc(&ps->be->runs);
	for (i = 0; i < BUDGET; i++)
		if (!move(ps))
			break;
	/* First: the next event may find a little again. */
	pvr_unclaim(ps->ring, ps);
	if (i == BUDGET)
		queue_work(ps->be->wq, &ps->work);
	else
		pvr_end_event(ps->ring);
}

/*
 * As send(), without sleeping, if nobody has the socket's lock. Memory is asked for
 * accordingly, and not taken from what the interrupted task may be using.
 */
static int send_locked(struct pvsock *ps, u32 len)
{
	struct msghdr msg = { .msg_flags = MSG_DONTWAIT | MSG_NOSIGNAL };
	struct bio_vec vec[XPV_BYTES_VECS(PVRING_LITTLE)];
	struct sock *sk = ps->sock->sk;
	gfp_t allocation = sk->sk_allocation;
	bool use_task_frag = sk->sk_use_task_frag;
	unsigned int nr;
	int sent;

	nr = xpv_bytes_pages(&ps->ring->bytes.out, 0, len, vec,
			     ARRAY_SIZE(vec));
	iov_iter_bvec(&msg.msg_iter, ITER_SOURCE, vec, nr, len);
	sk->sk_allocation = GFP_ATOMIC | __GFP_NOWARN;
	sk->sk_use_task_frag = false;
	sent = tcp_sendmsg_locked(sk, &msg, len);
	sk->sk_allocation = allocation;
	sk->sk_use_task_frag = use_task_frag;
	return sent;
}

static int send_now(struct pvsock *ps, u32 len)
{
	struct sock *sk = ps->sock->sk;
	int sent = -EAGAIN;

	bh_lock_sock(sk);
	/* One with programs attached has another way to send, which sleeps. */
	if (!sock_owned_by_user(sk) && READ_ONCE(sk->sk_prot)->sendmsg == tcp_sendmsg)
		sent = send_locked(ps, len);
	bh_unlock_sock(sk);
	return sent;
}

/* Return: whether that was all there was to do. */
static bool push_little(struct pvsock *ps)
{
	struct xpv_byte_stream *out = &ps->ring->bytes.out;
	int ready, sent;

	if (ps->out_over)
		return false;
	ready = xpv_bytes_ready(out);
	if (ready <= 0 || (u32)ready > PVRING_LITTLE ||
	    smp_load_acquire(&ps->shut))	/* as in to_send() */
		return false;
	sent = send_now(ps, ready);
	if (!note_sent(ps, sent))
		return false;
	tell_of_room(ps);
	return sent == ready && !ask(ps);
}

/* Whether the worker has nothing to do about what comes in, which an event may be for. */
static bool in_rests(const struct pvsock *ps)
{
	return !READ_ONCE(ps->in_full) &&
	       (READ_ONCE(ps->in_over) || !has_more(ps->sock->sk));
}

/**
 * pvs_stream_now() - send the little that the guest has put, if that is all
 * @ps: the socket
 *
 * What is not done is left to the worker, and with it to end the event.
 *
 * Context: the ring's tasklet.
 */
void pvs_stream_now(struct pvsock *ps)
{
	struct pvring *ring = ps->ring;
	bool done;

	/* The worker's, with its ring. */
	if (smp_load_acquire(&ps->state) != PVSOCK_CONNECTED) {
		queue_work(ps->be->wq, &ps->work);
		return;
	}
	if (!pvr_claim(ring))
		return;
	done = push_little(ps) && in_rests(ps);
	pvr_unclaim(ring, ps);
	if (done) {
		atomic64_inc(&ps->be->at_once);
		pvr_end_event(ring);
	} else {
		queue_work(ps->be->wq, &ps->work);
	}
}

/* Have the network take @more bytes beside those that it has. */
static void make_room(struct sock *sk, u32 more)
{
	lock_sock(sk);
	sk->sk_userlocks |= SOCK_SNDBUF_LOCK;
	WRITE_ONCE(sk->sk_sndbuf,
		   max_t(int, sk->sk_sndbuf, sk->sk_wmem_queued + 2 * more));
	release_sock(sk);
}

/**
 * pvs_stream_lose() - tell the guest that a connection is lost
 * @ps: a connected socket, whose worker is stopped
 *
 * Context: as pvs_end().
 */
void pvs_stream_lose(struct pvsock *ps)
{
	end_out(ps, -ECONNRESET);
	end_in(ps, -ECONNRESET);
}

/**
 * pvs_stream_flush() - hand what is left in the ring to the network
 * @ps: a connected socket, whose worker is stopped
 *
 * The ring is about to go, and close() loses nothing. At most a ringful, of
 * what is there now.
 *
 * Context: as pvs_end(); sleeps, but not for the network.
 */
void pvs_stream_flush(struct pvsock *ps)
{
	struct sock *sk = ps->sock->sk;
	int ready;

	/* LINGER is 0: what is left is dropped, and no orderly end comes first. */
	if (sock_flag(sk, SOCK_LINGER)) {
		ps->out_over = true;
		return;
	}
	if (!ps->shut) {
		ps->out_end = xpv_bytes_peek(&ps->ring->bytes.out);
		ps->shut = true;
	}
	ready = ps->out_over ? 0 : to_send(ps);
	if (ready > 0) {
		make_room(sk, ready);
		while (push(ps))
			;
	}
	/* What could not be sent must not be missing without a word. */
	if (!ps->out_over)
		sock_no_linger(sk);
}
