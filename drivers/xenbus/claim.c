// SPDX-License-Identifier: GPL-2.0
/*
 * The claims on the stock buses: thin drivers whose callbacks only tell the
 * lane. They keep sysfs, uevents, autoload and mutual exclusion with in-tree
 * drivers as users know them.
 *
 * The callbacks run in xenwatch, or in a process that loads, unbinds or
 * unloads; always with the device lock held. The lane never takes that lock,
 * and never unregisters a watch, so it may be waited for.
 */
#include <linux/export.h>
#include <linux/module.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/wait_bit.h>
#include <xen/xen.h>
#include <compat/xenbus.h>
#include "internal.h"

/*
 * The buses' driver callbacks, learned from a driver that matches nothing.
 * Registering a frontend driver the usual way makes module loading wait, up
 * to five minutes, until every device of it is connected.
 */
static struct xenbus_driver bus_template[2];

static struct xpv_driver *driver_of(struct xenbus_device *bus)
{
	return container_of(to_xenbus_driver(bus->dev.driver),
			    struct xpv_driver, bus);
}

static int claim_probe(struct xenbus_device *bus,
		       const struct xenbus_device_id *id)
{
	struct xpv_device *dev = xpv_device_create(bus, driver_of(bus));

	if (IS_ERR(dev))
		return PTR_ERR(dev);
	dev_set_drvdata(&bus->dev, dev);
	xpv_lane_mark(&dev->lane, XPV_EV_PROBE);
	return 0;
}

/*
 * The bus watches the other end too. While that watch is registered the device is
 * ours: the bus unregisters it before it takes the device from us. A backend has a
 * watch of its own, which is for more; a frontend that is where the bus found it
 * goes by this one, since xenstore lets a domain have few.
 */
static void bus_watch_heard(struct xenbus_device *bus)
{
	struct xpv_device *dev = dev_get_drvdata(&bus->dev);

	if (dev && dev->drv->side == XPV_FRONTEND && !READ_ONCE(dev->other_watch))
		xpv_watch_heard(dev);
}

/* The bus needs no event itself, but at shutdown, when it waits for one. */
static bool bus_watch_will_handle(struct xenbus_watch *watch, const char *path,
				  const char *token)
{
	bus_watch_heard(container_of(watch, struct xenbus_device, otherend_watch));
	return system_state > SYSTEM_RUNNING && !watch->nr_pending;
}

/* A first event, which came before we could have it. */
static void claim_otherend_changed(struct xenbus_device *bus,
				   enum xenbus_state state)
{
	WRITE_ONCE(bus->otherend_watch.will_handle, bus_watch_will_handle);
	bus_watch_heard(bus);
}

/*
 * The bus has registered its watch: what happened before, the lane may have missed,
 * and what happens from now on need not wait for xenwatch.
 */
static int claim_bound(struct notifier_block *nb, unsigned long action, void *data)
{
	struct device *device = data;

	if (action == BUS_NOTIFY_BOUND_DRIVER &&
	    to_xenbus_driver(device->driver)->otherend_changed == claim_otherend_changed)
		claim_otherend_changed(to_xenbus_device(device), XenbusStateUnknown);
	return NOTIFY_DONE;
}

static struct notifier_block claim_notifier[2] = {
	{ .notifier_call = claim_bound },
	{ .notifier_call = claim_bound },
};

/*
 * Whether the removal is waited for with the device lock held, which xenwatch
 * may want: a process that unbinds waits, xenwatch does not, and unloading
 * waits later, without the lock. A driver with a child is waited for by all,
 * since the child must go before its parent; aborted first, it waits for
 * nobody.
 */
static void claim_remove(struct xenbus_device *bus)
{
	struct xpv_device *dev = dev_get_drvdata(&bus->dev);
	bool vanished = current->flags & PF_KTHREAD;
	bool wait = dev->drv->has_child ||
		    (!vanished && !READ_ONCE(dev->drv->leaving));

	WRITE_ONCE(dev->vanished, vanished);
	if (dev->drv->abort &&
	    (vanished || dev->state != XenbusStateConnected))
		dev->drv->abort(dev);
	dev_set_drvdata(&bus->dev, NULL);
	xpv_device_get(dev);
	xpv_lane_mark(&dev->lane, XPV_EV_REMOVE);
	if (wait)
		wait_for_completion(&dev->removed);
	/* An equal state keeps the bus from writing one after us. */
	bus->state = XenbusStateClosed;
	xpv_device_put(dev);
}

/*
 * The domain was restored by a toolstack that knows nothing of this device. Whoever
 * attached it may do so again.
 */
static void claim_homeless(struct xpv_device *dev)
{
	xpv_warn(dev, "not attached where this domain was restored: waiting for that\n");
	WRITE_ONCE(dev->homeless, true);
	xpv_lane_mark(&dev->lane, XPV_EV_MOVED);
}

/*
 * The bus refuses a device for good whose backend has no directory yet. Ours
 * waits for it. What is missing here is the toolstack's fault.
 */
