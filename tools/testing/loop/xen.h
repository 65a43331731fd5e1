/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A Xen of one domain, in one kernel: what the kernel's own xenbus, and the suite, stand
 * on. The domain is 0, and both ends of its devices are in it.
 *
 *	store.c		xenstored, where xenbus has its ring to it
 *	events.c	event channels, and the interrupts that they are
 *	grant-table.c	grants, which are mapped by handing the page itself over
 *
 * It is for tests, and trusts who calls it as far as Xen does not have to be
 * trusted: it does not tell domains apart, nor pages that may only be read.
 */
#ifndef LOOP_XEN_H
#define LOOP_XEN_H

int loop_store_init(void);

int loop_subsys_xenbus_probe_frontend_init(void);
int loop_subsys_xenbus_probe_backend_init(void);
int loop_device_xenbus_init(void);
int loop_device_xenbus_probe_initcall(void);

#endif
