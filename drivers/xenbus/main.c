// SPDX-License-Identifier: GPL-2.0
/* The engine as a module. */
#include <linux/errno.h>
#include <linux/export.h>
#include <linux/module.h>
#include <linux/workqueue.h>
#include <xen/xen.h>
#include <xpv/work.h>
#include "internal.h"

struct workqueue_struct *xpv_abreast_queue;
struct workqueue_struct *xpv_reaper;
struct workqueue_struct *xpv_prompt_queue;
EXPORT_SYMBOL_GPL(xpv_prompt_queue);

static void queues_free(void)
{
	if (xpv_prompt_queue)
		destroy_workqueue(xpv_prompt_queue);
	if (xpv_abreast_queue)
		destroy_workqueue(xpv_abreast_queue);
	if (xpv_reaper)
		destroy_workqueue(xpv_reaper);
}

static int queues_alloc(void)
{
	/* Not for reclaim: it waits for queues that are not, and nobody for it. */
	xpv_reaper = alloc_workqueue("xpv-reaper", WQ_UNBOUND | WQ_FREEZABLE,
				     0);
	xpv_prompt_queue = alloc_workqueue("xpv-prompt", WQ_MEM_RECLAIM, 0);
	/* Frontends' lanes, which are, wait for it. */
	xpv_abreast_queue = alloc_workqueue("xpv-abreast", WQ_UNBOUND | WQ_MEM_RECLAIM, 0);
	if (xpv_reaper && xpv_prompt_queue && xpv_abreast_queue)
		return 0;
	queues_free();
	return -ENOMEM;
}

static int __init xpv_init(void)
{
	int err;

	if (!xen_domain())
		return -ENODEV;
	err = queues_alloc();
	if (err)
		return err;
	err = xpv_watch_init();
	if (err)
		goto err_queues;
	err = xpv_claim_init();
	if (err)
		goto err_watch;
	xpv_debugfs_init();
	return 0;

err_watch:
	xpv_watch_exit();
err_queues:
	queues_free();
	return err;
}
module_init(xpv_init);

static void __exit xpv_exit(void)
{
	xpv_debugfs_exit();
	xpv_claim_exit();
	xpv_watch_exit();
	queues_free();
}
module_exit(xpv_exit);

MODULE_DESCRIPTION("Multithreaded xenbus engine of the Xen PV driver suite");
MODULE_LICENSE("GPL");
