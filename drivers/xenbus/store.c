// SPDX-License-Identifier: GPL-2.0
/* A device's keys in xenstore; see include/xpv/store.h. */
#include <linux/delay.h>
#include <linux/err.h>
#include <linux/export.h>
#include <linux/kstrtox.h>
#include <linux/list.h>
#include <linux/minmax.h>
#include <linux/overflow.h>
#include <linux/slab.h>
#include <xen/xenbus.h>
#include <xpv/fault.h>
#include "internal.h"

/*
 * struct put - a key of a transaction
 * @link: in its puts
 * @text: what is written, or NULL if the key is to go
 * @err: of writing it
 * @key: its name
 */
struct put {
	struct list_head link;
	char *text;
	int err;
	char key[];
};

/*
 * struct xpv_txn - a transaction, that is yet to be made
 * @dev: the device whose directory keys are put into
 * @puts: them, in order
 * @nr: how many
 * @array: the same
 * @xbt: the kernel's, once it is open
 * @err: the first error; later puts are skipped
 */
struct xpv_txn {
	struct xpv_device *dev;
	struct list_head puts;
	unsigned int nr;
	struct put **array;
	struct xenbus_transaction xbt;
	int err;
};

/* A conflict is retried after 1, 2, 4 ... ms: about two seconds in all. */
#define TXN_TRIES	11

/* They are written in no order, so there is one of a name: the last. */
static struct put *put_get(struct xpv_txn *txn, const char *key)
{
	struct put *put;

	list_for_each_entry(put, &txn->puts, link)
		if (!strcmp(put->key, key))
			return put;
	put = kzalloc(struct_size(put, key, strlen(key) + 1), GFP_NOIO);
	if (!put)
		return NULL;
	strcpy(put->key, key);
	list_add_tail(&put->link, &txn->puts);
	txn->nr++;
	return put;
}

/* @text is the transaction's from here on. */
static void txn_add(struct xpv_txn *txn, const char *key, char *text)
{
	struct put *put = put_get(txn, key);

	if (!put) {
		txn->err = -ENOMEM;
		kfree(text);
		return;
	}
	kfree(put->text);
	put->text = text;
}

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
		txn_add(txn, key, text);
	else
		txn->err = -ENOMEM;
}
EXPORT_SYMBOL_GPL(xpv_txn_put);

void xpv_txn_drop(struct xpv_txn *txn, const char *key)
{
	if (!txn->err)
		txn_add(txn, key, NULL);
}
EXPORT_SYMBOL_GPL(xpv_txn_drop);

static void txn_free(struct xpv_txn *txn)
{
	struct put *put, *next;

	list_for_each_entry_safe(put, next, &txn->puts, link) {
		kfree(put->text);
		kfree(put);
	}
	kfree(txn->array);
}

/*
 * A directory without a state is gone: writing would bring back a ghost. One
 * that is Initialising while we are not is a new device at an old path; and so is
 * any once the bus has taken us away, which says so before it finds the new one.
 */
static int check_alive(const struct xpv_device *dev, struct xenbus_transaction xbt)
{
	unsigned int state;
	int err = xenbus_scanf(xbt, dev->nodename, "state", "%u", &state);

	if (err == -ENOENT || READ_ONCE(dev->vanished))
		return -ENODEV;
	if (err != 1)
		return err < 0 ? err : -ENODEV;
	if (state == XenbusStateInitialising &&
	    dev->state != XenbusStateInitialising)
		return -ESTALE;
	return 0;
}

/* Whether a name among @names is that of @key, or of the directory that it is in. */
static bool is_named(const char *key, char **names, unsigned int nr)
{
	size_t len = strcspn(key, "/");
	unsigned int i;

	for (i = 0; i < nr; i++)
		if (!strncmp(names[i], key, len) && !names[i][len])
			return true;
	return false;
}

/*
 * Nobody but us makes a key that we drop, and mostly it is not there. The names of all
 * cost no more than to drop one. A directory may be too long to be listed.
 */
static void forget_absent(struct xpv_txn *txn)
{
	struct put *put, *next;
	char **names = NULL;
	unsigned int nr;

	list_for_each_entry_safe(put, next, &txn->puts, link) {
		if (put->text)
			continue;
		if (!names)
			names = xenbus_directory(XBT_NIL, txn->dev->nodename, "", &nr);
		if (IS_ERR(names))
			return;
		if (is_named(put->key, names, nr))
			continue;
		list_del(&put->link);
		kfree(put);
		txn->nr--;
	}
	kfree(names);
}

typedef int (*txn_fill)(struct xpv_device *dev, struct xpv_txn *txn);

