// SPDX-License-Identifier: GPL-2.0
/*
 * What programs do with a socket, but for its data: bind, connect, listen,
 * accept, shut down and close.
 */
#include <linux/err.h>
#include <linux/net.h>
#include <linux/sched/signal.h>
#include <linux/string.h>
#include <net/inet_common.h>
#include <net/ip.h>
#include "pvcfront.h"

/**
 * pvcfront_sock_end() - a socket's end
 * @sk: the socket
 *
 * Return: the end, held, or NULL.
 */
struct pvcfront_end *pvcfront_sock_end(struct sock *sk)
{
	struct pvcfront_sock *ps = pvcfront_sk(sk);
	struct pvcfront_end *end;

	spin_lock(&ps->lock);
	end = ps->end;
	if (end)
		kref_get(&end->ref);
	spin_unlock(&ps->lock);
	return end;
}

static void set_end(struct sock *sk, struct pvcfront_end *end)
{
	struct pvcfront_sock *ps = pvcfront_sk(sk);

	spin_lock(&ps->lock);
	ps->end = end;
	spin_unlock(&ps->lock);
}

/*
 * Have no end any more. Others may be moving data; from when its state says that
 * it is over on, an answer may take the ring away.
 */
static void drop_end(struct sock *sk, bool abort)
{
	struct pvcfront_end *end = pvcfront_sk(sk)->end;

	if (!end)
		return;
	set_end(sk, NULL);
	mutex_lock(&end->rx);
	mutex_lock(&end->tx);
	if (!abort)
		pvcfront_show(end);
	pvcfront_end_close(end, abort);
	mutex_unlock(&end->tx);
	mutex_unlock(&end->rx);
	pvcfront_cork_end(end);
	pvcfront_end_put(end);
}

/* As a backend without IPv6 can be told, or not at all. */
static int fit_addr(const struct sock *sk, const struct pvcfront *pf,
		    struct pvcfront_addr *addr)
{
	bool any = addr->family == PVCFRONT_INET6 &&
		   !memchr_inv(addr->ip, 0, sizeof(addr->ip));

	if (pf->offer.inet6 || addr->family == PVCFRONT_INET)
		return 0;
	if (any && sk->sk_ipv6only)
		return -EADDRNOTAVAIL;
	return pvcfront_addr_to_inet(addr) ? 0 : -EADDRNOTAVAIL;
}

/* An end that the backend knows and has been told the socket's options. */
static struct pvcfront_end *make_end(struct sock *sk, struct pvcfront *pf,
				     u16 family, bool wait)
{
	struct pvcfront_end *end = pvcfront_end_new(pf, sk);
	int err;

	if (IS_ERR(end))
		return end;
	err = pvcfront_end_create(end, family, wait);
	if (!err)
		err = pvcfront_options_tell(end, sk);
	if (!err)
		return end;
	pvcfront_end_close(end, true);
	pvcfront_end_put(end);
	return ERR_PTR(err);
}

static int ask_bind(struct pvcfront_end *end, const struct pvcfront_addr *addr)
{
	struct xpv_pvcalls_request req = { .cmd = PVCALLS_BIND };
	int err;

	req.u.bind.len = pvcfront_addr_put(addr, req.u.bind.addr);
	err = pvcfront_ask(end, &req);
	if (err)
		return err;
	spin_lock_irq(&end->lock);
	end->local = *addr;
	if (end->pf->offer.names)
		pvcfront_addr_get(&end->local, end->answer.addr,
				  end->answer.addr_len);
	spin_unlock_irq(&end->lock);
	return 0;
}

static int do_bind(struct sock *sk, struct pvcfront_addr *addr)
{
	struct pvcfront *pf = pvcfront_find(false);
	struct pvcfront_end *end;
	int err;

	if (!pf)
		return -ENETDOWN;
	err = fit_addr(sk, pf, addr);
	if (err)
		goto out;
	end = make_end(sk, pf, addr->family, true);
	err = PTR_ERR_OR_ZERO(end);
	if (err)
		goto out;
	err = ask_bind(end, addr);
	if (err) {
		pvcfront_end_close(end, true);
		pvcfront_end_put(end);
	} else {
		set_end(sk, end);
	}
out:
	pvcfront_put(pf);
	return err;
}

