// SPDX-License-Identifier: GPL-2.0
/*
 * What the frontend asks for: its keys, checked. They are untrusted, and every
 * refusal names the key.
 */
#include <linux/kernel.h>
#include <linux/limits.h>

#include "pvback.h"

/* More than any event channel design of Xen's has. */
#define PORT_MAX	0x1ffff

/* In the order of &struct pvback_front. */
static const struct xpv_key front_keys[] = {
	XPV_NEED_UINT(pvback_front, version, XPV_PVCALLS_VERSION, 1, 1),
	XPV_NEED_UINT(pvback_front, port, XPV_PVCALLS_PORT, 1, PORT_MAX),
	XPV_MAY_UINT(pvback_front, order, XPV_PVCALLS_RING_ORDER, 0,
		     PVBACK_COMMAND_ORDER, U32_MAX),
	XPV_MAY_FLAG(pvback_front, keep, XPV_PVCALLS_REQUEST_KEPT_RINGS, false),
	XPV_MAY_FLAG(pvback_front, events, XPV_PVCALLS_REQUEST_RING_EVENTS,
		     false),
};

struct ref_key {
	grant_ref_t ref;
};

static int read_ref(struct pvback *be, const char *name, grant_ref_t *ref)
{
	const struct xpv_key key = XPV_NEED_UINT(ref_key, ref, name, 1, U32_MAX);
	struct ref_key read;
	int err = xpv_store_read(be->xdev, XPV_OTHER, &key, 1, &read);

	if (!err)
		*ref = read.ref;
	return err;
}

/* With an order, even 0, the references are numbered. */
static int read_refs(struct pvback *be, struct pvback_front *front)
{
	char name[20];
	unsigned int i;
	int err = 0;

	if (front->order == U32_MAX) {
		front->order = 0;
		return read_ref(be, XPV_PVCALLS_RING_REF, &front->refs[0]);
	}
	for (i = 0; i < 1U << front->order && !err; i++) {
		snprintf(name, sizeof(name), XPV_PVCALLS_RING_REF "%u", i);
		err = read_ref(be, name, &front->refs[i]);
	}
	return err;
}

/**
 * pvb_front_read() - read what the frontend asks for
 * @be: the device
 * @front: filled
 *
 * Context: the lane; sleeps.
 * Return: 0, or an error, already reported.
 */
int pvb_front_read(struct pvback *be, struct pvback_front *front)
{
	int err = xpv_store_read(be->xdev, XPV_OTHER, front_keys,
				 ARRAY_SIZE(front_keys), front);

	return err ?: read_refs(be, front);
}
