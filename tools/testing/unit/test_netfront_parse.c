// SPDX-License-Identifier: GPL-2.0
/*
 * drivers/net/netfront/netfront_parse.c: packets of all shapes, slot by slot,
 * and every way in which one can be wrong.
 */
#include "unit.h"
#include <errno.h>
#include <string.h>
#include <linux/kernel.h>
#include "../../../drivers/net/netfront/netfront_parse.h"

#define MORE	NETFRONT_RX_MORE
#define EXTRA	NETFRONT_RX_EXTRA
#define DATA	NETFRONT_SLOT_DATA
#define LAST	NETFRONT_SLOT_LAST

/* As the guest's compiler lays out the public header. */
struct response {
	u16 id;
	u16 offset;
	u16 flags;
	s16 status;
};

struct extra {
	u8 type;
	u8 flags;
	u8 rest[6];
};

_Static_assert(sizeof(struct response) == NETFRONT_RX_SLOT, "public header");
_Static_assert(sizeof(struct extra) == NETFRONT_RX_SLOT, "public header");

static int feed_data(struct netfront_packet *pkt, u16 id, u16 offset, u16 flags,
		     s16 status)
{
	struct response rsp = { id, offset, flags, status };

	return netfront_packet_feed(pkt, (const u8 *)&rsp, 7);
}

static int feed(struct netfront_packet *pkt, u16 offset, u16 flags, s16 status)
{
	return feed_data(pkt, 7, offset, flags, status);
}

static int feed_extra(struct netfront_packet *pkt, struct extra extra)
{
	return netfront_packet_feed(pkt, (const u8 *)&extra, 7);
}

static struct extra gso(u16 size, u8 type, u8 flags)
{
	struct extra extra = { .type = 1, .flags = flags };

	memcpy(extra.rest, &size, sizeof(size));
	extra.rest[2] = type;
	return extra;
}

static void test_single(void **state)
{
	struct netfront_packet pkt;

	(void)state;
	netfront_packet_start(&pkt);
	assert_int_equal(feed(&pkt, 256, NETFRONT_RX_VALIDATED, 60),
			 DATA | LAST);
	assert_int_equal(pkt.err, 0);
	assert_int_equal(pkt.nr, 1);
	assert_int_equal(pkt.len, 60);
	assert_int_equal(pkt.frags[0].offset, 256);
	assert_int_equal(pkt.frags[0].len, 60);
	assert_int_equal(pkt.flags, NETFRONT_RX_VALIDATED);
	assert_int_equal(pkt.gso, NETFRONT_GSO_NONE);
	assert_int_equal(pkt.hash, NETFRONT_HASH_NONE);
}

static void test_whole_page(void **state)
{
	struct netfront_packet pkt;

	(void)state;
	netfront_packet_start(&pkt);
	assert_int_equal(feed(&pkt, 0, 0, 4096), DATA | LAST);
	assert_int_equal(pkt.err, 0);

	netfront_packet_start(&pkt);
	assert_int_equal(feed(&pkt, 1, 0, 4096), LAST);
	assert_int_equal(pkt.err, -EINVAL);

	netfront_packet_start(&pkt);
	assert_int_equal(feed(&pkt, 65535, 0, 32767), LAST);
	assert_int_equal(pkt.err, -EINVAL);
}

/* Extras stand between the first slot and the second. */
static void test_gso_and_hash(void **state)
{
	struct extra hash = { 4, 0, { 1, 1, 0x78, 0x56, 0x34, 0x92 } };
	struct netfront_packet pkt;

	(void)state;
	netfront_packet_start(&pkt);
	assert_int_equal(feed(&pkt, 0, MORE | EXTRA | NETFRONT_RX_CSUM_BLANK,
			      4096), DATA);
	assert_int_equal(feed_extra(&pkt, gso(1448, 1, 1)), 0);
	assert_int_equal(feed_extra(&pkt, hash), 0);
	assert_int_equal(feed(&pkt, 0, MORE, 4096), DATA);
	/* What only a first slot means is nothing here. */
	assert_int_equal(feed(&pkt, 8, EXTRA, 1), DATA | LAST);
	assert_int_equal(pkt.err, 0);
	assert_int_equal(pkt.nr, 3);
	assert_int_equal(pkt.len, 8193);
	assert_int_equal(pkt.gso, NETFRONT_GSO_TCPV4);
	assert_int_equal(pkt.gso_size, 1448);
	assert_int_equal(pkt.hash, NETFRONT_HASH_IPV4_TCP);
	assert_int_equal(pkt.hash_value, 0x92345678);
	assert_int_equal(pkt.frags[2].offset, 8);
}

