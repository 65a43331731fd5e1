// SPDX-License-Identifier: GPL-2.0
/*
 * Connections that are made to the guest. Each ACCEPT brings a socket and its
 * ring, which is mapped at once: then a connection that comes has only to be
 * handed over.
 */
#include <linux/err.h>
#include <linux/errno.h>
#include <linux/fcntl.h>
#include <linux/net.h>
#include <net/inet_connection_sock.h>
#include <net/ipv6.h>
#include <net/request_sock.h>

#include "pvback.h"

/* Connections in a row before others get a turn. */
#define BUDGET	16

/* A port that was chosen for the guest is one that it may have, or useless. */
static int check_chosen(struct pvsock *ps)
{
	struct call_addr addr;
	int err = pvs_name(ps, false, &addr);

	if (err)
		return err;
	if (pvb_may_bind(ps->be, &addr, ipv6_only_sock(ps->sock->sk)))
		return 0;
	smp_store_release(&ps->state, PVSOCK_BARRED);	/* for its worker */
	return -EACCES;
}

/**
 * pvs_bind() - BIND
 * @ps: the socket
 * @req: the request, checked
 * @rsp: gets the address
 *
 * Context: the command worker; sleeps.
 * Return: the result.
 */
int pvs_bind(struct pvsock *ps, const struct xpv_pvcalls_request *req,
	     struct xpv_pvcalls_response *rsp)
{
	struct sockaddr_storage at;
	struct call_addr addr;
	int len, err;

	if (smp_load_acquire(&ps->state) != PVSOCK_NEW)	/* its worker's */
		return -EINVAL;
	call_parse_addr(req->u.bind.addr, req->u.bind.len, &addr);
	len = pvs_kernel_addr(ps, &addr, &at);
	if (len < 0)
		return len;
	if (!pvb_may_bind(ps->be, &addr, ipv6_only_sock(ps->sock->sk)))
		return -EACCES;
	err = kernel_bind(ps->sock, (struct sockaddr *)&at, len);
	if (err)
		return err;
	if (!addr.at.port)
		err = check_chosen(ps);
	if (err)
		return err;
	smp_store_release(&ps->state, PVSOCK_BOUND);	/* for its worker */
	pvs_tell_name(ps, false, rsp);
	return 0;
}

/**
 * pvs_listen() - LISTEN
 * @ps: the socket
 * @req: the request
 *
 * Context: the command worker; sleeps.
 * Return: the result.
 */
int pvs_listen(struct pvsock *ps, const struct xpv_pvcalls_request *req)
{
	enum pvsock_state state;
	int err;

	state = smp_load_acquire(&ps->state);	/* its worker's */
	if (state == PVSOCK_BARRED)
		return -EACCES;
	if (state != PVSOCK_BOUND && state != PVSOCK_LISTENING)
		return -EINVAL;
	if (state == PVSOCK_BOUND)
		pvs_hook(ps, NULL);
	err = kernel_listen(ps->sock, call_backlog(req->u.listen.backlog));
	if (err && state == PVSOCK_BOUND)
		pvs_unhook(ps);
	if (!err)	/* for its worker, with the hooks */
		smp_store_release(&ps->state, PVSOCK_LISTENING);
	return err;
}

static bool is_listening(const struct pvsock *ps)
{
	/* Its worker's, as all of them. */
	return smp_load_acquire(&ps->state) == PVSOCK_LISTENING;
}

/* Return: 0, or -EBUSY if as many wait as may. */
static int enlist(struct pvsock *ps, struct pvsock *next)
{
	int err = 0;

	mutex_lock(&ps->lock);
	if (ps->nr_accepts == PVBACK_ACCEPTS) {
		err = -EBUSY;
	} else {
		list_add_tail(&next->link, &ps->accepts);
		ps->nr_accepts++;
	}
	mutex_unlock(&ps->lock);
	return err;
}

/* Return: whether its ring is kept. */
static bool dismiss(struct pvsock *next)
{
	struct pvring *ring = next->ring;

	return pvs_end(next, test_bit(PVRING_KEPT, &ring->flags));
}

/**
 * pvs_accept() - ACCEPT
 * @ps: the socket that listens
 * @req: the request, checked
 *
 * Context: the command worker; sleeps, but not for a connection.
 * Return: the result, or %PVBACK_LATER.
 */
