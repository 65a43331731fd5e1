/* SPDX-License-Identifier: GPL-2.0 */
/* Xenbus differences: the device that a driver's uevent callback is given. */
#ifndef COMPAT_XENBUS_H
#define COMPAT_XENBUS_H

#include <xen/xenbus.h>

#include <compat/compat.h>

#ifdef HAVE_XENBUS_UEVENT_CONST
#define COMPAT_UEVENT_DEVICE	const struct xenbus_device
#else
#define COMPAT_UEVENT_DEVICE	struct xenbus_device
#endif

#endif /* COMPAT_XENBUS_H */
