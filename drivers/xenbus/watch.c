// SPDX-License-Identifier: GPL-2.0
/*
 * Watches that never enter xenwatch.
 *
 * The kernel calls a watch's will_handle hook from the thread that reads
 * xenstore's replies, before anything is queued to xenwatch. Ours marks the
 * lane and answers "no": the event is dropped there, and the lane re-reads
 * what it needs.
 *
 * Unregistering is another matter: the kernel then waits for xenwatch, which
 * may be waiting for a device lock, which may be held by whoever waits for us.
 * So watches are buried: one worker unregisters them, and nobody waits for it
 * but the unloading of this module and of drivers.
 */
#include <linux/llist.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/workqueue.h>
#include <xen/xenbus.h>
#include "internal.h"

/*
 * struct xpv_watch - one registered watch of a device
 * @xs: the kernel's
 * @dev: whose lane it marks; a reference held until it is unregistered
 * @grave: in graveyard once buried
 */
struct xpv_watch {
	struct xenbus_watch xs;
	struct xpv_device *dev;
	struct llist_node grave;
};

static LLIST_HEAD(graveyard);

static void graveyard_work(struct work_struct *work)
{
	struct llist_node *list = llist_del_all(&graveyard);
	struct xpv_watch *watch, *next;

	llist_for_each_entry_safe(watch, next, list, grave) {
		unregister_xenbus_watch(&watch->xs);
		xpv_device_put(watch->dev);
		kfree(watch->xs.node);
		kfree(watch);
	}
}

static DECLARE_WORK(graveyard_worker, graveyard_work);

/* Never reached: every event is dropped by will_handle. */
static void watch_callback(struct xenbus_watch *xs, const char *path,
			   const char *token)
{
}

static bool other_will_handle(struct xenbus_watch *xs, const char *path,
			      const char *token)
{
	struct xpv_watch *watch = container_of(xs, struct xpv_watch, xs);

	xpv_lane_mark(&watch->dev->lane, XPV_EV_OTHER);
	return false;
}

/* Our own writes come back too: only names somebody waits for count. */
static unsigned long own_event(const struct xpv_device *dev, const char *key)
{
	const char *const *own;

	if (!strcmp(key, "online"))
		return XPV_EV_ONLINE;
	for (own = dev->drv->own_keys; own && *own; own++)
		if (!strcmp(key, *own))
			return XPV_EV_OWN;
	return 0;
}

static bool own_will_handle(struct xenbus_watch *xs, const char *path,
			    const char *token)
{
	struct xpv_watch *watch = container_of(xs, struct xpv_watch, xs);
	size_t len = strlen(xs->node);
	unsigned long event = 0;

	if (!strncmp(path, xs->node, len) && path[len] == '/')
		event = own_event(watch->dev, path + len + 1);
	if (event)
		xpv_lane_mark(&watch->dev->lane, event);
	return false;
}

static struct xpv_watch *watch_create(struct xpv_device *dev, const char *node,
				      bool (*will_handle)(struct xenbus_watch *,
							  const char *,
							  const char *))
{
	struct xpv_watch *watch = kzalloc(sizeof(*watch), GFP_NOIO);
	int err = -ENOMEM;

	if (!watch || !node)
		goto free;
	watch->xs.node = node;
	watch->xs.will_handle = will_handle;
	watch->xs.callback = watch_callback;
	watch->dev = dev;
	xpv_device_get(dev);
	err = register_xenbus_watch(&watch->xs);
	if (err)
		goto put;
	return watch;

put:
	xpv_device_put(dev);
free:
	kfree(node);
	kfree(watch);
	return ERR_PTR(err);
}

/* Watch our own directory; may sleep. */
struct xpv_watch *xpv_watch_own(struct xpv_device *dev)
{
	return watch_create(dev, kstrdup(dev->nodename, GFP_NOIO),
			    own_will_handle);
}

/* Watch the other end's state; may sleep. */
struct xpv_watch *xpv_watch_other(struct xpv_device *dev)
{
	return watch_create(dev, kasprintf(GFP_NOIO, "%s/state",
					   dev->otherend),
			    other_will_handle);
}

/* Unregister later; any context. NULL and ERR_PTR are nothing. */
void xpv_watch_bury(struct xpv_watch *watch)
{
	if (IS_ERR_OR_NULL(watch))
		return;
	llist_add(&watch->grave, &graveyard);
	queue_work(xpv_reaper, &graveyard_worker);
}
