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
