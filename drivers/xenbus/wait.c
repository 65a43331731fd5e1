// SPDX-License-Identifier: GPL-2.0
/*
 * Users of a frontend whose backend is lost, or there and silent: how long they
 * wait is loss.c's to say; here is what becomes of it. In the device's lane.
 */
#include <linux/minmax.h>
#include "internal.h"

/* Longest that a lane sleeps for what is due later still, milliseconds. */
#define SLEEP_MAX	(60 * 60 * 1000)

/* A backend that is gone may not have said so. */
static bool is_gone(struct xpv_device *dev)
{
	return dev->drv->is_served && !dev->drv->is_served(dev);
}

/* For how many ms the backend of a connection has answered nothing. */
static s64 silence(struct xpv_device *dev)
{
	u32 answers = 0;
	bool owes = dev->drv->owes && dev->drv->owes(dev, &answers);

	return xpv_silence_look(&dev->silence, owes, answers, ktime_to_ms(ktime_get()));
}

static void complain(struct xpv_device *dev, bool hangs)
{
	s64 lost = ktime_ms_delta(ktime_get(), dev->lost_at);

	if (!dev->online)
		xpv_warn(dev, "taken away while in use: what is asked fails\n");
	else if (hangs)
		xpv_warn(dev, "the backend has not answered for %lld ms: what is asked fails until one does\n",
			 lost);
	else
		xpv_warn(dev, "no backend for %lld ms: what is asked fails until there is one\n",
			 lost);
}

/*
 * What is asked of the device fails, until a backend comes all the same. One that
 * hangs does not come by itself: it is told that this connection is over, so that
 * it is done with it before there is another.
 */
void xpv_wait_end(struct xpv_device *dev)
{
	bool hangs = dev->connected_at && !is_gone(dev);

	if (dev->given_up)
		return;
	dev->given_up = true;
	complain(dev, hangs);
	xpv_life_disconnect(dev);
	xpv_lane_step(&dev->lane, "failing what waits");
	if (dev->drv->give_up)
		dev->drv->give_up(dev);
	if (hangs)
		xpv_device_restart(dev);
}

/*
 * A backend is looked for if it matters how long it does nothing for our users.
 * Return: whether to look again.
 */
static bool miss(struct xpv_device *dev)
{
	s64 silent;

	if (!dev->connected_at || !dev->online || !READ_ONCE(dev->fail_after))
		return false;
	silent = silence(dev);
	if (silent)
		dev->lost_at = ktime_sub_ms(ktime_get(), silent);
	else if (!is_gone(dev))
		dev->lost_at = 0;
	else if (!dev->lost_at)
		dev->lost_at = ktime_get();
	return true;
}

/* Users of a lost backend's device wait, but not always for ever. */
void xpv_wait_look(struct xpv_device *dev)
{
	s64 left = XPV_LOSS_NEVER, look = SLEEP_MAX;

	if (!dev->drv->fail_after || dev->given_up)
		return;
	if (miss(dev))
		look = XPV_WAIT_LOOK;
	if (dev->lost_at)
		left = xpv_loss_left(ktime_ms_delta(ktime_get(), dev->lost_at),
				     dev->online, READ_ONCE(dev->fail_after));
	if (!left)
		xpv_wait_end(dev);
	else if (left > 0 || look < SLEEP_MAX)
		xpv_lane_retry(&dev->lane, left > 0 ? min(left, look) : look);
}

/* For how many ms the toolstack has wanted the device gone, since it last said so. */
static s64 asked(struct xpv_device *dev)
{
	unsigned int events = atomic_read(&dev->other_events);

	if (!dev->shut_at || dev->shut_events != events)
		dev->shut_at = ktime_get();
	dev->shut_events = events;
	return ktime_ms_delta(ktime_get(), dev->shut_at);
}

/* Whether the backend does anything for users of a device that is to go. */
bool xpv_wait_is_served(struct xpv_device *dev)
{
	return dev->connected_at && dev->other != XenbusStateClosed &&
	       !is_gone(dev) && !xpv_silence_counts(silence(dev), asked(dev));
}
