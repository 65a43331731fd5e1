/* SPDX-License-Identifier: GPL-2.0 */
/* Protocols of sockets: the newest kernel's interface on older ones. */
#ifndef COMPAT_SOCK_H
#define COMPAT_SOCK_H

#include <linux/net.h>
#include <net/sock.h>
#include <compat/compat.h>

/**
 * COMPAT_ACCEPT() - make a function fit for a protocol's accept
 * @_accept: int _accept(struct socket *sock, struct socket *newsock, int flags,
 *	bool kern)
 *
 * Stands at file level after the function. The operations then say
 * .accept = COMPAT_ACCEPT_FN(_accept).
 */
#ifdef HAVE_PROTO_ACCEPT_ARG
#define COMPAT_ACCEPT(_accept)						\
static int _accept##_compat(struct socket *sock, struct socket *newsock,\
			    struct proto_accept_arg *arg)		\
{									\
	return _accept(sock, newsock, arg->flags, arg->kern);		\
}									\
static_assert(true)
#define COMPAT_ACCEPT_FN(fn)	fn##_compat
#else
#define COMPAT_ACCEPT(_accept)	static_assert(true)
#define COMPAT_ACCEPT_FN(fn)	fn
#endif

/**
 * COMPAT_PINFO_OFFSET() - where in a protocol's sockets IPv6 has its own
 * @_sock: the structure of a socket
 * @_field: its member; the last one, for kernels that find it from the end
 *
 * Stands among the members of a &struct proto.
 */
#ifdef HAVE_PROTO_PINFO_OFFSET
#define COMPAT_PINFO_OFFSET(_sock, _field)				\
	.ipv6_pinfo_offset = offsetof(_sock, _field),
#else
#define COMPAT_PINFO_OFFSET(_sock, _field)
#endif

/**
 * COMPAT_SPLICE_EOF() - what is called when a file ends before what was to be spliced
 * @_eof: void _eof(struct socket *sock)
 *
 * Stands among the members of a &struct proto_ops. Kernels that lack it do not tell.
 */
#ifdef HAVE_PROTO_OPS_SPLICE_EOF
#define COMPAT_SPLICE_EOF(_eof)						\
	.splice_eof = _eof,
#else
#define COMPAT_SPLICE_EOF(_eof)
#endif

#endif /* COMPAT_SOCK_H */
