// SPDX-License-Identifier: GPL-2.0
/*
 * The life of a device, as its lane runs it: read both ends, ask the state
 * table for the next step, take it, until there is none.
 *
 * Everything here runs in the device's lane, one run at a time. Events only
 * say why to look; what is true is read from the store.
 */
#include <linux/kernel.h>
#include <linux/kobject.h>
#include <linux/math64.h>
#include <linux/sched/mm.h>
#include "internal.h"

/* More steps than any walk through the table needs. */
#define STEPS_MAX	8

/* Back-off between two lives that the other end ended, milliseconds. */
#define BACKOFF_MIN	1000
#define BACKOFF_MAX	30000

/* How long a frontend that closes waits for its backend to let go, milliseconds. */
#define LINGER_MAX	500

/* How long a device waits for those the bus found before it, milliseconds. */
#define APPEAR_MAX	1000

/*
 * Moves that a device may make at once, and how long it rests for each further
 * one, milliseconds. A move costs the store, and everybody who shares it, more
 * than it costs the other end that provokes it.
 */
#define PACES_MAX	64
#define PACE_MS		250

/* What a step leads to. */
enum outcome {
	GO_ON,		/* the state changed: ask again */
	WAIT,		/* something outside must change first */
};

void xpv_life_disconnect(struct xpv_device *dev)
{
	if (!dev->probed)
		return;
	xpv_lane_step(&dev->lane, "disconnecting");
	dev->drv->disconnect(dev);
	if (!dev->connected_at)
		return;
	if (ktime_ms_delta(ktime_get(), dev->connected_at) > BACKOFF_MAX)
		dev->backoff_ms = 0;
	dev->connected_at = 0;
	dev->lost_at = ktime_get();
}

/*
 * Our node was deleted and made anew before the bus saw that it was gone: for
 * the bus we still are that device. If it does not take us away after all, we
 * become the new one. A frontend that still has a disk does not: the new one
 * may be another.
 */
static enum outcome life_replaced(struct xpv_device *dev)
{
	xpv_life_disconnect(dev);
	if (dev->replaced && dev->drv->side == XPV_FRONTEND &&
	    dev->state != XenbusStateClosed) {
		xpv_device_fail(dev, -ESTALE, "replaced while in use: to be unbound and bound");
		return WAIT;
	}
	if (dev->replaced) {
		dev->state = XenbusStateInitialising;
		dev->other = XenbusStateUnknown;
		xpv_former_end(&dev->former);
		xpv_failure_forgive(dev);
	}
	dev->replaced = !dev->replaced;
	xpv_lane_retry(&dev->lane, BACKOFF_MIN);
	return WAIT;
}

/*
 * The store refused a state. If our node is gone the bus will remove us;
 * anything else may pass.
 */
static enum outcome state_refused(struct xpv_device *dev, int err)
{
	if (err == -ENODEV)
		return WAIT;
	if (err == -ESTALE)
		return life_replaced(dev);
	xpv_err_ratelimited(dev, "cannot write our state: error %d\n", err);
	xpv_lane_retry(&dev->lane, BACKOFF_MIN);
	return WAIT;
}

static enum outcome enter(struct xpv_device *dev, enum xenbus_state state)
{
	int err = xpv_store_set_state(dev, state, NULL);

	return err ? state_refused(dev, err) : GO_ON;
}

/* Enter a state together with the driver's keys for it. */
static enum outcome enter_with(struct xpv_device *dev, enum xenbus_state state,
			       int (*fill)(struct xpv_device *dev,
					   struct xpv_txn *txn))
{
	int err;

	xpv_lane_step(&dev->lane, "publishing keys");
	err = xpv_store_set_state(dev, state, fill);
	if (err == -ENODEV || err == -ESTALE)
		return state_refused(dev, err);
	if (err)
		xpv_device_fail(dev, err, "cannot enter %s",
				xpv_state_name(state));
	return GO_ON;
}

/* Tell user space that a backend comes or goes; hotplug rules wait for it. */
static void life_announce(struct xpv_device *dev, bool online)
{
	if (!dev->drv->uevent || dev->announced == online)
		return;
	dev->announced = online;
	kobject_uevent(&dev->bus->dev.kobj, online ? KOBJ_ONLINE : KOBJ_OFFLINE);
}

