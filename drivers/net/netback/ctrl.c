// SPDX-License-Identifier: GPL-2.0
/*
 * The control ring: the frontend's way to set up hashing, and the pages that
 * stay mapped. Every request is answered, whatever it says.
 *
 * A worker does it, since mapping sleeps. What it works on is bounded per
 * device, and so is what one request costs.
 */
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/slab.h>

#include "netback.h"

/* Requests of one run. */
#define CTRL_BUDGET	32

/* Copies in or out of one page of the guest's. */
#define CTRL_COPIES	XPV_COPY_PIECES

static void copy_failed(void *arg, u32 tag)
{
	bool *failed = arg;

	*failed = true;
}

/* Copy from the start of a page of the guest's into our buffer. */
static int copy_in(struct netback_ctrl *ctrl, grant_ref_t ref,
		   unsigned int len)
{
	bool failed = false;

	if (!len)
		return 0;
	xpv_copy_from(&ctrl->copy, ref, 0, ctrl->buf, len, 0);
	xpv_copy_run(&ctrl->copy, copy_failed, &failed);
	return failed ? -EFAULT : 0;
}

static int copy_out(struct netback_ctrl *ctrl, grant_ref_t ref,
		    unsigned int len)
{
	bool failed = false;

	xpv_copy_to(&ctrl->copy, ref, 0, ctrl->buf, len, 0);
	xpv_copy_run(&ctrl->copy, copy_failed, &failed);
	return failed ? -EFAULT : 0;
}

static int set_key(struct netback *vif, const struct netif_ctrl_req *req)
{
	u32 len = req->data[1];
	int err;

	if (len > NETIF_HASH_KEY)
		return -ENOSPC;
	err = copy_in(&vif->ctrl, req->data[0], len);
	return err ?: hash_set_key(vif, vif->ctrl.buf, len);
}

static int set_mapping(struct netback *vif, const struct netif_ctrl_req *req)
{
	u32 nr = req->data[1], offset = req->data[2];
	const u32 *part = vif->ctrl.buf;
	int err;

	if (nr > NETBACK_MAPPING_MAX)
		return -ENOSPC;
	err = copy_in(&vif->ctrl, req->data[0], nr * sizeof(*part));
	return err ?: hash_set_mapping(vif, part, offset, nr);
}

/* The table that a request is about. */
static struct netback_stage *stage_of(struct netback *vif,
				      const struct netif_ctrl_req *req)
{
	return req->data[0] < vif->nr_queues ?
	       &vif->queues[req->data[0]]->stage : NULL;
}

static int get_stage_size(struct netback *vif,
			  const struct netif_ctrl_req *req, u32 *data)
{
	const struct netback_stage *stage = stage_of(vif, req);

	if (!stage)
		return -EINVAL;
	if (!stage->max)
		return -EOPNOTSUPP;
	*data = stage->max - stage->nr;
	return 0;
}

static int change_stage(struct netback *vif, const struct netif_ctrl_req *req)
{
	struct netback_stage *stage = stage_of(vif, req);
	u32 nr = req->data[2], bytes = nr * sizeof(struct netif_gref);
	int err;

	if (!stage || !nr || nr > NETIF_GREFS_PER_LIST)
		return -EINVAL;
	if (!stage->max)
		return -EOPNOTSUPP;
	err = copy_in(&vif->ctrl, req->data[1], bytes);
	if (err)
		return err;
	if (req->type == NETIF_CTRL_ADD_GREF_MAPPING)
		return stage_add(stage, vif->ctrl.buf, nr);
	stage_del(stage, vif->ctrl.buf, nr);
	return copy_out(&vif->ctrl, req->data[1], bytes);
}

static int get_types(struct netback *vif, u32 *data)
{
	const struct netback_hash *hash =
		rcu_dereference_protected(vif->hash, true);

	if (!hash || !hash->alg)
		return -EOPNOTSUPP;
	*data = NETBACK_HASH_TYPES;
	return 0;
}