/* Have the driver say what is to be written; not of a device that is gone. */
static int txn_prepare(struct xpv_txn *txn, txn_fill fill, const enum xenbus_state *state)
{
	struct put *put;
	unsigned int i = 0;
	int err = 0;

	if (fill)
		err = check_alive(txn->dev, XBT_NIL) ?: fill(txn->dev, txn);
	if (err)
		return txn->err ?: err;
	if (state)
		xpv_txn_put(txn, "state", "%d", *state);
	if (txn->err)
		return txn->err;
	forget_absent(txn);
	txn->array = kmalloc_array(txn->nr, sizeof(*txn->array), GFP_NOIO);
	if (!txn->array)
		return -ENOMEM;
	list_for_each_entry(put, &txn->puts, link)
		txn->array[i++] = put;
	return 0;
}

/* One of what is asked of the store in an open transaction. */
static void txn_one(void *arg, unsigned int i)
{
	struct xpv_txn *txn = arg;
	const char *dir = txn->dev->nodename;
	struct put *put = txn->array[i];

	if (put->text) {
		put->err = xenbus_write(txn->xbt, dir, put->key, put->text);
		return;
	}
	put->err = xenbus_rm(txn->xbt, dir, put->key);
	if (put->err == -ENOENT)
		put->err = 0;
}

static int txn_errors(const struct xpv_txn *txn)
{
	const struct put *put;

	list_for_each_entry(put, &txn->puts, link)
		if (put->err)
			return put->err;
	return xpv_fault(txn->dev, "a transaction's end") ? -EIO : 0;
}

/* One attempt: check that the directory lives, and write. */
static int txn_attempt(struct xpv_txn *txn)
{
	int err, end;

	if (xpv_fault(txn->dev, "a transaction"))
		return -EIO;
	err = xenbus_transaction_start(&txn->xbt);
	if (err)	/* A domain may have ten or so at once: those of others end soon. */
		return err == -ENOSPC ? -EAGAIN : err;
	/* Of what we are about to write it knows nothing. */
	err = check_alive(txn->dev, txn->xbt);
	if (!err) {
		xpv_abreast(txn->nr, txn_one, txn);
		err = txn_errors(txn);
	}
	end = xenbus_transaction_end(txn->xbt, err);
	return err ?: end;
}

static int txn_try(struct xpv_txn *txn)
{
	unsigned int try;
	int err = -EAGAIN;

	for (try = 0; try < TXN_TRIES && err == -EAGAIN; try++) {
		if (try)
			msleep(1U << (try - 1));
		err = txn_attempt(txn);
	}
	return err;
}

static int txn_run(struct xpv_device *dev, txn_fill fill,
		   const enum xenbus_state *state)
{
	struct xpv_txn txn = { .dev = dev, .puts = LIST_HEAD_INIT(txn.puts) };
	int err = txn_prepare(&txn, fill, state) ?: txn_try(&txn);

	txn_free(&txn);
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
bool xpv_store_is_absent(int err)
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
		return xpv_store_is_absent(PTR_ERR(text)) ? 0 : PTR_ERR(text);
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
		return xpv_store_is_absent(PTR_ERR(text)) ? 0 : PTR_ERR(text);
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

/* Parse a key's text, which may be an error. */
static int key_take(struct xpv_device *dev, enum xpv_end end,
		    const struct xpv_key *key, const char *text, void *into)
{
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
	return err;
}

/* Keys that are read at once. */
#define READ_MAX	20

/*
 * struct reading - keys that are being read
 * @dir: the directory that they are in
 * @keys: them
 * @texts: what they say, or errors; NULL before that
 */
struct reading {
	const char *dir;
	const struct xpv_key *keys;
	char *texts[READ_MAX];
};

static void read_one(void *arg, unsigned int i)
{
	struct reading *r = arg;

	if (!r->texts[i])
		r->texts[i] = xenbus_read(XBT_NIL, r->dir, r->keys[i].name, NULL);
}

static int read_some(struct xpv_device *dev, enum xpv_end end,
		     const struct xpv_key *keys, unsigned int nr, void *into)
{
	struct reading r = { .dir = end_dir(dev, end), .keys = keys };
	unsigned int i;
	int err = 0;

	for (i = 0; i < nr; i++)
		if (xpv_fault(dev, "a key"))
			r.texts[i] = ERR_PTR(-EIO);
	xpv_abreast(nr, read_one, &r);
	for (i = 0; i < nr; i++) {
		if (!err)
			err = key_take(dev, end, &keys[i], r.texts[i], into);
		if (!IS_ERR(r.texts[i]))
			kfree(r.texts[i]);
	}
	return err;
}

int xpv_store_read(struct xpv_device *dev, enum xpv_end end,
		   const struct xpv_key *keys, unsigned int nr, void *into)
{
	unsigned int some;
	int err = 0;

	for (; nr && !err; nr -= some, keys += some) {
		some = min_t(unsigned int, nr, READ_MAX);
		err = read_some(dev, end, keys, some, into);
	}
	return err;
}
EXPORT_SYMBOL_GPL(xpv_store_read);
