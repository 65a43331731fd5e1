// SPDX-License-Identifier: GPL-2.0
/*
 * The control ring: one request at a time, from a work item of its own, so that
 * neither the lane nor RTNL ever waits for the backend. Each wait is bounded.
 * A backend that does not answer in time, or wrongly, is asked no more in this
 * connection; everything that is asked for can be done without.
 */
#include <linux/atomic.h>
#include <linux/err.h>
#include <linux/jiffies.h>
#include <linux/minmax.h>
#include <linux/wait.h>
#include "netfront.h"

#define ANSWER_WITHIN	(2 * HZ)

/*
 * An event for each question is of use. What is on the ring says nothing: an
 * answer that nobody takes any more would make all later events useful.
 */
static void ctrl_event(void *arg)
{
	struct netfront_ctrl *ctrl = arg;
	bool worked = xchg(&ctrl->asked, 0);	/* before the next question */

	wake_up(&ctrl->answer);
	xpv_evtchn_eoi(&ctrl->ch, worked);
}

static bool is_over(struct netfront_ctrl *ctrl)
{
	return READ_ONCE(ctrl->stop) ||
	       xpv_front_ring_final_check(&ctrl->ring);
}

static int give_up(struct netfront *nf, int err)
{
	if (READ_ONCE(nf->ctrl.stop))
		return -ECANCELED;
	nf->ctrl.dead = true;
	xpv_warn(nf->dev, "backend's control ring is of no use (error %d)\n",
		 err);
	return err;
}

/**
 * netfront_ctrl_call() - ask the backend for something
 * @nf: the device
 * @type: for what
 * @args: three words
 * @data: filled with what a success carries, or NULL
 *
 * Context: a work, with &netfront_ctrl.busy held; sleeps.
 * Return: 0; what the backend said, see netfront_ctrl_parse(); -ETIMEDOUT;
 * -ECANCELED if the connection ends; -EPIPE after an earlier failure.
 */
int netfront_ctrl_call(struct netfront *nf, u16 type, const u32 *args,
		       u32 *data)
{
	struct netfront_ctrl *ctrl = &nf->ctrl;
	struct xen_netif_ctrl_request req = {
		.id = ++ctrl->id, .type = type,
		.data = { args[0], args[1], args[2] },
	};
	u32 rsp[NETFRONT_CTRL_RSP / sizeof(u32)], none;
	int n, err;

	if (ctrl->dead)
		return -EPIPE;
	xchg(&ctrl->asked, 1);
	xpv_front_ring_put(&ctrl->ring, &req, sizeof(req));
	if (xpv_front_ring_push(&ctrl->ring))
		xpv_evtchn_notify(&ctrl->ch);
	wait_event_timeout(ctrl->answer, is_over(ctrl), ANSWER_WITHIN);
	n = xpv_front_ring_pending(&ctrl->ring);
	if (n <= 0)
		return give_up(nf, n ?: -ETIMEDOUT);
	xpv_front_ring_get(&ctrl->ring, rsp, sizeof(rsp));
	err = netfront_ctrl_parse((u8 *)rsp, req.id, type, data ?: &none);
	if (err == -EILSEQ || err == -EPROTO)
		return give_up(nf, err);
	return err;
}

static void ctrl_work(struct work_struct *work)
{
	struct netfront *nf = container_of(work, struct netfront, ctrl.work);

	mutex_lock(&nf->ctrl.busy);
	netfront_stage(nf);
	netfront_rss_apply(nf);
	mutex_unlock(&nf->ctrl.busy);
}

/**
 * netfront_ctrl_init() - set up a control ring that is not there
 * @nf: the device
 */
void netfront_ctrl_init(struct netfront *nf)
{
	init_waitqueue_head(&nf->ctrl.answer);
	mutex_init(&nf->ctrl.busy);
	INIT_WORK(&nf->ctrl.work, ctrl_work);
	nf->ctrl.stop = true;
}

/**
 * netfront_ctrl_open() - a control ring for a connection
 * @nf: the device; nothing happens if it has one, or the backend has none
 *
 * Context: the lane; sleeps.
 * Return: 0 or a negative errno.
 */
int netfront_ctrl_open(struct netfront *nf)
{
	struct netfront_ctrl *ctrl = &nf->ctrl;
	int err;

	if (!nf->offer.ctrl || ctrl->mem.mem)
		return 0;
	err = xpv_ring_grant(&ctrl->mem, nf->dev, 0);
	if (!err)
		err = xpv_ring_grant(&ctrl->list, nf->dev, 0);
	if (err)
		return err;
	xpv_front_ring_init(&ctrl->ring, ctrl->mem.mem, XEN_PAGE_SIZE,
			    sizeof(struct xen_netif_ctrl_request));
	return xpv_evtchn_alloc(nf->dev, &ctrl->ch, ctrl_event, ctrl,
				2 * nf->max_queues);
}

/**
 * netfront_ctrl_put() - tell the backend where it is
 * @nf: the device
 * @txn: where its keys go
 */
void netfront_ctrl_put(struct netfront *nf, struct xpv_txn *txn)
{
	if (!nf->ctrl.mem.mem) {
		xpv_txn_drop(txn, "ctrl-ring-ref");
		xpv_txn_drop(txn, "event-channel-ctrl");
		return;
	}
	xpv_txn_put(txn, "ctrl-ring-ref", "%u", nf->ctrl.mem.refs[0]);
	xpv_txn_put(txn, "event-channel-ctrl", "%u", nf->ctrl.ch.port);
}

/**
 * netfront_ctrl_start() - the backend listens
 * @nf: a connected device
 */
void netfront_ctrl_start(struct netfront *nf)
{
	if (!nf->ctrl.mem.mem)
		return;
	nf->ctrl.dead = false;
	nf->ctrl.id = 0;
	WRITE_ONCE(nf->ctrl.stop, false);
	netfront_ctrl_kick(nf);
}

/**
 * netfront_ctrl_kick() - look again at what is to be asked for
 * @nf: the device; nothing happens while it is not connected
 *
 * Context: the lane, or under RTNL.
 */
void netfront_ctrl_kick(struct netfront *nf)
{
	if (!READ_ONCE(nf->ctrl.stop))
		queue_work(netfront_ctrl_queue, &nf->ctrl.work);
}

/**
 * netfront_ctrl_stop() - the connection ends: nothing is asked any more
 * @nf: the device
 *
 * Context: the lane, under RTNL: so nobody is about to kick.
 */
void netfront_ctrl_stop(struct netfront *nf)
{
	WRITE_ONCE(nf->ctrl.stop, true);
	wake_up(&nf->ctrl.answer);
}

/**
 * netfront_ctrl_close() - the connection is over
 * @nf: the device, after netfront_ctrl_stop()
 *
 * Context: the lane; sleeps, but not for the backend.
 */
void netfront_ctrl_close(struct netfront *nf)
{
	struct netfront_ctrl *ctrl = &nf->ctrl;

	cancel_work_sync(&ctrl->work);
	xpv_evtchn_close(&ctrl->ch);
	xpv_ring_revoke(&ctrl->list);
	xpv_ring_revoke(&ctrl->mem);
}