static enum outcome take_publish(struct xpv_device *dev)
{
	if (xpv_number_take(dev)) {
		xpv_lane_retry(&dev->lane, BACKOFF_MIN);
		return WAIT;
	}
	dev->outlived = false;
	return enter_with(dev, XenbusStateInitialised,
			  xpv_number_publish);
}

static enum outcome take_open(struct xpv_device *dev)
{
	enum outcome outcome;

	if (dev->drv->side == XPV_FRONTEND)
		return enter(dev, XenbusStateInitialising);
	outcome = enter_with(dev, XenbusStateInitWait, xpv_number_publish);
	if (dev->state == XenbusStateInitWait)
		life_announce(dev, true);
	return outcome;
}

/*
 * Whether it is time for another life; if not, the lane runs later. The one that
 * begins now may end at once: then the next comes later still.
 */
bool xpv_life_may_reopen(struct xpv_device *dev)
{
	s64 early = ktime_ms_delta(dev->reopen_at, ktime_get());

	if (early > 0) {
		/* Of two times a lane knows the first: users may wait less. */
		if (dev->lost_at && !dev->given_up)
			early = min_t(s64, early, XPV_WAIT_LOOK);
		xpv_lane_retry(&dev->lane, early + 1);
		return false;
	}
	dev->backoff_ms = clamp_t(unsigned int, dev->backoff_ms * 2,
				  BACKOFF_MIN, BACKOFF_MAX);
	dev->reopen_at = ktime_add_ms(ktime_get(), dev->backoff_ms);
	return true;
}

static enum outcome take_reopen(struct xpv_device *dev)
{
	return xpv_life_may_reopen(dev) ? take_open(dev) : WAIT;
}

static s64 now_ms(void)
{
	return ktime_to_ms(ktime_get());
}

/*
 * Whether a frontend published rings for us after its state was read: it is not Connected
 * any more then, but for one that says so with its rings.
 */
static bool life_is_late(const struct xpv_device *dev, enum xpv_former_word word)
{
	return word == XPV_FORMER_US && dev->other == XenbusStateConnected &&
	       !dev->drv->early;
}

/* Whether the rings in the store are still left to who made them. */
static bool life_doubts(struct xpv_device *dev)
{
	enum xpv_former_word word;
	unsigned int ms = BACKOFF_MIN;

	if (xpv_former_is_over(&dev->former))
		return false;
	if (!xpv_number_word(dev, &word) && !life_is_late(dev, word))
		ms = xpv_former_wait(&dev->former, word, now_ms());
	if (ms)
		xpv_lane_retry(&dev->lane, ms);
	return ms;
}

static enum outcome take_connect(struct xpv_device *dev)
{
	int err;

	xpv_lane_step(&dev->lane, "connecting");
	err = xpv_trial_connect(dev);
	if (err == -EAGAIN)
		return WAIT;
	if (!err)
		err = xpv_store_set_state(dev, XenbusStateConnected,
					  dev->drv->describe);
	if (err)
		xpv_life_disconnect(dev);
	if (err == -ENODEV || err == -ESTALE)
		return state_refused(dev, err);
	if (err) {
		xpv_device_fail(dev, err, "cannot connect");
		return GO_ON;
	}
	dev->connected_at = ktime_get();
	dev->lost_at = 0;
	dev->silence = (struct xpv_silence){};
	dev->given_up = false;
	dev->refused = false;
	if (dev->drv->connected)
		dev->drv->connected(dev);
	return GO_ON;
}

static enum outcome take_lose(struct xpv_device *dev)
{
	dev->outlived = false;
	xpv_life_disconnect(dev);
	return take_open(dev);
}

/*
 * In use: it goes when its users have gone, and works until then, unless the
 * backend does not: then it closes, and fails what they ask.
 */
