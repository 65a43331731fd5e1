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
 * may be waiting for a device lock, which may be held by whoever waits for us;
 * and xenwatch is also the thread that suspends the domain. Xenwatch itself
 * waits for nobody there. So watches are buried, and dug up in xenwatch: a
 * watch that is registered for it fires at once, and its callback unregisters
 * them and itself. Nobody waits for that but the unloading of drivers.
 *
 * Registering must not meet a suspend half way, which would then wait for us
 * and we for it. It happens in freezable work only: lanes, and the reaper.
 */
#include <linux/bitops.h>
#include <linux/llist.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/workqueue.h>
#include <xen/xenbus.h>
#include <xpv/fault.h>
#include "internal.h"

/* A directory that nobody has or writes. */
#define NOWHERE		"xpv"

/* Where this domain's frontends are: device/CLASS/ID. */
#define FRONTENDS	"device"

/* How long after a refused registration the next is tried. */
#define DIG_AGAIN	HZ

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
static unsigned long digging;	/* bit 0: the spade is registered */

static void dig_later(struct work_struct *work);
static DECLARE_DELAYED_WORK(digger, dig_later);

/* The spade's callback; in xenwatch. */
static void dig(struct xenbus_watch *spade, const char *path,
		const char *token)
{
	struct llist_node *list = llist_del_all(&graveyard);
	struct xpv_watch *watch, *next;

	llist_for_each_entry_safe(watch, next, list, grave) {
		unregister_xenbus_watch(&watch->xs);
		xpv_device_put(watch->dev);
		kfree(watch->xs.node);
		kfree(watch);
	}
	unregister_xenbus_watch(spade);
	clear_bit_unlock(0, &digging);
	/* Buried meanwhile, and dig_later() saw the spade registered. */
	smp_mb__after_atomic();
	if (!llist_empty(&graveyard))
		queue_delayed_work(xpv_reaper, &digger, 0);
}

static struct xenbus_watch spade = { .node = NOWHERE, .callback = dig };

static void dig_later(struct work_struct *work)
{
	if (llist_empty(&graveyard) || test_and_set_bit_lock(0, &digging))
		return;
	/* The spade of before may have dug them all: there must be none for nothing. */
	if (llist_empty(&graveyard)) {
		clear_bit_unlock(0, &digging);
		return;
	}
	if (!register_xenbus_watch(&spade))
		return;
	clear_bit_unlock(0, &digging);
	queue_delayed_work(xpv_reaper, &digger, DIG_AGAIN);
}

/* Of no use: a device's events are dropped by will_handle. */
static void watch_callback(struct xenbus_watch *xs, const char *path,
			   const char *token)
{
}

/* The key of a watched directory that an event is for, or NULL. */
static const char *key_of(const struct xenbus_watch *xs, const char *path)
{
	size_t len = strlen(xs->node);

	if (strncmp(path, xs->node, len) || path[len] != '/')
		return NULL;
	return path + len + 1;
}

static bool is_one_of(const char *const *keys, const char *key)
{
	for (; keys && *keys; keys++)
		if (!strcmp(key, *keys))
			return true;
	return false;
}

/* The other end's state, or its directory where a driver wants more keys. */
static unsigned long other_event(const struct xenbus_watch *xs,
				 const char *path)
{
	const struct xpv_device *dev =
		container_of(xs, struct xpv_watch, xs)->dev;
	const char *key = key_of(xs, path);

	if (key && is_one_of(dev->drv->other_keys, key))
		return XPV_EV_OWN;
	return !key || !strcmp(key, "state") ? XPV_EV_OTHER : 0;
}

/* The other end's state was written; any context. */
void xpv_watch_heard(struct xpv_device *dev)
{
	atomic_inc(&dev->other_events);
	xpv_lane_mark(&dev->lane, XPV_EV_OTHER);
}

