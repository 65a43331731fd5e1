// SPDX-License-Identifier: GPL-2.0
/*
 * Where a frontend's backend is. Its directory says that, and the toolstack may
 * name another domain there when that of the backend is gone, or is to go. The
 * bus reads it when it finds the device, and when the domain is restored.
 */
#include <linux/slab.h>
#include <linux/string.h>
#include "internal.h"

/*
 * What a frontend's directory says.
 * Return: 0; -ENOENT if it does not; another of the store's errors.
 */
int xpv_home_read(const char *dir, char **backend, int *id)
{
	char *path = NULL;
	int err = xenbus_gather(XBT_NIL, dir, "backend-id", "%i", id,
				"backend", NULL, &path, NULL);

	if (!err && !*path)
		err = -ENOENT;
	if (err)
		kfree(path);
	else
		*backend = path;
	return err;
}

/*
 * Note where a frontend's directory says that the backend is; in the lane.
 * Return: 1 if that is another one than there was, or there was none; 0 if not; or
 * the store's error.
 */
int xpv_home_look(struct xpv_device *dev)
{
	char *backend;
	int id, err;

	err = xpv_home_read(dev->nodename, &backend, &id);
	/* The toolstack is half way: it writes the rest, or takes us away. */
	if (err == -ENOENT || err == -EINVAL)
		return 0;
	if (err)
		return err;
	if (READ_ONCE(dev->homeless) || id != dev->otherend_id ||
	    strcmp(backend, dev->otherend))
		err = xpv_device_moved(dev, backend, id) ?: 1;
	kfree(backend);
	return err;
}

/*
 * A new life, with the other end at its new place. Whatever still serves at the old
 * one is left first: nothing that is granted to the new one may reach it.
 * Return: false if it has none.
 */
static bool home_take(struct xpv_device *dev)
{
	if (!READ_ONCE(dev->moved_otherend))
		return false;
	xpv_life_disconnect(dev);
	xpv_device_take_move(dev);
	dev->other = XenbusStateUnknown;
	dev->backoff_ms = 0;
	dev->reopen_at = 0;
	xpv_failure_forgive(dev);
	return true;
}

static void home_watch(struct xpv_device *dev, struct xpv_watch *watch)
{
	struct xpv_watch *before = dev->other_watch;

	WRITE_ONCE(dev->other_watch, watch);
	xpv_watch_bury(before);
	if (IS_ERR(watch))
		xpv_device_fail(dev, PTR_ERR(watch), "cannot watch %s", dev->otherend);
}

/* The toolstack moved it: the bus goes on watching the place before. */
void xpv_home_move(struct xpv_device *dev)
{
	if (home_take(dev))
		home_watch(dev, xpv_watch_other(dev));
}

/* A restored domain finds the other end elsewhere, where the bus watches; and itself fresh. */
void xpv_home_resume(struct xpv_device *dev)
{
	if (!home_take(dev))
		return;
	/* Unless the bus could not. */
	home_watch(dev, dev->bus->otherend_watch.node ? NULL : xpv_watch_other(dev));
	dev->state = XenbusStateInitialising;
	dev->rehomed = false;
}

/* So does one whose device was attached again later, of which the bus knows nothing. */
void xpv_home_find(struct xpv_device *dev)
{
	WRITE_ONCE(dev->homeless, false);
	if (home_take(dev)) {
		home_watch(dev, xpv_watch_other(dev));
		dev->state = XenbusStateInitialising;
	}
	dev->rehomed = true;
	xpv_info(dev, "attached again, its backend is %s\n", dev->otherend);
}

/*
 * The system goes down. The bus closes a frontend that is Connected, and waits for
 * its own watch to tell that the backend closes too; which is where the backend was
 * when the device was found.
 */
void xpv_home_go_down(struct xpv_device *dev)
{
	enum xenbus_state other;

	if (!dev->rehomed || dev->bus->state != XenbusStateClosing ||
	    xpv_store_state(dev->otherend, &other))
		return;
	if (other == XenbusStateClosing || other == XenbusStateClosed)
		xenbus_frontend_closed(dev->bus);
}