static bool may_bind(struct sock *sk, const struct pvcfront_addr *addr)
{
	u16 port = addr->port[0] << 8 | addr->port[1];
	struct net *net = sock_net(sk);

	return !port || !inet_port_requires_bind_service(net, port) ||
	       ns_capable(net->user_ns, CAP_NET_BIND_SERVICE);
}

/*
 * Interfaces and marks are of this domain's network, which the socket is not in. Who
 * asked for them relies on them, as one that must not go by another way.
 */
static int check_wishes(const struct sock *sk)
{
	if (READ_ONCE(sk->sk_bound_dev_if))
		return -ENODEV;
	return READ_ONCE(sk->sk_mark) ? -EOPNOTSUPP : 0;
}

/**
 * pvcfront_bind() - bind()
 * @sock: the socket
 * @uaddr: to what
 * @len: its length
 *
 * Return: 0 or a negative errno.
 */
int pvcfront_bind(struct socket *sock, struct sockaddr *uaddr, int len)
{
	struct sock *sk = sock->sk;
	struct pvcfront_sock *ps = pvcfront_sk(sk);
	struct pvcfront_addr addr;
	int err;

	err = pvcfront_name_take(sk, uaddr, len, &addr);
	if (err)
		return err;
	if (!may_bind(sk, &addr))
		return -EACCES;
	lock_sock(sk);
	err = check_wishes(sk);
	if (sk->sk_state != TCP_CLOSE || ps->end || ps->local.family) {
		err = -EINVAL;
	} else if (!err) {
		struct pvcfront_addr asked = addr;

		err = do_bind(sk, &asked);
		if (!err)
			ps->local = addr;
	}
	release_sock(sk);
	return err;
}

/*
 * An end to connect. One that was bound is used only with backends that can
 * connect it; the protocol's first ones had a socket of its own for each.
 */
static struct pvcfront_end *end_to_connect(struct sock *sk,
					   struct pvcfront *pf,
					   const struct pvcfront_addr *addr)
{
	struct pvcfront_end *end = pvcfront_sk(sk)->end;

	if (end)
		return end->pf->offer.names ? end : ERR_PTR(-EOPNOTSUPP);
	end = make_end(sk, pf, addr->family, false);
	if (!IS_ERR(end))
		set_end(sk, end);
	return end;
}

static int start_connect(struct sock *sk, struct pvcfront_addr *addr)
{
	struct pvcfront *pf = pvcfront_find(false);
	struct pvcfront_end *end;
	int err;

	if (!pf)
		return -ENETDOWN;
	err = fit_addr(sk, pf, addr);
	if (err) {
		pvcfront_put(pf);
		return err == -EADDRNOTAVAIL ? -ENETUNREACH : err;
	}
	end = end_to_connect(sk, pf, addr);
	pvcfront_put(pf);
	if (IS_ERR(end))
		return PTR_ERR(end);
	WRITE_ONCE(sk->sk_err, 0);
	WRITE_ONCE(sk->sk_shutdown, 0);
	WRITE_ONCE(sk->sk_state, TCP_SYN_SENT);
	err = pvcfront_end_connect(end, addr);
	if (err) {
		drop_end(sk, true);
		WRITE_ONCE(sk->sk_state, TCP_CLOSE);
	}
	return err;
}

static bool is_settled(struct sock *sk, struct pvcfront_end *end, u32 mark)
{
	return READ_ONCE(sk->sk_state) != TCP_SYN_SENT;
}