static void test_extra_last(void **state)
{
	struct netfront_packet pkt;

	(void)state;
	netfront_packet_start(&pkt);
	assert_int_equal(feed(&pkt, 0, EXTRA, 100), DATA);
	assert_int_equal(feed_extra(&pkt, gso(9, 2, 0)), LAST);
	assert_int_equal(pkt.err, 0);
	assert_int_equal(pkt.gso, NETFRONT_GSO_TCPV6);
}

/* A packet with a wrong extra is dropped, but taken to its end. */
static void refused_extra(struct extra extra)
{
	struct netfront_packet pkt;

	netfront_packet_start(&pkt);
	assert_int_equal(feed(&pkt, 0, EXTRA | MORE, 100), DATA);
	assert_int_equal(feed_extra(&pkt, extra), 0);
	assert_int_equal(feed(&pkt, 0, 0, 100), LAST);
	assert_int_equal(pkt.err, -EINVAL);
	assert_int_equal(pkt.nr, 1);
}

static void test_wrong_extras(void **state)
{
	(void)state;
	refused_extra(gso(0, 1, 0));
	refused_extra(gso(1448, 0, 0));
	refused_extra(gso(1448, 3, 0));
	refused_extra((struct extra){ .type = 0 });
	refused_extra((struct extra){ .type = 2 });
	refused_extra((struct extra){ .type = 3 });
	refused_extra((struct extra){ .type = 6 });
	refused_extra((struct extra){ .type = 255 });
}

static void test_extra_twice(void **state)
{
	struct netfront_packet pkt;

	(void)state;
	netfront_packet_start(&pkt);
	assert_int_equal(feed(&pkt, 0, EXTRA, 100), DATA);
	assert_int_equal(feed_extra(&pkt, gso(1448, 1, 1)), 0);
	assert_int_equal(feed_extra(&pkt, gso(1448, 1, 0)), LAST);
	assert_int_equal(pkt.err, -EINVAL);
}

static void test_unknown_hash(void **state)
{
	struct extra type = { 4, 0, { 4, 1, 1, 2, 3, 4 } };
	struct extra algorithm = { 4, 0, { 0, 2, 1, 2, 3, 4 } };
	struct netfront_packet pkt;

	(void)state;
	netfront_packet_start(&pkt);
	feed(&pkt, 0, EXTRA, 100);
	assert_int_equal(feed_extra(&pkt, type), LAST);
	assert_int_equal(pkt.err, 0);
	assert_int_equal(pkt.hash, NETFRONT_HASH_NONE);

	netfront_packet_start(&pkt);
	feed(&pkt, 0, EXTRA, 100);
	assert_int_equal(feed_extra(&pkt, algorithm), LAST);
	assert_int_equal(pkt.err, 0);
	assert_int_equal(pkt.hash, NETFRONT_HASH_NONE);
}

static void test_backend_error(void **state)
{
	struct netfront_packet pkt;

	(void)state;
	netfront_packet_start(&pkt);
	assert_int_equal(feed(&pkt, 0, MORE, 4096), DATA);
	assert_int_equal(feed(&pkt, 0, MORE, -2), 0);
	assert_int_equal(feed(&pkt, 5000, 0, 1), LAST);
	assert_int_equal(pkt.err, -EIO);	/* the first reason */
	assert_int_equal(pkt.nr, 1);
}

/* Slots may be empty; a frame may not be shorter than its header. */
static void test_short(void **state)
{
	struct netfront_packet pkt;

	(void)state;
	netfront_packet_start(&pkt);
	assert_int_equal(feed(&pkt, 0, 0, 13), DATA | LAST);
	assert_int_equal(pkt.err, -EINVAL);

	netfront_packet_start(&pkt);
	assert_int_equal(feed(&pkt, 0, 0, 0), LAST);
	assert_int_equal(pkt.err, -EINVAL);

	netfront_packet_start(&pkt);
	assert_int_equal(feed(&pkt, 0, MORE, 0), 0);
	assert_int_equal(feed(&pkt, 4, 0, 14), DATA | LAST);
	assert_int_equal(pkt.err, 0);
	assert_int_equal(pkt.nr, 1);
	assert_int_equal(pkt.frags[0].offset, 4);
}

static void test_too_many_parts(void **state)
{
	struct netfront_packet pkt;
	int i;

	(void)state;
	netfront_packet_start(&pkt);
	for (i = 0; i < NETFRONT_RX_FRAGS; i++)
		assert_int_equal(feed(&pkt, 0, MORE, 100), DATA);
	assert_int_equal(pkt.err, 0);
	assert_int_equal(feed(&pkt, 0, MORE, 100), 0);
	assert_int_equal(feed(&pkt, 0, 0, 100), LAST);
	assert_int_equal(pkt.err, -E2BIG);
	assert_int_equal(pkt.nr, NETFRONT_RX_FRAGS);
	assert_int_equal(pkt.len, NETFRONT_RX_FRAGS * 100);
}