static enum outcome life_refuse(struct xpv_device *dev)
{
	if (xpv_wait_is_served(dev)) {
		if (!dev->refused)
			xpv_info(dev, "in use: not detached\n");
		dev->refused = true;
		xpv_lane_retry(&dev->lane, XPV_WAIT_LOOK);
		return WAIT;
	}
	xpv_wait_end(dev);
	xpv_life_disconnect(dev);
	return enter(dev, XenbusStateClosed);
}

/*
 * A backend whose toolstack wants the device gone serves until the frontend
 * closes, which may be in use. It has to be: nobody else knows.
 */
static enum outcome take_shut(struct xpv_device *dev)
{
	if (dev->drv->side == XPV_BACKEND) {
		if (dev->drv->unmap_first && dev->other == XenbusStateClosing)
			xpv_life_disconnect(dev);
		return enter(dev, XenbusStateClosing);
	}
	xpv_lane_step(&dev->lane, "closing");
	if (dev->drv->closing && dev->drv->closing(dev))
		return life_refuse(dev);
	if (dev->drv->unmap_first && dev->other == XenbusStateClosing) {
		dev->linger_until = ktime_add_ms(ktime_get(), LINGER_MAX);
		return enter(dev, XenbusStateClosing);
	}
	xpv_life_disconnect(dev);
	return enter(dev, XenbusStateClosed);
}

/* Some firmware wants to see a backend's Closing before its Closed. */
static enum outcome take_close(struct xpv_device *dev)
{
	enum outcome outcome = GO_ON;

	dev->failed_at = dev->other;
	if (dev->drv->side == XPV_BACKEND &&
	    dev->state == XenbusStateConnected)
		outcome = enter(dev, XenbusStateClosing);
	xpv_life_disconnect(dev);
	if (outcome == WAIT)
		return WAIT;
	if (dev->failed)
		xpv_failure_explain(dev);
	return enter(dev, XenbusStateClosed);
}

static enum outcome take_fault(struct xpv_device *dev)
{
	xpv_device_fail(dev, -EPROTO, "%s/state: %s is in no state we know (%d)",
			dev->otherend, xpv_peer_name(dev), dev->other);
	return dev->state == XenbusStateClosed ? WAIT : GO_ON;
}

static enum outcome life_step(struct xpv_device *dev, enum xpv_move move)
{
	switch (move) {
	case XPV_OPEN:
		return take_open(dev);
	case XPV_REOPEN:
		return take_reopen(dev);
	case XPV_PUBLISH:
		return take_publish(dev);
	case XPV_CONNECT:
		return take_connect(dev);
	case XPV_LOSE:
		return take_lose(dev);
	case XPV_SHUT:
		return take_shut(dev);
	case XPV_CLOSE:
		return take_close(dev);
	case XPV_FAULT:
		return take_fault(dev);
	case XPV_STAY:
		break;
	}
	return WAIT;
}

/*
 * Both ends of byte rings are Closing: the toolstack wrote the backend's. So that
 * no memory is taken back that is still mapped, the backend goes first.
 */
static enum xpv_move closing_move(struct xpv_device *dev)
{
	s64 left = ktime_ms_delta(dev->linger_until, ktime_get());

	if (dev->drv->side == XPV_BACKEND)
		return dev->online ? XPV_STAY : XPV_CLOSE;
	if (left <= 0)
		return XPV_CLOSE;
	xpv_lane_retry(&dev->lane, left);
	return XPV_STAY;
}

static enum xpv_move next_move(struct xpv_device *dev)
{
	enum xpv_move move;

	if (dev->failed)
		return xpv_failure_move(dev);
	if (dev->drv->unmap_first && dev->state == XenbusStateClosing &&
	    dev->other == XenbusStateClosing)
		return closing_move(dev);
	move = xpv_state_next(dev->drv->side, dev->state, dev->other,
			      dev->online);
	if (dev->outlived && dev->online &&
	    (move == XPV_STAY || move == XPV_CONNECT))
		return XPV_LOSE;
	return move == XPV_CONNECT && life_doubts(dev) ? XPV_STAY : move;
}

