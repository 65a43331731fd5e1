/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _ASM_XEN_HYPERVISOR_H
#define _ASM_XEN_HYPERVISOR_H

#include <xen/interface/xen.h>
#include <asm/xen/hypercall.h>

extern struct start_info *xen_start_info;

#endif
