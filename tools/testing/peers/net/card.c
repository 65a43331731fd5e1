// SPDX-License-Identifier: GPL-2.0
/* A card: its keys in the store, its queues, and whether frames come back. */
#include <stdio.h>
#include <string.h>

#include "net.h"

#define STATE_MS 10000
#define TRIES 5
#define TRY_MS 1000

void card_open(struct card *card, struct device *dev)
{
	memset(card, 0, sizeof(*card));
	card->dev = dev;
}

/* The address, as DIR of the store tells it: that of either end. */
void card_mac(struct card *card, const char *dir)
{
	char path[160], text[32];
	unsigned int mac[MAC_BYTES], i;

	snprintf(path, sizeof(path), "%s/mac", dir);
	if (!store_read(path, text, sizeof(text)) ||
	    sscanf(text, "%x:%x:%x:%x:%x:%x", &mac[0], &mac[1], &mac[2], &mac[3], &mac[4],
		   &mac[5]) != MAC_BYTES)
		give_up("%s is no address", path);
	for (i = 0; i < MAC_BYTES; i++)
		card->mac[i] = mac[i];
}

void card_forget_keys(const struct card *card)
{
	static const char *const keys[] = {
		"tx-ring-ref",
		"rx-ring-ref",
		"event-channel",
		"event-channel-tx",
		"event-channel-rx",
		"queue-0",
		"queue-1",
		"multi-queue-num-queues",
		"request-rx-copy",
		"feature-rx-notify",
		"feature-sg",
		"feature-gso-tcpv4",
		"feature-gso-tcpv6",
		"feature-no-csum-offload",
		"feature-ipv6-csum-offload",
		"request-multicast-control",
		"xdp-headroom",
		"ctrl-ring-ref",
		"event-channel-ctrl",
	};

	device_forget(card->dev, keys, ARRAY_SIZE(keys));
}

static void publish_queue(const struct card *card, __u32 txn, const char *dir,
			  const struct queue *queue)
{
	const struct device *dev = card->dev;

	device_put(dev, txn, dir, "tx-ring-ref=%u", queue->tx.pages.gref[0]);
	device_put(dev, txn, dir, "rx-ring-ref=%u", queue->rx.pages.gref[0]);
	if (!queue->split) {
		device_put(dev, txn, dir, "event-channel=%u", queue->tx.ch.port);
		return;
	}
	device_put(dev, txn, dir, "event-channel-tx=%u", queue->tx.ch.port);
	device_put(dev, txn, dir, "event-channel-rx=%u", queue->rx.ch.port);
}

static void publish_features(const struct card *card, __u32 txn)
{
	const struct style *style = card->style;
	const struct device *dev = card->dev;

	device_put(dev, txn, "", "request-rx-copy=1");
	device_put(dev, txn, "", "feature-rx-notify=%d", !style->mum);
	device_put(dev, txn, "", "feature-sg=%d", style->sg);
	device_put(dev, txn, "", "feature-no-csum-offload=%d", style->no_csum);
	if (style->gso) {
		device_put(dev, txn, "", "feature-gso-tcpv4=1");
		device_put(dev, txn, "", "feature-gso-tcpv6=1");
		device_put(dev, txn, "", "feature-ipv6-csum-offload=1");
	}
	if (style->mcast)
		device_put(dev, txn, "", "request-multicast-control=1");
	if (style->headroom)
		device_put(dev, txn, "", "xdp-headroom=%u", style->headroom);
}

static void publish_all(const struct card *card, __u32 txn)
{
	const struct style *style = card->style;
	const struct device *dev = card->dev;
	char dir[24] = "";
	unsigned int i;

	publish_features(card, txn);
	for (i = 0; i < style->queues; i++) {
		if (style->queues > 1)
			snprintf(dir, sizeof(dir), "queue-%u/", i);
		publish_queue(card, txn, dir, &card->queue[i]);
	}
	if (style->always_queues || style->queues > 1)
		device_put(dev, txn, "", "multi-queue-num-queues=%u", style->queues);
	if (style->control) {
		device_put(dev, txn, "", "ctrl-ring-ref=%u", card->control.pages.gref[0]);
		device_put(dev, txn, "", "event-channel-ctrl=%u", card->control.ch.port);
	}
	if (style->state)
		device_put(dev, txn, "", "state=%d", style->state);
}

