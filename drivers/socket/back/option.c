// SPDX-License-Identifier: GPL-2.0
/*
 * What else there is to do with a socket: options, and ending one direction.
 */
#include <linux/errno.h>
#include <linux/net.h>
#include <linux/sockptr.h>
#include <linux/tcp.h>
#include <net/ipv6.h>
#include <net/tcp.h>

#include "pvback.h"

static int set_sock(struct pvsock *ps, int name, int value)
{
	return sock_setsockopt(ps->sock, SOL_SOCKET, name,
			       KERNEL_SOCKPTR(&value), sizeof(value));
}

static int set_proto(struct pvsock *ps, int level, int name, int value)
{
	return ps->sock->ops->setsockopt(ps->sock, level, name,
					 KERNEL_SOCKPTR(&value),
					 sizeof(value));
}

/* Never for a time that somebody would have to wait. */
static int set_linger(struct pvsock *ps, int value)
{
	struct linger linger = { .l_onoff = value == 0 };

	return sock_setsockopt(ps->sock, SOL_SOCKET, SO_LINGER,
			       KERNEL_SOCKPTR(&linger), sizeof(linger));
}

/**
 * pvs_set() - %XPV_PVCALLS_SET
 * @ps: the socket
 * @req: the request, checked
 *
 * Context: the command worker; sleeps.
 * Return: the result.
 */
int pvs_set(struct pvsock *ps, const struct xpv_pvcalls_request *req)
{
	int value = req->u.option.value;

	switch (req->u.option.option) {
	case XPV_PVCALLS_REUSEADDR:
		return set_sock(ps, SO_REUSEADDR, value);
	case XPV_PVCALLS_KEEPALIVE:
		return set_sock(ps, SO_KEEPALIVE, value);
	case XPV_PVCALLS_LINGER:
		return set_linger(ps, value);
	case XPV_PVCALLS_NODELAY:
		return set_proto(ps, SOL_TCP, TCP_NODELAY, value);
	case XPV_PVCALLS_CORK:
		return set_proto(ps, SOL_TCP, TCP_CORK, value);
	case XPV_PVCALLS_KEEPIDLE:
		return set_proto(ps, SOL_TCP, TCP_KEEPIDLE, value);
	case XPV_PVCALLS_KEEPINTVL:
		return set_proto(ps, SOL_TCP, TCP_KEEPINTVL, value);
	case XPV_PVCALLS_KEEPCNT:
		return set_proto(ps, SOL_TCP, TCP_KEEPCNT, value);
	case XPV_PVCALLS_USER_TIMEOUT:
		return set_proto(ps, SOL_TCP, TCP_USER_TIMEOUT, value);
	case XPV_PVCALLS_V6ONLY:
		return set_proto(ps, SOL_IPV6, IPV6_V6ONLY, value);
	}
	return -ENOPROTOOPT;
}

/* What the peer has not acknowledged, of one that can have such. */
static int unsent(const struct pvsock *ps)
{
	const struct tcp_sock *tp = tcp_sk(ps->sock->sk);

	if (smp_load_acquire(&ps->state) != PVSOCK_CONNECTED)	/* its worker's */
		return 0;
	return max_t(int, READ_ONCE(tp->write_seq) - READ_ONCE(tp->snd_una),
		     0);
}

static int get(const struct pvsock *ps, u32 option)
{
	struct sock *sk = ps->sock->sk;
	const struct tcp_sock *tp = tcp_sk(sk);

	switch (option) {
	case XPV_PVCALLS_REUSEADDR:
		return !!sk->sk_reuse;
	case XPV_PVCALLS_KEEPALIVE:
		return sock_flag(sk, SOCK_KEEPOPEN);
	case XPV_PVCALLS_NODELAY:
		return !!(tp->nonagle & TCP_NAGLE_OFF);
	case XPV_PVCALLS_CORK:
		return !!(tp->nonagle & TCP_NAGLE_CORK);
	case XPV_PVCALLS_KEEPIDLE:
		return keepalive_time_when(tp) / HZ;
	case XPV_PVCALLS_KEEPINTVL:
		return keepalive_intvl_when(tp) / HZ;
	case XPV_PVCALLS_KEEPCNT:
		return keepalive_probes(tp);
	case XPV_PVCALLS_USER_TIMEOUT:
		return READ_ONCE(inet_csk(sk)->icsk_user_timeout);
	case XPV_PVCALLS_V6ONLY:
		return ipv6_only_sock(sk);
	case XPV_PVCALLS_UNSENT:
		return unsent(ps);
	}
	return 0;
}

/**
 * pvs_get() - %XPV_PVCALLS_GET
 * @ps: the socket
 * @req: the request, checked
 * @rsp: gets the value
 *
 * Context: the command worker.
 * Return: the result.
 */
int pvs_get(struct pvsock *ps, const struct xpv_pvcalls_request *req,
	    struct xpv_pvcalls_response *rsp)
{
	if (req->u.option.option == XPV_PVCALLS_V6ONLY &&
	    ps->sock->sk->sk_family != AF_INET6)
		return -ENOPROTOOPT;
	rsp->value = get(ps, req->u.option.option);
	return 0;
}

/**
 * pvs_shut() - %XPV_PVCALLS_SHUT
 * @ps: the socket
 * @req: the request, checked
 *
 * Its worker ends the directions, behind what the guest has sent.
 *
 * Context: the command worker.
 * Return: the result.
 */
int pvs_shut(struct pvsock *ps, const struct xpv_pvcalls_request *req)
{
	u32 how = req->u.shut.how;

	if (smp_load_acquire(&ps->state) != PVSOCK_CONNECTED)	/* its ring */
		return -ENOTCONN;
	if (how != XPV_PVCALLS_SHUT_RD && !ps->shut) {
		ps->out_end = xpv_bytes_peek(&ps->ring->bytes.out);
		smp_store_release(&ps->shut, true);	/* with the end */
	}
	if (how != XPV_PVCALLS_SHUT_WR)
		WRITE_ONCE(ps->shut_in, true);
	queue_work(ps->be->wq, &ps->work);
	return 0;
}
