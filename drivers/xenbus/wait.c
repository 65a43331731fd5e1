// SPDX-License-Identifier: GPL-2.0
/*
 * Users of a frontend whose backend is lost: how long they wait is loss.c's to
 * say; here is what becomes of it. In the device's lane.
 */
#include <linux/minmax.h>
#include "internal.h"

/* Longest that a lane sleeps for what is due later still, milliseconds. */
#define SLEEP_MAX	(60 * 60 * 1000)

/* What is asked of the device fails, until a backend comes all the same. */
void xpv_wait_end(struct xpv_device *dev)
{
	s64 lost = ktime_ms_delta(ktime_get(), dev->lost_at);

	if (!dev->drv->give_up || dev->given_up)
		return;
	dev->given_up = true;
	if (dev->online)
		xpv_warn(dev, "no backend for %lld ms: what is asked fails until there is one\n",
			 lost);
	else
		xpv_warn(dev, "taken away while in use: what is asked fails\n");
	xpv_life_disconnect(dev);
	xpv_lane_step(&dev->lane, "failing what waits");
	dev->drv->give_up(dev);
}

/*
 * A backend that is gone may not have said so. It is looked for if it matters how
 * long that is. Return: whether to look again.
 */
static bool miss(struct xpv_device *dev)
{
	if (!dev->connected_at || !dev->drv->is_served || !dev->online ||
	    !READ_ONCE(dev->fail_after))
		return false;
	if (dev->drv->is_served(dev))
		dev->lost_at = 0;
	else if (!dev->lost_at)
		dev->lost_at = ktime_get();
	return true;
}

/* Users of a lost backend's device wait, but not always for ever. */
void xpv_wait_look(struct xpv_device *dev)
{
	s64 left = XPV_LOSS_NEVER, look = SLEEP_MAX;

	if (!dev->drv->give_up || dev->given_up)
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

/* Whether the backend does anything for our users. */
bool xpv_wait_is_served(struct xpv_device *dev)
{
	return dev->connected_at && dev->other != XenbusStateClosed &&
	       (!dev->drv->is_served || dev->drv->is_served(dev));
}
