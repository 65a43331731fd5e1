// SPDX-License-Identifier: GPL-2.0
/* The domain, and the kernel's xenbus in it. */
#include <linux/errno.h>
#include <linux/export.h>
#include <linux/init.h>
#include <linux/io.h>
#include <linux/module.h>
#include <linux/percpu.h>
#include <xen/balloon.h>
#include <xen/features.h>
#include <xen/interface/io/xs_wire.h>
#include <xen/xen.h>
#include <xen/xen-ops.h>
#include <xen/xenbus.h>
#include <asm/xen/hypervisor.h>

#include "xenbus.h"
#include "xen.h"

enum xen_domain_type xen_domain_type = XEN_PV_DOMAIN;
EXPORT_SYMBOL_GPL(xen_domain_type);

u8 xen_features[XENFEAT_NR_SUBMAPS * 32];
EXPORT_SYMBOL_GPL(xen_features);

struct start_info *xen_start_info;

static struct xenstore_domain_interface unused_ring;

DEFINE_PER_CPU(u32, xen_vcpu_id);
EXPORT_PER_CPU_SYMBOL_GPL(xen_vcpu_id);

/* There is nothing but memory, and the ring to the store is unused. */
void *memremap(resource_size_t offset, size_t size, unsigned long flags)
{
	return NULL;
}

int HYPERVISOR_hvm_op(int op, void *arg)
{
	return -EOPNOTSUPP;
}

/* Nobody is suspended. */
void xen_resume_notifier_register(struct notifier_block *nb)
{
}

/* Frames for what xenbus maps itself: rings that are not of bytes. */
int xen_alloc_ballooned_pages(unsigned int nr, struct page **pages)
{
	return -ENOMEM;
}

void xen_free_ballooned_pages(unsigned int nr, struct page **pages)
{
}

static int __init loop_init(void)
{
	int err;

	xen_store_domain_type = XS_PV;
	xen_store_interface = &unused_ring;
	/* Without a port nobody may open /dev/xen/xenbus. */
	xen_store_evtchn = 1;
	xenbus_ring_ops_init();
	err = loop_store_init();
	if (!err)
		err = xs_init();
	if (!err)
		err = loop_subsys_xenbus_probe_frontend_init();
	if (!err)
		err = loop_subsys_xenbus_probe_backend_init();
	if (!err)
		err = loop_device_xenbus_init();
	if (!err)
		err = loop_device_xenbus_probe_initcall();
	return err;
}
module_init(loop_init);

MODULE_DESCRIPTION("A Xen of one domain, for tests");
MODULE_LICENSE("GPL");