/* Whether the device may make another move now; if not, its lane runs later. */
static bool life_pace(struct xpv_device *dev)
{
	s64 rested = div_s64(ktime_ms_delta(ktime_get(), dev->paced_at),
			     PACE_MS);

	if (rested) {
		dev->paces = min_t(s64, dev->paces + rested, PACES_MAX);
		dev->paced_at = ktime_get();
	}
	if (!dev->paces) {
		xpv_lane_retry(&dev->lane, PACE_MS);
		return false;
	}
	dev->paces--;
	return true;
}

/* Take steps until there is none. Return: whether any was taken. */
static bool life_walk(struct xpv_device *dev)
{
	enum outcome outcome = GO_ON;
	enum xpv_move move;
	unsigned int i;

	for (i = 0; i < STEPS_MAX && outcome == GO_ON; i++) {
		move = next_move(dev);
		if (move == XPV_STAY)
			return i;
		if (!life_pace(dev))
			return true;
		dev->last_move = move;
		dev->last_time = ktime_get();
		outcome = life_step(dev, move);
	}
	if (outcome == GO_ON)
		xpv_lane_retry(&dev->lane, BACKOFF_MIN);
	return true;
}

/*
 * The state an earlier driver left behind. A backend starts over from any: a
 * frontend that stayed Connected may keep its ring. A frontend that is not fresh
 * first closes what may be left of its predecessor.
 */
static void life_inherit(struct xpv_device *dev)
{
	enum xenbus_state left;

	if (dev->inherited)
		return;
	dev->inherited = true;
	xpv_store_state(dev->nodename, &left);
	if (dev->drv->side == XPV_BACKEND) {
		xpv_former_begin(&dev->former, left);
		xpv_number_make(dev);
	}
	if (dev->drv->side == XPV_BACKEND || left == XenbusStateInitialising)
		return;
	dev->state = left;
	if (left != XenbusStateUnknown && left != XenbusStateClosed)
		enter(dev, XenbusStateClosed);
}

/*
 * Whatever was left in the store stays there until the driver has what it needs.
 * Return: false if that is to be tried again later.
 */
static bool life_begin(struct xpv_device *dev)
{
	int err;

	if (!xpv_life_may_reopen(dev))
		return false;
	xpv_lane_step(&dev->lane, "probing");
	life_inherit(dev);
	err = xpv_watch_device(dev);
	if (!err)
		err = dev->drv->probe(dev);
	dev->probed = !err;
	if (xpv_failure_is_passing(err)) {
		xpv_err_ratelimited(dev, "cannot be set up yet (error %d)\n", err);
		xpv_failure_forgive(dev);
		xpv_lane_retry(&dev->lane, dev->backoff_ms);
		return false;
	}
	if (err)
		xpv_device_fail(dev, err, "cannot set up the device");
	dev->backoff_ms = 0;
	dev->reopen_at = 0;
	return true;
}

/* Whether a device that the bus found before this one is yet to appear. */
static bool life_is_preceded(struct xpv_device *dev)
{
	struct xpv_device *other;
	bool preceded = false;

	mutex_lock(&xpv_devices_lock);
	list_for_each_entry(other, &xpv_devices, link) {
		preceded = other != dev && other->drv == dev->drv &&
			   !other->appeared;
		if (preceded || other == dev)
			break;
	}
	mutex_unlock(&xpv_devices_lock);
	return preceded;
}

/* Whoever waits for this one waits no more. */
static void life_has_appeared(struct xpv_device *dev)
{
	struct xpv_device *other = dev;

	if (!dev->drv->appear)
		return;
	mutex_lock(&xpv_devices_lock);
	dev->appeared = true;
	list_for_each_entry_continue(other, &xpv_devices, link) {
		if (other->drv != dev->drv || other->appeared)
			continue;
		xpv_device_kick(other);
		break;
	}
	mutex_unlock(&xpv_devices_lock);
}

/* Return: false if it is not this device's turn; its lane runs again then. */
static bool life_appear(struct xpv_device *dev)
{
	s64 left = APPEAR_MAX - ktime_ms_delta(ktime_get(), dev->found_at);
	int err = 0;

	if (!dev->drv->appear || dev->appeared)
		return true;
	if (dev->probed && left > 0 && life_is_preceded(dev)) {
		xpv_lane_step(&dev->lane, "waiting for its turn");
		xpv_lane_retry(&dev->lane, left + 1);
		return false;
	}
	if (dev->probed)
		err = dev->drv->appear(dev);
	if (err)
		xpv_device_fail(dev, err, "cannot be shown");
	life_has_appeared(dev);
	return true;
}