int pvs_accept(struct pvsock *ps, const struct xpv_pvcalls_request *req)
{
	struct pvsock *next;
	struct pvring *ring;
	int err;

	if (!is_listening(ps))
		return -EINVAL;
	if (pvs_find(ps->be, req->u.accept.id_new))
		return -EEXIST;
	next = pvs_alloc(ps->be, req->u.accept.id_new);
	if (!next)
		return -ENFILE;
	ring = pvr_get(ps->be, req->u.accept.ref, req->u.accept.evtchn);
	if (IS_ERR(ring)) {
		pvs_free(next);
		return PTR_ERR(ring);
	}
	next->ring = ring;
	next->req = *req;
	next->state = PVSOCK_ACCEPTING;
	err = enlist(ps, next);
	if (err) {
		dismiss(next);
		return err;
	}
	queue_work(ps->be->wq, &ps->work);
	return PVBACK_LATER;
}

/**
 * pvs_poll() - POLL
 * @ps: the socket
 * @req: the request
 *
 * Context: the command worker; sleeps, but not for a connection.
 * Return: the result, or %PVBACK_LATER.
 */
int pvs_poll(struct pvsock *ps, const struct xpv_pvcalls_request *req)
{
	int ret = PVBACK_LATER;

	if (!is_listening(ps))
		return -EINVAL;
	mutex_lock(&ps->lock);
	if (ps->polled) {
		ret = -EBUSY;
	} else {
		ps->poll = *req;
		ps->polled = true;
	}
	mutex_unlock(&ps->lock);
	if (ret == PVBACK_LATER)
		queue_work(ps->be->wq, &ps->work);
	return ret;
}

static struct pvsock *first(struct pvsock *ps)
{
	struct pvsock *next;

	mutex_lock(&ps->lock);
	next = list_first_entry_or_null(&ps->accepts, struct pvsock, link);
	mutex_unlock(&ps->lock);
	return next;
}

static void delist(struct pvsock *ps, struct pvsock *next)
{
	mutex_lock(&ps->lock);
	list_del(&next->link);
	ps->nr_accepts--;
	mutex_unlock(&ps->lock);
}

static void fail(struct pvsock *next, int err)
{
	struct xpv_pvcalls_request req = next->req;
	struct xpv_pvcalls_response rsp = {};
	struct pvback *be = next->be;

	rsp.value = dismiss(next);
	pvb_answer_more(be, &req, &rsp, err);
}

/*
 * Hand a connection over. Once it is published the command worker may end it:
 * then only what was copied is left.
 */
static void hand_over(struct pvsock *ps, struct pvsock *next,
		      struct socket *sock)
{
	struct xpv_pvcalls_request req = next->req;
	struct xpv_pvcalls_response rsp = {};
	struct pvback *be = ps->be;
	int err;

	next->sock = sock;
	pvs_tell_name(next, true, &rsp);
	smp_store_release(&next->state, PVSOCK_CONNECTED);	/* its worker */
	pvr_use(next->ring, next);
	pvs_hook(next, &ps->hooks);
	queue_work(be->wq, &next->work);
	err = pvs_publish(next);
	if (err)
		fail(next, err);
	else
		pvb_answer_more(be, &req, &rsp, 0);
}

/* Return: whether there may be more of both. */
static bool take_one(struct pvsock *ps)
{
	struct pvsock *next = first(ps);
	struct socket *sock;
	int err;

	if (!next)
		return false;
	err = kernel_accept(ps->sock, &sock, O_NONBLOCK);
	if (err == -EAGAIN)
		return false;
	delist(ps, next);
	if (err)
		fail(next, err);
	else
		hand_over(ps, next, sock);
	return true;
}

static bool take_poll(struct pvsock *ps, struct xpv_pvcalls_request *poll)
{
	bool polled;

	mutex_lock(&ps->lock);
	polled = ps->polled;
	*poll = ps->poll;
	ps->polled = false;
	mutex_unlock(&ps->lock);
	return polled;
}

/**
 * pvs_listen_work() - hand over connections that came
 * @ps: a socket that listens
 *
 * Context: its worker; sleeps, but not for a connection.
 */
void pvs_listen_work(struct pvsock *ps)
{
	struct xpv_pvcalls_request poll;
	unsigned int i;

	for (i = 0; i < BUDGET; i++)
		if (!take_one(ps))
			break;
	if (i == BUDGET)
		queue_work(ps->be->wq, &ps->work);
	if (!reqsk_queue_empty(&inet_csk(ps->sock->sk)->icsk_accept_queue) &&
	    take_poll(ps, &poll))
		pvb_answer(ps->be, &poll, 0);
}

/**
 * pvs_listen_cancel() - wait for connections no more
 * @ps: a socket that listens, whose worker is stopped
 *
 * Context: as pvs_end(); sleeps.
 */
void pvs_listen_cancel(struct pvsock *ps)
{
	struct xpv_pvcalls_request poll;
	struct pvsock *next;

	while ((next = first(ps))) {
		delist(ps, next);
		fail(next, -ECONNABORTED);
	}
	if (take_poll(ps, &poll))
		pvb_answer(ps->be, &poll, -ECONNABORTED);
}
