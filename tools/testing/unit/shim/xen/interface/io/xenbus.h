/* SPDX-License-Identifier: GPL-2.0 */
/* The states of a split device, as the public header numbers them. */
#ifndef SHIM_XEN_INTERFACE_IO_XENBUS_H
#define SHIM_XEN_INTERFACE_IO_XENBUS_H

enum xenbus_state {
	XenbusStateUnknown,
	XenbusStateInitialising,
	XenbusStateInitWait,
	XenbusStateInitialised,
	XenbusStateConnected,
	XenbusStateClosing,
	XenbusStateClosed,
	XenbusStateReconfiguring,
	XenbusStateReconfigured,
};

#endif
