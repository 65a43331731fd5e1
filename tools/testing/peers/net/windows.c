// SPDX-License-Identifier: GPL-2.0
/*
 * The Windows drivers: straight from InitWait to Connected, a full ring of
 * buffers whose ids are their slots, whole packets in one step, extras, groups
 * asked for by extras, hashes by the control ring, grants revoked with the
 * answer.
 */
#include <stdio.h>
#include <string.h>

#include "net.h"

#define ENTRIES 128
#define HASHES 0xf /* of IPv4 and IPv6, with and without TCP */

static const struct style one_queue = {
	.queues = 1,
	.always_queues = true,
	.split = true,
	.sg = true,
	.gso = true,
	.mcast = true,
	.control = true,
	.buffers = RX_BUFFERS,
	.state = CONNECTED,
};

static const struct style two_queues = {
	.queues = 2,
	.always_queues = true,
	.split = true,
	.sg = true,
	.gso = true,
	.control = true,
	.buffers = RX_BUFFERS,
	.state = CONNECTED,
};

/* Whatever state the other end is in, until it waits for us. */
static bool start_over(struct device *dev)
{
	long long end = now_ms() + 20000;

	while (now_ms() < end) {
		switch (device_other(dev)) {
		case INIT_WAIT:
			return true;
		case CONNECTED:
			device_state(dev, CLOSING);
			device_wait(dev, CLOSING, 10000);
			break;
		case CLOSING:
			device_state(dev, CLOSED);
			device_wait(dev, CLOSED, 10000);
			break;
		case CLOSED:
			if (!device_number(dev, "online", 0))
				return false;
			device_state(dev, INITIALISING);
			device_wait(dev, INIT_WAIT, 10000);
			break;
		default:
			device_wait(dev, INIT_WAIT, 10000);
		}
	}
	return false;
}

static bool sane_offer(const struct device *dev)
{
	long long queues = device_number(dev, "multi-queue-max-queues", 0);

	note("%lld queues, split %lld, control ring %lld, groups %lld", queues,
	     device_number(dev, "feature-split-event-channels", 0),
	     device_number(dev, "feature-ctrl-ring", 0),
	     device_number(dev, "feature-dynamic-multicast-control", 0));
	return queues > 0 &&
	       !differs("feature-ctrl-ring", device_number(dev, "feature-ctrl-ring", 0), 1) &
		       !differs("split channels",
				device_number(dev, "feature-split-event-channels", 0), 1) &
		       !differs("feature-gso-tcpv4", device_number(dev, "feature-gso-tcpv4", 0),
				1) &
		       !differs("feature-gso-tcpv6", device_number(dev, "feature-gso-tcpv6", 0),
				1) &
		       !differs("feature-ipv6-csum-offload",
				device_number(dev, "feature-ipv6-csum-offload", 0), 1);
}

static bool sane_groups(const struct device *dev)
{
	return !differs("feature-dynamic-multicast-control",
			device_number(dev, "feature-dynamic-multicast-control", 0), 1);
}

/* One slot, and several. */
static bool all_sizes(struct card *card)
{
	static struct frame frame;
	unsigned int len, slots;

	for (len = 60; len <= 1514; len += len < 200 ? 7 : 61) {
		slots = len < 200 ? 1 : 1 + len % 5;
		frame_udp(&frame, card->mac, len, len);
		if (!card_echo(card, 0, &frame, slots))
			return false;
	}
	return true;
}

static bool to_be_summed(struct card *card, bool v6)
{
	static struct frame frame;
	unsigned int len;

	for (len = 100; len <= 1514; len += 202) {
		frame_tcp(&frame, card->mac, v6, len, 0, len);
		if (!card_echo(card, 0, &frame, 1 + len % 3))
			return false;
	}
	return true;
}

/* From two segments to as many as fit, over up to as many slots as there may be. */
static bool segments(struct card *card, bool v6, bool hash)
{
	static struct frame frame;
	unsigned int len, slots;

	for (len = 3000; len <= 65000; len += 7750) {
		slots = 2 + len / PAGE_BYTES + (len > 60000);
		frame_tcp(&frame, card->mac, v6, len, 1400, len);
		frame.hash = hash;
		if (!card_echo(card, 0, &frame, slots))
			return false;
	}
	return true;
}

