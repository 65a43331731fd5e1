// SPDX-License-Identifier: GPL-2.0
/*
 * Options of sockets. What is kept here is told to a backend that takes options,
 * at once or when it gets to know the socket. To one that does not, those that
 * are mere hints are accepted and the rest refused.
 */
#include <linux/in.h>
#include <linux/in6.h>
#include <linux/kernel.h>
#include <linux/net.h>
#include <linux/sockptr.h>
#include <linux/tcp.h>
#include <linux/uaccess.h>
#include "pvcfront.h"

/**
 * struct known - an option that there is
 * @level: of the option
 * @name: its name
 * @option: on the wire, or one of &enum pvcfront_own_option, which is not
 * @def: what it is unless set
 * @max: the largest value; 1 of those that are on or off, by any other number
 * @hint: it changes nothing that a program could rely on
 */
struct known {
	int level;
	int name;
	u32 option;
	s32 def;
	s32 max;
	bool hint;
};

static const struct known known[] = {
	{ IPPROTO_TCP, TCP_NODELAY, XPV_PVCALLS_NODELAY, 0, 1, true },
	{ IPPROTO_TCP, TCP_CORK, XPV_PVCALLS_CORK, 0, 1, true },
	{ IPPROTO_TCP, TCP_KEEPIDLE, XPV_PVCALLS_KEEPIDLE, 7200, S32_MAX, false },
	{ IPPROTO_TCP, TCP_KEEPINTVL, XPV_PVCALLS_KEEPINTVL, 75, S32_MAX, false },
	{ IPPROTO_TCP, TCP_KEEPCNT, XPV_PVCALLS_KEEPCNT, 9, S32_MAX, false },
	{ IPPROTO_TCP, TCP_USER_TIMEOUT, XPV_PVCALLS_USER_TIMEOUT, 0, S32_MAX, false },
	{ IPPROTO_TCP, TCP_QUICKACK, PVCFRONT_QUICKACK, 1, 1, true },
	{ IPPROTO_TCP, TCP_DEFER_ACCEPT, PVCFRONT_DEFER_ACCEPT, 0, S32_MAX, true },
	{ IPPROTO_IP, IP_TOS, PVCFRONT_TOS, 0, 255, true },
	{ IPPROTO_IPV6, IPV6_V6ONLY, XPV_PVCALLS_V6ONLY, 0, 1, true },
	{ IPPROTO_IPV6, IPV6_TCLASS, PVCFRONT_TCLASS, 0, 255, true },
};

static const struct known *find_known(const struct sock *sk, int level,
				      int name)
{
	unsigned int i;

	if (level == IPPROTO_IPV6 && sk->sk_family != AF_INET6)
		return NULL;
	for (i = 0; i < ARRAY_SIZE(known); i++)
		if (known[i].level == level && known[i].name == name)
			return &known[i];
	return NULL;
}

static int tell(struct pvcfront_end *end, u32 option, s32 value)
{
	struct xpv_pvcalls_request req = {
		.cmd = XPV_PVCALLS_SET,
		.u.option.option = option,
		.u.option.value = value,
	};

	return pvcfront_ask(end, &req);
}

/*
 * Corks are ours (cork.c). That nothing be delayed is told once: a ring gathers small
 * pieces anyhow, and programs that take it back for each answer would have the
 * backend called twice for it.
 */
static int tell_news(struct pvcfront_end *end, u32 option, s32 value)
{
	int err;

	if (option == XPV_PVCALLS_CORK)
		return 0;
	if (option != XPV_PVCALLS_NODELAY)
		return tell(end, option, value);
	if (!value || end->nodelay)
		return 0;
	err = tell(end, option, value);
	end->nodelay = !err;
	return err;
}

/**
 * pvcfront_options_tell() - tell the backend what was set
 * @end: an end it has just been told of
 * @sk: its socket, locked
 *
 * Return: 0 or a negative errno.
 */
int pvcfront_options_tell(struct pvcfront_end *end, const struct sock *sk)
{
	const struct pvcfront_options *options = &pvcfront_sk(sk)->options;
	u32 option;
	int err = 0;

	if (!end->pf->offer.options)
		return 0;
	if (sk->sk_reuse)
		err = tell(end, XPV_PVCALLS_REUSEADDR, 1);
	if (!err && sock_flag(sk, SOCK_KEEPOPEN))
		err = tell(end, XPV_PVCALLS_KEEPALIVE, 1);
	if (!err && end->family == PVCFRONT_INET6 && sk->sk_ipv6only)
		err = tell(end, XPV_PVCALLS_V6ONLY, 1);
	for (option = 0; !err && option <= XPV_PVCALLS_UNSENT; option++)
		if (options->set & BIT(option) && option != XPV_PVCALLS_V6ONLY)
			err = tell_news(end, option, options->value[option]);
	return err;
}

