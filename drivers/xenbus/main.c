// SPDX-License-Identifier: GPL-2.0
/* The engine as a module. */
#include <linux/module.h>
#include <linux/workqueue.h>
#include <xen/xen.h>
#include "internal.h"

struct workqueue_struct *xpv_reaper;

static int __init xpv_init(void)
{
	int err;

	if (!xen_domain())
		return -ENODEV;
	/* Not for reclaim: it waits for queues that are not, and nobody for it. */
	xpv_reaper = alloc_workqueue("xpv-reaper", WQ_UNBOUND | WQ_FREEZABLE,
				     0);
	if (!xpv_reaper)
		return -ENOMEM;
	err = xpv_watch_init();
	if (err)
		goto err_queue;
	err = xpv_claim_init();
	if (err)
		goto err_watch;
	xpv_debugfs_init();
	return 0;

err_watch:
	xpv_watch_exit();
err_queue:
	destroy_workqueue(xpv_reaper);
	return err;
}
module_init(xpv_init);

static void __exit xpv_exit(void)
{
	xpv_debugfs_exit();
	xpv_watch_exit();
	destroy_workqueue(xpv_reaper);
}
module_exit(xpv_exit);

MODULE_DESCRIPTION("Multithreaded xenbus engine of the Xen PV driver suite");
MODULE_LICENSE("GPL");
