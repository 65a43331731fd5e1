// SPDX-License-Identifier: GPL-2.0
/*
 * What an administrator decides for a device: fail_after in
 * /sys/bus/xen/devices/NAME, see Documentation/lifetime.rst.
 */
#include <linux/device.h>
#include <linux/export.h>
#include <linux/kstrtox.h>
#include <linux/sysfs.h>
#include "internal.h"

static ssize_t fail_after_show(struct device *dev,
			       struct device_attribute *attr, char *to)
{
	const struct xpv_device *xdev = xpv_device_from_bus(dev);

	if (!xdev)
		return -ENODEV;
	return sysfs_emit(to, "%u\n", READ_ONCE(xdev->fail_after));
}

static ssize_t fail_after_store(struct device *dev,
				struct device_attribute *attr, const char *from,
				size_t len)
{
	struct xpv_device *xdev = xpv_device_from_bus(dev);
	unsigned int seconds;
	int err;

	if (!xdev)
		return -ENODEV;
	err = kstrtouint(from, 10, &seconds);
	if (err)
		return err;
	WRITE_ONCE(xdev->fail_after, seconds);
	xpv_device_kick(xdev);
	return len;
}
static DEVICE_ATTR_RW(fail_after);

static struct attribute *policy_attrs[] = {
	&dev_attr_fail_after.attr,
	NULL
};

static const struct attribute_group policy_group = {
	.attrs = policy_attrs,
};

const struct attribute_group *xpv_policy_groups[] = {
	&policy_group,
	NULL
};
EXPORT_SYMBOL_GPL(xpv_policy_groups);
