// SPDX-License-Identifier: GPL-2.0
/*
 * drivers/net/netback/netif_parse.c: packets slot by slot, every way in which
 * they can be wrong, extras byte by byte, and the hash by its published
 * vectors.
 */
#include "unit.h"
#include <string.h>
#include <linux/kernel.h>
#include "../../../drivers/net/netback/netif_parse.h"

#define BLANK	1
#define VALID	2
#define MORE	4
#define EXTRA	8

/* Slots as the guest's compiler lays out the public header. */
struct req {
	u32 gref;
	u16 offset;
	u16 flags;
	u16 id;
	u16 size;
};

struct extra {
	u8 type;
	u8 flags;
	union {
		struct {
			u16 size;
			u8 type;
			u8 pad;
			u16 features;
		} gso;
		u8 addr[6];
		struct {
			u8 type;
			u8 algorithm;
			u8 value[4];
		} hash;
	} u;
	u32 pad;
};

_Static_assert(sizeof(struct req) == NETIF_TX_SLOT, "public header");
_Static_assert(sizeof(struct extra) == NETIF_TX_SLOT, "public header");

static struct netif_tx_pkt pkt;

static void begin(void)
{
	memset(&pkt, 0xa5, sizeof(pkt));
	netif_tx_begin(&pkt, 20);
}

static enum netif_tx_next data(u16 flags, u16 offset, u16 size)
{
	struct req req = { 100 + pkt.nr_frags, offset, flags,
			   7 + pkt.nr_frags, size };

	return netif_tx_slot(&pkt, &req);
}

static enum netif_tx_next extra(u8 type, u8 flags, u8 a, u8 b, u8 c)
{
	struct extra slot = { .type = type, .flags = flags,
			      .u.addr = { a, b, c, 4, 5, 6 } };

	return netif_tx_slot(&pkt, &slot);
}

static void test_one_slot(void **state)
{
	begin();
	assert_int_equal(data(BLANK | VALID, 10, 1514), NETIF_TX_DONE);
	assert_null(pkt.why);
	assert_int_equal(pkt.kind, NETIF_TX_DATA);
	assert_int_equal(pkt.nr_frags, 1);
	assert_int_equal(pkt.nr_extras, 0);
	assert_int_equal(pkt.size, 1514);
	assert_int_equal(pkt.frags[0].ref, 100);
	assert_int_equal(pkt.frags[0].offset, 10);
	assert_int_equal(pkt.frags[0].size, 1514);
	assert_int_equal(pkt.frags[0].id, 7);
	assert_true(pkt.blank && pkt.valid);
	assert_int_equal(pkt.gso_type, 0);
	assert_false(pkt.hashed);
}

/* The first slot's size is the packet's, so its own is what is left. */
static void test_first_size_is_the_rest(void **state)
{
	begin();
	assert_int_equal(data(MORE, 4000, 6000), NETIF_TX_MORE);
	assert_int_equal(data(MORE, 0, 4096), NETIF_TX_MORE);
	assert_int_equal(data(0, 0, 1808), NETIF_TX_DONE);
	assert_null(pkt.why);
	assert_int_equal(pkt.frags[0].size, 96);
	assert_int_equal(pkt.frags[1].size, 4096);
	assert_int_equal(pkt.frags[2].size, 1808);
	assert_int_equal(pkt.size, 6000);
}

static void test_empty_slots_are_allowed(void **state)
{
	begin();
	assert_int_equal(data(MORE, 4096, 100), NETIF_TX_MORE);
	assert_int_equal(data(MORE, 4096, 0), NETIF_TX_MORE);
	assert_int_equal(data(0, 0, 100), NETIF_TX_DONE);
	assert_null(pkt.why);
	assert_int_equal(pkt.frags[0].size, 0);
}