/* Whether a backend may have rings of ours. */
static bool life_has_rings(const struct xpv_device *dev)
{
	return dev->state == XenbusStateInitialised ||
	       dev->state == XenbusStateConnected ||
	       dev->state == XenbusStateClosing;
}

/*
 * Whoever was our backend sees us Closed, and gives back what is ours; if there
 * still is one: nobody waits for it.
 * Return: false if it is to be tried again later.
 */
static bool life_rehome(struct xpv_device *dev)
{
	int moved = dev->probed ? xpv_home_look(dev) : 0;

	if (moved < 0)
		xpv_lane_retry(&dev->lane, BACKOFF_MIN);
	if (!moved && READ_ONCE(dev->homeless))
		xpv_life_disconnect(dev);
	if (moved <= 0)
		return !moved;
	if (READ_ONCE(dev->homeless)) {
		xpv_home_find(dev);
		return true;
	}
	if (life_has_rings(dev) && enter(dev, XenbusStateClosed) == WAIT)
		return false;
	xpv_home_move(dev);
	dev->rehomed = true;
	xpv_info(dev, "its backend is %s from now on\n", dev->otherend);
	return true;
}

/*
 * What our node says once we are gone. A frontend closes. A backend leaves its
 * state alone, so that frontends wait for the next driver instead of losing
 * the device, unless the toolstack is taking it away.
 */
static void life_leave(struct xpv_device *dev)
{
	enum xenbus_state left;

	if (dev->vanished)
		return;
	xpv_store_state(dev->nodename, &left);
	if (dev->drv->side == XPV_FRONTEND || left == XenbusStateClosing)
		xpv_store_set_state(dev, XenbusStateClosed,
				    xpv_number_forget);
}

/*
 * The driver has something to say that takes a new life. Until the store takes
 * the end of this one, our state says what is no more.
 * Return: false if that is to be tried again later.
 */
static bool life_restart(struct xpv_device *dev)
{
	if (dev->failed || (dev->state != XenbusStateInitialised &&
			    dev->state != XenbusStateConnected))
		return true;
	xpv_life_disconnect(dev);
	dev->backoff_ms = 0;
	dev->reopen_at = 0;
	return enter(dev, XenbusStateClosed) == GO_ON;
}

/* Reported, not repaired: what is held here is a bug of the driver. */
static void life_audit(struct xpv_device *dev)
{
	int grants = atomic_read(&dev->held.grants);
	int maps = atomic_read(&dev->held.maps);
	int evtchns = atomic_read(&dev->held.evtchns);

	if (grants || maps || evtchns)
		xpv_err(dev, "LEAK: %d grants, %d maps, %d event channels left\n",
			grants, maps, evtchns);
}

/* From here on debugfs shows the device, but asks its driver nothing. */
static bool life_hide(struct xpv_device *dev)
{
	bool probed = dev->probed;

	mutex_lock(&xpv_devices_lock);
	dev->probed = false;
	mutex_unlock(&xpv_devices_lock);
	return probed;
}

static void life_end(struct xpv_device *dev)
{
	xpv_life_disconnect(dev);
	life_leave(dev);
	life_announce(dev, false);
	xpv_lane_step(&dev->lane, "removing");
	if (life_hide(dev))
		dev->drv->remove(dev);
	life_has_appeared(dev);
	life_audit(dev);
	xpv_watch_bury(dev->own_watch);
	xpv_watch_bury(dev->other_watch);
	xpv_device_forget(dev);
	xpv_lane_kill(&dev->lane);
	complete_all(&dev->removed);
	xpv_device_put(dev);
}

/*
 * Follow a frontend that changes its mind while it is connected: it waits to
 * see Reconfigured, and says Connected then.
 */