/* Others may use the socket meanwhile, as one that closes it. */
static int wait_settled(struct sock *sk, int flags)
{
	long timeo = sock_sndtimeo(sk, flags & O_NONBLOCK);
	int err = 0;

	if (timeo && !is_settled(sk, NULL, 0)) {
		release_sock(sk);
		err = pvcfront_wait(sk, &timeo, is_settled, NULL, 0);
		lock_sock(sk);
	}
	return is_settled(sk, NULL, 0) ? 0 : err ?: -EAGAIN;
}

static int connect_result(struct socket *sock)
{
	struct sock *sk = sock->sk;

	if (sk->sk_state == TCP_ESTABLISHED) {
		sock->state = SS_CONNECTED;
		return 0;
	}
	sock->state = SS_UNCONNECTED;
	drop_end(sk, true);
	WRITE_ONCE(sk->sk_shutdown, 0);
	return sock_error(sk) ?: -ECONNABORTED;
}

static int disconnect(struct socket *sock)
{
	struct sock *sk = sock->sk;

	drop_end(sk, true);
	memset(&pvcfront_sk(sk)->local, 0, sizeof(struct pvcfront_addr));
	WRITE_ONCE(sk->sk_err, 0);
	WRITE_ONCE(sk->sk_shutdown, 0);
	WRITE_ONCE(sk->sk_state, TCP_CLOSE);
	sock->state = SS_UNCONNECTED;
	sk->sk_state_change(sk);
	return 0;
}

static int begin_connect(struct socket *sock, struct sockaddr *uaddr, int len)
{
	struct pvcfront_addr addr;
	int err;

	switch (sock->state) {
	case SS_CONNECTED:
		return -EISCONN;
	case SS_CONNECTING:
		return -EALREADY;
	case SS_UNCONNECTED:
		break;
	default:
		return -EINVAL;
	}
	if (sock->sk->sk_state != TCP_CLOSE)
		return -EISCONN;
	err = pvcfront_name_take(sock->sk, uaddr, len, &addr);
	if (!err)
		err = check_wishes(sock->sk);
	if (!err)
		err = start_connect(sock->sk, &addr);
	if (err)
		return err;
	sock->state = SS_CONNECTING;
	return -EINPROGRESS;
}

/**
 * pvcfront_connect() - connect()
 * @sock: the socket
 * @uaddr: where to
 * @len: its length
 * @flags: %O_NONBLOCK
 *
 * Return: 0 or a negative errno.
 */
int pvcfront_connect(struct socket *sock, struct sockaddr *uaddr, int len,
		     int flags)
{
	struct sock *sk = sock->sk;
	int err, waited;

	if (len < (int)sizeof(uaddr->sa_family))
		return -EINVAL;
	lock_sock(sk);
	if (uaddr->sa_family == AF_UNSPEC) {
		err = disconnect(sock);
		goto out;
	}
	err = begin_connect(sock, uaddr, len);
	if (err != -EINPROGRESS && err != -EALREADY)
		goto out;
	waited = wait_settled(sk, flags);
	if (!waited)
		err = connect_result(sock);
	else if (waited != -EAGAIN)
		err = waited;
out:
	release_sock(sk);
	return err;
}

/* listen() without bind() has some port. */
static int bind_any(struct sock *sk)
{
	struct pvcfront_addr any = {
		.family = sk->sk_family == AF_INET6 ? PVCFRONT_INET6 :
						      PVCFRONT_INET,
	};

	return do_bind(sk, &any);
}

/**
 * pvcfront_listen() - listen()
 * @sock: the socket
 * @backlog: how many connections may wait
 *
 * Return: 0 or a negative errno.
 */
int pvcfront_listen(struct socket *sock, int backlog)
{
	struct sock *sk = sock->sk;
	struct pvcfront_sock *ps = pvcfront_sk(sk);
	int err = -EINVAL;

	lock_sock(sk);
	if (sock->state != SS_UNCONNECTED ||
	    (sk->sk_state != TCP_CLOSE && sk->sk_state != TCP_LISTEN))
		goto out;
	err = check_wishes(sk);
	if (!err && !ps->end)
		err = bind_any(sk);
	if (!err)
		err = pvcfront_listen_start(ps->end, max(backlog, 0));
out:
	release_sock(sk);
	return err;
}

