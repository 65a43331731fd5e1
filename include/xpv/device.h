/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Devices and drivers of the engine. A driver supplies the operations below;
 * the engine claims the bus device, watches both ends, steps the state table
 * and calls the operations from the device's lane: one at a time, in process
 * context, never in xenwatch. See Documentation/lifetime.rst.
 */
#ifndef XPV_DEVICE_H
#define XPV_DEVICE_H

#include <linux/completion.h>
#include <linux/device.h>
#include <linux/kref.h>
#include <linux/list.h>
#include <linux/ratelimit.h>
#include <linux/seq_file.h>
#include <linux/spinlock.h>
#include <linux/types.h>
#include <xen/xenbus.h>
#include <xpv/former.h>
#include <xpv/lane.h>
#include <xpv/loss.h>
#include <xpv/state.h>
#include <xpv/store.h>

struct xpv_device;
struct xpv_watch;

/**
 * struct xpv_account - what a device holds of its other end's or of Xen's
 * @grants: grant references in use or in reserve
 * @maps: foreign pages mapped
 * @evtchns: event channels bound
 *
 * All are zero again once remove() has returned; the engine complains if not.
 */
struct xpv_account {
	atomic_t grants;
	atomic_t maps;
	atomic_t evtchns;
};

/**
 * struct xpv_driver - a split driver of one side
 * @name: for messages and the bus's drivers directory
 * @side: which end it serves
 * @ids: device types, ended by an empty one
 * @groups: sysfs attributes of the bus device, or NULL. They are gone before
 *	remove() runs and may look at dev_get_drvdata() of the bus device,
 *	which is the &struct xpv_device.
 * @own_keys: names in our own directory whose change calls own_changed(),
 *	ended by NULL; or NULL
 * @other_keys: backend only: the same of the other end's directory
 * @has_child: the driver registers a child of the bus device (a disk, a
 *	netdev), so the bus device must outlive remove(): even xenwatch waits
 *	for it, after abort(). Without it xenwatch never waits.
 * @early: the protocol has no Initialised. What a frontend's publish() put is told
 *	by Connected, for which backends wait; the engine counts it as Initialised
 *	until the backend is Connected too.
 * @unmap_first: frontends that close take their memory back when the backend is
 *	Closing, as those of byte rings do. A backend's disconnect() comes
 *	before that, not before Closed. When it is the toolstack that has the
 *	backend Closing, it serves until the frontend is; and a frontend that
 *	has the flag gives it a moment to let go.
 * @fail_after: frontend only: the module's parameter for how many seconds users
 *	wait for a backend that was lost or is silent, 0 for as long as it takes.
 *	What a device begins with; @groups should be xpv_policy_groups
 *
 * @probe: a device was found: allocate what its whole life needs, set
 *	&xpv_device.priv. The other end may be absent. An error ends the
 *	device's life before it began.
 * @appear: let users see the device, for drivers whose devices are named by
 *	turns. Called once, after probe(), in the order in which the bus found
 *	the driver's devices; one that takes more than a second is waited for no
 *	longer. May be NULL
 * @publish: put our keys for a new life: features (backend) or rings
 *	(frontend) into @txn; the engine adds the state in the same
 *	transaction. May be called again for the same life, so it allocates
 *	only what is not there yet; what it allocated disconnect() gives back.
 * @connect: the other end's keys are there: read and check them, start the
 *	data path. -EAGAIN means that something of our own is still missing and
 *	nothing was taken; it is called again once one of @own_keys or the
 *	other end changes. After any other error the engine calls disconnect().
 * @describe: put keys that belong to Connected; may be NULL
 * @connected: we are Connected and said so; may be NULL
 * @refresh: the other end, Connected, rewrote its state; may be NULL
 * @reconfigure: backend only: the other end, Connected, is Reconfiguring: read
 *	again what it may change in that state. The engine then shows
 *	Reconfigured until it is Connected again. NULL if there is nothing such,
 *	and then no frontend may do it.
 * @own_changed: one of @own_keys or @other_keys changed, or the driver called
 *	xpv_device_look(); may be NULL
 * @uevent: add variables to the bus device's uevents. A backend that has it is
 *	announced to user space (online) when it first entered InitWait, and its
 *	leaving (offline) before remove(). Runs beside the lane; must not sleep
 *	for long. May be NULL
 * @reclaim: the kernel is short of memory: give back what can be done
 *	without. Backend only; may be NULL
 * @disconnect: the other end is gone, or going. Stop the data path and give
 *	back rings, grants, maps and event channels. Keep the device: what it
 *	was asked to do waits for the next connect(). Never waits for the other
 *	end. Called in any state, also twice, also after a failed publish().
 * @closing: frontend only: the toolstack wants the device gone. Take it away
 *	from its users, or return -EBUSY while it is in use, and call
 *	xpv_device_kick() once it no longer is. NULL means always ready.
 * @is_served: frontend only: whether the backend still has what we share with it,
 *	whatever its state says. Asked every second while that matters, that is if
 *	users do not wait for ever, or while the toolstack wants a device gone that
 *	is in use. NULL means yes
 * @owes: frontend only: whether the backend has yet to answer something that is up
 *	to it alone. *answers is how many answers of whatever kind it has given on
 *	this connection, modulo 2^32. Asked as is_served(). NULL means no
 * @give_up: frontend only: after disconnect(): no backend is expected soon.
 *	Fail what waits for one, and what is asked from now on, until
 *	connected(). The device stays. NULL if nothing waits
 * @abort: the device will be removed, whatever its state: fail everything
 *	that waits for the other end, now and from now on, so that no operation
 *	in the lane can hang. Called outside the lane, possibly while an
 *	operation runs in it; must not sleep for long. May be NULL.
 * @remove: give back everything. Called once, after disconnect(). The node in
 *	the store may be gone. With @has_child the child must be gone when it
 *	returns.
 * @show: append lines about the device to debugfs; may be NULL. Runs beside
 *	the lane.
 * @bus: the engine's claim on the stock bus; private
 * @devices: the engine's; devices not yet reaped
 * @leaving: the engine's; being unregistered
 */
