// SPDX-License-Identifier: GPL-2.0
/*
 * /sys/kernel/debug/xen-netback/VIF/: io_ring_qN shows the rings of a queue and
 * takes "kick", which has it look at them; ctrl shows the hashing.
 */
#include <linux/debugfs.h>
#include <linux/module.h>
#include <linux/seq_file.h>
#include <linux/uaccess.h>

#include "netback.h"

static struct dentry *root;

/* The shared indices are the guest's, and worth what it says. */
static void show_ring(struct seq_file *to, const char *name,
		      const struct xpv_ring *ring)
{
	struct xpv_ring_view view = xpv_ring_look(ring);

	seq_printf(to, "%s: nr_ents %u\n", name, ring->nr);
	seq_printf(to, "req prod %u (%d) cons %u (%d) event %u (%d)\n",
		   view.req_prod, view.req_prod - view.rsp_prod,
		   READ_ONCE(ring->cons), READ_ONCE(ring->cons) - view.rsp_prod,
		   view.req_event, view.req_event - view.rsp_prod);
	seq_printf(to, "rsp prod %u (base) pvt %u (%d) event %u (%d)\n\n",
		   view.rsp_prod, READ_ONCE(ring->prod),
		   READ_ONCE(ring->prod) - view.rsp_prod, view.rsp_event,
		   view.rsp_event - view.rsp_prod);
}

static void show_state(struct seq_file *to, const struct netback_queue *queue)
{
	const struct netback_credit *credit = &queue->vif->credit;
	const struct netback_rx *rx = &queue->rx;
	u32 packets, bytes;

	backlog_look(queue, &packets, &bytes);
	seq_printf(to, "NAPI state: %lx, events owed: %lx\n",
		   READ_ONCE(queue->napi.state), READ_ONCE(queue->flags));
	seq_printf(to, "Credit timer_pending: %d, credit: %llu, usec: %llu, remaining: %llu\n",
		   timer_pending(&queue->tx.credit_timer),
		   READ_ONCE(credit->rate.bytes),
		   READ_ONCE(credit->rate.usec),
		   READ_ONCE(credit->left));
	seq_printf(to, "Rx needs %u buffers%s%s, %u packets wait for copies\n",
		   READ_ONCE(rx->need), READ_ONCE(rx->draining) ? ", drops" : "",
		   READ_ONCE(rx->stalled) ? ", stalled" : "",
		   skb_queue_len_lockless(&rx->waiting));
	seq_printf(to, "Queued above: %u packets, %u bytes%s\n", packets,
		   bytes, READ_ONCE(rx->shedding) ? ", too many" : "");
	seq_printf(to, "Pages staged: %u of %u\n",
		   READ_ONCE(queue->stage.nr), READ_ONCE(queue->stage.max));
}

static int io_ring_show(struct seq_file *to, void *unused)
{
	struct netback_queue *queue = to->private;

	seq_printf(to, "Queue %u\n", queue->index);
	mutex_lock(&queue->vif->rings_lock);
	if (queue->tx.mapped.mem)
		show_ring(to, "TX", &queue->tx.ring);
	if (queue->rx.mapped.mem)
		show_ring(to, "RX", &queue->rx.ring);
	mutex_unlock(&queue->vif->rings_lock);
	show_state(to, queue);
	return 0;
}

static int io_ring_open(struct inode *inode, struct file *file)
{
	return single_open(file, io_ring_show, inode->i_private);
}

static ssize_t io_ring_write(struct file *file, const char __user *from,
			     size_t count, loff_t *pos)
{
	struct netback_queue *queue =
		((struct seq_file *)file->private_data)->private;
	char text[16] = "";

	if (*pos || count >= sizeof(text))
		return -EINVAL;
	if (copy_from_user(text, from, count))
		return -EFAULT;
	if (strcmp(strim(text), "kick"))
		return -EINVAL;
	queue_kick(queue);
	return count;
}

static const struct file_operations io_ring_fops = {
	.owner = THIS_MODULE,
	.open = io_ring_open,
	.read = seq_read,
	.write = io_ring_write,
	.llseek = seq_lseek,
	.release = single_release,
};

static int ctrl_show(struct seq_file *to, void *unused)
{
	hash_show(to->private, to);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(ctrl);

/**
 * netback_debugfs_add() - show a device
 * @vif: the device
 */
void netback_debugfs_add(struct netback *vif)
{
	vif->debugfs = debugfs_create_dir(vif->dev->name, root);
	debugfs_create_file("ctrl", 0400, vif->debugfs, vif, &ctrl_fops);
}

/**
 * netback_debugfs_add_queue() - show a queue that was made
 * @queue: the queue
 */
void netback_debugfs_add_queue(struct netback_queue *queue)
{
	char name[24];

	snprintf(name, sizeof(name), "io_ring_q%u", queue->index);
	debugfs_create_file(name, 0600, queue->vif->debugfs, queue,
			    &io_ring_fops);
}

/**
 * netback_debugfs_del() - no longer show a device
 * @vif: the device
 *
 * When it returns nobody looks at it here.
 */
void netback_debugfs_del(struct netback *vif)
{
	debugfs_remove(vif->debugfs);
}

/* The folder of all devices. */
void netback_debugfs_init(void)
{
	root = debugfs_create_dir("xen-netback", NULL);
}

void netback_debugfs_exit(void)
{
	debugfs_remove(root);
}
