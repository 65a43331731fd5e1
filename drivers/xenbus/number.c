// SPDX-License-Identifier: GPL-2.0
/*
 * Which backend it is. A backend has a number of its own, random, so that a
 * frontend that missed one going and another coming can tell, and both know whom
 * rings were published for. Either end may not have it.
 */
#include <linux/err.h>
#include <linux/kstrtox.h>
#include <linux/random.h>
#include <linux/slab.h>
#include "internal.h"

/* The backend's; and the frontend's: whom its rings are for. */
#define KEY_LIFE	"life"
#define KEY_FOR		"backend-life"

/*
 * The number, 0 if there is none. Return: 0, or the store's error: that there is none
 * is not known then.
 */
static int read_life(struct xpv_device *dev, const char *key, unsigned int *life)
{
	char *text = xpv_store_text(dev, XPV_OTHER, key);
	int err = PTR_ERR_OR_ZERO(text);

	*life = 0;
	if (err)
		return xpv_store_is_absent(err) ? 0 : err;
	if (kstrtouint(text, 10, life))
		*life = 0;
	kfree(text);
	return 0;
}

/*
 * Whether a frontend's rings are for another backend than there is. Return: 0, or the
 * store's error.
 */
int xpv_number_look(struct xpv_device *dev)
{
	unsigned int life = 0;
	int err = 0;

	if (dev->drv->side == XPV_FRONTEND && dev->life &&
	    (dev->state == XenbusStateInitialised ||
	     dev->state == XenbusStateConnected) &&
	    (dev->other == XenbusStateInitWait ||
	     dev->other == XenbusStateConnected))
		err = read_life(dev, KEY_LIFE, &life);
	if (!err)
		dev->outlived = life && life != dev->life;
	return err;
}

/* What a frontend says of whom its rings are for. Return: 0, or the store's error. */
int xpv_number_word(struct xpv_device *dev, enum xpv_former_word *word)
{
	unsigned int life;
	int err = read_life(dev, KEY_FOR, &life);

	if (!life)
		*word = XPV_FORMER_SILENT;
	else
		*word = life == dev->life ? XPV_FORMER_US : XPV_FORMER_OTHER;
	return err;
}

/* A backend begins. */
void xpv_number_make(struct xpv_device *dev)
{
	dev->life = get_random_u32() ?: 1;
}

/*
 * A frontend is about to publish rings for the backend that there is. Return: 0, or the
 * store's error.
 */
int xpv_number_take(struct xpv_device *dev)
{
	return read_life(dev, KEY_LIFE, &dev->life);
}

/* As the driver's publish(), with the number. */
int xpv_number_publish(struct xpv_device *dev, struct xpv_txn *txn)
{
	bool backend = dev->drv->side == XPV_BACKEND;
	int err = dev->drv->publish(dev, txn);

	if (!err && dev->life)
		xpv_txn_put(txn, backend ? KEY_LIFE : KEY_FOR, "%u", dev->life);
	else if (!err)
		xpv_txn_drop(txn, KEY_FOR);
	return err;
}

/* The next driver of the device may not know the key, and leave it as it is. */
int xpv_number_forget(struct xpv_device *dev, struct xpv_txn *txn)
{
	xpv_txn_drop(txn, dev->drv->side == XPV_BACKEND ? KEY_LIFE : KEY_FOR);
	return 0;
}
