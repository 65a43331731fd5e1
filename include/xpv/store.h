/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A device's keys in xenstore: checked reads of the other end's and our own,
 * and writes in one transaction together with the state they belong to.
 */
#ifndef XPV_STORE_H
#define XPV_STORE_H

#include <linux/compiler.h>
#include <xen/interface/io/xenbus.h>
#include <xpv/keys.h>

struct xpv_device;

/**
 * enum xpv_end - whose directory a key is in
 * @XPV_OWN: this device's directory
 * @XPV_OTHER: the other end's directory; everything in it is untrusted
 */
enum xpv_end {
	XPV_OWN,
	XPV_OTHER,
};

/**
 * struct xpv_txn - a transaction on a device's own directory
 *
 * Opaque to drivers, which put keys into it from their publish() and
 * describe() callbacks. Afterwards they are written, many at once and in no order;
 * of a key that was put twice, the last counts. Errors stick: after the first failed
 * put the rest are skipped, and nothing is written.
 */
struct xpv_txn;

/**
 * xpv_txn_put() - have one of our keys written
 * @txn: the transaction
 * @key: relative to our directory; may hold slashes
 * @fmt: printf format of its value
 *
 * Context: process; may sleep.
 */
__printf(3, 4)
void xpv_txn_put(struct xpv_txn *txn, const char *key, const char *fmt, ...);

/**
 * xpv_txn_drop() - have one of our keys removed, if it is there
 * @txn: the transaction
 * @key: relative to our directory; no directory, since what a transaction writes and
 *	removes is in no order
 *
 * For keys an earlier life left behind and this one must not show.
 *
 * Context: process; may sleep.
 */
void xpv_txn_drop(struct xpv_txn *txn, const char *key);

/**
 * xpv_store_read() - read a table of keys into a structure
 * @dev: the device
 * @end: whose keys
 * @keys: the table
 * @nr: rows of @keys
 * @into: the structure its offsets point into
 *
 * The first key that is missing or malformed ends the read; the device's
 * failure text then names the device, the key and what is wrong with it (see
 * xpv_device_fail()), so a driver just returns the error.
 *
 * Context: process; sleeps, one store round trip per key.
 * Return: 0; -ENOENT, -EINVAL or -ERANGE as xpv_key_parse(); or the store's
 * own error.
 */
int xpv_store_read(struct xpv_device *dev, enum xpv_end end,
		   const struct xpv_key *keys, unsigned int nr, void *into);

/**
 * xpv_store_text() - read one key as text
 * @dev: the device
 * @end: whose key
 * @key: the key
 *
 * Context: process; sleeps.
 * Return: the text, to be kfree()d, or an ERR_PTR; an absent key is
 * ERR_PTR(-ENOENT) and no failure text is recorded.
 */
char *xpv_store_text(struct xpv_device *dev, enum xpv_end end,
		     const char *key);

/**
 * xpv_store_flag() - read one of a device's flags
 * @dev: the device
 * @end: whose key
 * @key: the key
 * @flag: set to what it says; left alone if it is absent or malformed
 *
 * Context: process; sleeps.
 * Return: 0 or the store's error.
 */
int xpv_store_flag(struct xpv_device *dev, enum xpv_end end, const char *key,
		   bool *flag);

/**
 * xpv_store_write() - write keys outside publish() and describe()
 * @dev: the device
 * @fill: puts the keys; called once, before the transaction begins
 *
 * Retries a conflicting transaction with a back-off; a full quota is reported
 * as such. Writes nothing if the device's directory is gone.
 *
 * Context: process; sleeps.
 * Return: 0; -ENODEV if the directory is gone; -ESTALE if it is a new device's;
 * -EAGAIN if conflicts would not end; or the store's error.
 */
int xpv_store_write(struct xpv_device *dev,
		    int (*fill)(struct xpv_device *dev, struct xpv_txn *txn));

/**
 * xpv_store_refire() - write our present state again, so that the other end's
 *	watch fires
 * @dev: a connected device
 * @fill: keys to change in the same transaction, as xpv_store_write()
 *
 * How a backend announces a changed disk size.
 *
 * Context: process; sleeps.
 * Return: as xpv_store_write().
 */
int xpv_store_refire(struct xpv_device *dev,
		     int (*fill)(struct xpv_device *dev, struct xpv_txn *txn));

#endif
