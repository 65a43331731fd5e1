/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Hypercalls, as functions: the Xen that they reach is beside them (xen.h of the folder
 * above). These headers stand before the architecture's own.
 */
#ifndef _ASM_XEN_HYPERCALL_H
#define _ASM_XEN_HYPERCALL_H

int HYPERVISOR_event_channel_op(int cmd, void *arg);
int HYPERVISOR_grant_table_op(unsigned int cmd, void *uop, unsigned int count);
int HYPERVISOR_hvm_op(int op, void *arg);

#endif
