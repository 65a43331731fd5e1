// SPDX-License-Identifier: GPL-2.0
/*
 * Sending and receiving: copies between the program and the ring, made by the
 * program itself.
 *
 * A copy is made with page faults off, under the mutex of its direction, so
 * that nobody who wants the mutex waits for a page. If one is missing it is
 * fetched with the mutex let go, and the copy goes on.
 */
#include <linux/err.h>
#include <linux/pagemap.h>
#include <linux/sched/signal.h>
#include <linux/uaccess.h>
#include <linux/uio.h>
#include <net/sock.h>
#include "pvcfront.h"

/* How much is brought in when a page was missing. */
#define FAULT_IN	(4 * PAGE_SIZE)

static int broken(struct pvcfront_end *end, const char *which)
{
	xpv_device_fail(end->pf->dev, -EILSEQ,
			"a data ring's index of the stream %s is impossible",
			which);
	return -ECONNRESET;
}

/* The ring, if data flows. Either mutex is held. */
static struct pvcfront_ring *ring_of(struct pvcfront_end *end)
{
	if (READ_ONCE(end->state) != PVCFRONT_CONNECTED)
		return NULL;
	return end->ring;
}

static u32 copy_in(struct pvcfront_ring *ring, struct iov_iter *from, u32 len)
{
	u32 done;

	pagefault_disable();
	done = xpv_bytes_from_iter(&ring->bytes.out, 0, from, len);
	pagefault_enable();
	return done;
}

static u32 copy_out(struct pvcfront_ring *ring, u32 offset,
		    struct iov_iter *to, u32 len)
{
	u32 done;

	pagefault_disable();
	done = xpv_bytes_to_iter(&ring->bytes.in, offset, to, len);
	pagefault_enable();
	return done;
}

/* Show the backend what was put. */
static void push(struct pvcfront_end *end, struct pvcfront_ring *ring)
{
	if (xpv_bytes_push(&ring->bytes.out) || !end->pf->offer.events)
		xpv_evtchn_notify(&ring->ch);
}

/*
 * Who agreed on events is asked for one when half of the ring is free again, if
 * it is nearly full now. What was freed until then has no event, and others may
 * sleep already.
 */
static void ask_for_room(struct sock *sk, struct xpv_byte_stream *s)
{
	u32 used = s->at - s->seen;

	if (s->size - used >= s->size / 4)
		return;
	xpv_bytes_ask(s, used - s->size / 2);
	if (s->at - xpv_bytes_peek(s) <= s->size / 2)
		sk->sk_write_space(sk);
}

/**
 * pvcfront_show() - show the backend what it has not been shown
 * @end: the end, whose @tx is held
 */
void pvcfront_show(struct pvcfront_end *end)
{
	struct pvcfront_ring *ring;

	lockdep_assert_held(&end->tx);
	ring = ring_of(end);
	if (ring && ring->bytes.out.at != ring->bytes.out.shown)
		push(end, ring);
}

static bool is_held(const struct sock *sk, struct pvcfront_end *end,
		    const struct xpv_byte_stream *s, int flags)
{
	s32 corked = READ_ONCE(pvcfront_sk(sk)->options.value[XPV_PVCALLS_CORK]);

	return (corked || flags & MSG_MORE) && pvcfront_cork_holds(end, s);
}

/* Returns how much was put; 0 if there is no room; or an error. */
static int put(struct sock *sk, struct pvcfront_end *end,
	       struct iov_iter *from, int flags)
{
	struct pvcfront_ring *ring;
	int room, done = 0;

	mutex_lock(&end->tx);
	ring = READ_ONCE(sk->sk_shutdown) & SEND_SHUTDOWN ? NULL : ring_of(end);
	room = ring ? xpv_bytes_room(&ring->bytes.out) : -EPIPE;
	if (room > 0) {
		done = copy_in(ring, from, min_t(size_t, room,
						 iov_iter_count(from)));
		if (done) {
			xpv_bytes_move(&ring->bytes.out, done);
			if (!is_held(sk, end, &ring->bytes.out, flags))
				push(end, ring);
			ask_for_room(sk, &ring->bytes.out);
		}
	}
	mutex_unlock(&end->tx);
	if (room == -EILSEQ)
		return broken(end, "out");
	if (room <= 0)
		return room;
	return done ?: -EFAULT;
}

