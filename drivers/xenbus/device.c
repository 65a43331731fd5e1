// SPDX-License-Identifier: GPL-2.0
/*
 * Devices as objects: who holds one, and how it is freed.
 *
 * References are held by the claim (from the bus's probe until the lane has
 * run the removal), by each registered watch (until it is unregistered), and
 * by whoever calls xpv_device_get(). The last put may come from any context,
 * so the freeing, which waits for the lane, is a work of its own.
 */
#include <linux/export.h>
#include <linux/kstrtox.h>
#include <linux/slab.h>
#include <linux/wait_bit.h>
#include "internal.h"

LIST_HEAD(xpv_devices);
DEFINE_MUTEX(xpv_devices_lock);
/* The list alone, for those that must not sleep; changed under both locks. */
static DEFINE_SPINLOCK(list_lock);

static void device_free(struct xpv_device *dev)
{
	kfree(dev->moved_otherend);
	kfree(dev->otherend);
	kfree(dev);
}

static void device_reap(struct work_struct *work)
{
	struct xpv_device *dev = container_of(work, struct xpv_device, reap);
	struct xpv_driver *drv = dev->drv;

	xpv_lane_destroy(&dev->lane);
	put_device(&dev->bus->dev);
	device_free(dev);
	if (atomic_dec_and_test(&drv->devices))
		wake_up_var(&drv->devices);
}

static void device_release(struct kref *ref)
{
	struct xpv_device *dev = container_of(ref, struct xpv_device, ref);

	queue_work(xpv_reaper, &dev->reap);
}

void xpv_device_get(struct xpv_device *dev)
{
	kref_get(&dev->ref);
}
EXPORT_SYMBOL_GPL(xpv_device_get);

void xpv_device_put(struct xpv_device *dev)
{
	kref_put(&dev->ref, device_release);
}
EXPORT_SYMBOL_GPL(xpv_device_put);

/* The last part of the path, 0 if it is no number. */
static unsigned int device_number(const char *nodename)
{
	unsigned int id;

	return kstrtouint(kbasename(nodename), 10, &id) ? 0 : id;
}

/* The bus found a device: give it a lane. Its life begins in the lane. */
struct xpv_device *xpv_device_create(struct xenbus_device *bus,
				     struct xpv_driver *drv)
{
	struct xpv_device *dev = kzalloc(sizeof(*dev), GFP_KERNEL);
	int err = -ENOMEM;

	if (!dev)
		return ERR_PTR(-ENOMEM);
	dev->otherend = kstrdup(bus->otherend, GFP_KERNEL);
	if (!dev->otherend)
		goto free;
	err = xpv_lane_init(&dev->lane, drv->side, drv->name, bus->otherend_id,
			    xpv_life_run);
	if (err)
		goto free;
	dev->bus = bus;
	get_device(&bus->dev);
	dev->drv = drv;
	atomic_inc(&drv->devices);
	dev->nodename = bus->nodename;
	dev->otherend_id = bus->otherend_id;
	dev->id = device_number(bus->nodename);
	dev->state = XenbusStateInitialising;
	dev->online = true;
	if (drv->fail_after)
		dev->fail_after = READ_ONCE(*drv->fail_after);
	dev->found_at = ktime_get();
	spin_lock_init(&dev->lock);
	ratelimit_state_init(&dev->failures, DEFAULT_RATELIMIT_INTERVAL,
			     DEFAULT_RATELIMIT_BURST);
	init_completion(&dev->removed);
	INIT_WORK(&dev->reap, device_reap);
	kref_init(&dev->ref);
	mutex_lock(&xpv_devices_lock);
	spin_lock(&list_lock);
	list_add_tail(&dev->link, &xpv_devices);
	spin_unlock(&list_lock);
	mutex_unlock(&xpv_devices_lock);
	return dev;

free:
	device_free(dev);
	return ERR_PTR(err);
}

/* The removal has run: nobody finds the device any more. */
void xpv_device_forget(struct xpv_device *dev)
{
	mutex_lock(&xpv_devices_lock);
	spin_lock(&list_lock);
	list_del(&dev->link);
	spin_unlock(&list_lock);
	mutex_unlock(&xpv_devices_lock);
}

/*
 * Mark the lane of the device whose directory @dir is, if @event says that @key
 * matters to it; process, may be atomic.
 */
void xpv_device_wrote(const char *dir, size_t len, const char *key,
		      unsigned long (*event)(const struct xpv_device *dev, const char *key))
{
	struct xpv_device *dev;
	unsigned long events;

	spin_lock(&list_lock);
	list_for_each_entry(dev, &xpv_devices, link) {
		if (strncmp(dev->nodename, dir, len) || dev->nodename[len])
			continue;
		events = event(dev, key);
		if (events)
			xpv_lane_mark(&dev->lane, events);
		break;
	}
	spin_unlock(&list_lock);
}

/* Note where the other end is from now on. */
int xpv_device_moved(struct xpv_device *dev, const char *otherend, int id)
{
	char *copy = kstrdup(otherend, GFP_NOIO);
	char *old;

	if (!copy)
		return -ENOMEM;
	spin_lock_irq(&dev->lock);
	old = dev->moved_otherend;
	dev->moved_otherend = copy;
	dev->moved_otherend_id = id;
	spin_unlock_irq(&dev->lock);
	kfree(old);
	return 0;
}

/* In the lane: go by the new place. Return: whether there was one. */
bool xpv_device_take_move(struct xpv_device *dev)
{
	const char *old = NULL;

	spin_lock_irq(&dev->lock);
	if (dev->moved_otherend) {
		old = dev->otherend;
		dev->otherend = dev->moved_otherend;
		dev->otherend_id = dev->moved_otherend_id;
		dev->moved_otherend = NULL;
	}
	spin_unlock_irq(&dev->lock);
	kfree(old);
	return old;
}

void xpv_device_kick(struct xpv_device *dev)
{
	xpv_lane_mark(&dev->lane, XPV_EV_KICK);
}
EXPORT_SYMBOL_GPL(xpv_device_kick);

void xpv_device_restart(struct xpv_device *dev)
{
	xpv_lane_mark(&dev->lane, XPV_EV_RESTART);
}
EXPORT_SYMBOL_GPL(xpv_device_restart);

void xpv_device_look(struct xpv_device *dev)
{
	xpv_lane_mark(&dev->lane, XPV_EV_OWN);
}
EXPORT_SYMBOL_GPL(xpv_device_look);
