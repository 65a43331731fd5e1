// SPDX-License-Identifier: GPL-2.0
/*
 * Disks that change their size while they are served.
 *
 * A ring's worker notices with its next run. For an idle disk there is no run,
 * and the block layer tells nobody in the kernel; but it sends a uevent, as
 * for every change of a device. They are listened to here the way user space
 * does. What an event says is of no interest: any is a reason to look, and to
 * look is one comparison per disk.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/net.h>
#include <linux/netlink.h>
#include <linux/socket.h>
#include <linux/uio.h>
#include <linux/workqueue.h>
#include <net/net_namespace.h>
#include <net/sock.h>

#include "blkback.h"

/* The multicast group that the kernel itself sends to. */
#define KERNEL_EVENTS	1

/* Protects what follows. While a device is in the list its disk is open. */
static DEFINE_MUTEX(resize_lock);
static LIST_HEAD(resize_devices);
static struct socket *resize_socket;

/* Throw away what has come; if it was too much, that is an error to go past. */
static void drain_events(void)
	__must_hold(&resize_lock)
{
	struct kvec nothing = {};
	struct msghdr msg = {};
	int err;

	do {
		err = kernel_recvmsg(resize_socket, &msg, &nothing, 1, 0,
				     MSG_DONTWAIT | MSG_TRUNC);
	} while (err >= 0 || err == -ENOBUFS);
}

static void resize_work(struct work_struct *work)
{
	struct blkback *be;

	mutex_lock(&resize_lock);
	if (resize_socket)
		drain_events();
	list_for_each_entry(be, &resize_devices, resize_link)
		if (vbd_has_new_size(&be->vbd))
			xpv_device_look(be->xdev);
	mutex_unlock(&resize_lock);
}

static DECLARE_WORK(resize_worker, resize_work);

/* Context: that of who sends the event. */
static void resize_event(struct sock *sk)
{
	schedule_work(&resize_worker);
}

/**
 * resize_watch() - watch the size of a device's disk
 * @be: the device, connected
 *
 * Context: the lane; sleeps.
 */
void resize_watch(struct blkback *be)
{
	mutex_lock(&resize_lock);
	if (list_empty(&be->resize_link))
		list_add(&be->resize_link, &resize_devices);
	mutex_unlock(&resize_lock);
}

/**
 * resize_unwatch() - do not look at a device's disk any more
 * @be: the device, watched or not
 *
 * Context: the lane; sleeps.
 */
void resize_unwatch(struct blkback *be)
{
	mutex_lock(&resize_lock);
	list_del_init(&be->resize_link);
	mutex_unlock(&resize_lock);
}

/**
 * resize_init() - listen to the kernel's events
 *
 * Without them the size of an idle disk is noticed later.
 *
 * Context: process; sleeps.
 */
void resize_init(void)
{
	struct sockaddr_nl address = {
		.nl_family = AF_NETLINK,
		.nl_groups = KERNEL_EVENTS,
	};
	struct socket *sock;
	int err;

	err = sock_create_kern(&init_net, PF_NETLINK, SOCK_RAW,
			       NETLINK_KOBJECT_UEVENT, &sock);
	if (err)
		goto err_none;
	resize_socket = sock;
	sock->sk->sk_data_ready = resize_event;
	err = kernel_bind(sock, (struct sockaddr *)&address, sizeof(address));
	if (!err)
		return;
	resize_exit();

err_none:
	pr_warn("cannot listen to events (error %d): new sizes of idle disks go unnoticed\n",
		err);
}

/**
 * resize_exit() - stop listening
 *
 * Context: process; sleeps. No device is left.
 */
void resize_exit(void)
{
	struct socket *sock;

	mutex_lock(&resize_lock);
	sock = resize_socket;
	resize_socket = NULL;
	mutex_unlock(&resize_lock);
	/* After this there are no events. */
	if (sock)
		sock_release(sock);
	cancel_work_sync(&resize_worker);
}
