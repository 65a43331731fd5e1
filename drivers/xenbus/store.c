// SPDX-License-Identifier: GPL-2.0
/* A device's keys in xenstore; see include/xpv/store.h. */
#include <linux/delay.h>
#include <linux/err.h>
#include <linux/export.h>
#include <linux/kstrtox.h>
#include <linux/slab.h>
#include <xen/xenbus.h>
#include <xpv/fault.h>
#include "internal.h"

/*
 * struct xpv_txn - an open transaction
 * @xbt: the kernel's
 * @dir: the directory keys are put into
 * @err: the first error; later puts are skipped
 */
struct xpv_txn {
	struct xenbus_transaction xbt;
	const char *dir;
	int err;
};

/* A conflict is retried after 1, 2, 4 ... ms: about two seconds in all. */
#define TXN_TRIES	11

void xpv_txn_put(struct xpv_txn *txn, const char *key, const char *fmt, ...)
{
	va_list args;
	char *text;

	if (txn->err)
		return;
	va_start(args, fmt);
	text = kvasprintf(GFP_NOIO, fmt, args);
	va_end(args);
	if (text)
		txn->err = xenbus_write(txn->xbt, txn->dir, key, text);
	else
		txn->err = -ENOMEM;
	kfree(text);
}
EXPORT_SYMBOL_GPL(xpv_txn_put);

void xpv_txn_drop(struct xpv_txn *txn, const char *key)
{
	int err;

	if (txn->err)
		return;
	err = xenbus_rm(txn->xbt, txn->dir, key);
	if (err && err != -ENOENT)
		txn->err = err;
}
EXPORT_SYMBOL_GPL(xpv_txn_drop);

/*
 * A directory without a state is gone: writing would bring back a ghost. One
 * that is Initialising while we are not is a new device at an old path; and so is
 * any once the bus has taken us away, which says so before it finds the new one.
 */
static int txn_check_alive(const struct xpv_device *dev, struct xpv_txn *txn)
{
	unsigned int state;
	int err = xenbus_scanf(txn->xbt, txn->dir, "state", "%u", &state);

	if (err == -ENOENT || READ_ONCE(dev->vanished))
		return -ENODEV;
	if (err != 1)
		return err < 0 ? err : -ENODEV;
	if (state == XenbusStateInitialising &&
	    dev->state != XenbusStateInitialising)
		return -ESTALE;
	return 0;
}

typedef int (*txn_fill)(struct xpv_device *dev, struct xpv_txn *txn);

/* One attempt: check that the directory lives, fill, write the state. */
static int txn_attempt(struct xpv_device *dev, txn_fill fill,
		       const enum xenbus_state *state)
{
	struct xpv_txn txn = { .dir = dev->nodename };
	int err;

	if (xpv_fault(dev, "a transaction"))
		return -EIO;
	err = xenbus_transaction_start(&txn.xbt);
	if (err)	/* A domain may have ten or so at once: those of others end soon. */
		return err == -ENOSPC ? -EAGAIN : err;
	txn.err = txn_check_alive(dev, &txn);
	if (!txn.err && fill) {
		err = fill(dev, &txn);
		if (!txn.err)
			txn.err = err;
	}
	if (state)
		xpv_txn_put(&txn, "state", "%d", *state);
	if (!txn.err && xpv_fault(dev, "a transaction's end"))
		txn.err = -EIO;
	err = xenbus_transaction_end(txn.xbt, txn.err);
	return txn.err ?: err;
}

static int txn_run(struct xpv_device *dev, txn_fill fill,
		   const enum xenbus_state *state)
{
	unsigned int try;
	int err = -EAGAIN;

	for (try = 0; try < TXN_TRIES && err == -EAGAIN; try++) {
		if (try)
			msleep(1U << (try - 1));
		err = txn_attempt(dev, fill, state);
	}
	if (err == -ENOSPC || err == -E2BIG)
		xpv_err(dev, "xenstore refused %s: this domain's quota is full\n",
			dev->nodename);
	return err;
}

int xpv_store_write(struct xpv_device *dev, txn_fill fill)
{
	return txn_run(dev, fill, NULL);
}
EXPORT_SYMBOL_GPL(xpv_store_write);

/* What the store says while the device is in @state. */
static enum xenbus_state shown_state(const struct xpv_device *dev,
				     enum xenbus_state state)
{
	if (state == XenbusStateInitialised && dev->drv->early)
		return XenbusStateConnected;
	return state;
}