static bool most_slots(struct card *card)
{
	static struct frame frame;

	frame_tcp(&frame, card->mac, false, 60000, 1448, 3);
	if (!card_echo(card, 0, &frame, SLOTS_MAX))
		return false;
	frame_udp(&frame, card->mac, 1514, 4);
	return card_echo(card, 0, &frame, SLOTS_MAX);
}

/* Many at once, so that the backend has several packets to publish. */
#define BURST 12

static bool bursts(struct card *card)
{
	static struct frame frames[BURST], got;
	struct sending sending[BURST];
	unsigned int i, seen = 0;
	bool good = true;

	for (i = 0; i < BURST; i++) {
		frame_tcp(&frames[i], card->mac, false, 9000 + i, 1400, i);
		send_put(&card->queue[0], &sending[i], &frames[i], 4);
	}
	while (seen < BURST && queue_take(&card->queue[0], &got, 3000)) {
		for (i = 0; i < BURST && got.len != frames[i].len; i++)
			;
		good &= i < BURST && frame_is_mirrored(&got, &frames[i]);
		seen++;
	}
	note("%u of %u came back", seen, BURST);
	good &= send_settle(&card->queue[0], 5000);
	for (i = 0; i < BURST; i++)
		pages_end(&sending[i].pages);
	for (i = 0; i < BURST; i++)
		good &= pages_ended(&sending[i].pages);
	return good && seen == BURST;
}

static bool heard(struct card *card, const __u8 *group, unsigned int seed)
{
	static struct frame frame, got;
	struct sending sending;

	frame_raw(&frame, card->mac, group, 100, seed);
	send_put(&card->queue[0], &sending, &frame, 1);
	return send_end(&card->queue[0], &sending) && card_answers_to(card, &frame, &got, 1000);
}

static bool group_is(struct card *card, const __u8 *group, bool add)
{
	struct sending sending;

	send_group(&card->queue[0], &sending, group, add);
	return send_end(&card->queue[0], &sending);
}

/* Only what was asked for comes, and broadcasts. */
static bool groups(struct card *card)
{
	static const __u8 one[] = { 0x01, 0x00, 0x5e, 0x00, 0x00, 0x63 };
	static const __u8 other[] = { 0x33, 0x33, 0x00, 0x00, 0x00, 0x63 };
	static const __u8 all[] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };
	bool good;

	good = !differs("a group before it is joined", heard(card, one, 1), false);
	good &= group_is(card, one, true);
	good &= !differs("a group that is joined", heard(card, one, 2) || heard(card, one, 3),
			 true);
	good &= !differs("another group", heard(card, other, 4), false);
	good &= group_is(card, one, false);
	good &= !differs("a group that was left", heard(card, one, 5), false);
	return good & !differs("broadcasts", heard(card, all, 6) || heard(card, all, 7), true);
}

static bool hash_begins(struct card *card)
{
	const __u32 none[3] = {};
	struct ctrl_response response;
	bool good;

	good = control_ask(&card->control, CTRL_GET_FLAGS, none, &response);
	note("flags without an algorithm: status %u", response.status);
	good &= control_is(&card->control, CTRL_OKAY, CTRL_SET_ALGORITHM, 1, 0, 0);
	good &= control_ask(&card->control, CTRL_GET_FLAGS, none, &response);
	note("flags %#x, status %u", response.data, response.status);
	return good & !differs("the status", response.status, CTRL_OKAY) &
	       !differs("the hashes", response.data, HASHES);
}

static bool hash_changes(struct card *card)
{
	return control_sequence(&card->control, ENTRIES, 0, false, HASHES) &&
	       control_sequence(&card->control, 0, 0, false, HASHES) &&
	       control_sequence(&card->control, ENTRIES, 0, true, HASHES) &&
	       control_sequence(&card->control, ENTRIES, 0, false, 0) &&
	       control_is(&card->control, CTRL_OKAY, CTRL_SET_ALGORITHM, 0, 0, 0);
}

/* What came so far was whole and where it should be. */
static bool was_whole(const struct card *card)
{
	return !differs("packets seen in part", card->queue[0].torn, 0);
}

static bool was_in_place(const struct card *card)
{
	return !differs("responses in the slots of others", card->queue[0].astray, 0);
}

static bool was_tight(const struct card *card)
{
	return queue_is_tight(&card->queue[0]);
}

static bool closes(struct card *card)
{
	return card_closed(card, CLOSING);
}

