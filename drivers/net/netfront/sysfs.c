// SPDX-License-Identifier: GPL-2.0
/*
 * rxbuf_min, rxbuf_max and rxbuf_cur in the netdev's folder: scripts of old set
 * how many buffers there be. They are read as the ring's size, and what is
 * written to them changes nothing, as in the kernel's own driver.
 */
#include <linux/capability.h>
#include <linux/kstrtox.h>
#include <linux/sysfs.h>
#include "netfront.h"

static ssize_t rxbuf_show(struct device *dev, struct device_attribute *attr,
			  char *buf)
{
	struct netfront *nf = netdev_priv(to_net_dev(dev));

	return sysfs_emit(buf, "%u\n",
			  xpv_ring_slots(XEN_PAGE_SIZE << nf->rx_order,
					 sizeof(struct xen_netif_rx_request)));
}

static ssize_t rxbuf_store(struct device *dev, struct device_attribute *attr,
			   const char *buf, size_t len)
{
	unsigned long target;
	int err;

	if (!capable(CAP_NET_ADMIN))
		return -EPERM;
	err = kstrtoul(buf, 0, &target);
	return err ?: len;
}

static struct device_attribute rxbuf_min =
	__ATTR(rxbuf_min, 0644, rxbuf_show, rxbuf_store);
static struct device_attribute rxbuf_max =
	__ATTR(rxbuf_max, 0644, rxbuf_show, rxbuf_store);
static struct device_attribute rxbuf_cur =
	__ATTR(rxbuf_cur, 0444, rxbuf_show, NULL);

static struct attribute *attrs[] = {
	&rxbuf_min.attr,
	&rxbuf_max.attr,
	&rxbuf_cur.attr,
	NULL,
};

const struct attribute_group netfront_group = {
	.attrs = attrs,
};
