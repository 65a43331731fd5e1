/* SPDX-License-Identifier: GPL-2.0 */
/* Of a device, only what the primitives of lib/ look at. */
#ifndef XPV_DEVICE_H
#define XPV_DEVICE_H

#include <linux/atomic.h>
#include <xen/xenbus.h>

struct xpv_account {
	atomic_t grants;
	atomic_t maps;
	atomic_t evtchns;
};

struct xpv_driver {
	const char *name;
};

struct xpv_device {
	struct xenbus_device *bus;
	struct xpv_driver *drv;
	unsigned int id;
	int otherend_id;
	struct xpv_account held;
};

#endif
