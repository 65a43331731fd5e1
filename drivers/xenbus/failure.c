// SPDX-License-Identifier: GPL-2.0
/*
 * A device that failed: it goes to Closed, and says why. It begins anew when the
 * other end does; or by itself, less and less often, if what was missing may be
 * there again: a fault of the other end is reported once, not for ever, but a
 * device in use must not be lost to a moment without memory.
 */
#include <linux/export.h>
#include "internal.h"

int xpv_device_fail(struct xpv_device *dev, int err, const char *fmt, ...)
{
	unsigned long flags;
	bool first;
	va_list args;

	spin_lock_irqsave(&dev->lock, flags);
	if (dev->on_trial)
		dev->trial_failed = true;
	first = !dev->failed && !dev->on_trial;
	if (first) {
		va_start(args, fmt);
		vsnprintf(dev->fail_text, sizeof(dev->fail_text), fmt, args);
		va_end(args);
		dev->failed = true;
		dev->fail_err = err;
	}
	spin_unlock_irqrestore(&dev->lock, flags);
	if (!first)
		return err;
	/* Of each device apart: none is to hide what is said of others. */
	if (__ratelimit(&dev->failures))
		xpv_err(dev, "%s (error %d)\n", dev->fail_text, err);
	xpv_device_kick(dev);
	return err;
}
EXPORT_SYMBOL_GPL(xpv_device_fail);

void xpv_failure_forgive(struct xpv_device *dev)
{
	spin_lock_irq(&dev->lock);
	dev->failed = false;
	spin_unlock_irq(&dev->lock);
}

/* Say why where people look for it, unless there is nothing left to explain. */
void xpv_failure_explain(struct xpv_device *dev)
{
	enum xenbus_state left;

	if (!READ_ONCE(dev->vanished) &&
	    !xpv_store_state(dev->nodename, &left) &&
	    left != XenbusStateUnknown)
		xpv_store_error(dev, dev->fail_text);
}

/* What this domain or the store may have more of next time. */
bool xpv_failure_is_passing(int err)
{
	switch (err) {
	case -ENOMEM:
	case -ENOSPC:
	case -EAGAIN:
	case -E2BIG:
	case -EIO:
		return true;
	}
	return false;
}

/*
 * Closed by itself: what the table has it do, if there is anything. It may have
 * failed for want of a watch; then it does not know what there is.
 */
static enum xpv_move again(struct xpv_device *dev)
{
	bool blind = IS_ERR(dev->other_watch);
	enum xpv_move move = xpv_state_next(dev->drv->side, dev->state,
					    dev->other, dev->online);

	if (!xpv_failure_is_passing(dev->fail_err) || (move == XPV_STAY && !blind))
		return XPV_STAY;
	/* A reopening has its own patience. */
	if (move != XPV_REOPEN && !xpv_life_may_reopen(dev))
		return XPV_STAY;
	if (blind)
		dev->other_watch = xpv_watch_other(dev);
	if (IS_ERR(dev->other_watch)) {
		xpv_lane_retry(&dev->lane, dev->backoff_ms);
		return XPV_STAY;
	}
	xpv_failure_forgive(dev);
	return move;
}

/* The next move of a device that failed. */
enum xpv_move xpv_failure_move(struct xpv_device *dev)
{
	bool fresh = dev->other == XenbusStateInitialising ||
		     dev->other == XenbusStateInitWait;

	if (dev->state != XenbusStateClosed)
		return XPV_CLOSE;
	if (!dev->probed)
		return XPV_STAY;
	if (dev->other == dev->failed_at || !fresh || IS_ERR(dev->other_watch)) {
		dev->failed_at = dev->other;
		return again(dev);
	}
	dev->failed_at = dev->other;
	xpv_failure_forgive(dev);
	return xpv_state_next(dev->drv->side, dev->state, dev->other,
			      dev->online);
}
