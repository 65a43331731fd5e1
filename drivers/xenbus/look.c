// SPDX-License-Identifier: GPL-2.0
/*
 * What a device's life goes by: the other end's state, and whether the toolstack wants
 * the device, read of the store together.
 */
#include <linux/kernel.h>
#include <xpv/fault.h>
#include "internal.h"

static enum xpv_side peer_side(const struct xpv_device *dev)
{
	return dev->drv->side == XPV_FRONTEND ? XPV_BACKEND : XPV_FRONTEND;
}

/*
 * struct look - what is read of the store together
 * @dev: the device
 * @other: the other end's state
 * @online: what the toolstack wants
 * @err: why these are not known
 */
struct look {
	struct xpv_device *dev;
	enum xenbus_state other;
	bool online;
	int err[2];
};

static void look_one(void *arg, unsigned int i)
{
	struct look *look = arg;
	struct xpv_device *dev = look->dev;
	enum xpv_end end = dev->drv->side == XPV_BACKEND ? XPV_OWN : XPV_OTHER;

	look->err[i] = i ? xpv_store_flag(dev, end, "online", &look->online) :
			   xpv_store_state(dev->otherend, &look->other);
}

/*
 * Whether a backend that ends is to come again: what says so is written no later than that
 * it ends, so it must not have been read before.
 */
static void look_again(struct look *look)
{
	if (look->dev->drv->side == XPV_FRONTEND && look->online &&
	    (look->other == XenbusStateClosing || look->other == XenbusStateClosed))
		look_one(look, 1);
}

/* Read the other end; the lane. Return: 0, or the store's error: then not all is known. */
int xpv_look(struct xpv_device *dev)
{
	/* What is read next is not older than the last of them. */
	unsigned int events = atomic_read(&dev->other_events);
	struct look look = { .dev = dev, .online = true };
	enum xenbus_state other;

	if (xpv_fault(dev, "the other end's state"))
		return -EIO;
	xpv_abreast(ARRAY_SIZE(look.err), look_one, &look);
	look_again(&look);
	if (look.err[0] || look.err[1])
		return look.err[0] ?: look.err[1];
	other = look.other;
	/* A part of being Connected, as far as the table goes. */
	dev->reconfiguring = other == XenbusStateReconfiguring &&
			     dev->drv->reconfigure;
	if (dev->reconfiguring)
		other = XenbusStateConnected;
	xpv_former_see(&dev->former, other, events);
	if (!xpv_peer_legal(peer_side(dev), dev->state, dev->other, other))
		xpv_device_fail(dev, -EPROTO, "%s/state: %s went from %s to %s (%d)",
				dev->otherend, xpv_peer_name(dev),
				xpv_state_name(dev->other),
				xpv_state_name(other), other);
	dev->other = other;
	dev->online = look.online;
	return xpv_number_look(dev);
}