static int read_backend_details(struct xenbus_device *bus)
{
	struct xpv_device *dev = dev_get_drvdata(&bus->dev);
	char *backend;
	int err = xpv_home_read(bus->nodename, &backend, &bus->otherend_id);

	if (!err)
		bus->otherend = backend;
	else if (dev)
		claim_homeless(dev);
	else
		xenbus_dev_fatal(bus, err, "reading backend and backend-id");
	return err;
}

static int claim_resume(struct xenbus_device *bus)
{
	struct xpv_device *dev = dev_get_drvdata(&bus->dev);
	int err = xpv_device_moved(dev, bus->otherend, bus->otherend_id);

	WRITE_ONCE(dev->homeless, false);
	if (!err)
		xpv_lane_mark(&dev->lane, XPV_EV_RESUME);
	return err;
}

/* The bus holds off our claim_remove() meanwhile. */
static void claim_reclaim(struct xenbus_device *bus)
{
	struct xpv_device *dev = dev_get_drvdata(&bus->dev);

	if (dev && dev->drv->reclaim)
		xpv_lane_mark(&dev->lane, XPV_EV_RECLAIM);
}

/*
 * A uevent, which may come from anywhere and at any time, also when our claim
 * has just ended: only a device that is listed is there. Until remove() has
 * begun, its driver is asked.
 */
static int claim_uevent(COMPAT_UEVENT_DEVICE *bus, struct kobj_uevent_env *env)
{
	struct xpv_device *dev;
	int err = 0;

	mutex_lock(&xpv_devices_lock);
	list_for_each_entry(dev, &xpv_devices, link)
		if (dev->bus == bus && READ_ONCE(dev->probed))
			err = dev->drv->uevent(dev, env);
	mutex_unlock(&xpv_devices_lock);
	return err;
}

int xpv_driver_register(struct xpv_driver *drv, struct module *owner)
{
	struct xenbus_driver *bus = &drv->bus;

	if (!xen_domain())
		return -ENODEV;
	*bus = bus_template[drv->side];
	if (drv->side == XPV_FRONTEND)
		bus->read_otherend_details = read_backend_details;
	bus->name = drv->name;
	bus->ids = drv->ids;
	bus->allow_rebind = true;
	bus->probe = claim_probe;
	bus->remove = claim_remove;
	bus->otherend_changed = claim_otherend_changed;
	bus->resume = claim_resume;
	bus->uevent = drv->uevent ? claim_uevent : NULL;
	bus->reclaim_memory = claim_reclaim;
	bus->driver.name = drv->name;
	bus->driver.dev_groups = drv->groups;
	/*
	 * No owner: the bus would hold the module for every device, and a
	 * backend could not be unloaded under a live guest. Unregistering
	 * waits for the devices instead.
	 */
	bus->driver.mod_name = owner ? module_name(owner) : NULL;
	atomic_set(&drv->devices, 0);
	drv->leaving = false;
	return driver_register(&bus->driver);
}
EXPORT_SYMBOL_GPL(xpv_driver_register);

void xpv_driver_unregister(struct xpv_driver *drv)
{
	WRITE_ONCE(drv->leaving, true);
	driver_unregister(&drv->bus.driver);
	wait_var_event(&drv->devices, !atomic_read(&drv->devices));
}
EXPORT_SYMBOL_GPL(xpv_driver_unregister);

static void template_take(enum xpv_side side, const struct xenbus_driver *from)
{
	bus_template[side].read_otherend_details = from->read_otherend_details;
	bus_template[side].driver.bus = from->driver.bus;
}

static int notifiers_register(void)
{
	int err = bus_register_notifier(bus_template[XPV_FRONTEND].driver.bus,
					&claim_notifier[XPV_FRONTEND]);

	if (err)
		return err;
	err = bus_register_notifier(bus_template[XPV_BACKEND].driver.bus,
				    &claim_notifier[XPV_BACKEND]);
	if (err)
		bus_unregister_notifier(bus_template[XPV_FRONTEND].driver.bus,
					&claim_notifier[XPV_FRONTEND]);
	return err;
}

void xpv_claim_exit(void)
{
	enum xpv_side side;

	for (side = XPV_FRONTEND; side <= XPV_BACKEND; side++)
		bus_unregister_notifier(bus_template[side].driver.bus, &claim_notifier[side]);
}

/* Learn both buses. */
int xpv_claim_init(void)
{
	static const struct xenbus_device_id none[] = { { "" } };
	static struct xenbus_driver front = { .name = "xpv", .ids = none };
	static struct xenbus_driver back = { .name = "xpv", .ids = none };
	int err;

	err = xenbus_register_frontend(&front);
	if (err)
		return err;
	template_take(XPV_FRONTEND, &front);
	xenbus_unregister_driver(&front);
	err = xenbus_register_backend(&back);
	if (err)
		return err;
	template_take(XPV_BACKEND, &back);
	xenbus_unregister_driver(&back);
	return notifiers_register();
}
