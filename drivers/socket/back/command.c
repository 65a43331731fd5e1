// SPDX-License-Identifier: GPL-2.0
/*
 * The command ring: requests are taken from it by one worker, one after the
 * other, and answered from here whoever has the answer.
 *
 * Events. One that came is ended (PVBACK_EVENT) by the worker that finds no more
 * requests; the next one comes only then.
 */
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/string.h>

#include "pvback.h"

/* Requests in a row before others get a turn. */
#define BUDGET	64

static bool is_over(const struct pvback *be)
{
	return test_bit(PVBACK_STOPPING, &be->flags) ||
	       test_bit(PVBACK_BROKEN, &be->flags);
}

/**
 * pvb_answer_more() - answer a request
 * @be: the device
 * @req: the request, which was not answered yet
 * @rsp: what is to be told beside the result
 * @ret: the result
 *
 * The only place that responses are written from. There always is room: each
 * takes the slot of a request. Nothing is told to a guest that broke the rules,
 * or when the ring is about to go.
 *
 * Context: process; sleeps.
 */
void pvb_answer_more(struct pvback *be, const struct xpv_pvcalls_request *req,
		     struct xpv_pvcalls_response *rsp, int ret)
{
	rsp->req_id = req->req_id;
	rsp->cmd = req->cmd;
	rsp->ret = ret;
	/* All requests have it, and at the same place. */
	rsp->id = req->u.poll.id;
	mutex_lock(&be->answer_lock);
	if (!is_over(be)) {
		xpv_back_ring_put(&be->ring, rsp, sizeof(*rsp));
		/* Under the lock: the channel closes once that was free. */
		if (xpv_back_ring_push(&be->ring))
			xpv_evtchn_notify(&be->ch);
	}
	mutex_unlock(&be->answer_lock);
}

/**
 * pvb_answer() - answer a request with nothing but the result
 * @be: the device
 * @req: the request, which was not answered yet
 * @ret: the result
 *
 * Context: process; sleeps.
 */
void pvb_answer(struct pvback *be, const struct xpv_pvcalls_request *req,
		int ret)
{
	struct xpv_pvcalls_response rsp = {};

	pvb_answer_more(be, req, &rsp, ret);
}

/* What is asked of a socket that has to be there. */
static int call_sock(struct pvback *be, const struct xpv_pvcalls_request *req,
		     struct xpv_pvcalls_response *rsp)
{
	struct pvsock *ps = pvs_find(be, req->u.poll.id);

	if (!ps)
		return -EBADF;
	switch (req->cmd) {
	case CALL_CONNECT:
		return pvs_connect(ps, req);
	case CALL_BIND:
		return pvs_bind(ps, req, rsp);
	case CALL_LISTEN:
		return pvs_listen(ps, req);
	case CALL_ACCEPT:
		return pvs_accept(ps, req);
	case CALL_POLL:
		return pvs_poll(ps, req);
	case XPV_PVCALLS_SET:
		return pvs_set(ps, req);
	case XPV_PVCALLS_GET:
		return pvs_get(ps, req, rsp);
	case XPV_PVCALLS_NAME:
		pvs_tell_name(ps, req->u.name.which, rsp);
		return rsp->addr_len ? 0 : -ENOTCONN;
	case XPV_PVCALLS_SHUT:
		return pvs_shut(ps, req);
	}
	return -CALL_ENOTSUP;
}

static int call(struct pvback *be, const struct xpv_pvcalls_request *req,
		struct xpv_pvcalls_response *rsp)
{
	int err = call_check(req);

	if (err)
		return err;
	switch (req->cmd) {
	case CALL_SOCKET:
		return pvs_socket(be, req);
	case CALL_RELEASE:
		return pvs_release(be, req, rsp);
	case XPV_PVCALLS_FORGET:
		return pvr_forget(be, req->u.forget.ref);
	default:
		return call_sock(be, req, rsp);
	}
}

/*
 * A command that failed has left the ring that it names as it was, whatever it
 * failed for: a guest must not take back what is still mapped.
 */
static void tell_of_ring(struct pvback *be,
			 const struct xpv_pvcalls_request *req,
			 struct xpv_pvcalls_response *rsp)
{
	if (req->cmd == CALL_CONNECT)
		rsp->value = pvr_is_kept(be, req->u.connect.ref);
	else if (req->cmd == CALL_ACCEPT)
		rsp->value = pvr_is_kept(be, req->u.accept.ref);
}

static void count(struct pvback *be, u32 cmd)
{
	unsigned int at = ARRAY_SIZE(be->counts) - 1;

	if (cmd <= CALL_POLL)
		at = cmd;
	else if (cmd >= XPV_PVCALLS_SET && cmd <= XPV_PVCALLS_FORGET)
		at = CALL_POLL + 1 + cmd - XPV_PVCALLS_SET;
	atomic_long_inc(&be->counts[at]);
}