/**
 * pvcfront_ask_taken() - ask for an event when the backend has taken all
 * @end: the end
 *
 * Context: process; sleeps.
 */
void pvcfront_ask_taken(struct pvcfront_end *end)
{
	struct pvcfront_ring *ring;

	mutex_lock(&end->tx);
	pvcfront_show(end);
	ring = ring_of(end);
	if (ring && ring->bytes.out.at != ring->bytes.out.seen)
		xpv_bytes_ask(&ring->bytes.out,
			      ring->bytes.out.at - ring->bytes.out.seen);
	mutex_unlock(&end->tx);
}

static int fault_in(struct iov_iter *iter, bool writeable)
{
	size_t len = min_t(size_t, iov_iter_count(iter), FAULT_IN);
	size_t left;

	if (!user_backed_iter(iter) || !len)
		return -EFAULT;
	left = writeable ? fault_in_iov_iter_writeable(iter, len) :
			   fault_in_iov_iter_readable(iter, len);
	if (left == len)
		return -EFAULT;
	cond_resched();
	return fatal_signal_pending(current) ? -EINTR : 0;
}

/*
 * Ask to be told of what comes next. What came until then has no event, and
 * others may sleep already.
 */
static int ask_for_more(struct sock *sk, struct xpv_byte_stream *s)
{
	u32 known = s->seen;
	int ready;

	xpv_bytes_ask(s, 1);
	ready = xpv_bytes_ready(s);
	if (ready > 0 && s->seen != known)
		sk->sk_data_ready(sk);
	return ready;
}

/*
 * Give the producer the room. While something is left nothing is asked for: a
 * reader that sleeps has found the ring empty, or no more in it than was looked
 * at (take()), and who emptied it has asked. So there always is a question when
 * one sleeps, and none for what a busy one will find by itself. But who waits for
 * edges, as epoll may, is to have one for what comes behind what was left.
 */
static int give_room(struct sock *sk, struct pvcfront_end *end,
		     struct pvcfront_ring *ring, u32 done)
{
	struct xpv_byte_stream *s = &ring->bytes.in;

	xpv_bytes_move(s, done);
	if (xpv_bytes_release(s, s->size) || !end->pf->offer.events)
		xpv_evtchn_notify(&ring->ch);
	if (s->at != s->seen && !wq_has_sleeper(sk_sleep(sk)) &&
	    !sock_flag(sk, SOCK_FASYNC))
		return 0;
	return ask_for_more(sk, s);
}

/**
 * struct taking - one call that receives
 * @msg: where to
 * @flags: of the call
 * @want: how much more
 * @offset: how much was looked at and left
 */
struct taking {
	struct msghdr *msg;
	int flags;
	size_t want;
	u32 offset;
};

static int take_some(struct sock *sk, struct pvcfront_end *end,
		     struct pvcfront_ring *ring, struct taking *t, u32 ready)
{
	u32 len = min_t(size_t, ready - t->offset, t->want);
	u32 done = len;

	if (!(t->flags & MSG_TRUNC))
		done = copy_out(ring, t->offset, &t->msg->msg_iter, len);
	if (!done)
		return -EFAULT;
	if (t->flags & MSG_PEEK)
		t->offset += done;
	else if (give_room(sk, end, ring, done) < 0)
		return -EILSEQ;
	t->want -= done;
	return done;
}

/* Returns how much was taken; 0 if there is nothing; or an error. */
static int take(struct sock *sk, struct pvcfront_end *end, struct taking *t)
{
	struct pvcfront_ring *ring;
	int ready, done = 0;

	mutex_lock(&end->rx);
	ring = ring_of(end);
	ready = ring ? xpv_bytes_ready(&ring->bytes.in) : 0;
	if (ring && ready >= 0 && ready <= t->offset)
		ready = ask_for_more(sk, &ring->bytes.in);
	if (ready > 0 && (u32)ready > t->offset)
		done = take_some(sk, end, ring, t, ready);
	mutex_unlock(&end->rx);
	if (ready < 0 || done == -EILSEQ)
		return broken(end, "in");
	return done;
}

