/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SHIM_XEN_INTERFACE_GRANT_TABLE_H
#define SHIM_XEN_INTERFACE_GRANT_TABLE_H

#include <stdint.h>

typedef uint32_t grant_ref_t;
typedef uint32_t grant_handle_t;
typedef uint16_t domid_t;

#define GNTMAP_host_map		2
#define GNTMAP_readonly		4

#define GNTST_okay		0
#define GNTST_general_error	-1
#define GNTST_bad_gntref	-3
#define GNTST_bad_handle	-4
#define GNTST_no_device_space	-7
#define GNTST_no_space		-13

struct gnttab_map_grant_ref {
	uint64_t host_addr;
	uint32_t flags;
	grant_ref_t ref;
	domid_t dom;
	int16_t status;
	grant_handle_t handle;
	uint64_t dev_bus_addr;
};

struct gnttab_unmap_grant_ref {
	uint64_t host_addr;
	uint64_t dev_bus_addr;
	grant_handle_t handle;
	int16_t status;
};

#define GNTCOPY_source_gref	1
#define GNTCOPY_dest_gref	2

#define GNTTABOP_copy		5
#define DOMID_SELF		0x7ff0

struct gnttab_copy {
	struct {
		union {
			grant_ref_t ref;
			uint64_t gmfn;
		} u;
		domid_t domid;
		uint16_t offset;
	} source, dest;
	uint16_t len;
	uint16_t flags;
	int16_t status;
};

#endif