static int act(struct netback *vif, const struct netif_ctrl_req *req,
	       u32 *data)
{
	switch (req->type) {
	case XEN_NETIF_CTRL_TYPE_SET_HASH_ALGORITHM:
		return hash_set_alg(vif, req->data[0]);
	case XEN_NETIF_CTRL_TYPE_GET_HASH_FLAGS:
		return get_types(vif, data);
	case XEN_NETIF_CTRL_TYPE_SET_HASH_FLAGS:
		return hash_set_types(vif, req->data[0]);
	case XEN_NETIF_CTRL_TYPE_SET_HASH_KEY:
		return set_key(vif, req);
	case XEN_NETIF_CTRL_TYPE_GET_HASH_MAPPING_SIZE:
		*data = NETBACK_MAPPING_MAX;
		return 0;
	case XEN_NETIF_CTRL_TYPE_SET_HASH_MAPPING_SIZE:
		return hash_set_size(vif, req->data[0]);
	case XEN_NETIF_CTRL_TYPE_SET_HASH_MAPPING:
		return set_mapping(vif, req);
	case NETIF_CTRL_GET_GREF_MAPPING_SIZE:
		return get_stage_size(vif, req, data);
	case NETIF_CTRL_ADD_GREF_MAPPING:
	case NETIF_CTRL_DEL_GREF_MAPPING:
		return change_stage(vif, req);
	default:
		return -EOPNOTSUPP;
	}
}

static u32 status_of(int err)
{
	switch (err) {
	case 0:
		return XEN_NETIF_CTRL_STATUS_SUCCESS;
	case -EOPNOTSUPP:
		return XEN_NETIF_CTRL_STATUS_NOT_SUPPORTED;
	case -ENOSPC:
	case -ENOMEM:
		return XEN_NETIF_CTRL_STATUS_BUFFER_OVERFLOW;
	default:
		return XEN_NETIF_CTRL_STATUS_INVALID_PARAMETER;
	}
}

static void serve(struct netback *vif)
{
	struct netback_ctrl *ctrl = &vif->ctrl;
	u32 slot[NETIF_CTRL_SLOT / sizeof(u32)];
	struct xen_netif_ctrl_response rsp = { };
	struct netif_ctrl_req req;

	xpv_back_ring_get(&ctrl->ring, slot, sizeof(slot));
	netif_ctrl_parse(slot, &req);
	rsp.id = req.id;
	rsp.type = req.type;
	rsp.status = status_of(act(vif, &req, &rsp.data));
	xpv_back_ring_put(&ctrl->ring, &rsp, sizeof(rsp));
	if (xpv_back_ring_push(&ctrl->ring))
		xpv_evtchn_notify(&ctrl->ch);
}

/* Return: as xpv_back_ring_pending(), of which an error is reported. */
static int ctrl_waiting(struct netback *vif, bool ask)
{
	int waiting = ask ? xpv_back_ring_final_check(&vif->ctrl.ring) :
			    xpv_back_ring_pending(&vif->ctrl.ring);

	if (waiting < 0)
		xpv_device_fail(vif->xdev, waiting,
				"the frontend sent more requests than the control ring holds");
	return waiting;
}

static void ctrl_work(struct work_struct *work)
{
	struct netback *vif = container_of(work, struct netback, ctrl.work);
	unsigned int budget = CTRL_BUDGET;
	int waiting;

	for (; budget; budget--) {
		if (READ_ONCE(vif->ctrl.off))
			return;
		waiting = ctrl_waiting(vif, false);
		if (!waiting)
			waiting = ctrl_waiting(vif, true);
		if (waiting <= 0)
			break;
		serve(vif);
	}
	if (!budget) {
		queue_work(system_unbound_wq, work);
		return;
	}
	/* One that is given up is not listened to any more. */
	if (!waiting && READ_ONCE(vif->ctrl.eoi_owed)) {
		WRITE_ONCE(vif->ctrl.eoi_owed, false);
		xpv_evtchn_eoi(&vif->ctrl.ch, budget != CTRL_BUDGET);
	}
}

