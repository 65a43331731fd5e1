// SPDX-License-Identifier: GPL-2.0
/*
 * Which step fails on purpose; see include/xpv/fault.h.
 *
 * /sys/kernel/debug/xenbus-mt/fault: writing "vbd-1-51712 7" has the seventh step
 * of that device fail which can, and no other; "vbd-1-51712 7 3" that and the two
 * after it; "none" disarms. Reading tells what is armed, or what has failed last.
 */
#include <linux/debugfs.h>
#include <linux/export.h>
#include <linux/seq_file.h>
#include <linux/spinlock.h>
#include <linux/string.h>
#include <linux/uaccess.h>
#include <xpv/fault.h>
#include "internal.h"

#define NAME_MAX_BYTES	48

unsigned int xpv_fault_left;
EXPORT_SYMBOL_GPL(xpv_fault_left);

/* Protects what follows, and changes of xpv_fault_left. Taken in any context. */
static DEFINE_SPINLOCK(fault_lock);
static char fault_device[NAME_MAX_BYTES];	/* who is armed, or was */
static char fault_step[NAME_MAX_BYTES];	/* what failed, or "" */
static unsigned int fault_more;		/* how many fail after the next */

static const char *device_name(const struct xpv_device *dev)
{
	return dev_name(&dev->bus->dev);
}

bool xpv_fault_count(struct xpv_device *dev, const char *step)
{
	unsigned long flags;
	bool now = false;

	spin_lock_irqsave(&fault_lock, flags);
	if (xpv_fault_left && !strcmp(fault_device, device_name(dev))) {
		WRITE_ONCE(xpv_fault_left, xpv_fault_left - 1);
		now = !xpv_fault_left;
	}
	if (now) {
		strscpy(fault_step, step, sizeof(fault_step));
		if (fault_more) {
			fault_more--;
			WRITE_ONCE(xpv_fault_left, 1);
		}
	}
	spin_unlock_irqrestore(&fault_lock, flags);
	if (now)
		xpv_info(dev, "fails on purpose: %s\n", step);
	return now;
}
EXPORT_SYMBOL_GPL(xpv_fault_count);

static void fault_arm(const char *device, unsigned int left,
		      unsigned int times)
{
	unsigned long flags;

	spin_lock_irqsave(&fault_lock, flags);
	strscpy(fault_device, device, sizeof(fault_device));
	fault_step[0] = 0;
	fault_more = times - 1;
	WRITE_ONCE(xpv_fault_left, left);
	spin_unlock_irqrestore(&fault_lock, flags);
}

static int fault_show(struct seq_file *to, void *unused)
{
	char device[NAME_MAX_BYTES], step[NAME_MAX_BYTES];
	unsigned int left;

	spin_lock_irq(&fault_lock);
	strscpy(device, fault_device, sizeof(device));
	left = xpv_fault_left;
	strscpy(step, fault_step, sizeof(step));
	spin_unlock_irq(&fault_lock);
	if (step[0])
		seq_printf(to, "%s failed: %s\n", device, step);
	else if (left)
		seq_printf(to, "%s %u\n", device, left);
	else
		seq_puts(to, "none\n");
	return 0;
}

static int fault_open(struct inode *inode, struct file *file)
{
	return single_open(file, fault_show, NULL);
}

static ssize_t fault_write(struct file *file, const char __user *from,
			   size_t len, loff_t *at)
{
	char text[NAME_MAX_BYTES + 24], device[NAME_MAX_BYTES];
	unsigned int left, times = 1;

	if (len >= sizeof(text))
		return -EINVAL;
	if (copy_from_user(text, from, len))
		return -EFAULT;
	text[len] = 0;
	if (sysfs_streq(text, "none"))
		fault_arm("", 0, 1);
	else if (sscanf(text, "%47s %u %u", device, &left, &times) >= 2 &&
		 left && times)
		fault_arm(device, left, times);
	else
		return -EINVAL;
	return len;
}

static const struct file_operations fault_fops = {
	.owner = THIS_MODULE,
	.open = fault_open,
	.read = seq_read,
	.write = fault_write,
	.llseek = seq_lseek,
	.release = single_release,
};

/* In the engine's folder of debugfs. */
void xpv_fault_init(struct dentry *dir)
{
	debugfs_create_file("fault", 0600, dir, NULL, &fault_fops);
}
