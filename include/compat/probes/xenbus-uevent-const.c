// SPDX-License-Identifier: GPL-2.0
/* A uevent callback does not change the device. */
#include <xen/xenbus.h>

static int uevent(const struct xenbus_device *dev, struct kobj_uevent_env *env)
{
	return 0;
}

void probe(struct xenbus_driver *drv);
void probe(struct xenbus_driver *drv)
{
	drv->uevent = uevent;
}
