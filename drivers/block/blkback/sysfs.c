// SPDX-License-Identifier: GPL-2.0
/*
 * Attributes of a backend device, named as the kernel's own driver names them.
 *
 * They may be read at any time between the bus's probe and remove(): while the
 * lane opens the disk, or connects rings.
 */
#include <linux/device.h>
#include <linux/kdev_t.h>
#include <linux/sysfs.h>

#include "blkback.h"

/* NULL before the lane has probed the device. */
static struct blkback *blkback_of(struct device *dev)
{
	struct xpv_device *xdev = xpv_device_from_bus(dev);

	/* Pairs with blkback_probe(): NULL, or a device that is set up. */
	return xdev ? smp_load_acquire(&xdev->priv) : NULL;
}

static ssize_t physical_device_show(struct device *dev,
				    struct device_attribute *attr, char *buf)
{
	struct blkback *be = blkback_of(dev);
	dev_t disk = be ? READ_ONCE(be->vbd.dev) : 0;

	if (!disk)
		return -ENODEV;
	return sysfs_emit(buf, "%x:%x\n", MAJOR(disk), MINOR(disk));
}
static DEVICE_ATTR_RO(physical_device);

static ssize_t mode_show(struct device *dev, struct device_attribute *attr,
			 char *buf)
{
	struct blkback *be = blkback_of(dev);

	if (!be || !READ_ONCE(be->vbd.known))
		return -ENODEV;
	return sysfs_emit(buf, "%s\n", READ_ONCE(be->vbd.writable) ? "w" : "r");
}
static DEVICE_ATTR_RO(mode);

static struct attribute *vbd_attrs[] = {
	&dev_attr_physical_device.attr,
	&dev_attr_mode.attr,
	NULL
};

static const struct attribute_group vbd_group = {
	.attrs = vbd_attrs,
};

/* The sum over all rings of the counter at an offset of their statistics. */
static ssize_t show_sum(struct device *dev, char *buf, size_t offset)
{
	struct blkback *be = blkback_of(dev);
	const struct blkback_ring *ring;
	unsigned long long sum = 0;
	unsigned int i;

	for (i = 0; be && i < be->max_queues; i++) {
		/* Pairs with get_ring(). */
		ring = smp_load_acquire(&be->rings[i]);
		if (ring)
			sum += READ_ONCE(*(unsigned long *)
					 ((char *)&ring->stats + offset));
	}
	return sysfs_emit(buf, "%llu\n", sum);
}

#define STATS_ATTR(_name)						\
static ssize_t _name##_show(struct device *dev,			\
			    struct device_attribute *attr, char *buf)	\
{									\
	return show_sum(dev, buf, offsetof(struct blkback_stats, _name)); \
}									\
static DEVICE_ATTR_RO(_name)

STATS_ATTR(oo_req);
STATS_ATTR(rd_req);
STATS_ATTR(wr_req);
STATS_ATTR(f_req);
STATS_ATTR(ds_req);
STATS_ATTR(rd_sect);
STATS_ATTR(wr_sect);

static struct attribute *stats_attrs[] = {
	&dev_attr_oo_req.attr,
	&dev_attr_rd_req.attr,
	&dev_attr_wr_req.attr,
	&dev_attr_f_req.attr,
	&dev_attr_ds_req.attr,
	&dev_attr_rd_sect.attr,
	&dev_attr_wr_sect.attr,
	NULL
};

static const struct attribute_group stats_group = {
	.name = "statistics",
	.attrs = stats_attrs,
};

const struct attribute_group *blkback_groups[] = {
	&vbd_group,
	&stats_group,
	NULL
};
