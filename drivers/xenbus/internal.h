/* SPDX-License-Identifier: GPL-2.0 */
/* What the engine's own files share; drivers use include/xpv. */
#ifndef XPV_XENBUS_INTERNAL_H
#define XPV_XENBUS_INTERNAL_H

#include <linux/bits.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <xpv/device.h>

struct dentry;

/* Why a lane runs. */
#define XPV_EV_PROBE	BIT(0)	/* the bus found the device */
#define XPV_EV_OTHER	BIT(1)	/* the other end's state was written */
#define XPV_EV_ONLINE	BIT(2)	/* our own "online" was written */
#define XPV_EV_OWN	BIT(3)	/* one of the driver's own_keys was written */
#define XPV_EV_KICK	BIT(4)	/* the driver asked */
#define XPV_EV_RESUME	BIT(5)	/* the domain was restored */
#define XPV_EV_REMOVE	BIT(6)	/* the bus takes the device back */
#define XPV_EV_RECLAIM	BIT(7)	/* the kernel is short of memory */
#define XPV_EV_RESTART	BIT(8)	/* the driver wants a new life */
#define XPV_EV_MOVED	BIT(9)	/* our "backend" or "backend-id" was written */

/* device.c */
extern struct list_head xpv_devices;
/* Protects xpv_devices, and what debugfs asks drivers about against removal. */
extern struct mutex xpv_devices_lock;
struct xpv_device *xpv_device_create(struct xenbus_device *bus,
				     struct xpv_driver *drv);
int xpv_device_moved(struct xpv_device *dev, const char *otherend, int id);
bool xpv_device_take_move(struct xpv_device *dev);
void xpv_device_wrote(const char *dir, size_t len, const char *key,
		      unsigned long (*event)(const struct xpv_device *dev, const char *key));
void xpv_device_forget(struct xpv_device *dev);

/* life.c */
void xpv_life_run(struct xpv_lane *lane, unsigned long events);
void xpv_life_disconnect(struct xpv_device *dev);
bool xpv_life_may_reopen(struct xpv_device *dev);

/* look.c */
int xpv_look(struct xpv_device *dev);

static inline const char *xpv_peer_name(const struct xpv_device *dev)
{
	return dev->drv->side == XPV_FRONTEND ? "backend" : "frontend";
}

/* failure.c */
bool xpv_failure_is_passing(int err);
void xpv_failure_forgive(struct xpv_device *dev);
void xpv_failure_explain(struct xpv_device *dev);
enum xpv_move xpv_failure_move(struct xpv_device *dev);

/* trial.c */
int xpv_trial_connect(struct xpv_device *dev);

/* number.c */
void xpv_number_make(struct xpv_device *dev);
int xpv_number_take(struct xpv_device *dev);
int xpv_number_publish(struct xpv_device *dev, struct xpv_txn *txn);
int xpv_number_forget(struct xpv_device *dev, struct xpv_txn *txn);
int xpv_number_look(struct xpv_device *dev);
int xpv_number_word(struct xpv_device *dev, enum xpv_former_word *word);

/* wait.c */
#define XPV_WAIT_LOOK	1000	/* how often a backend is looked for, ms */
void xpv_wait_end(struct xpv_device *dev);
void xpv_wait_look(struct xpv_device *dev);
bool xpv_wait_is_served(struct xpv_device *dev);

/* store.c */
bool xpv_store_is_absent(int err);
int xpv_store_state(const char *dir, enum xenbus_state *state);
int xpv_store_set_state(struct xpv_device *dev, enum xenbus_state state,
			int (*fill)(struct xpv_device *dev,
				    struct xpv_txn *txn));
int xpv_store_show_state(struct xpv_device *dev, enum xenbus_state state);
void xpv_store_error(struct xpv_device *dev, const char *text);

/* home.c */
int xpv_home_read(const char *dir, char **backend, int *id);
int xpv_home_look(struct xpv_device *dev);
void xpv_home_move(struct xpv_device *dev);
void xpv_home_resume(struct xpv_device *dev);
void xpv_home_find(struct xpv_device *dev);
void xpv_home_go_down(struct xpv_device *dev);

/* watch.c */
int xpv_watch_device(struct xpv_device *dev);
struct xpv_watch *xpv_watch_other(struct xpv_device *dev);
void xpv_watch_heard(struct xpv_device *dev);
void xpv_watch_bury(struct xpv_watch *watch);
int xpv_watch_init(void);
void xpv_watch_exit(void);

/* claim.c */
int xpv_claim_init(void);
void xpv_claim_exit(void);

/* main.c */
extern struct workqueue_struct *xpv_reaper;	/* frees what nobody waits for */
extern struct workqueue_struct *xpv_abreast_queue;

/* abreast.c */
void xpv_abreast(unsigned int nr, void (*one)(void *arg, unsigned int i), void *arg);

/* fault.c */
void xpv_fault_init(struct dentry *dir);

/* debugfs.c */
void xpv_debugfs_init(void);
void xpv_debugfs_exit(void);

#endif
