// SPDX-License-Identifier: GPL-2.0
/*
 * Addresses, as programs give and get them.
 */
#include <linux/in.h>
#include <linux/in6.h>
#include <linux/string.h>
#include <net/ipv6.h>
#include "pvcfront.h"

static void take_inet(const struct sockaddr *uaddr, struct pvcfront_addr *addr)
{
	const struct sockaddr_in *in = (const struct sockaddr_in *)uaddr;

	addr->family = PVCFRONT_INET;
	memcpy(addr->port, &in->sin_port, sizeof(addr->port));
	memcpy(addr->ip, &in->sin_addr, sizeof(in->sin_addr));
}

static void take_inet6(const struct sockaddr *uaddr, struct pvcfront_addr *addr)
{
	const struct sockaddr_in6 *in = (const struct sockaddr_in6 *)uaddr;

	addr->family = PVCFRONT_INET6;
	memcpy(addr->port, &in->sin6_port, sizeof(addr->port));
	memcpy(addr->ip, &in->sin6_addr, sizeof(in->sin6_addr));
	addr->scope = in->sin6_scope_id;
}

/**
 * pvcfront_name_take() - an address that a program gave
 * @sk: its socket
 * @uaddr: the address
 * @len: its length
 * @addr: filled
 *
 * Return: 0, -EINVAL or -EAFNOSUPPORT.
 */
int pvcfront_name_take(struct sock *sk, const struct sockaddr *uaddr, int len,
		       struct pvcfront_addr *addr)
{
	memset(addr, 0, sizeof(*addr));
	if (len < (int)sizeof(uaddr->sa_family))
		return -EINVAL;
	if (sk->sk_family == AF_INET6 && uaddr->sa_family == AF_INET6) {
		if (len < SIN6_LEN_RFC2133)
			return -EINVAL;
		addr->family = PVCFRONT_INET6;
		if (len < (int)sizeof(struct sockaddr_in6)) {
			struct sockaddr_in6 whole = {};

			memcpy(&whole, uaddr, len);
			take_inet6((struct sockaddr *)&whole, addr);
		} else {
			take_inet6(uaddr, addr);
		}
		return 0;
	}
	if (sk->sk_family != AF_INET || uaddr->sa_family != AF_INET)
		return -EAFNOSUPPORT;
	if (len < (int)sizeof(struct sockaddr_in))
		return -EINVAL;
	take_inet(uaddr, addr);
	return 0;
}

static int give_inet(const struct pvcfront_addr *addr, struct sockaddr *uaddr)
{
	struct sockaddr_in *in = (struct sockaddr_in *)uaddr;

	memset(in, 0, sizeof(*in));
	in->sin_family = AF_INET;
	memcpy(&in->sin_port, addr->port, sizeof(addr->port));
	memcpy(&in->sin_addr, addr->ip, sizeof(in->sin_addr));
	return sizeof(*in);
}

static int give_inet6(struct pvcfront_addr *addr, struct sockaddr *uaddr)
{
	struct sockaddr_in6 *in = (struct sockaddr_in6 *)uaddr;

	pvcfront_addr_to_inet6(addr);
	memset(in, 0, sizeof(*in));
	in->sin6_family = AF_INET6;
	memcpy(&in->sin6_port, addr->port, sizeof(addr->port));
	memcpy(&in->sin6_addr, addr->ip, sizeof(in->sin6_addr));
	in->sin6_scope_id = addr->scope;
	return sizeof(*in);
}

static bool is_any(const struct pvcfront_addr *addr)
{
	return !memchr_inv(addr->ip, 0, sizeof(addr->ip));
}

/* A backend that tells names is asked once for one that is not known. */
static void ask_name(struct pvcfront_end *end, int peer,
		     struct pvcfront_addr *addr)
{
	struct xpv_pvcalls_request req = {
		.cmd = XPV_PVCALLS_NAME,
		.u.name.which = peer ? XPV_PVCALLS_PEER_NAME :
				       XPV_PVCALLS_OWN_NAME,
	};
	struct pvcfront_addr told;

	if (!end->pf->offer.names || pvcfront_ask(end, &req))
		return;
	pvcfront_addr_get(&told, end->answer.addr, end->answer.addr_len);
	if (!told.family)
		return;
	*addr = told;
	spin_lock_irq(&end->lock);
	*(peer ? &end->peer : &end->local) = told;
	spin_unlock_irq(&end->lock);
}

static void find_name(struct pvcfront_sock *ps, struct pvcfront_end *end,
		      int peer, struct pvcfront_addr *addr)
{
	bool flows;

	spin_lock_irq(&end->lock);
	*addr = peer ? end->peer : end->local;
	flows = end->state == PVCFRONT_CONNECTED;
	spin_unlock_irq(&end->lock);
	if (flows && (!addr->family || is_any(addr)))
		ask_name(end, peer, addr);
	if (!peer && !addr->family)
		*addr = ps->local;
}

/**
 * pvcfront_getname() - tell one of a socket's addresses
 * @sock: the socket
 * @uaddr: filled
 * @peer: the other's
 *
 * One that the backend does not tell is any address and port 0.
 *
 * Return: the address's length, or -ENOTCONN.
 */
int pvcfront_getname(struct socket *sock, struct sockaddr *uaddr, int peer)
{
	struct sock *sk = sock->sk;
	struct pvcfront_sock *ps = pvcfront_sk(sk);
	struct pvcfront_addr addr = {};
	int len = -ENOTCONN;

	lock_sock(sk);
	if (!peer || sk->sk_state == TCP_ESTABLISHED) {
		if (ps->end)
			find_name(ps, ps->end, peer, &addr);
		else
			addr = ps->local;
		len = sk->sk_family == AF_INET6 ? give_inet6(&addr, uaddr) :
						  give_inet(&addr, uaddr);
	}
	release_sock(sk);
	return len;
}