struct xpv_driver {
	const char *name;
	enum xpv_side side;
	const struct xenbus_device_id *ids;
	const struct attribute_group **groups;
	const char *const *own_keys;
	const char *const *other_keys;
	bool has_child;
	bool early;
	bool unmap_first;
	const unsigned int *fail_after;

	int (*probe)(struct xpv_device *dev);
	int (*appear)(struct xpv_device *dev);
	int (*publish)(struct xpv_device *dev, struct xpv_txn *txn);
	int (*connect)(struct xpv_device *dev);
	int (*describe)(struct xpv_device *dev, struct xpv_txn *txn);
	void (*connected)(struct xpv_device *dev);
	void (*refresh)(struct xpv_device *dev);
	void (*reconfigure)(struct xpv_device *dev);
	void (*own_changed)(struct xpv_device *dev);
	int (*uevent)(struct xpv_device *dev, struct kobj_uevent_env *env);
	void (*reclaim)(struct xpv_device *dev);
	void (*disconnect)(struct xpv_device *dev);
	int (*closing)(struct xpv_device *dev);
	bool (*is_served)(struct xpv_device *dev);
	bool (*owes)(struct xpv_device *dev, u32 *answers);
	void (*give_up)(struct xpv_device *dev);
	void (*abort)(struct xpv_device *dev);
	void (*remove)(struct xpv_device *dev);
	void (*show)(struct xpv_device *dev, struct seq_file *to);

	struct xenbus_driver bus;
	atomic_t devices;
	bool leaving;
};

/**
 * struct xpv_device - one end of one split device
 * @bus: the stock bus's device; a reference is held until the last put
 * @drv: its driver, which stays until the last reference is put
 * @priv: the driver's own
 * @id: number of the device within its type (the last part of its path)
 * @nodename: our directory; constant
 * @otherend: the other end's directory; changes only in the lane, when the domain
 *	was restored or its toolstack says that the backend is another
 * @otherend_id: the other end's domain; as @otherend
 * @state: our state as last written; written in the lane only
 * @other: the other end's state as last read; written in the lane only
 * @online: the toolstack does not want the device gone, as last read; written in
 *	the lane only
 * @held: what it holds
 * @lane: its lane
 *
 * The rest is the engine's.
 */
struct xpv_device {
	struct xenbus_device *bus;
	struct xpv_driver *drv;
	void *priv;
	unsigned int id;
	const char *nodename;
	const char *otherend;
	int otherend_id;
	enum xenbus_state state;
	enum xenbus_state other;
	bool online;
	struct xpv_account held;
	struct xpv_lane lane;

	/* private: */
	struct list_head link;		/* in xpv_devices */
	struct kref ref;
	struct work_struct reap;
	struct completion removed;
	bool vanished;			/* removed because its node is gone */
	bool homeless;			/* its domain was restored without it */
	bool appeared;			/* or never will; under xpv_devices_lock */
	ktime_t found_at;
	unsigned int fail_after;	/* seconds; anybody writes it */

	atomic_t other_events;		/* of the other end's state */
	struct ratelimit_state failures; /* how many are told of */

	/* private: the lane's alone, but for other_watch, which it writes */
	struct xpv_watch *own_watch;
	struct xpv_watch *other_watch;	/* a frontend's: where the bus has none */
	bool inherited;			/* what an earlier driver left was seen to */
	bool probed;
	bool replaced;			/* our node was, when last written */
	bool announced;			/* to user space, as online */
	bool reconfiguring;		/* the other end is */
	bool reconfigured;		/* and our node says that we are */
	struct xpv_former former;	/* the backend before us */
	unsigned int life;		/* a backend's, or that our rings are for */
	bool outlived;			/* our rings are for another backend */
	bool rehomed;			/* the bus knows another backend than we */
	enum xenbus_state failed_at;	/* the other end's, when we failed */
	unsigned int backoff_ms;
	ktime_t reopen_at;
	ktime_t connected_at;
	ktime_t lost_at;		/* a frontend's connection; or 0 */
	struct xpv_silence silence;	/* of the backend that it is with */
	bool given_up;			/* the next one: users were told */
	bool refused;			/* to go: it is in use */
	unsigned int shut_events;	/* other_events, when it was to go */
	ktime_t shut_at;		/* and when that was */
	ktime_t linger_until;		/* a frontend that is Closing */
	unsigned int paces;		/* moves it may make at once */
	ktime_t paced_at;		/* when these were counted; 0: never */
	enum xpv_move last_move;
	ktime_t last_time;

