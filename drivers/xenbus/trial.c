// SPDX-License-Identifier: GPL-2.0
/*
 * Connecting, and that on trial: rings that a frontend published for the backend
 * before us may be gone, and then it will publish others. So what fails is no
 * fault yet. former.c knows how often it is tried.
 */
#include <linux/ktime.h>
#include "internal.h"

static void trial_begin(struct xpv_device *dev, bool on_trial)
{
	spin_lock_irq(&dev->lock);
	dev->on_trial = on_trial;
	dev->trial_failed = false;
	spin_unlock_irq(&dev->lock);
}

/* Return: whether something failed, be it in the lane or beside it. */
static bool trial_end(struct xpv_device *dev)
{
	bool failed;

	spin_lock_irq(&dev->lock);
	failed = dev->trial_failed;
	dev->on_trial = false;
	spin_unlock_irq(&dev->lock);
	return failed;
}

/*
 * For rings that are gone the bus writes Closing, which would have the frontend
 * close. An equal state keeps it from that.
 */
static int connect_on_trial(struct xpv_device *dev)
{
	enum xenbus_state shown = dev->bus->state;
	int err;

	dev->bus->state = XenbusStateClosing;
	err = dev->drv->connect(dev);
	dev->bus->state = shown;
	return err;
}

/*
 * Connect, in the lane. Return: 0; -EAGAIN if it is to be tried again; or an
 * error that the driver has reported.
 */
int xpv_trial_connect(struct xpv_device *dev)
{
	bool on_trial = dev->former.tries;
	int err;

	trial_begin(dev, on_trial);
	err = on_trial ? connect_on_trial(dev) : dev->drv->connect(dev);
	if (trial_end(dev) && !err)
		err = -EIO;
	if (!err)
		xpv_former_end(&dev->former);
	if (!err || err == -EAGAIN ||
	    !xpv_former_again(&dev->former, ktime_to_ms(ktime_get())))
		return err;
	xpv_life_disconnect(dev);
	xpv_lane_retry(&dev->lane, XPV_FORMER_GRACE);
	return -EAGAIN;
}