static void ctrl_event(void *arg)
{
	struct netback *vif = arg;

	WRITE_ONCE(vif->ctrl.eoi_owed, true);
	if (READ_ONCE(vif->ctrl.off))
		return;
	queue_work(system_unbound_wq, &vif->ctrl.work);
}

static int ctrl_map(struct netback *vif, grant_ref_t ref)
{
	struct netback_ctrl *ctrl = &vif->ctrl;
	struct xpv_device *xdev = vif->xdev;
	int err;

	err = xpv_ring_map(&ctrl->mapped, xdev, &ref, 1);
	if (err)
		return xpv_device_fail(xdev, err == -EAGAIN ? -EIO : err,
				       "%s/ctrl-ring-ref %u cannot be mapped",
				       xdev->otherend, ref);
	err = xpv_back_ring_init(&ctrl->ring, ctrl->mapped.mem, XEN_PAGE_SIZE,
				 NETIF_CTRL_SLOT);
	if (!err)
		return 0;
	xpv_ring_unmap(&ctrl->mapped);
	return xpv_device_fail(xdev, err,
			       "the control ring has impossible indices");
}

/**
 * ctrl_connect() - take up the control ring
 * @vif: the device
 * @ref: the grant of its page; untrusted
 * @port: its event channel; untrusted
 *
 * Context: the lane; sleeps.
 * Return: 0, or an error, already reported. On an error too ctrl_disconnect()
 * has to be called.
 */
int ctrl_connect(struct netback *vif, grant_ref_t ref, evtchn_port_t port)
{
	struct netback_ctrl *ctrl = &vif->ctrl;
	int err;

	INIT_WORK(&ctrl->work, ctrl_work);
	ctrl->off = false;
	ctrl->eoi_owed = false;
	ctrl->buf = (void *)get_zeroed_page(GFP_KERNEL);
	if (!ctrl->buf ||
	    xpv_copy_init(&ctrl->copy, vif->xdev, CTRL_COPIES))
		return xpv_device_fail(vif->xdev, -ENOMEM,
				       "no memory for the control ring");
	err = ctrl_map(vif, ref);
	if (err)
		return err;
	err = xpv_evtchn_bind(vif->xdev, &ctrl->ch, port, ctrl_event, vif,
			      2 * vif->nr_queues);
	if (!err)
		return 0;
	return xpv_device_fail(vif->xdev, err == -EAGAIN ? -EIO : err,
			       "%s/event-channel-ctrl %u cannot be bound",
			       vif->xdev->otherend, port);
}

/**
 * ctrl_kick() - look for requests
 * @vif: the device; nothing happens if it has no control ring
 */
void ctrl_kick(struct netback *vif)
{
	if (vif->ctrl.mapped.mem)
		queue_work(system_unbound_wq, &vif->ctrl.work);
}

/**
 * ctrl_disconnect() - give the control ring back
 * @vif: the device; nothing happens if it has none
 *
 * Context: the lane; sleeps as long as one request takes.
 */
void ctrl_disconnect(struct netback *vif)
{
	struct netback_ctrl *ctrl = &vif->ctrl;

	if (ctrl->mapped.mem) {
		WRITE_ONCE(ctrl->off, true);
		/* It may be about to notify. */
		cancel_work_sync(&ctrl->work);
		xpv_evtchn_close(&ctrl->ch);
		/* Queued by an event that came before it was off. */
		cancel_work_sync(&ctrl->work);
	}
	xpv_ring_unmap(&ctrl->mapped);
	xpv_copy_exit(&ctrl->copy);
	free_page((unsigned long)ctrl->buf);
	ctrl->buf = NULL;
}