/**
 * pvcfront_wait() - wait on a socket
 * @sk: the socket
 * @timeo: how long at most; on return, how much of it is left
 * @ready: whether what is waited for is there
 * @end: the socket's, for @ready
 * @mark: for @ready
 *
 * Return: 0 when it is; or why not to wait any more.
 */
int pvcfront_wait(struct sock *sk, long *timeo, pvcfront_ready_fn *ready,
		  struct pvcfront_end *end, u32 mark)
{
	DEFINE_WAIT_FUNC(wait, woken_wake_function);
	int err = 0;

	add_wait_queue(sk_sleep(sk), &wait);
	smp_mb();	/* pairs with skwq_has_sleeper(): queued before the look */
	while (!ready(sk, end, mark)) {
		if (!*timeo)
			err = -EAGAIN;
		else if (signal_pending(current))
			err = sock_intr_errno(*timeo);
		if (err)
			break;
		*timeo = wait_woken(&wait, TASK_INTERRUPTIBLE, *timeo);
	}
	remove_wait_queue(sk_sleep(sk), &wait);
	return err;
}

/* No more will come, or go; the socket may have another end by now. */
static bool is_ended(struct sock *sk, struct pvcfront_end *end, u8 how)
{
	return READ_ONCE(sk->sk_err) || READ_ONCE(sk->sk_shutdown) & how ||
	       READ_ONCE(sk->sk_state) == TCP_CLOSE ||
	       READ_ONCE(end->state) >= PVCFRONT_CLOSING;
}

static bool may_send(struct sock *sk, struct pvcfront_end *end, u32 mark)
{
	return is_ended(sk, end, SEND_SHUTDOWN) || pvcfront_roomy(end);
}

static bool may_receive(struct sock *sk, struct pvcfront_end *end, u32 mark)
{
	return is_ended(sk, end, RCV_SHUTDOWN) || pvcfront_ready(end) > mark;
}

static bool is_settled(struct sock *sk, struct pvcfront_end *end, u32 mark)
{
	return READ_ONCE(sk->sk_err) ||
	       READ_ONCE(sk->sk_state) != TCP_SYN_SENT;
}

static int wait_connected(struct sock *sk, struct pvcfront_end *end,
			  long *timeo)
{
	int err;

	if (READ_ONCE(sk->sk_state) == TCP_SYN_SENT) {
		err = pvcfront_wait(sk, timeo, is_settled, end, 0);
		if (err)
			return err;
	}
	return READ_ONCE(sk->sk_state) == TCP_ESTABLISHED ? 0 : -EPIPE;
}

/* What to do about @done, which put() returned and is not positive. */
static int before_more(struct sock *sk, struct pvcfront_end *end,
		       struct msghdr *msg, long *timeo, int done)
{
	if (done == -EFAULT)
		return fault_in(&msg->msg_iter, false);
	return done ?: pvcfront_wait(sk, timeo, may_send, end, 0);
}

static int send_all(struct sock *sk, struct pvcfront_end *end,
		    struct msghdr *msg, long *timeo, size_t *sent)
{
	int done, err;

	while (msg_data_left(msg)) {
		if (READ_ONCE(sk->sk_err) ||
		    READ_ONCE(sk->sk_shutdown) & SEND_SHUTDOWN)
			return -EPIPE;
		done = put(sk, end, &msg->msg_iter, msg->msg_flags);
		if (done > 0) {
			*sent += done;
			continue;
		}
		err = before_more(sk, end, msg, timeo, done);
		if (err)
			return err;
	}
	return 0;
}

/**
 * pvcfront_sendmsg() - send
 * @sock: the socket
 * @msg: what; its name is of no interest
 * @len: how much
 *
 * Return: how much was sent, or a negative errno.
 */
