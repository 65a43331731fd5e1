// SPDX-License-Identifier: GPL-2.0
/*
 * What a socket is ready for, and how much of it there is.
 */
#include <linux/net.h>
#include <linux/poll.h>
#include <linux/sockios.h>
#include <linux/uaccess.h>
#include <net/sock.h>
#include <asm/ioctls.h>
#include "pvcfront.h"

#define READABLE	(EPOLLIN | EPOLLRDNORM)
#define WRITEABLE	(EPOLLOUT | EPOLLWRNORM)

static __poll_t poll_writeable(struct sock *sk, struct pvcfront_end *end)
{
	if (READ_ONCE(sk->sk_shutdown) & SEND_SHUTDOWN || !end ||
	    pvcfront_roomy(end))
		return WRITEABLE;
	sk_set_bit(SOCKWQ_ASYNC_NOSPACE, sk);
	smp_mb__after_atomic();	/* the flag before the look */
	return pvcfront_roomy(end) ? WRITEABLE : 0;
}

static __poll_t poll_listening(struct pvcfront_end *end)
{
	if (READ_ONCE(end->nr_ready))
		return READABLE;
	pvcfront_listen_want(end);
	return 0;
}

static __poll_t poll_end(struct sock *sk, struct pvcfront_end *end)
{
	u8 shutdown = READ_ONCE(sk->sk_shutdown);
	int state = READ_ONCE(sk->sk_state);
	__poll_t mask = 0;

	if (state == TCP_LISTEN)
		return end ? poll_listening(end) : 0;
	if (shutdown == SHUTDOWN_MASK || state == TCP_CLOSE)
		mask |= EPOLLHUP;
	if (shutdown & RCV_SHUTDOWN)
		mask |= READABLE | EPOLLRDHUP;
	if (state == TCP_SYN_SENT)
		return mask;
	if (end && pvcfront_ready(end))
		mask |= READABLE;
	return mask | poll_writeable(sk, end);
}

/**
 * pvcfront_poll() - what a socket is ready for
 * @file: its file
 * @sock: the socket
 * @wait: who wants to know when that changes
 */
__poll_t pvcfront_poll(struct file *file, struct socket *sock,
		       struct poll_table_struct *wait)
{
	struct sock *sk = sock->sk;
	struct pvcfront_end *end;
	__poll_t mask;

	sock_poll_wait(file, sock, wait);
	end = pvcfront_sock_end(sk);
	mask = poll_end(sk, end);
	if (end)
		pvcfront_end_put(end);
	if (READ_ONCE(sk->sk_err))
		mask |= EPOLLERR;
	return mask;
}

/* What is in the ring, and what the backend's socket has not sent. */
static int unsent(struct sock *sk, struct pvcfront_end *end)
{
	struct xpv_pvcalls_request req = {
		.cmd = XPV_PVCALLS_GET,
		.u.option.option = XPV_PVCALLS_UNSENT,
	};
	int used = pvcfront_used(end);

	if (!end->pf->offer.options || sk->sk_state != TCP_ESTABLISHED)
		return used;
	lock_sock(sk);
	if (!pvcfront_ask(end, &req))
		used = max(end->answer.value, used);
	release_sock(sk);
	return used;
}

/**
 * pvcfront_ioctl() - how much there is
 * @sock: the socket
 * @cmd: what is asked
 * @arg: where the answer goes
 *
 * Return: 0 or a negative errno.
 */
int pvcfront_ioctl(struct socket *sock, unsigned int cmd, unsigned long arg)
{
	struct sock *sk = sock->sk;
	struct pvcfront_end *end;
	int answer = 0;

	if (cmd != SIOCINQ && cmd != SIOCOUTQ && cmd != SIOCOUTQNSD &&
	    cmd != SIOCATMARK)
		return -ENOIOCTLCMD;
	if (READ_ONCE(sk->sk_state) == TCP_LISTEN)
		return -EINVAL;
	end = pvcfront_sock_end(sk);
	if (end) {
		if (cmd == SIOCINQ)
			answer = pvcfront_ready(end);
		else if (cmd == SIOCOUTQ)
			answer = unsent(sk, end);
		else if (cmd == SIOCOUTQNSD)
			answer = pvcfront_used(end);
		pvcfront_end_put(end);
	}
	return put_user(answer, (int __user *)arg);
}
