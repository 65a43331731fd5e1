// SPDX-License-Identifier: GPL-2.0
/* What a block frontend writes into the store. */
#include <stdio.h>

#include "blk.h"

/* Take away what the peer before us wrote. */
void vbd_forget_keys(const struct device *dev)
{
	static const char *const keys[] = {
		"ring-ref", "ring-ref0", "ring-ref1", "ring-ref2", "ring-ref3",
		"ring-page-order", "event-channel", "protocol",
		"multi-queue-num-queues", "queue-0", "queue-1", "queue-2",
		"feature-persistent",
	};

	device_forget(dev, keys, ARRAY_SIZE(keys));
}

static void publish_ring(const struct device *dev, __u32 txn, const char *dir,
			 const struct ring *ring, const struct style *style)
{
	unsigned int i;

	if (!style->numbered)
		device_put(dev, txn, dir, "ring-ref=%u", ring->pages.gref[0]);
	for (i = 0; style->numbered && i < ring->pages.nr; i++)
		device_put(dev, txn, dir, "ring-ref%u=%u", i, ring->pages.gref[i]);
	device_put(dev, txn, dir, "event-channel=%u", ring->ch.port);
}

static void publish_all(const struct device *dev, __u32 txn,
			const struct ring *rings, unsigned int nr,
			const struct style *style)
{
	char dir[24] = "";
	unsigned int i;

	for (i = 0; i < nr; i++) {
		if (nr > 1)
			snprintf(dir, sizeof(dir), "queue-%u/", i);
		publish_ring(dev, txn, dir, &rings[i], style);
	}
	if (style->numbered)
		device_put(dev, txn, "", "ring-page-order=%u", style->order);
	if (style->num_queues)
		device_put(dev, txn, "", "multi-queue-num-queues=%u", nr);
	if (style->protocol)
		device_put(dev, txn, "", "protocol=%s", rings[0].abi->name);
	if (style->state)
		device_put(dev, txn, "", "state=%d", style->state);
}

/* Write what a peer of that style does, in one transaction. */
void vbd_publish(const struct device *dev, const struct ring *rings,
		 unsigned int nr, const struct style *style)
{
	__u32 txn;

	do {
		txn = store_begin();
		publish_all(dev, txn, rings, nr, style);
	} while (!store_commit(txn));
}