static int set_known(struct sock *sk, const struct known *k, s32 value)
{
	struct pvcfront_sock *ps = pvcfront_sk(sk);
	struct pvcfront_end *end = ps->end;
	int err = 0;

	if (k->option == XPV_PVCALLS_V6ONLY) {
		if (end)
			return -EINVAL;
		sk->sk_ipv6only = !!value;
	} else if (k->option > XPV_PVCALLS_UNSENT) {
		err = 0;	/* nobody's but ours */
	} else if (end && end->pf->offer.options) {
		err = tell_news(end, k->option, value);
	} else if (end && !k->hint) {
		err = -ENOPROTOOPT;
	}
	if (!err) {
		WRITE_ONCE(ps->options.value[k->option], value);
		ps->options.set |= BIT(k->option);
	}
	/* To want no delay brings forth what is held, too. */
	if (end && ((k->option == XPV_PVCALLS_CORK && !value) ||
		    (k->option == XPV_PVCALLS_NODELAY && value)))
		pvcfront_cork_pull(end);
	return err;
}

/* Before there is an end it is the device that says whether there are options. */
static bool has_options(void)
{
	struct pvcfront *pf = pvcfront_find(false);
	bool has = pf && pf->offer.options;

	if (pf)
		pvcfront_put(pf);
	return has;
}

/* A type of service may be a byte; -1 is the default one. */
static int take_number(const struct known *k, sockptr_t value,
		       unsigned int len, int *number)
{
	u8 byte;

	if (k->option == PVCFRONT_TOS && len && len < sizeof(*number)) {
		if (copy_from_sockptr(&byte, value, sizeof(byte)))
			return -EFAULT;
		*number = byte;
		return 0;
	}
	if (len < sizeof(*number))
		return -EINVAL;
	if (copy_from_sockptr(number, value, sizeof(*number)))
		return -EFAULT;
	if (k->max == 1)
		*number = !!*number;
	if (k->option == PVCFRONT_TCLASS && *number == -1)
		*number = 0;
	return *number < 0 || *number > k->max ? -EINVAL : 0;
}

/**
 * pvcfront_setsockopt() - set an option of another level than the socket's
 * @sock: the socket
 * @level: the level
 * @name: the option
 * @value: where its value is
 * @len: bytes of it
 *
 * Return: 0 or a negative errno.
 */
int pvcfront_setsockopt(struct socket *sock, int level, int name,
			sockptr_t value, unsigned int len)
{
	const struct known *k = find_known(sock->sk, level, name);
	int number, err;

	if (!k)
		return -ENOPROTOOPT;
	err = take_number(k, value, len, &number);
	if (err)
		return err;
	if (!k->hint && !has_options())
		return -ENOPROTOOPT;
	lock_sock(sock->sk);
	err = set_known(sock->sk, k, number);
	release_sock(sock->sk);
	return err;
}

/**
 * pvcfront_getsockopt() - get an option of another level than the socket's
 * @sock: the socket
 * @level: the level
 * @name: the option
 * @value: where its value goes
 * @len: room for it, and then how much it is
 *
 * Return: 0 or a negative errno.
 */
int pvcfront_getsockopt(struct socket *sock, int level, int name,
			char __user *value, int __user *len)
{
	const struct pvcfront_options *options = &pvcfront_sk(sock->sk)->options;
	const struct known *k = find_known(sock->sk, level, name);
	int number, room;

	if (!k)
		return -ENOPROTOOPT;
	if (get_user(room, len))
		return -EFAULT;
	if (room < 0)
		return -EINVAL;
	room = min_t(int, room, sizeof(number));
	lock_sock(sock->sk);
	number = options->set & BIT(k->option) ? options->value[k->option] :
						 k->def;
	if (k->option == XPV_PVCALLS_V6ONLY)
		number = sock->sk->sk_ipv6only;
	release_sock(sock->sk);
	if (put_user(room, len) || copy_to_user(value, &number, room))
		return -EFAULT;
	return 0;
}

/**
 * pvcfront_keepalive() - SO_KEEPALIVE was set
 * @sk: the socket, locked
 * @on: to what
 */
void pvcfront_keepalive(struct sock *sk, int on)
{
	struct pvcfront_end *end = pvcfront_sk(sk)->end;

	if (end && end->pf->offer.options)
		tell(end, XPV_PVCALLS_KEEPALIVE, !!on);
}