static void test_endless(void **state)
{
	struct netfront_packet pkt;
	int i;

	(void)state;
	netfront_packet_start(&pkt);
	for (i = 0; i < NETFRONT_RX_SLOTS_MAX; i++)
		assert_true(feed(&pkt, 0, MORE, 0) == 0);
	assert_int_equal(feed(&pkt, 0, 0, 100), -EOVERFLOW);

	netfront_packet_start(&pkt);
	assert_int_equal(feed(&pkt, 0, EXTRA, 100), DATA);
	for (i = 1; i < NETFRONT_RX_SLOTS_MAX; i++)
		assert_int_equal(feed_extra(&pkt, gso(1, 1, 1)), 0);
	assert_int_equal(feed_extra(&pkt, gso(1, 1, 0)), -EOVERFLOW);
}

static void test_other_slot(void **state)
{
	struct netfront_packet pkt;

	(void)state;
	netfront_packet_start(&pkt);
	assert_int_equal(feed_data(&pkt, 8, 0, 0, 100), -EILSEQ);

	netfront_packet_start(&pkt);
	assert_int_equal(feed(&pkt, 0, MORE, 100), DATA);
	assert_int_equal(feed_data(&pkt, 6, 0, 0, 100), -EILSEQ);
}

struct ctrl_response {
	u16 id;
	u16 type;
	u32 status;
	u32 data;
};

_Static_assert(sizeof(struct ctrl_response) == NETFRONT_CTRL_RSP,
	       "public header");

static int ctrl(struct ctrl_response rsp, u32 *data)
{
	return netfront_ctrl_parse((const u8 *)&rsp, 3, 8, data);
}

static void test_ctrl(void **state)
{
	u32 data = 0;

	(void)state;
	assert_int_equal(ctrl((struct ctrl_response){ 3, 8, 0, 512 }, &data), 0);
	assert_int_equal(data, 512);
	assert_int_equal(ctrl((struct ctrl_response){ 3, 8, 1, 0 }, &data),
			 -EOPNOTSUPP);
	assert_int_equal(ctrl((struct ctrl_response){ 3, 8, 2, 0 }, &data),
			 -EINVAL);
	assert_int_equal(ctrl((struct ctrl_response){ 3, 8, 3, 0 }, &data),
			 -ENOSPC);
	data = 7;
	assert_int_equal(ctrl((struct ctrl_response){ 3, 8, 4, 0 }, &data),
			 -EPROTO);
	assert_int_equal(ctrl((struct ctrl_response){ 3, 8, ~0U, 0 }, &data),
			 -EPROTO);
	assert_int_equal(ctrl((struct ctrl_response){ 2, 8, 0, 0 }, &data),
			 -EILSEQ);
	assert_int_equal(ctrl((struct ctrl_response){ 3, 9, 0, 0 }, &data),
			 -EILSEQ);
	assert_int_equal(data, 7);
}

static void test_mac(void **state)
{
	static const u8 want[6] = { 0x00, 0x16, 0x3e, 0xab, 0xCD, 0xef };
	static const char *const none[] = {
		"", ":", "00", "00:16:3e:ab:cd", "00:16:3e:ab:cd:ef:",
		"00:16:3e:ab:cd:ef\n", "00-16-3e-ab-cd-ef", "0:16:3e:ab:cd:ef",
		"00:16:3e:ab:cd:eg", "00:16:3e:ab:cd:e", " 00:16:3e:ab:cd:ef",
		"00163eabcdef", "00:16:3e:ab:cd:@f",
	};
	u8 mac[6] = { 1 };
	size_t i;

	(void)state;
	assert_int_equal(netfront_mac_parse("00:16:3e:ab:CD:ef", mac), 0);
	assert_memory_equal(mac, want, sizeof(mac));
	for (i = 0; i < ARRAY_SIZE(none); i++)
		assert_int_equal(netfront_mac_parse(none[i], mac), -EINVAL);
	assert_int_equal(netfront_mac_parse("00:00:00:00:00:00", mac),
			 -EADDRNOTAVAIL);
	assert_int_equal(netfront_mac_parse("01:16:3e:ab:cd:ef", mac),
			 -EADDRNOTAVAIL);
	assert_memory_equal(mac, want, sizeof(mac));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_single),
		cmocka_unit_test(test_whole_page),
		cmocka_unit_test(test_gso_and_hash),
		cmocka_unit_test(test_extra_last),
		cmocka_unit_test(test_wrong_extras),
		cmocka_unit_test(test_extra_twice),
		cmocka_unit_test(test_unknown_hash),
		cmocka_unit_test(test_backend_error),
		cmocka_unit_test(test_short),
		cmocka_unit_test(test_too_many_parts),
		cmocka_unit_test(test_endless),
		cmocka_unit_test(test_other_slot),
		cmocka_unit_test(test_ctrl),
		cmocka_unit_test(test_mac),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
