// SPDX-License-Identifier: GPL-2.0
/*
 * Addresses: between the guest's, the kernel's, and those the policy is about.
 */
#include <linux/build_bug.h>
#include <linux/errno.h>
#include <linux/net.h>
#include <linux/socket.h>
#include <linux/string.h>

#include "pvback.h"

/* The protocol's are Linux's, of whatever processor both ends have. */
static_assert(CALL_INET == AF_INET);
static_assert(CALL_INET6 == AF_INET6);

/**
 * pvs_kernel_addr() - an address as the kernel has it
 * @ps: the socket
 * @addr: the address
 * @to: filled
 *
 * Return: its length, or -EAFNOSUPPORT if it is none for that socket.
 */
int pvs_kernel_addr(const struct pvsock *ps, const struct call_addr *addr,
		    struct sockaddr_storage *to)
{
	if (addr->family != ps->sock->sk->sk_family)
		return -EAFNOSUPPORT;
	memset(to, 0, sizeof(*to));
	return call_put_addr(addr, (u8 *)to);
}

/**
 * pvs_name() - a socket's address
 * @ps: the socket
 * @peer: that of who is at the other end
 * @addr: filled
 *
 * Context: process; sleeps.
 * Return: 0 or an error.
 */
int pvs_name(const struct pvsock *ps, bool peer, struct call_addr *addr)
{
	struct sockaddr_storage name = {};
	int len;

	len = peer ? kernel_getpeername(ps->sock, (struct sockaddr *)&name) :
		     kernel_getsockname(ps->sock, (struct sockaddr *)&name);
	if (len < 0)
		return len;
	return call_parse_addr((const u8 *)&name, len, addr);
}

/**
 * pvs_tell_name() - tell the guest a socket's address
 * @ps: the socket
 * @peer: that of who is at the other end
 * @rsp: gets it; without a length if there is none
 *
 * Context: process; sleeps.
 */
void pvs_tell_name(const struct pvsock *ps, bool peer,
		   struct xpv_pvcalls_response *rsp)
{
	struct call_addr addr;

	if (!pvs_name(ps, peer, &addr))
		rsp->addr_len = call_put_addr(&addr, rsp->addr);
}
