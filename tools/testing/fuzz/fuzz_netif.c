// SPDX-License-Identifier: GPL-2.0
/*
 * drivers/net/netback/netif_parse.c with any slots. An input is a byte of
 * patience with long packets, and slots: packets one after the other, until one
 * is fatal. All of it is also a control request, and a key and what it hashes.
 */
#include <stdlib.h>
#include <string.h>
#include <linux/kernel.h>
#include "../../../drivers/net/netback/netif_parse.h"

#define REQUIRE(condition) \
	do { if (!(condition)) __builtin_trap(); } while (0)

static void check_frags(const struct netif_tx_pkt *pkt)
{
	unsigned int i, sum = 0;

	for (i = 0; i < pkt->nr_frags; i++) {
		REQUIRE(pkt->frags[i].offset + pkt->frags[i].size <=
			NETIF_PAGE || !pkt->frags[i].size);
		sum += pkt->frags[i].size;
	}
	REQUIRE(sum == pkt->size);
	REQUIRE(pkt->nr_frags <= NETIF_TX_SLOTS);
	REQUIRE(pkt->size >= NETIF_TX_MIN);
	REQUIRE(!pkt->gso_type == !pkt->gso_size && pkt->gso_type <= 2);
	REQUIRE(!pkt->hashed || pkt->hash_type < 4);
}

static void check_packet(const struct netif_tx_pkt *pkt, unsigned int slots,
			 unsigned int max)
{
	REQUIRE(pkt->nr_frags && pkt->nr_frags <= max);
	REQUIRE(pkt->nr_extras <= NETIF_TX_EXTRAS_MAX);
	REQUIRE(pkt->nr_frags + pkt->nr_extras == slots);
	if (pkt->kind != NETIF_TX_DATA)
		REQUIRE(pkt->nr_extras && !pkt->why);
	else if (!pkt->why)
		check_frags(pkt);
}

static void check_slots(const u8 *data, size_t size, unsigned int max)
{
	enum netif_tx_next next = NETIF_TX_DONE;
	struct netif_tx_pkt pkt;
	unsigned int slots = 0;
	/* Of its exact size, for the sanitizer. */
	u8 *slot = malloc(NETIF_TX_SLOT);

	for (; size >= NETIF_TX_SLOT && next != NETIF_TX_FATAL;
	     data += NETIF_TX_SLOT, size -= NETIF_TX_SLOT) {
		if (next == NETIF_TX_DONE) {
			netif_tx_begin(&pkt, max);
			slots = 0;
		}
		memcpy(slot, data, NETIF_TX_SLOT);
		next = netif_tx_slot(&pkt, slot);
		slots++;
		REQUIRE(slots <= max + NETIF_TX_EXTRAS_MAX + 1);
		if (next == NETIF_TX_DONE)
			check_packet(&pkt, slots, max);
		else
			REQUIRE(!pkt.why == (next == NETIF_TX_MORE));
	}
	free(slot);
}

static void check_ctrl(const u8 *data, size_t size)
{
	struct netif_ctrl_req req;
	u8 slot[NETIF_CTRL_SLOT];
	u64 end;

	if (size < sizeof(slot))
		return;
	memcpy(slot, data, sizeof(slot));
	netif_ctrl_parse(slot, &req);
	end = (u64)req.data[1] + req.data[2];
	REQUIRE(netif_ctrl_span(req.data[1], req.data[2], req.data[0], 128) ==
		(req.data[2] <= 128 && end <= req.data[0]));
}

/* Bit by bit, as the public header describes it. */
static u32 slow_hash(const u8 *key, const u8 *input, unsigned int len)
{
	unsigned int bit, i;
	u32 sum = 0;

	for (bit = 0; bit < 8 * len; bit++) {
		u32 window = 0;

		for (i = bit; i < bit + 32; i++)
			window = window << 1 |
				 (i < 8 * NETIF_HASH_KEY ?
				  key[i / 8] >> (7 - i % 8) & 1 : 0);
		if (input[bit / 8] >> (7 - bit % 8) & 1)
			sum ^= window;
	}
	return sum;
}

static void check_hash(const u8 *data, size_t size)
{
	struct netif_hash_table table;
	unsigned int len;

	if (size < NETIF_HASH_KEY)
		return;
	netif_hash_prepare(&table, data);
	len = min(size - NETIF_HASH_KEY, (size_t)NETIF_HASH_INPUT);
	REQUIRE(netif_hash(&table, data + NETIF_HASH_KEY, len) ==
		slow_hash(data, data + NETIF_HASH_KEY, len));
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);
int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	if (!size)
		return 0;
	check_slots(data + 1, size - 1, NETIF_TX_SLOTS + data[0] %
		    (NETIF_TX_SLOTS_MAX - NETIF_TX_SLOTS + 1));
	check_ctrl(data + 1, size - 1);
	check_hash(data + 1, size - 1);
	return 0;
}