static void data_rules(struct card *card)
{
	rule("echoes of all sizes, in one slot and in several", all_sizes(card));
	rule("sums are left to the backend, and may be to us", to_be_summed(card, false));
	rule("over IPv6, too", to_be_summed(card, true));
	rule("segments are left to the backend, and are to us", segments(card, false, false));
	rule("segments over IPv6", segments(card, true, false));
	rule("an extra with a hash but no algorithm", segments(card, false, true));
	rule("packets of 18 slots", most_slots(card));
	rule("packets in bursts", bursts(card));
}

static void first_life(struct device *dev)
{
	struct card card;

	card_open(&card, dev);
	card_mac(&card, dev->front);
	rule("finds InitWait", start_over(dev));
	rule("is offered what it needs", sane_offer(dev));
	rule("is offered groups of its choice", sane_groups(dev));
	rule("goes from InitWait to Connected in one transaction", card_connect(&card, &one_queue));
	card.queue[0].rx.polls = true;
	card.queue[0].tx.polls = true;
	data_rules(&card);
	rule("groups are joined and left by extras", groups(&card));
	rule("asks for the hashes there are", hash_begins(&card));
	rule("sends all of it at every change, with nothing and with zeroes", hash_changes(&card));
	rule("works while there are hashes",
	     control_sequence(&card.control, ENTRIES, 0, false, HASHES) &&
		     segments(&card, false, false) && all_sizes(&card));
	rule("a packet is published in one step", was_whole(&card));
	rule("a response is in its request's slot", was_in_place(&card));
	rule("nothing is written to its pages but packets", was_tight(&card));
	rule("closes, and no page is held at Closed", closes(&card));
}

/* All that is hashed goes where the table says. */
static bool steered(struct card *card, unsigned int queue)
{
	static struct frame frame, got;
	struct sending sending;
	unsigned int i, here = 0;

	if (!control_sequence(&card->control, ENTRIES, queue, false, HASHES))
		return false;
	for (i = 0; i < 16; i++) {
		frame_tcp(&frame, card->mac, i & 1, 200, 0, i);
		send_put(&card->queue[0], &sending, &frame, 1);
		if (!send_end(&card->queue[0], &sending))
			return false;
		here += queue_take(&card->queue[queue], &got, 500);
	}
	note("%u of 16 on queue %u", here, queue);
	return here >= 14;
}

/* Return: whether what comes back has such a hash. */
static bool is_hashed(struct card *card, const struct frame *frame, unsigned int type)
{
	static struct frame got;
	struct sending sending;
	unsigned int try;

	for (try = 0; try < 5; try++) {
		send_put(&card->queue[0], &sending, frame, 1);
		if (!send_end(&card->queue[0], &sending))
			return false;
		if (card_answers_to(card, frame, &got, 1000))
			return frame_is_hashed(&got, type);
	}
	note("a frame does not come back");
	return false;
}

/* With ports, where they are to be part of it, and addresses alone. */
static bool all_hashed(struct card *card)
{
	static struct frame udp, four, six;

	frame_udp(&udp, card->mac, 300, 5);
	frame_tcp(&four, card->mac, false, 400, 0, 6);
	frame_tcp(&six, card->mac, true, 500, 0, 7);
	return control_sequence(&card->control, ENTRIES, 0, false, HASHES) &&
	       is_hashed(card, &udp, HASH_IPV4) && is_hashed(card, &four, HASH_IPV4_TCP) &&
	       is_hashed(card, &six, HASH_IPV6_TCP) &&
	       control_sequence(&card->control, ENTRIES, 0, false,
				1U << HASH_IPV4 | 1U << HASH_IPV6) &&
	       is_hashed(card, &four, HASH_IPV4) && is_hashed(card, &six, HASH_IPV6);
}

static void second_life(struct device *dev)
{
	struct card card;

	card_open(&card, dev);
	card_mac(&card, dev->front);
	rule("connects again, with two queues",
	     start_over(dev) && card_connect(&card, &two_queues));
	rule("both queues work", card_works(&card, 100));
	rule("what is received is steered to the second", steered(&card, 1));
	rule("and to the first", steered(&card, 0));
	rule("what is received has the hash of its addresses and ports", all_hashed(&card));
	/* As after a crash: the next life finds the backend connected. */
	rule("starts over by way of Closing and Closed", start_over(dev));
	rule("and its pages were free by then", card_release(&card));
}

void play_windows(struct device *dev)
{
	first_life(dev);
	if (device_number(dev, "multi-queue-max-queues", 1) > 1)
		second_life(dev);
	rule("never sees a state beyond Closed", device_never_reconfigured(dev));
}