static void test_refused_packets(void **state)
{
	begin();
	assert_int_equal(data(0, 0, 13), NETIF_TX_DONE);
	assert_non_null(pkt.why);

	begin();
	assert_int_equal(data(0, 0, 0), NETIF_TX_DONE);
	assert_non_null(pkt.why);

	/* More in the other slots than in all. */
	begin();
	assert_int_equal(data(MORE, 0, 100), NETIF_TX_MORE);
	assert_int_equal(data(0, 0, 101), NETIF_TX_DONE);
	assert_non_null(pkt.why);
	assert_int_equal(pkt.nr_frags, 2);

	/* The sum does not wrap. */
	begin();
	assert_int_equal(data(MORE, 0, 65535), NETIF_TX_MORE);
	for (int i = 0; i < 17; i++)
		assert_int_equal(data(i < 16 ? MORE : 0, 0, 4096),
				 i < 16 ? NETIF_TX_MORE : NETIF_TX_DONE);
	assert_non_null(pkt.why);
}

static void test_number_of_slots(void **state)
{
	int i;

	/* Eighteen are what every backend takes. */
	begin();
	assert_int_equal(data(MORE, 0, 1800), NETIF_TX_MORE);
	for (i = 1; i < 18; i++)
		assert_int_equal(data(i < 17 ? MORE : 0, 0, 100),
				 i < 17 ? NETIF_TX_MORE : NETIF_TX_DONE);
	assert_null(pkt.why);
	assert_int_equal(pkt.nr_frags, 18);

	/* A few more are refused, but answered. */
	begin();
	assert_int_equal(data(MORE, 0, 1900), NETIF_TX_MORE);
	for (i = 1; i < 19; i++)
		assert_int_equal(data(i < 18 ? MORE : 0, 0, 100),
				 i < 18 ? NETIF_TX_MORE : NETIF_TX_DONE);
	assert_non_null(pkt.why);
	assert_int_equal(pkt.frags[18].id, 25);

	/* Beyond that patience ends. */
	begin();
	assert_int_equal(data(MORE, 0, 60000), NETIF_TX_MORE);
	for (i = 1; i < 20; i++)
		assert_int_equal(data(MORE, 0, 100), NETIF_TX_MORE);
	assert_int_equal(data(MORE, 0, 100), NETIF_TX_FATAL);
	assert_non_null(pkt.why);
}

static void test_crossing_a_page(void **state)
{
	begin();
	assert_int_equal(data(0, 4000, 97), NETIF_TX_FATAL);
	begin();
	assert_int_equal(data(0, 65535, 65535), NETIF_TX_FATAL);
	begin();
	assert_int_equal(data(0, 4000, 96), NETIF_TX_DONE);
	assert_null(pkt.why);

	begin();
	assert_int_equal(data(MORE, 0, 5000), NETIF_TX_MORE);
	assert_int_equal(data(0, 1, 4096), NETIF_TX_FATAL);
	begin();
	assert_int_equal(data(MORE, 0, 5000), NETIF_TX_MORE);
	assert_int_equal(data(0, 65535, 65535), NETIF_TX_FATAL);
}

static void test_gso(void **state)
{
	begin();
	assert_int_equal(data(EXTRA | MORE, 0, 3000), NETIF_TX_MORE);
	assert_int_equal(extra(1, 0, 0xb4, 0x05, 2), NETIF_TX_MORE);
	assert_int_equal(data(0, 0, 2000), NETIF_TX_DONE);
	assert_null(pkt.why);
	assert_int_equal(pkt.gso_size, 0x5b4);
	assert_int_equal(pkt.gso_type, 2);
	assert_int_equal(pkt.nr_extras, 1);

	begin();
	data(EXTRA, 0, 3000);
	assert_int_equal(extra(1, 0, 0, 0, 1), NETIF_TX_FATAL);
	begin();
	data(EXTRA, 0, 3000);
	assert_int_equal(extra(1, 0, 1, 0, 0), NETIF_TX_FATAL);
	begin();
	data(EXTRA, 0, 3000);
	assert_int_equal(extra(1, 0, 1, 0, 3), NETIF_TX_FATAL);
}

/* Of Windows: no grant, no data, and no length to check. */
static void test_mcast(void **state)
{
	static const u8 addr[6] = { 1, 2, 3, 4, 5, 6 };

	begin();
	assert_int_equal(data(EXTRA, 0, 0), NETIF_TX_MORE);
	assert_int_equal(extra(2, 0, 1, 2, 3), NETIF_TX_DONE);
	assert_null(pkt.why);
	assert_int_equal(pkt.kind, NETIF_TX_MCAST_ADD);
	assert_memory_equal(pkt.mcast, addr, 6);
	assert_int_equal(pkt.nr_frags, 1);
	assert_int_equal(pkt.nr_extras, 1);

	begin();
	assert_int_equal(data(EXTRA | MORE, 0, 0), NETIF_TX_MORE);
	assert_int_equal(extra(3, 0, 1, 2, 3), NETIF_TX_DONE);
	assert_int_equal(pkt.kind, NETIF_TX_MCAST_DEL);
}