	/* private: under lock, which is taken in any context */
	spinlock_t lock;
	bool failed;
	int fail_err;			/* why */
	bool on_trial;			/* it is nobody's fault if this fails */
	bool trial_failed;
	char fail_text[200];
	char *moved_otherend;		/* where a restored domain finds it */
	int moved_otherend_id;
};

/* For the groups of a frontend: "fail_after". */
extern const struct attribute_group *xpv_policy_groups[];

/**
 * xpv_driver_register() - offer a driver to the bus
 * @drv: the driver, static memory
 * @owner: THIS_MODULE
 *
 * Returns as soon as the bus devices that exist are claimed; none of them is
 * waited for.
 *
 * Context: process; sleeps.
 * Return: 0; -ENODEV off Xen; -EBUSY if another driver of that name is there.
 */
int xpv_driver_register(struct xpv_driver *drv, struct module *owner);

/**
 * xpv_driver_unregister() - take a driver back
 * @drv: the driver
 *
 * Returns when every device of it has been removed and reaped.
 *
 * Context: process; sleeps as long as the removals take.
 */
void xpv_driver_unregister(struct xpv_driver *drv);

/**
 * xpv_device_fail() - say why a device cannot go on
 * @dev: the device
 * @err: a negative errno
 * @fmt: what is wrong, naming the key or the request; no device name, no
 *	newline
 *
 * Logs it, keeps it for debugfs, and has the lane write it to the store's
 * error node and take the device to Closed. It begins anew when the other end
 * does; after -ENOMEM, -ENOSPC, -EAGAIN, -E2BIG and -EIO also by itself, at
 * intervals of 1 to 30 s. While a device has failed, only the first text is kept
 * and logged. Nor is one while a backend tries whether rings that were published
 * for the backend before it are still there.
 *
 * Context: any but NMI.
 * Return: @err, so that a caller can return it.
 */
__printf(3, 4)
int xpv_device_fail(struct xpv_device *dev, int err, const char *fmt, ...);

/**
 * xpv_device_kick() - have the lane look at everything again
 * @dev: the device
 *
 * Context: any, interrupts included.
 */
void xpv_device_kick(struct xpv_device *dev);

/**
 * xpv_device_look() - have the lane call own_changed()
 * @dev: the device
 *
 * For what a device depends on that is not in the store.
 *
 * Context: any, interrupts included.
 */
void xpv_device_look(struct xpv_device *dev);

/**
 * xpv_device_restart() - begin a new life with the same other end
 * @dev: a frontend
 *
 * For what only publish() can tell the other end. The lane disconnects and
 * goes to Closed, and on from there as after a backend that closed. Nothing
 * happens while the device is not connected nor about to be.
 *
 * Context: any, interrupts included.
 */
void xpv_device_restart(struct xpv_device *dev);

/**
 * xpv_device_get() - hold a device
 * @dev: the device
 *
 * Keeps its memory and its driver's module (whose unloading waits), not its
 * life: remove() may have run.
 */
void xpv_device_get(struct xpv_device *dev);

/**
 * xpv_device_put() - let a held device go
 * @dev: the device
 *
 * Context: any; the last put defers the freeing to a worker.
 */
void xpv_device_put(struct xpv_device *dev);

/**
 * xpv_device_from_bus() - the engine's device of a bus device
 * @dev: the bus's, as sysfs callbacks get it
 *
 * Return: the device, or NULL if none is bound.
 */
static inline struct xpv_device *xpv_device_from_bus(struct device *dev)
{
	return dev_get_drvdata(dev);
}

/**
 * xpv_device_parent() - the bus device, as parent of what the driver shows
 * @dev: the device
 */
static inline struct device *xpv_device_parent(struct xpv_device *dev)
{
	return &dev->bus->dev;
}

#define xpv_err(xdev, fmt, ...) \
	dev_err(xpv_device_parent(xdev), fmt, ##__VA_ARGS__)
#define xpv_warn(xdev, fmt, ...) \
	dev_warn(xpv_device_parent(xdev), fmt, ##__VA_ARGS__)
#define xpv_info(xdev, fmt, ...) \
	dev_info(xpv_device_parent(xdev), fmt, ##__VA_ARGS__)
#define xpv_err_ratelimited(xdev, fmt, ...) \
	dev_err_ratelimited(xpv_device_parent(xdev), fmt, ##__VA_ARGS__)

#endif