static bool has_connection(struct sock *sk, struct pvcfront_end *end, u32 mark)
{
	if (READ_ONCE(end->nr_ready) || READ_ONCE(sk->sk_err) ||
	    READ_ONCE(sk->sk_state) != TCP_LISTEN)
		return true;
	pvcfront_listen_want(end);
	return false;
}

static struct pvcfront_end *wait_child(struct sock *sk,
				       struct pvcfront_end *end, int flags)
{
	long timeo = sock_rcvtimeo(sk, flags & O_NONBLOCK);
	struct pvcfront_end *child;
	int err;

	for (;;) {
		err = sock_error(sk);
		if (!err && READ_ONCE(sk->sk_state) != TCP_LISTEN)
			err = -EINVAL;
		if (err)
			return ERR_PTR(err);
		child = pvcfront_listen_take(end);
		if (child)
			return child;
		err = pvcfront_wait(sk, &timeo, has_connection, end, 0);
		if (err)
			return ERR_PTR(err);
	}
}

/* What an accepted socket has from the one that listened, as with TCP. */
static void inherit(struct sock *sk, const struct sock *from)
{
	sk->sk_type = SOCK_STREAM;
	sk->sk_destruct = from->sk_destruct;
	sk->sk_protocol = from->sk_protocol;
	sk->sk_reuse = from->sk_reuse;
	sk->sk_rcvtimeo = from->sk_rcvtimeo;
	sk->sk_sndtimeo = from->sk_sndtimeo;
	sk->sk_rcvlowat = from->sk_rcvlowat;
	sk->sk_lingertime = from->sk_lingertime;
	if (sock_flag(from, SOCK_LINGER))
		sock_set_flag(sk, SOCK_LINGER);
	if (sock_flag(from, SOCK_KEEPOPEN))
		sock_set_flag(sk, SOCK_KEEPOPEN);
	sk->sk_ipv6only = from->sk_ipv6only;
	inet_sk(sk)->uc_ttl = -1;
#if IS_ENABLED(CONFIG_IPV6)
	/* At the same place of both. */
	if (inet_sk(from)->pinet6)
		inet_sk(sk)->pinet6 = (void *)sk +
			((void *)inet_sk(from)->pinet6 - (void *)from);
#endif
	pvcfront_sk(sk)->options = pvcfront_sk(from)->options;
}

static struct sock *make_child(struct sock *parent, bool kern)
{
	struct sock *sk = sk_alloc(sock_net(parent), parent->sk_family,
				   GFP_KERNEL, parent->sk_prot, kern);

	if (!sk)
		return NULL;
	sock_init_data(NULL, sk);
	inherit(sk, parent);
	spin_lock_init(&pvcfront_sk(sk)->lock);
	return sk;
}

/**
 * pvcfront_accept() - accept()
 * @sock: the socket that listens
 * @newsock: the one that the connection is to have
 * @flags: %O_NONBLOCK
 * @kern: for the kernel itself
 *
 * Return: 0 or a negative errno.
 */
int pvcfront_accept(struct socket *sock, struct socket *newsock, int flags,
		    bool kern)
{
	struct pvcfront_end *end = pvcfront_sock_end(sock->sk), *child;
	struct sock *sk;

	if (!end)
		return -EINVAL;
	child = wait_child(sock->sk, end, flags);
	pvcfront_end_put(end);
	if (IS_ERR(child))
		return PTR_ERR(child);
	sk = make_child(sock->sk, kern);
	if (!sk) {
		pvcfront_end_close(child, true);
		pvcfront_end_put(child);
		return -ENOMEM;
	}
	lock_sock(sk);
	sock_graft(sk, newsock);
	newsock->state = SS_CONNECTED;
	set_end(sk, child);
	pvcfront_end_adopt(child, sk);
	/* The backend's socket has them from the one that listens, if at all. */
	release_sock(sk);
	return 0;
}