/* Of Windows: the algorithm stays 0. */
static void test_hash_extra(void **state)
{
	begin();
	data(EXTRA, 0, 60);
	assert_int_equal(extra(4, 0, 3, 0, 0x11), NETIF_TX_DONE);
	assert_true(pkt.hashed);
	assert_int_equal(pkt.hash_type, 3);
	assert_int_equal(pkt.hash, 0x06050411);

	begin();
	data(EXTRA, 0, 60);
	assert_int_equal(extra(4, 0, 4, 0, 0), NETIF_TX_DONE);
	assert_false(pkt.hashed);
}

static void test_extras_follow_each_other(void **state)
{
	begin();
	data(EXTRA | MORE, 0, 3000);
	assert_int_equal(extra(1, 1, 1, 0, 1), NETIF_TX_MORE);
	assert_int_equal(extra(4, 1, 1, 0, 0), NETIF_TX_MORE);
	assert_int_equal(extra(5, 0, 0, 0, 0), NETIF_TX_MORE);
	assert_int_equal(data(0, 0, 1000), NETIF_TX_DONE);
	assert_int_equal(pkt.nr_extras, 3);
	assert_int_equal(pkt.nr_frags, 2);
}

static void test_wrong_extras(void **state)
{
	begin();
	data(EXTRA, 0, 60);
	assert_int_equal(extra(0, 0, 0, 0, 0), NETIF_TX_FATAL);
	begin();
	data(EXTRA, 0, 60);
	assert_int_equal(extra(6, 0, 0, 0, 0), NETIF_TX_FATAL);
	begin();
	data(EXTRA, 0, 60);
	assert_int_equal(extra(255, 1, 0, 0, 0), NETIF_TX_FATAL);
	/* Without end, if each kind could come again. */
	begin();
	data(EXTRA, 0, 60);
	assert_int_equal(extra(5, 1, 0, 0, 0), NETIF_TX_MORE);
	assert_int_equal(extra(5, 1, 0, 0, 0), NETIF_TX_FATAL);
}

static void test_rx_extras(void **state)
{
	static const u8 gso[8] = { 1, 1, 0xb4, 0x05, 1, 0, 0, 0 };
	static const u8 hash[8] = { 4, 0, 3, 1, 0x44, 0x33, 0x22, 0x11 };
	static const u8 xdp[8] = { 5, 1, 0x00, 0x01, 0, 0, 0, 0 };
	u8 slot[8];

	memset(slot, 0xa5, sizeof(slot));
	netif_rx_gso(slot, 1, 0x5b4, true);
	assert_memory_equal(slot, gso, 8);
	memset(slot, 0xa5, sizeof(slot));
	netif_rx_hash(slot, 3, 0x11223344, false);
	assert_memory_equal(slot, hash, 8);
	memset(slot, 0xa5, sizeof(slot));
	netif_rx_xdp(slot, 256, true);
	assert_memory_equal(slot, xdp, 8);
}

static void test_ctrl(void **state)
{
	static const u8 slot[NETIF_CTRL_SLOT] = {
		1, 2, 9, 0, 4, 0, 0, 0, 0x11, 0x22, 0x33, 0x44, 0, 1, 0, 0,
	};
	struct netif_ctrl_req req;

	netif_ctrl_parse(slot, &req);
	assert_int_equal(req.id, 0x201);
	assert_int_equal(req.type, 9);
	assert_int_equal(req.data[0], 4);
	assert_int_equal(req.data[1], 0x44332211);
	assert_int_equal(req.data[2], 256);
}

