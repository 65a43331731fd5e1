// SPDX-License-Identifier: GPL-2.0
/*
 * Connections that the guest makes. The ring is mapped first: what is wrong
 * with it the guest hears at once, and a connection that was made never has to
 * be taken back.
 */
#include <linux/err.h>
#include <linux/errno.h>
#include <linux/fcntl.h>
#include <linux/net.h>

#include "pvback.h"

static int may_connect(const struct pvsock *ps)
{
	switch (smp_load_acquire(&ps->state)) {	/* its worker's */
	case PVSOCK_NEW:
	case PVSOCK_BOUND:
		return 0;
	case PVSOCK_BARRED:
		return -EACCES;
	case PVSOCK_CONNECTING:
		return -EALREADY;
	default:
		return -EISCONN;
	}
}

/* Find out where to, and whether the guest may go there from where it is bound. */
static int check_goal(struct pvsock *ps, const struct xpv_pvcalls_request *req)
{
	struct call_addr from;
	int err;

	call_parse_addr(req->u.connect.addr, req->u.connect.len, &ps->to);
	if (ps->to.family != ps->sock->sk->sk_family)
		return -EAFNOSUPPORT;
	err = pvs_name(ps, false, &from);
	if (err)
		return err;
	return pvb_may_connect(ps->be, &ps->to, &from) ? 0 : -EACCES;
}

/* The same call begins a connection, and says later what became of it. */
static int try(struct pvsock *ps)
{
	struct sockaddr_storage to;
	int len = pvs_kernel_addr(ps, &ps->to, &to);

	if (len < 0)
		return len;
	return kernel_connect(ps->sock, (struct sockaddr *)&to, len,
			      O_NONBLOCK);
}

static bool is_under_way(int err)
{
	return err == -EINPROGRESS || err == -EALREADY;
}

static bool is_there(int err)
{
	return !err || err == -EISCONN;
}

/* Give back what there was for a connection. Return: whether the ring is kept. */
static bool give_up(struct pvsock *ps)
{
	struct pvring *ring = ps->ring;

	pvs_unhook(ps);
	ps->ring = NULL;
	return pvr_put(ring, test_bit(PVRING_KEPT, &ring->flags));
}

/**
 * pvs_connect() - CONNECT
 * @ps: the socket
 * @req: the request, checked
 *
 * Context: the command worker; sleeps, but not for the network.
 * Return: the result, or %PVBACK_LATER.
 */
int pvs_connect(struct pvsock *ps, const struct xpv_pvcalls_request *req)
{
	struct pvring *ring;
	int err = may_connect(ps);

	if (!err)
		err = check_goal(ps, req);
	if (err)
		return err;
	ring = pvr_get(ps->be, req->u.connect.ref, req->u.connect.evtchn);
	if (IS_ERR(ring))
		return PTR_ERR(ring);
	ps->ring = ring;
	ps->req = *req;
	pvs_hook(ps, NULL);
	err = try(ps);
	if (!is_there(err) && !is_under_way(err)) {
		give_up(ps);
		return err == -EAGAIN ? -EADDRNOTAVAIL : err;
	}
	/* Not before: until now the worker has nothing to do with it. */
	smp_store_release(&ps->state, PVSOCK_CONNECTING);
	queue_work(ps->be->wq, &ps->work);
	return PVBACK_LATER;
}

/* A socket whose connection was not made can be used again. */
static void fail(struct pvsock *ps, int err)
{
	struct xpv_pvcalls_request req = ps->req;
	struct xpv_pvcalls_response rsp = {};

	rsp.value = give_up(ps);
	smp_store_release(&ps->state, PVSOCK_NEW);	/* all of it is back */
	pvb_answer_more(ps->be, &req, &rsp, err);
}

static void succeed(struct pvsock *ps)
{
	struct xpv_pvcalls_response rsp = {};

	pvs_tell_name(ps, false, &rsp);
	pvr_use(ps->ring, ps);
	smp_store_release(&ps->state, PVSOCK_CONNECTED);	/* with its ring */
	pvb_answer_more(ps->be, &ps->req, &rsp, 0);
	queue_work(ps->be->wq, &ps->work);
}

/**
 * pvs_connect_work() - look what became of a connection
 * @ps: a socket that connects
 *
 * Context: its worker; sleeps, but not for the network.
 */
void pvs_connect_work(struct pvsock *ps)
{
	int err = try(ps);

	if (is_there(err))
		succeed(ps);
	else if (!is_under_way(err))
		fail(ps, err == -EAGAIN ? -EADDRNOTAVAIL : err);
}

/**
 * pvs_connect_cancel() - wait for a connection no more
 * @ps: a socket that connects, whose worker is stopped
 *
 * Context: as pvs_end(); sleeps.
 */
void pvs_connect_cancel(struct pvsock *ps)
{
	struct xpv_pvcalls_response rsp = {};

	rsp.value = give_up(ps);
	pvb_answer_more(ps->be, &ps->req, &rsp, -ECONNABORTED);
}
