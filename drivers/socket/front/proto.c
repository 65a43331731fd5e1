// SPDX-License-Identifier: GPL-2.0
/*
 * The protocol, as the kernel's Internet families know it: its number among
 * their stream sockets, and its operations.
 *
 * IPv6 may be a module, and may be told not to load. Its two functions that are
 * needed here are weak references, so that this module loads without.
 */
#include <linux/init.h>
#include <linux/module.h>
#include <net/inet_common.h>
#include <net/ipv6.h>
#include <net/protocol.h>
#include <net/sock.h>
#include <compat/sock.h>
#include "pvcfront.h"

#if IS_REACHABLE(CONFIG_IPV6)
#define HAVE_INET6 1
#endif

/**
 * struct pvcfront_sock6 - the kernel's socket of IPv6
 * @ps: as of IPv4
 * @inet6: what IPv6 wants there; comes last
 */
struct pvcfront_sock6 {
	struct pvcfront_sock ps;
	struct ipv6_pinfo inet6;
};

/* Some kernels look for it from the end. */
static_assert(offsetofend(struct pvcfront_sock6, inet6) ==
	      sizeof(struct pvcfront_sock6));

/*
 * Sockets are for whoever has the guest's own network. Others, in containers,
 * have one of their own that this would lead around.
 */
static int init_sock(struct sock *sk)
{
	struct pvcfront *pf;

	spin_lock_init(&pvcfront_sk(sk)->lock);
	if (!net_eq(sock_net(sk), &init_net))
		return -EPROTONOSUPPORT;
	pf = pvcfront_find(true);
	if (!pf)
		return -ENETDOWN;
	pvcfront_put(pf);
	return 0;
}

/* Ports are the backend's; these are never looked up here. */
static int no_hash(struct sock *sk)
{
	return 0;
}

static void no_unhash(struct sock *sk)
{
}

static int no_port(struct sock *sk, unsigned short number)
{
	return -EOPNOTSUPP;
}

static struct proto prot = {
	.name = "PVCALLS",
	.owner = THIS_MODULE,
	.obj_size = sizeof(struct pvcfront_sock),
	.init = init_sock,
	.close = pvcfront_close,
	.hash = no_hash,
	.unhash = no_unhash,
	.get_port = no_port,
	.keepalive = pvcfront_keepalive,
};

COMPAT_ACCEPT(pvcfront_accept);

#define OPS(_family) {							\
	.family = (_family),						\
	.owner = THIS_MODULE,						\
	.release = inet_release,					\
	.bind = pvcfront_bind,						\
	.connect = pvcfront_connect,					\
	.socketpair = sock_no_socketpair,				\
	.accept = COMPAT_ACCEPT_FN(pvcfront_accept),			\
	.getname = pvcfront_getname,					\
	.poll = pvcfront_poll,						\
	.ioctl = pvcfront_ioctl,					\
	.gettstamp = sock_gettstamp,					\
	.listen = pvcfront_listen,					\
	.shutdown = pvcfront_shutdown,					\
	.setsockopt = pvcfront_setsockopt,				\
	.getsockopt = pvcfront_getsockopt,				\
	.sendmsg = pvcfront_sendmsg,					\
	.recvmsg = pvcfront_recvmsg,					\
	.mmap = sock_no_mmap,						\
	COMPAT_SPLICE_EOF(pvcfront_splice_eof)				\
}

static const struct proto_ops ops = OPS(PF_INET);

static struct inet_protosw protosw = {
	.type = SOCK_STREAM,
	.protocol = IPPROTO_PVCALLS,
	.prot = &prot,
	.ops = &ops,
};

#ifdef HAVE_INET6
#pragma weak inet6_register_protosw
#pragma weak inet6_unregister_protosw

static struct proto prot6 = {
	.name = "PVCALLSv6",
	.owner = THIS_MODULE,
	.obj_size = sizeof(struct pvcfront_sock6),
	COMPAT_PINFO_OFFSET(struct pvcfront_sock6, inet6)
	.init = init_sock,
	.close = pvcfront_close,
	.hash = no_hash,
	.unhash = no_unhash,
	.get_port = no_port,
	.keepalive = pvcfront_keepalive,
};

static const struct proto_ops ops6 = OPS(PF_INET6);

static struct inet_protosw protosw6 = {
	.type = SOCK_STREAM,
	.protocol = IPPROTO_PVCALLS,
	.prot = &prot6,
	.ops = &ops6,
};

static int register_inet6(void)
{
	int err;

	if (!inet6_register_protosw)
		return 0;
	err = proto_register(&prot6, 1);
	if (err)
		return err;
	err = inet6_register_protosw(&protosw6);
	if (err)
		proto_unregister(&prot6);
	return err;
}

static void unregister_inet6(void)
{
	if (!inet6_register_protosw)
		return;
	inet6_unregister_protosw(&protosw6);
	proto_unregister(&prot6);
}
#else
static int register_inet6(void)
{
	return 0;
}

static void unregister_inet6(void)
{
}
#endif

/**
 * pvcfront_proto_register() - let programs have sockets
 *
 * Return: 0 or a negative errno.
 */
int pvcfront_proto_register(void)
{
	int err;

	err = proto_register(&prot, 1);
	if (err)
		return err;
	inet_register_protosw(&protosw);
	err = register_inet6();
	if (!err)
		return 0;
	inet_unregister_protosw(&protosw);
	proto_unregister(&prot);
	return err;
}

/**
 * pvcfront_proto_unregister() - let programs have no more sockets
 *
 * There are none when a module goes: each holds it.
 */
void pvcfront_proto_unregister(void)
{
	unregister_inet6();
	inet_unregister_protosw(&protosw);
	proto_unregister(&prot);
}