static void test_span(void **state)
{
	assert_true(netif_ctrl_span(0, 0, 0, 128));
	assert_true(netif_ctrl_span(0, 128, 128, 128));
	assert_true(netif_ctrl_span(127, 1, 128, 128));
	assert_false(netif_ctrl_span(128, 1, 128, 128));
	assert_false(netif_ctrl_span(0, 129, 128, 128));
	assert_false(netif_ctrl_span(0xffffffff, 2, 128, 128));
	assert_false(netif_ctrl_span(2, 0xffffffff, 128, 128));
	assert_false(netif_ctrl_span(0, 2, 128, 1));
}

/* The key and the vectors that the inventors of RSS published. */
static const u8 rss_key[NETIF_HASH_KEY] = {
	0x6d, 0x5a, 0x56, 0xda, 0x25, 0x5b, 0x0e, 0xc2,
	0x41, 0x67, 0x25, 0x3d, 0x43, 0xa3, 0x8f, 0xb0,
	0xd0, 0xca, 0x2b, 0xcb, 0xae, 0x7b, 0x30, 0xb4,
	0x77, 0xcb, 0x2d, 0xa3, 0x80, 0x30, 0xf2, 0x0c,
	0x6a, 0x42, 0xb7, 0x3b, 0xbe, 0xac, 0x01, 0xfa,
};

static const struct {
	u8 in[12];
	u32 addrs;
	u32 tcp;
} rss4[] = {
	{ { 66, 9, 149, 187, 161, 142, 100, 80, 0x0a, 0xea, 0x06, 0xe6 },
	  0x323e8fc2, 0x51ccc178 },
	{ { 199, 92, 111, 2, 65, 69, 140, 83, 0x37, 0x96, 0x12, 0x83 },
	  0xd718262a, 0xc626b0ea },
	{ { 24, 19, 198, 95, 12, 22, 207, 184, 0x32, 0x62, 0x94, 0x88 },
	  0xd2d0a5de, 0x5c2b394a },
	{ { 38, 27, 205, 30, 209, 142, 163, 6, 0xbc, 0x64, 0x08, 0xa9 },
	  0x82989176, 0xafc7327f },
	{ { 153, 39, 163, 191, 202, 188, 127, 2, 0xac, 0xdb, 0x05, 0x17 },
	  0x5d1809c5, 0x10e828a2 },
};

static const struct {
	u8 in[36];
	u32 addrs;
	u32 tcp;
} rss6[] = {
	{ { 0x3f, 0xfe, 0x25, 0x01, 0x02, 0x00, 0x1f, 0xff,
	    0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x07,
	    0x3f, 0xfe, 0x25, 0x01, 0x02, 0x00, 0x00, 0x03,
	    0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x01,
	    0x0a, 0xea, 0x06, 0xe6 },
	  0x2cc18cd5, 0x40207d3d },
	{ { 0x3f, 0xfe, 0x05, 0x01, 0x00, 0x08, 0x00, 0x00,
	    0x02, 0x60, 0x97, 0xff, 0xfe, 0x40, 0xef, 0xab,
	    0xff, 0x02, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	    0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x01,
	    0x37, 0x96, 0x12, 0x83 },
	  0x0f0c461c, 0xdde51bbf },
	{ { 0x3f, 0xfe, 0x19, 0x00, 0x45, 0x45, 0x00, 0x03,
	    0x02, 0x00, 0xf8, 0xff, 0xfe, 0x21, 0x67, 0xcf,
	    0xfe, 0x80, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	    0x02, 0x00, 0xf8, 0xff, 0xfe, 0x21, 0x67, 0xcf,
	    0xac, 0xdb, 0x94, 0x88 },
	  0x4b61e985, 0x02d1feef },
};

static void test_toeplitz(void **state)
{
	struct netif_hash_table table;
	unsigned int i;

	netif_hash_prepare(&table, rss_key);
	for (i = 0; i < ARRAY_SIZE(rss4); i++) {
		assert_int_equal(netif_hash(&table, rss4[i].in, 8),
				 rss4[i].addrs);
		assert_int_equal(netif_hash(&table, rss4[i].in, 12),
				 rss4[i].tcp);
	}
	for (i = 0; i < ARRAY_SIZE(rss6); i++) {
		assert_int_equal(netif_hash(&table, rss6[i].in, 32),
				 rss6[i].addrs);
		assert_int_equal(netif_hash(&table, rss6[i].in, 36),
				 rss6[i].tcp);
	}
}