static int ask_shut(struct pvcfront_end *end, int how)
{
	struct xpv_pvcalls_request req = {
		.cmd = XPV_PVCALLS_SHUT,
		.u.shut.how = how,
	};

	return pvcfront_ask(end, &req);
}

/* Who is sending ends before the backend is told that no more comes. */
static void stop_sending(struct pvcfront_end *end, u8 how)
{
	mutex_lock(&end->tx);
	pvcfront_show(end);
	pvcfront_end_shut(end, how);
	mutex_unlock(&end->tx);
}

/*
 * A backend that cannot end one direction can only end both, by letting go of
 * the socket.
 */
static int shut_connected(struct sock *sk, int how)
{
	struct pvcfront_end *end = pvcfront_sk(sk)->end;
	u8 mask = how + 1;
	int err = 0;

	if (end->pf->offer.shutdown) {
		stop_sending(end, mask);
		err = ask_shut(end, how);
	} else if (mask == SEND_SHUTDOWN) {
		return -EOPNOTSUPP;
	} else if (mask == SHUTDOWN_MASK) {
		stop_sending(end, mask);
		drop_end(sk, false);
		WRITE_ONCE(sk->sk_state, TCP_CLOSE);
	} else {
		pvcfront_end_shut(end, mask);
	}
	sk->sk_state_change(sk);
	return err;
}

/**
 * pvcfront_shutdown() - shutdown()
 * @sock: the socket
 * @how: %SHUT_RD and so on
 *
 * Return: 0 or a negative errno.
 */
int pvcfront_shutdown(struct socket *sock, int how)
{
	struct sock *sk = sock->sk;
	int err = 0;

	if (how < SHUT_RD || how > SHUT_RDWR)
		return -EINVAL;
	lock_sock(sk);
	switch (sk->sk_state) {
	case TCP_ESTABLISHED:
		err = shut_connected(sk, how);
		break;
	case TCP_LISTEN:
		if (how == SHUT_WR)
			break;
		fallthrough;
	case TCP_SYN_SENT:
		err = disconnect(sock);
		break;
	default:
		err = -ENOTCONN;
	}
	release_sock(sk);
	return err;
}

static bool is_taken(struct sock *sk, struct pvcfront_end *end, u32 mark)
{
	return READ_ONCE(sk->sk_err) || !pvcfront_used(end);
}

/* What SO_LINGER says: wait, or forget what was not sent. */
static bool linger(struct sock *sk, struct pvcfront_end *end, long timeout)
{
	struct xpv_pvcalls_request req = {
		.cmd = XPV_PVCALLS_SET,
		.u.option.option = XPV_PVCALLS_LINGER,
	};

	if (!sock_flag(sk, SOCK_LINGER) || sk->sk_state != TCP_ESTABLISHED)
		return false;
	if (timeout > 0) {
		pvcfront_ask_taken(end);
		pvcfront_wait(sk, &timeout, is_taken, end, 0);
	}
	if (sk->sk_lingertime)
		return false;
	if (end->pf->offer.options)
		pvcfront_tell(end, &req);
	return true;
}

/**
 * pvcfront_close() - the last descriptor of a socket was closed
 * @sk: the socket
 * @timeout: how long to wait for data to be sent
 */
void pvcfront_close(struct sock *sk, long timeout)
{
	struct pvcfront_end *end = pvcfront_sk(sk)->end;
	bool abort;

	lock_sock(sk);
	if (end) {
		abort = linger(sk, end, timeout);
		drop_end(sk, abort);
	}
	WRITE_ONCE(sk->sk_shutdown, SHUTDOWN_MASK);
	WRITE_ONCE(sk->sk_state, TCP_CLOSE);
	release_sock(sk);
	sock_orphan(sk);
	sock_put(sk);
}
