/* SPDX-License-Identifier: GPL-2.0 */
/*
 * 9pfs, as both ends of ours speak it: what docs/misc/9pfs of the Xen source does
 * not have. It is off with an end that does not know it.
 */
#ifndef XPV_P9FS_H
#define XPV_P9FS_H

/*
 * Backend, then frontend, which asks for it if the backend offers it: "1" if the
 * ends send events of the rings only where the thresholds of
 * &struct xpv_bytes_intf ask for it: xpv_bytes_ask(). Without, each end sends one
 * whenever it has put something, and when it has taken something for whose room
 * the other may be waiting; and expects the same.
 */
#define XPV_P9FS_RING_EVENTS		"feature-ring-events"
#define XPV_P9FS_REQUEST_RING_EVENTS	"request-ring-events"

#endif