/* Rings and buffers. */
void card_prepare(struct card *card, const struct style *style)
{
	unsigned int i;

	card->style = style;
	for (i = 0; i < style->queues; i++)
		queue_open(&card->queue[i], style, card->dev->domid);
	if (style->control)
		control_open(&card->control, card->dev->domid);
}

void card_publish(struct card *card)
{
	__u32 txn;

	card_forget_keys(card);
	do {
		txn = store_begin();
		publish_all(card, txn);
	} while (!store_commit(txn));
}

/* From InitWait to Connected. */
bool card_connect(struct card *card, const struct style *style)
{
	card_prepare(card, style);
	card_publish(card);
	if (!style->state)
		device_state(card->dev, CONNECTED);
	return device_wait(card->dev, CONNECTED, STATE_MS);
}

/* Return: whether the backend had let go of everything. */
bool card_release(struct card *card)
{
	bool good = true;
	unsigned int i;

	for (i = 0; i < card->style->queues; i++)
		good &= queue_close(&card->queue[i]);
	if (card->style->control)
		good &= ring_close(&card->control);
	return good;
}

/* Closed from STATE on: Closing, which has to be answered, or Closed at once. */
bool card_closed(struct card *card, int state)
{
	bool good = true;

	if (state == CLOSING) {
		device_state(card->dev, CLOSING);
		good = device_wait(card->dev, CLOSING, STATE_MS);
	}
	device_state(card->dev, CLOSED);
	good &= device_wait(card->dev, CLOSED, STATE_MS);
	return card_release(card) & good;
}

/* Whatever queue it comes on. */
static bool take_any(struct card *card, struct frame *got, int ms)
{
	long long end = now_ms() + ms;
	unsigned int i;

	if (card->style->queues == 1)
		return queue_take(&card->queue[0], got, ms);
	do {
		for (i = 0; i < card->style->queues; i++)
			if (queue_take(&card->queue[i], got, 5))
				return true;
	} while (now_ms() < end);
	return false;
}

/* Return: whether the answer to FRAME is there within the time, other ones left aside. */
bool card_answers_to(struct card *card, const struct frame *frame, struct frame *got, int ms)
{
	long long end = now_ms() + ms;

	while (now_ms() < end)
		if (take_any(card, got, end - now_ms()) && got->len == frame->len &&
		    !memcmp(got->data + got->len - 4, frame->data + frame->len - 4, 4))
			return true;
	return false;
}

/* Return: whether FRAME comes back from the mirror as it was; networks may lose it. */
bool card_echo(struct card *card, unsigned int q, const struct frame *frame, unsigned int slots)
{
	static struct frame got;
	struct sending sending;
	unsigned int try;

	for (try = 0; try < TRIES; try++) {
		send_put(&card->queue[q], &sending, frame, slots);
		card->sent++;
		if (!send_end(&card->queue[q], &sending))
			return false;
		if (card_answers_to(card, frame, &got, TRY_MS))
			return frame_is_mirrored(&got, frame);
	}
	note("a frame of %u bytes in %u slots does not come back", frame->len, slots);
	return false;
}

/* Return: whether what any frontend does is served. */
bool card_works(struct card *card, unsigned int seed)
{
	static const unsigned int sizes[] = { 60, 61, 200, 1000, 1514 };
	static struct frame frame;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		frame_udp(&frame, card->mac, sizes[i], seed + i);
		if (!card_echo(card, i % card->style->queues, &frame, 1))
			return false;
	}
	return true;
}
