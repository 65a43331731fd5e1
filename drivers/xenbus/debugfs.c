// SPDX-License-Identifier: GPL-2.0
/*
 * /sys/kernel/debug/xenbus-mt/devices: every device, what its lane runs and
 * since when, both ends' states, the last step and the reason of a failure.
 */
#include <linux/debugfs.h>
#include <linux/seq_file.h>
#include "internal.h"

static struct dentry *debugfs_dir;

static s64 ms_since(ktime_t then)
{
	return ktime_ms_delta(ktime_get(), then);
}

static void show_lane(struct xpv_device *dev, struct seq_file *to)
{
	const char *step = READ_ONCE(dev->lane.step);

	seq_printf(to, "  lane: %s", step ?: "idle");
	if (step)
		seq_printf(to, " for %lld ms", ms_since(dev->lane.since));
	seq_printf(to, ", %lu runs\n", dev->lane.runs);
}

static void show_life(struct xpv_device *dev, struct seq_file *to)
{
	seq_printf(to, "  state: %s, other end %s (domain %d)%s\n",
		   xpv_state_name(dev->state), xpv_state_name(dev->other),
		   dev->otherend_id, dev->online ? "" : ", offline");
	if (dev->last_time)
		seq_printf(to, "  last step: %s, %lld ms ago\n",
			   xpv_move_name(dev->last_move),
			   ms_since(dev->last_time));
	if (READ_ONCE(dev->former.doubted))
		seq_puts(to, "  waits for the frontend to notice that its backend is a new one\n");
}

static void show_failure(struct xpv_device *dev, struct seq_file *to)
{
	char text[sizeof(dev->fail_text)] = "";

	spin_lock_irq(&dev->lock);
	if (dev->failed)
		strscpy(text, dev->fail_text, sizeof(text));
	spin_unlock_irq(&dev->lock);
	if (*text)
		seq_printf(to, "  failed: %s\n", text);
}

static void show_device(struct xpv_device *dev, struct seq_file *to)
{
	seq_printf(to, "%s (%s)\n", dev->nodename, dev->drv->name);
	show_life(dev, to);
	show_lane(dev, to);
	seq_printf(to, "  holds: %d grants, %d maps, %d event channels\n",
		   atomic_read(&dev->held.grants),
		   atomic_read(&dev->held.maps),
		   atomic_read(&dev->held.evtchns));
	show_failure(dev, to);
	if (dev->drv->show && READ_ONCE(dev->probed))
		dev->drv->show(dev, to);
}

static int devices_show(struct seq_file *to, void *unused)
{
	struct xpv_device *dev;

	mutex_lock(&xpv_devices_lock);
	list_for_each_entry(dev, &xpv_devices, link)
		show_device(dev, to);
	mutex_unlock(&xpv_devices_lock);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(devices);

void xpv_debugfs_init(void)
{
	debugfs_dir = debugfs_create_dir("xenbus-mt", NULL);
	debugfs_create_file("devices", 0400, debugfs_dir, NULL, &devices_fops);
	xpv_fault_init(debugfs_dir);
}

void xpv_debugfs_exit(void)
{
	debugfs_remove(debugfs_dir);
}