int pvcfront_sendmsg(struct socket *sock, struct msghdr *msg, size_t len)
{
	struct sock *sk = sock->sk;
	struct pvcfront_end *end;
	size_t sent = 0;
	long timeo;
	int err;

	if (msg->msg_flags & (MSG_OOB | MSG_FASTOPEN))
		return -EOPNOTSUPP;
	end = pvcfront_sock_end(sk);
	if (!end)
		return sk_stream_error(sk, msg->msg_flags, -EPIPE);
	timeo = sock_sndtimeo(sk, msg->msg_flags & MSG_DONTWAIT);
	sk_clear_bit(SOCKWQ_ASYNC_NOSPACE, sk);
	err = wait_connected(sk, end, &timeo);
	if (!err)
		err = send_all(sk, end, msg, &timeo, &sent);
	pvcfront_end_put(end);
	if (sent)
		return sent;
	return err ? sk_stream_error(sk, msg->msg_flags, err) : 0;
}

/* Nothing is there: why there may not be anything more, if so. */
static int why_nothing(struct sock *sk, bool *ended)
{
	int err = sock_error(sk);

	if (err)
		return err;
	*ended = READ_ONCE(sk->sk_shutdown) & RCV_SHUTDOWN;
	if (*ended)
		return 0;
	return READ_ONCE(sk->sk_state) == TCP_CLOSE ? -ENOTCONN : 0;
}

static int receive_all(struct sock *sk, struct pvcfront_end *end,
		       struct taking *t, size_t target, long *timeo,
		       size_t *got)
{
	bool over, ended;
	int done, err;

	while (t->want) {
		/* What came before the end counts, so look for the end first. */
		over = is_ended(sk, end, RCV_SHUTDOWN);
		smp_rmb();	/* pairs with the lock around the news */
		done = take(sk, end, t);
		if (done > 0) {
			*got += done;
			continue;
		}
		if (done == -EFAULT) {
			err = fault_in(&t->msg->msg_iter, true);
		} else if (done) {
			err = done;
		} else {
			if (*got >= target || (*got && over))
				break;
			if (over)
				return why_nothing(sk, &ended);
			err = pvcfront_wait(sk, timeo, may_receive, end,
					    t->offset);
		}
		if (err)
			return err;
	}
	return 0;
}

static int receive(struct sock *sk, struct pvcfront_end *end,
		   struct msghdr *msg, size_t len, int flags)
{
	struct taking t = { .msg = msg, .flags = flags, .want = len };
	size_t target = sock_rcvlowat(sk, flags & MSG_WAITALL, len);
	long timeo = sock_rcvtimeo(sk, flags & MSG_DONTWAIT);
	size_t got = 0;
	int err;

	/* More than fits cannot be looked at. */
	if (flags & MSG_PEEK)
		target = min_t(size_t, target, XEN_PAGE_SIZE);
	err = receive_all(sk, end, &t, target, &timeo, &got);
	return got ?: err;
}

/**
 * pvcfront_recvmsg() - receive
 * @sock: the socket
 * @msg: where to
 * @len: how much at most
 * @flags: %MSG_PEEK and so on
 *
 * Return: how much came, 0 at the end, or a negative errno.
 */
int pvcfront_recvmsg(struct socket *sock, struct msghdr *msg, size_t len,
		     int flags)
{
	struct sock *sk = sock->sk;
	struct pvcfront_end *end;
	bool ended = false;
	int ret;

	if (flags & MSG_ERRQUEUE)
		return -EAGAIN;
	if (flags & MSG_OOB)
		return -EINVAL;
	end = pvcfront_sock_end(sk);
	if (!end || READ_ONCE(sk->sk_state) == TCP_LISTEN) {
		ret = why_nothing(sk, &ended);
		if (!ret && !ended)
			ret = -ENOTCONN;
	} else {
		ret = receive(sk, end, msg, len, flags);
	}
	if (end)
		pvcfront_end_put(end);
	return ret;
}
