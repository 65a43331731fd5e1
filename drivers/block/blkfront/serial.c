// SPDX-License-Identifier: GPL-2.0
/*
 * A disk's identity: an optional key of the backend, which udev makes a link
 * in /dev/disk/by-id of. It stays the same whatever the disk is called here.
 */
#include <linux/ctype.h>
#include <linux/err.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/sysfs.h>
#include <xpv/store.h>
#include "blkfront.h"

/**
 * blkfront_serial_read() - read what the backend says the disk is
 * @bf: the device
 * @serial: filled; BLKFRONT_SERIAL_LEN bytes, empty if it says nothing
 *
 * It becomes a file name: what does not belong into one is replaced.
 *
 * Context: the lane; sleeps.
 */
void blkfront_serial_read(struct blkfront *bf, char *serial)
{
	char *text = xpv_store_text(bf->dev, XPV_OTHER, "serial");

	serial[0] = '\0';
	if (IS_ERR(text))
		return;
	strscpy(serial, strim(text), BLKFRONT_SERIAL_LEN);
	kfree(text);
	for (; *serial; serial++)
		if (!isascii(*serial) ||
		    (!isalnum(*serial) && !strchr("-_.:", *serial)))
			*serial = '_';
}

static struct blkfront *from_disk(struct device *dev)
{
	return dev_to_disk(dev)->private_data;
}

static ssize_t serial_show(struct device *dev, struct device_attribute *attr,
			   char *buf)
{
	return sysfs_emit(buf, "%s\n", from_disk(dev)->serial);
}
static DEVICE_ATTR_RO(serial);

static struct attribute *attrs[] = {
	&dev_attr_serial.attr,
	NULL,
};

static umode_t attr_is_visible(struct kobject *kobj, struct attribute *attr,
			       int n)
{
	return from_disk(kobj_to_dev(kobj))->serial[0] ? attr->mode : 0;
}

static const struct attribute_group group = {
	.attrs = attrs,
	.is_visible = attr_is_visible,
};

const struct attribute_group *blkfront_disk_groups[] = {
	&group,
	NULL,
};