static void life_reconfigure(struct xpv_device *dev)
{
	bool wanted = dev->reconfiguring && dev->state == XenbusStateConnected;
	int err = 0;

	if (wanted == dev->reconfigured || !life_pace(dev))
		return;
	if (wanted)
		dev->drv->reconfigure(dev);
	if (dev->state == XenbusStateConnected)
		err = xpv_store_show_state(dev, wanted ?
					   XenbusStateReconfigured :
					   XenbusStateConnected);
	if (err)
		state_refused(dev, err);
	else
		dev->reconfigured = wanted;
}

static void life_notice(struct xpv_device *dev, unsigned long events)
{
	bool moved;

	if (dev->probed && (events & XPV_EV_OWN) && dev->drv->own_changed)
		dev->drv->own_changed(dev);
	/* There is no other end. */
	if (READ_ONCE(dev->homeless)) {
		xpv_wait_look(dev);
		return;
	}
	xpv_lane_step(&dev->lane, "reading the other end");
	if (xpv_look(dev)) {
		/* What the other end wrote may be a new size: see below. */
		xpv_lane_keep(&dev->lane, events & XPV_EV_OTHER);
		xpv_lane_retry(&dev->lane, BACKOFF_MIN);
		return;
	}
	moved = life_walk(dev);
	xpv_wait_look(dev);
	life_reconfigure(dev);
	if (!moved && (events & XPV_EV_OTHER) &&
	    dev->state == XenbusStateConnected &&
	    dev->other == XenbusStateConnected && dev->drv->refresh)
		dev->drv->refresh(dev);
}

/* Events that are done with once they were seen. */
#define BEGUN	(XPV_EV_PROBE | XPV_EV_RESUME)

/*
 * The events of one run are taken in the order that makes sense of them: a
 * device that was found and lost again begins and ends.
 */
static void life_run(struct xpv_device *dev, unsigned long events)
{
	if (events & XPV_EV_REMOVE) {
		life_end(dev);
		return;
	}
	/* Peers that vanish while this system goes down are no news. */
	if (system_state > SYSTEM_RUNNING) {
		xpv_home_go_down(dev);
		return;
	}
	if ((events & XPV_EV_PROBE) && !life_begin(dev)) {
		xpv_lane_keep(&dev->lane, events);
		return;
	}
	if (events & XPV_EV_RESUME)
		xpv_home_resume(dev);
	/* It may have moved before it could be found by its name. */
	if (dev->drv->side == XPV_FRONTEND &&
	    (events & (XPV_EV_PROBE | XPV_EV_MOVED)) && !life_rehome(dev)) {
		xpv_lane_keep(&dev->lane, (events & ~BEGUN) | XPV_EV_MOVED);
		return;
	}
	if (!life_appear(dev)) {
		xpv_lane_keep(&dev->lane, events & ~BEGUN);
		return;
	}
	if (dev->probed && (events & XPV_EV_RESTART) && !life_restart(dev)) {
		xpv_lane_keep(&dev->lane, events & ~BEGUN);
		return;
	}
	if (dev->probed && (events & XPV_EV_RECLAIM))
		dev->drv->reclaim(dev);
	/*
	 * Often asked for, and says nothing about the store. But it has taken
	 * the place of a later run, if there was to be one: nothing else would
	 * do what that was for.
	 */
	if (events == XPV_EV_RECLAIM && !READ_ONCE(dev->lane.due))
		return;
	WRITE_ONCE(dev->lane.due, false);
	if (dev->probed || dev->failed)
		life_notice(dev, events);
}

/*
 * The lane's function. What a frontend's lane allocates, by way of the kernel's
 * functions too, must not wait for memory that is written out first: it may be
 * to this very device, which has no backend before the lane has done its work.
 */
void xpv_life_run(struct xpv_lane *lane, unsigned long events)
{
	struct xpv_device *dev = container_of(lane, struct xpv_device, lane);
	unsigned int noio;

	if (dev->drv->side == XPV_BACKEND) {
		life_run(dev, events);
		return;
	}
	noio = memalloc_noio_save();
	life_run(dev, events);
	memalloc_noio_restore(noio);
}