static bool other_will_handle(struct xenbus_watch *xs, const char *path,
			      const char *token)
{
	struct xpv_watch *watch = container_of(xs, struct xpv_watch, xs);
	unsigned long event = other_event(xs, path);

	if (event & XPV_EV_OTHER)
		xpv_watch_heard(watch->dev);
	else if (event)
		xpv_lane_mark(&watch->dev->lane, event);
	return false;
}

/* Our own writes come back too: only names somebody waits for count. */
static unsigned long own_event(const struct xpv_device *dev, const char *key)
{
	if (!strcmp(key, "online"))
		return XPV_EV_ONLINE;
	return is_one_of(dev->drv->own_keys, key) ? XPV_EV_OWN : 0;
}

static bool own_will_handle(struct xenbus_watch *xs, const char *path,
			    const char *token)
{
	struct xpv_watch *watch = container_of(xs, struct xpv_watch, xs);
	const char *key = key_of(xs, path);
	unsigned long event = key ? own_event(watch->dev, key) : 0;

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
	err = xpv_fault(dev, "a watch") ? -ENOMEM :
	      register_xenbus_watch(&watch->xs);
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
static struct xpv_watch *watch_own(struct xpv_device *dev)
{
	return watch_create(dev, kstrdup(dev->nodename, GFP_NOIO),
			    own_will_handle);
}

/* Watch the other end's state, and more if the driver asks; may sleep. */
struct xpv_watch *xpv_watch_other(struct xpv_device *dev)
{
	const char *key = dev->drv->other_keys ? "" : "/state";

	return watch_create(dev, kasprintf(GFP_NOIO, "%s%s", dev->otherend,
					   key),
			    other_will_handle);
}

/*
 * Watch what the device needs to be watched and is not yet; may sleep. Of a
 * frontend the bus and frontends_will_handle() tell.
 */
int xpv_watch_device(struct xpv_device *dev)
{
	if (dev->drv->side == XPV_FRONTEND)
		return 0;
	if (IS_ERR_OR_NULL(dev->other_watch))
		dev->other_watch = xpv_watch_other(dev);
	if (IS_ERR(dev->other_watch))
		return PTR_ERR(dev->other_watch);
	if (IS_ERR_OR_NULL(dev->own_watch))
		dev->own_watch = watch_own(dev);
	return PTR_ERR_OR_ZERO(dev->own_watch);
}

/* Unregister later; any context. NULL and ERR_PTR are nothing. */
void xpv_watch_bury(struct xpv_watch *watch)
{
	if (IS_ERR_OR_NULL(watch))
		return;
	llist_add(&watch->grave, &graveyard);
	queue_delayed_work(xpv_reaper, &digger, 0);
}

/* Where its backend is, or what its driver wants to know of. */
static unsigned long frontend_event(const struct xpv_device *dev, const char *key)
{
	if (!strcmp(key, "backend") || !strcmp(key, "backend-id"))
		return XPV_EV_MOVED;
	return own_event(dev, key);
}

/*
 * One for all frontends, of which a domain has more than xenstore lets it have
 * watches.
 */
static bool frontends_will_handle(struct xenbus_watch *xs, const char *path,
				  const char *token)
{
	const char *key = strrchr(path, '/');

	if (key)
		xpv_device_wrote(path, key - path, key + 1, frontend_event);
	return false;
}

/* Registered as long as this module is loaded: see xpv_watch_exit(). */
static struct xenbus_watch frontends = {
	.node = FRONTENDS,
	.will_handle = frontends_will_handle,
	.callback = watch_callback,
};

int xpv_watch_init(void)
{
	return register_xenbus_watch(&frontends);
}

/*
 * No device is left, so nothing is buried; but xenwatch may still be on its way
 * out of dig(). Unregistering from here waits for it.
 */
void xpv_watch_exit(void)
{
	cancel_delayed_work_sync(&digger);
	unregister_xenbus_watch(&frontends);
}