#define ALL_TYPES 15U

static struct netif_flow flow4(unsigned int i, bool tcp)
{
	struct netif_flow flow = { .tcp = tcp };

	/* What no hash of IPv4 may look at. */
	memset(flow.addrs, 0xa5, sizeof(flow.addrs));
	memcpy(flow.addrs, rss4[i].in, 8);
	memcpy(flow.ports, rss4[i].in + 8, 4);
	return flow;
}

static struct netif_flow flow6(unsigned int i, bool tcp)
{
	struct netif_flow flow = { .v6 = true, .tcp = tcp };

	memcpy(flow.addrs, rss6[i].in, 32);
	memcpy(flow.ports, rss6[i].in + 32, 4);
	return flow;
}

static void expect_hash(const struct netif_flow *flow, u32 types, int type, u32 hash)
{
	struct netif_hash_table table;
	u32 found = 0x12345678;

	netif_hash_prepare(&table, rss_key);
	assert_int_equal(netif_hash_flow(&table, types, flow, &found), type);
	assert_int_equal(found, type < 0 ? 0x12345678 : hash);
}

static void test_packets_are_hashed_by_all_they_have(void **state)
{
	struct netif_flow flow;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(rss4); i++) {
		flow = flow4(i, true);
		expect_hash(&flow, ALL_TYPES, NETIF_HASH_IPV4_TCP, rss4[i].tcp);
		flow = flow4(i, false);
		expect_hash(&flow, ALL_TYPES, NETIF_HASH_IPV4, rss4[i].addrs);
	}
	for (i = 0; i < ARRAY_SIZE(rss6); i++) {
		flow = flow6(i, true);
		expect_hash(&flow, ALL_TYPES, NETIF_HASH_IPV6_TCP, rss6[i].tcp);
		flow = flow6(i, false);
		expect_hash(&flow, ALL_TYPES, NETIF_HASH_IPV6, rss6[i].addrs);
	}
}

static void test_only_what_is_wanted_is_hashed(void **state)
{
	struct netif_flow four = flow4(0, true), datagram = flow4(0, false), six = flow6(0, true);

	expect_hash(&four, 1U << NETIF_HASH_IPV4, NETIF_HASH_IPV4, rss4[0].addrs);
	expect_hash(&four, 1U << NETIF_HASH_IPV4_TCP, NETIF_HASH_IPV4_TCP, rss4[0].tcp);
	expect_hash(&datagram, 1U << NETIF_HASH_IPV4_TCP, -1, 0);
	expect_hash(&four, ALL_TYPES & ~3U, -1, 0);
	expect_hash(&six, 1U << NETIF_HASH_IPV6, NETIF_HASH_IPV6, rss6[0].addrs);
	expect_hash(&six, 1U << NETIF_HASH_IPV6_TCP, NETIF_HASH_IPV6_TCP, rss6[0].tcp);
	expect_hash(&six, ALL_TYPES & ~12U, -1, 0);
	expect_hash(&four, 0, -1, 0);
}

static void test_empty_key_hashes_to_zero(void **state)
{
	static const u8 none[NETIF_HASH_KEY];
	struct netif_hash_table table;

	netif_hash_prepare(&table, none);
	assert_int_equal(netif_hash(&table, rss6[0].in, 36), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one_slot),
		cmocka_unit_test(test_first_size_is_the_rest),
		cmocka_unit_test(test_empty_slots_are_allowed),
		cmocka_unit_test(test_refused_packets),
		cmocka_unit_test(test_number_of_slots),
		cmocka_unit_test(test_crossing_a_page),
		cmocka_unit_test(test_gso),
		cmocka_unit_test(test_mcast),
		cmocka_unit_test(test_hash_extra),
		cmocka_unit_test(test_extras_follow_each_other),
		cmocka_unit_test(test_wrong_extras),
		cmocka_unit_test(test_rx_extras),
		cmocka_unit_test(test_ctrl),
		cmocka_unit_test(test_span),
		cmocka_unit_test(test_toeplitz),
		cmocka_unit_test(test_packets_are_hashed_by_all_they_have),
		cmocka_unit_test(test_only_what_is_wanted_is_hashed),
		cmocka_unit_test(test_empty_key_hashes_to_zero),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