static void serve(struct pvback *be)
{
	struct xpv_pvcalls_response rsp = {};
	struct xpv_pvcalls_request req;
	int ret;

	xpv_back_ring_get(&be->ring, &req, sizeof(req));
	be->worked = true;
	count(be, req.cmd);
	ret = call(be, &req, &rsp);
	if (ret < 0)
		tell_of_ring(be, &req, &rsp);
	if (ret != PVBACK_LATER)
		pvb_answer_more(be, &req, &rsp, ret);
}

/* Return: whether there was a request. */
static bool serve_one(struct pvback *be)
{
	int pending;

	if (is_over(be))
		return false;
	pending = xpv_back_ring_pending(&be->ring);
	if (!pending)
		pending = xpv_back_ring_final_check(&be->ring);
	if (pending < 0) {
		set_bit(PVBACK_BROKEN, &be->flags);
		xpv_device_fail(be->xdev, -EPROTO,
				"impossible indices of the command ring");
		return false;
	}
	if (pending)
		serve(be);
	return pending;
}

static void end_event(struct pvback *be)
{
	bool worked = be->worked;

	if (!test_and_clear_bit(PVBACK_EVENT, &be->flags))
		return;
	be->worked = false;
	xpv_evtchn_eoi(&be->ch, worked);
}

static void command_work(struct work_struct *work)
{
	struct pvback *be = container_of(work, struct pvback, work);
	unsigned int i;

	for (i = 0; i < BUDGET; i++)
		if (!serve_one(be))
			break;
	if (i == BUDGET)
		queue_work(be->commands, &be->work);
	else
		end_event(be);
}

static void command_event(void *arg)
{
	struct pvback *be = arg;

	set_bit(PVBACK_EVENT, &be->flags);
	queue_work(be->commands, &be->work);
}

/**
 * pvb_commands_init() - set up what is there without a ring
 * @be: a new device
 */
void pvb_commands_init(struct pvback *be)
{
	INIT_WORK(&be->work, command_work);
	mutex_init(&be->answer_lock);
	be->flags = BIT(PVBACK_STOPPING);
}

/**
 * pvb_commands_connect() - take up the command ring
 * @be: the device
 * @front: what the frontend asked for
 *
 * Nothing is taken from it before pvb_commands_start().
 *
 * Context: the lane; sleeps.
 * Return: 0, or an error, already reported; what was taken up then is for
 * pvb_commands_disconnect().
 */
int pvb_commands_connect(struct pvback *be, const struct pvback_front *front)
{
	unsigned int nr = 1U << front->order;
	int err;

	be->flags = BIT(PVBACK_STOPPING);
	be->worked = false;
	err = xpv_ring_map(&be->mapped, be->xdev, front->refs, nr);
	if (err)
		return xpv_device_fail(be->xdev, err,
				       "%s: the command ring cannot be mapped",
				       be->xdev->otherend);
	err = xpv_back_ring_init(&be->ring, be->mapped.mem,
				 nr * XEN_PAGE_SIZE, XPV_PVCALLS_SLOT);
	if (err)
		return xpv_device_fail(be->xdev, err,
				       "the command ring has impossible indices");
	err = xpv_evtchn_bind(be->xdev, &be->ch, front->port, command_event,
			      be, 0);
	if (err)
		return xpv_device_fail(be->xdev, err == -EAGAIN ? -EIO : err,
				       "%s/" XPV_PVCALLS_PORT ": %u cannot be bound",
				       be->xdev->otherend, front->port);
	return 0;
}

/**
 * pvb_commands_start() - begin to take requests
 * @be: the device, connected
 *
 * What a guest asked for before it will not ask for again.
 */
void pvb_commands_start(struct pvback *be)
{
	clear_bit(PVBACK_STOPPING, &be->flags);
	queue_work(be->commands, &be->work);
}

/**
 * pvb_commands_stop() - take no more requests, and answer none
 * @be: the device, in any state
 *
 * Context: the lane; sleeps until the one that is being carried out is.
 */
void pvb_commands_stop(struct pvback *be)
{
	set_bit(PVBACK_STOPPING, &be->flags);
	/* Who was about to answer has done so, or sees that it is over. */
	mutex_lock(&be->answer_lock);
	mutex_unlock(&be->answer_lock);
	xpv_evtchn_close(&be->ch);
	cancel_work_sync(&be->work);
}

/**
 * pvb_commands_disconnect() - give the command ring back
 * @be: the device, stopped
 *
 * Context: the lane; sleeps.
 */
void pvb_commands_disconnect(struct pvback *be)
{
	xpv_ring_unmap(&be->mapped);
}
