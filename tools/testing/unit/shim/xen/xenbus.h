/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SHIM_XEN_XENBUS_H
#define SHIM_XEN_XENBUS_H

#include <xen/interface/event_channel.h>
#include <xen/interface/grant_table.h>

struct xenbus_device {
	int otherend_id;
};

int xenbus_map_ring_valloc(struct xenbus_device *dev, grant_ref_t *refs,
			   unsigned int nr, void **vaddr);
int xenbus_unmap_ring_vfree(struct xenbus_device *dev, void *vaddr);
void xenbus_teardown_ring(void **vaddr, unsigned int nr, grant_ref_t *refs);
int xenbus_free_evtchn(struct xenbus_device *dev, evtchn_port_t port);

#endif
