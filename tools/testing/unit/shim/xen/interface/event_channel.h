/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SHIM_XEN_INTERFACE_EVENT_CHANNEL_H
#define SHIM_XEN_INTERFACE_EVENT_CHANNEL_H

#include <stdint.h>

typedef uint32_t evtchn_port_t;

#define DOMID_SELF		0x7ff0
#define EVTCHNOP_status		5
#define EVTCHNOP_alloc_unbound	6

#define EVTCHNSTAT_unbound	1
#define EVTCHNSTAT_interdomain	2

struct evtchn_status {
	uint16_t dom;
	evtchn_port_t port;
	uint32_t status;
};

struct evtchn_alloc_unbound {
	uint16_t dom;
	uint16_t remote_dom;
	evtchn_port_t port;
};

#endif