int xpv_store_refire(struct xpv_device *dev, txn_fill fill)
{
	enum xenbus_state shown = shown_state(dev, dev->state);

	return txn_run(dev, fill, &shown);
}
EXPORT_SYMBOL_GPL(xpv_store_refire);

/*
 * Write a new state and the keys that belong to it. The stock bus keeps a
 * copy that it shows in sysfs and reads at shutdown.
 *
 * -ENODEV: our directory is gone. -ESTALE: it is a new device's.
 */
int xpv_store_set_state(struct xpv_device *dev, enum xenbus_state state,
			txn_fill fill)
{
	enum xenbus_state shown = shown_state(dev, state);
	int err = txn_run(dev, fill, &shown);

	if (err)
		return err;
	dev->state = state;
	dev->bus->state = shown;
	dev->replaced = false;
	return 0;
}

/* Have our node say another state than the one we are in. */
int xpv_store_show_state(struct xpv_device *dev, enum xenbus_state state)
{
	return txn_run(dev, NULL, &state);
}

/*
 * xenstored tells a domain that may not read the parent of what is gone that
 * it may not read it.
 */
static bool means_absent(int err)
{
	return err == -ENOENT || err == -EACCES;
}

/*
 * The state in a directory; Unknown if it is not there or not a number. Other
 * errors are the store's, and say nothing about the directory.
 */
int xpv_store_state(const char *dir, enum xenbus_state *state)
{
	char *text = xenbus_read(XBT_NIL, dir, "state", NULL);
	unsigned int number;

	*state = XenbusStateUnknown;
	if (IS_ERR(text))
		return means_absent(PTR_ERR(text)) ? 0 : PTR_ERR(text);
	if (!kstrtouint(text, 10, &number))
		*state = number;
	kfree(text);
	return 0;
}

/* Where xl and people look for the reason: error/<our directory>/error. */
void xpv_store_error(struct xpv_device *dev, const char *text)
{
	char *dir = kasprintf(GFP_NOIO, "error/%s", dev->nodename);

	if (dir)
		xenbus_write(XBT_NIL, dir, "error", text);
	kfree(dir);
}

static const char *end_dir(const struct xpv_device *dev, enum xpv_end end)
{
	return end == XPV_OWN ? dev->nodename : dev->otherend;
}

char *xpv_store_text(struct xpv_device *dev, enum xpv_end end, const char *key)
{
	if (xpv_fault(dev, "a key"))
		return ERR_PTR(-EIO);
	return xenbus_read(XBT_NIL, end_dir(dev, end), key, NULL);
}
EXPORT_SYMBOL_GPL(xpv_store_text);

int xpv_store_flag(struct xpv_device *dev, enum xpv_end end, const char *key,
		   bool *flag)
{
	char *text = xpv_store_text(dev, end, key);
	unsigned long long value;

	if (IS_ERR(text))
		return means_absent(PTR_ERR(text)) ? 0 : PTR_ERR(text);
	if (!kstrtoull(text, 10, &value))
		*flag = value;
	kfree(text);
	return 0;
}
EXPORT_SYMBOL_GPL(xpv_store_flag);

static int key_failed(struct xpv_device *dev, enum xpv_end end,
		      const struct xpv_key *key, const char *text, int err)
{
	char why[96];

	xpv_key_explain(key, text, err, why, sizeof(why));
	return xpv_device_fail(dev, err, "%s/%s: %s", end_dir(dev, end),
			       key->name, why);
}

static int key_read(struct xpv_device *dev, enum xpv_end end,
		    const struct xpv_key *key, void *into)
{
	char *text = xpv_store_text(dev, end, key->name);
	int err;

	if (IS_ERR(text)) {
		err = PTR_ERR(text);
		if (err != -ENOENT)
			return xpv_device_fail(dev, err, "cannot read %s/%s",
					       end_dir(dev, end), key->name);
		text = NULL;
	}
	err = xpv_key_parse(key, text, into);
	if (err)
		key_failed(dev, end, key, text, err);
	kfree(text);
	return err;
}

int xpv_store_read(struct xpv_device *dev, enum xpv_end end,
		   const struct xpv_key *keys, unsigned int nr, void *into)
{
	unsigned int i;
	int err = 0;

	for (i = 0; i < nr && !err; i++)
		err = key_read(dev, end, &keys[i], into);
	return err;
}
EXPORT_SYMBOL_GPL(xpv_store_read);
