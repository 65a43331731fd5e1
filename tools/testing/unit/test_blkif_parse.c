// SPDX-License-Identifier: GPL-2.0
/*
 * drivers/block/blkback/blkif_parse.c: both layouts byte by byte, and every
 * way in which a request can be wrong.
 */
#include "unit.h"
#include <errno.h>
#include <string.h>
#include <linux/kernel.h>
#include "../../../drivers/block/blkback/blkif_parse.h"

/* A disk of 1 MiB that can do everything. */
static const struct blkif_limits all = {
	.capacity = 2048, .block = 1, .max_indirect = 256, .discard = true,
};

/*
 * The slot of a 64-bit and of a 32-bit guest: written out as the guest's
 * compiler lays out the public header, independent of what is tested.
 */
struct slot64 {
	u8 op;
	u8 nr_segs;
	u16 handle;
	u32 hole;
	u64 id;
	u64 sector;
	struct {
		u32 gref;
		u8 first;
		u8 last;
	} seg[11];
};

#pragma pack(push, 4)
struct slot32 {
	u8 op;
	u8 nr_segs;
	u16 handle;
	u64 id;
	u64 sector;
	struct {
		u32 gref;
		u8 first;
		u8 last;
		u16 hole;
	} seg[11];
};

#pragma pack(pop)

_Static_assert(sizeof(struct slot64) == 112, "public header");
_Static_assert(sizeof(struct slot32) == 108, "public header");

static const char *const abis[] = { "x86_64-abi", "x86_32-abi" };

static void put(u8 *slot, unsigned int at, u64 value, unsigned int size)
{
	memcpy(slot + at, &value, size);
}

/* A slot by the numbers of the layout under test; filled with rubbish first. */
static void build(u8 *slot, const struct blkif_abi *abi, u8 op, u64 id,
		  u64 sector)
{
	memset(slot, 0xa5, BLKIF_SLOT_MAX);
	slot[0] = op;
	put(slot, abi->id, id, 8);
	put(slot, abi->sector, sector, 8);
}

static void build_seg(u8 *slot, const struct blkif_abi *abi, unsigned int i,
		      u32 gref, u8 first, u8 last)
{
	unsigned int at = abi->tail + 8 * i;

	put(slot, at, gref, 4);
	slot[at + 4] = first;
	slot[at + 5] = last;
}

/* A good request of nr whole pages at sector 8. */
static void build_rw(u8 *slot, const struct blkif_abi *abi, u8 op, u8 nr)
{
	unsigned int i;

	build(slot, abi, op, 77, 8);
	slot[1] = nr;
	for (i = 0; i < nr && i < BLKIF_SLOT_SEGS; i++)
		build_seg(slot, abi, i, 100 + i, 0, 7);
}

static void build_indirect(u8 *slot, const struct blkif_abi *abi, u8 op,
			   u16 nr)
{
	unsigned int i;

	build(slot, abi, BLKIF_INDIRECT, 78, 8);
	slot[1] = op;
	put(slot, 2, nr, 2);
	for (i = 0; i < BLKIF_INDIRECT_PAGES; i++)
		put(slot, abi->tail + 4 + 4 * i, 500 + i, 4);
}

static int parse(const u8 *slot, const struct blkif_abi *abi,
		 const struct blkif_limits *limits, struct blkif_req *req)
{
	int err;

	memset(req, 0x5a, sizeof(*req));
	err = blkif_parse_req(abi, slot, limits, req);
	/* Words for every refusal, and for nothing else. */
	assert_int_equal(!err, !req->why);
	return err;
}

static void expect(const u8 *slot, const struct blkif_abi *abi,
		   const struct blkif_limits *limits, int err)
{
	struct blkif_req req;

	assert_int_equal(parse(slot, abi, limits, &req), err);
}

#define for_each_abi(abi, i)						\
	for (i = 0; i < ARRAY_SIZE(abis) &&				\
	     ((abi) = blkif_find_abi(abis[i])); i++)

static void abi_names(void **state)
{
	assert_string_equal(blkif_find_abi("x86_64-abi")->name, "x86_64-abi");
	assert_string_equal(blkif_find_abi("x86_32-abi")->name, "x86_32-abi");
	/* A guest that does not say. */
	assert_string_equal(blkif_find_abi("")->name, "x86_32-abi");
	assert_null(blkif_find_abi("arm-abi"));
	assert_null(blkif_find_abi("x86_64"));
	assert_null(blkif_find_abi("x86_64-abi "));
	assert_null(blkif_find_abi(" "));
}

static void abi_sizes(void **state)
{
	const struct blkif_abi *abi64 = blkif_find_abi("x86_64-abi");
	const struct blkif_abi *abi32 = blkif_find_abi("x86_32-abi");

	assert_int_equal(abi64->slot_size, sizeof(struct slot64));
	assert_int_equal(abi64->rsp_size, 16);
	assert_int_equal(abi32->slot_size, sizeof(struct slot32));
	assert_int_equal(abi32->rsp_size, 12);
	assert_int_equal(sizeof(struct blkif_seg), 8);
}

static void check_direct(const struct blkif_req *req)
{
	assert_int_equal(req->op, BLKIF_WRITE);
	assert_true(req->id == 0x1122334455667788);
	assert_true(req->sector == 0x123);
	assert_int_equal(req->nr_segs, 2);
	assert_int_equal(req->nr_sectors, 8 + 2);
	assert_false(req->indirect);
	assert_int_equal(req->segs[0].gref, 0xdeadbeef);
	assert_int_equal(req->segs[0].first, 0);
	assert_int_equal(req->segs[0].last, 7);
	assert_int_equal(req->segs[1].gref, 42);
	assert_int_equal(req->segs[1].first, 3);
	assert_int_equal(req->segs[1].last, 4);
}

static void layout_rw_64(void **state)
{
	struct slot64 slot = {
		.op = 1, .nr_segs = 2, .handle = 0xffff, .hole = ~0U,
		.id = 0x1122334455667788, .sector = 0x123,
		.seg = { { 0xdeadbeef, 0, 7 }, { 42, 3, 4 }, { 1, 9, 1 } },
	};
	struct blkif_req req;

	assert_int_equal(parse((u8 *)&slot, blkif_find_abi("x86_64-abi"), &all,
			       &req), 0);
	check_direct(&req);
}

static void layout_rw_32(void **state)
{
	struct slot32 slot = {
		.op = 1, .nr_segs = 2, .handle = 0xffff,
		.id = 0x1122334455667788, .sector = 0x123,
		.seg = { { 0xdeadbeef, 0, 7, 5 }, { 42, 3, 4, 5 },
			 { 1, 9, 1, 5 } },
	};
	struct blkif_req req;

	assert_int_equal(parse((u8 *)&slot, blkif_find_abi("x86_32-abi"), &all,
			       &req), 0);
	check_direct(&req);
}

/* op, flag, vdev, [hole], id, sector, number of sectors. */
static void layout_discard(void **state)
{
	static const u8 slot64[BLKIF_SLOT_MAX] = {
		5, 1, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
		1, 2, 3, 4, 5, 6, 7, 8, 0x10, 1, 0, 0, 0, 0, 0, 0,
		0x20, 2, 0, 0, 0, 0, 0, 0, 0xff,
	};
	static const u8 slot32[BLKIF_SLOT_MAX] = {
		5, 1, 0xff, 0xff,
		1, 2, 3, 4, 5, 6, 7, 8, 0x10, 1, 0, 0, 0, 0, 0, 0,
		0x20, 2, 0, 0, 0, 0, 0, 0, 0xff,
	};
	const u8 *slots[] = { slot64, slot32 };
	const struct blkif_abi *abi;
	struct blkif_req req;
	unsigned int i;

	for_each_abi(abi, i) {
		assert_int_equal(parse(slots[i], abi, &all, &req), 0);
		assert_int_equal(req.op, BLKIF_DISCARD);
		assert_true(req.id == 0x0807060504030201);
		assert_true(req.sector == 0x110);
		assert_true(req.nr_sectors == 0x220);
		assert_int_equal(req.nr_segs, 0);
	}
}

/* op, inner op, segments, [hole], id, sector, handle, hole, references. */
static void layout_indirect(void **state)
{
	static const u8 slot64[BLKIF_SLOT_MAX] = {
		6, 1, 0x01, 0x02, 0xff, 0xff, 0xff, 0xff,
		1, 2, 3, 4, 5, 6, 7, 8, 0x10, 1, 0, 0, 0, 0, 0, 0,
		0xff, 0xff, 0xff, 0xff,
		9, 0, 0, 0, 0xef, 0xbe, 0xad, 0xde, 0xff,
	};
	static const u8 slot32[BLKIF_SLOT_MAX] = {
		6, 1, 0x01, 0x02,
		1, 2, 3, 4, 5, 6, 7, 8, 0x10, 1, 0, 0, 0, 0, 0, 0,
		0xff, 0xff, 0xff, 0xff,
		9, 0, 0, 0, 0xef, 0xbe, 0xad, 0xde, 0xff,
	};
	struct blkif_limits limits = all;
	const u8 *slots[] = { slot64, slot32 };
	const struct blkif_abi *abi;
	struct blkif_req req;
	unsigned int i;

	limits.max_indirect = BLKIF_MAX_SEGS;
	for_each_abi(abi, i) {
		assert_int_equal(parse(slots[i], abi, &limits, &req), 0);
		assert_true(req.indirect);
		assert_int_equal(req.op, BLKIF_WRITE);
		assert_true(req.id == 0x0807060504030201);
		assert_true(req.sector == 0x110);
		assert_int_equal(req.nr_segs, 0x201);
		assert_int_equal(req.nr_grefs, 2);
		assert_int_equal(req.gref[0], 9);
		assert_int_equal(req.gref[1], 0xdeadbeef);
	}
}

static void layout_response(void **state)
{
	static const u8 expected[BLKIF_RESPONSE_MAX] = {
		8, 7, 6, 5, 4, 3, 2, 1, 3, 0, 0xfe, 0xff,
	};
	const struct blkif_abi *abi;
	u8 rsp[BLKIF_RESPONSE_MAX];
	unsigned int i;

	for_each_abi(abi, i) {
		memset(rsp, 0x5a, sizeof(rsp));
		assert_int_equal(blkif_fill_response(abi, 0x0102030405060708,
						     BLKIF_FLUSH,
						     BLKIF_NOTSUPP, rsp),
				 abi->rsp_size);
		assert_memory_equal(rsp, expected, sizeof(rsp));
	}
}

static void good_rw(void **state)
{
	static const u8 ops[] = { BLKIF_READ, BLKIF_WRITE, BLKIF_BARRIER };
	const struct blkif_abi *abi;
	u8 slot[BLKIF_SLOT_MAX];
	struct blkif_req req;
	unsigned int i, op, nr;

	for_each_abi(abi, i)
		for (op = 0; op < ARRAY_SIZE(ops); op++)
			for (nr = 1; nr <= BLKIF_SLOT_SEGS; nr++) {
				build_rw(slot, abi, ops[op], nr);
				assert_int_equal(parse(slot, abi, &all, &req),
						 0);
				assert_int_equal(req.op, ops[op]);
				assert_int_equal(req.id, 77);
				assert_int_equal(req.nr_segs, nr);
				assert_int_equal(req.nr_sectors, nr * 8);
				assert_int_equal(req.segs[nr - 1].gref,
						 99 + nr);
			}
}

static void bad_segment_number(void **state)
{
	static const u8 ops[] = { BLKIF_READ, BLKIF_WRITE, BLKIF_BARRIER };
	const struct blkif_abi *abi;
	u8 slot[BLKIF_SLOT_MAX];
	unsigned int i, op;

	for_each_abi(abi, i)
		for (op = 0; op < ARRAY_SIZE(ops); op++) {
			build_rw(slot, abi, ops[op], BLKIF_SLOT_SEGS + 1);
			expect(slot, abi, &all, -EINVAL);
			build_rw(slot, abi, ops[op], 255);
			expect(slot, abi, &all, -EINVAL);
			build_rw(slot, abi, ops[op], 0);
			expect(slot, abi, &all,
			       ops[op] == BLKIF_BARRIER ? 0 : -EINVAL);
		}
}

static void bad_segment(void **state)
{
	static const u8 bad[][2] = {
		{ 0, 8 }, { 8, 8 }, { 1, 0 }, { 7, 6 }, { 255, 255 },
		{ 0, 255 }, { 255, 0 },
	};
	const struct blkif_abi *abi;
	u8 slot[BLKIF_SLOT_MAX];
	unsigned int i, at, b;

	for_each_abi(abi, i)
		for (at = 0; at < 3; at++)
			for (b = 0; b < ARRAY_SIZE(bad); b++) {
				build_rw(slot, abi, BLKIF_READ, 3);
				build_seg(slot, abi, at, 1, bad[b][0],
					  bad[b][1]);
				expect(slot, abi, &all, -EINVAL);
			}
	/* Behind the last one nobody looks. */
	build_rw(slot, blkif_find_abi("x86_64-abi"), BLKIF_READ, 3);
	build_seg(slot, blkif_find_abi("x86_64-abi"), 3, 1, 9, 0);
	expect(slot, blkif_find_abi("x86_64-abi"), &all, 0);
}

static void outside_the_disk(void **state)
{
	static const struct {
		u64 sector;
		int err;
	} cases[] = {
		{ 0, 0 }, { 2040, 0 }, { 2041, -ERANGE }, { 2047, -ERANGE },
		{ 2048, -ERANGE }, { 2049, -ERANGE }, { 1ULL << 32, -ERANGE },
		{ 1ULL << 63, -ERANGE }, { ~0ULL - 7, -ERANGE },
		{ ~0ULL, -ERANGE },
	};
	static const u8 ops[] = { BLKIF_READ, BLKIF_WRITE, BLKIF_BARRIER };
	const struct blkif_abi *abi;
	u8 slot[BLKIF_SLOT_MAX];
	unsigned int i, op, c;

	for_each_abi(abi, i)
		for (op = 0; op < ARRAY_SIZE(ops); op++)
			for (c = 0; c < ARRAY_SIZE(cases); c++) {
				build_rw(slot, abi, ops[op], 1);
				put(slot, abi->sector, cases[c].sector, 8);
				expect(slot, abi, &all, cases[c].err);
			}
}

static void empty_disk(void **state)
{
	struct blkif_limits none = all;
	const struct blkif_abi *abi;
	u8 slot[BLKIF_SLOT_MAX];
	unsigned int i;

	none.capacity = 0;
	for_each_abi(abi, i) {
		build_rw(slot, abi, BLKIF_READ, 1);
		put(slot, abi->sector, 0, 8);
		expect(slot, abi, &none, -ERANGE);
		build(slot, abi, BLKIF_FLUSH, 1, 0);
		expect(slot, abi, &none, 0);
	}
}

/* Blocks of 4096 bytes; the ring still counts sectors of 512. */
static void alignment(void **state)
{
	struct blkif_limits limits = all;
	const struct blkif_abi *abi;
	u8 slot[BLKIF_SLOT_MAX];
	unsigned int i;

	limits.block = 8;
	for_each_abi(abi, i) {
		build_rw(slot, abi, BLKIF_READ, 2);
		expect(slot, abi, &limits, 0);
		put(slot, abi->sector, 4, 8);
		expect(slot, abi, &limits, -EINVAL);
		build_rw(slot, abi, BLKIF_READ, 2);
		build_seg(slot, abi, 1, 1, 0, 3);
		expect(slot, abi, &limits, -EINVAL);
		/* Two halves make a whole, but no block of the disk. */
		build_seg(slot, abi, 0, 1, 4, 7);
		expect(slot, abi, &limits, -EINVAL);
		build(slot, abi, BLKIF_DISCARD, 1, 8);
		put(slot, abi->tail, 12, 8);
		expect(slot, abi, &limits, -EINVAL);
		put(slot, abi->tail, 16, 8);
		expect(slot, abi, &limits, 0);
	}
}

/* Of a flush nothing but the id counts. */
static void flush(void **state)
{
	const struct blkif_abi *abi;
	u8 slot[BLKIF_SLOT_MAX];
	struct blkif_req req;
	unsigned int i;

	for_each_abi(abi, i) {
		build(slot, abi, BLKIF_FLUSH, 5, ~0ULL);
		slot[1] = 200;
		assert_int_equal(parse(slot, abi, &all, &req), 0);
		assert_int_equal(req.id, 5);
		assert_int_equal(req.op, BLKIF_FLUSH);
		assert_int_equal(req.nr_segs, 0);
		assert_int_equal(req.nr_sectors, 0);
		assert_int_equal(req.sector, 0);
	}
}

static void empty_barrier(void **state)
{
	const struct blkif_abi *abi;
	struct blkif_limits limits = all;
	u8 slot[BLKIF_SLOT_MAX];
	struct blkif_req req;
	unsigned int i;

	limits.readonly = true;
	for_each_abi(abi, i) {
		build(slot, abi, BLKIF_BARRIER, 5, ~0ULL);
		slot[1] = 0;
		assert_int_equal(parse(slot, abi, &limits, &req), 0);
		assert_int_equal(req.nr_segs, 0);
		assert_int_equal(req.sector, 0);
	}
}

static void readonly(void **state)
{
	struct blkif_limits limits = all;
	const struct blkif_abi *abi;
	u8 slot[BLKIF_SLOT_MAX];
	unsigned int i;

	limits.readonly = true;
	for_each_abi(abi, i) {
		build_rw(slot, abi, BLKIF_READ, 1);
		expect(slot, abi, &limits, 0);
		build_rw(slot, abi, BLKIF_WRITE, 1);
		expect(slot, abi, &limits, -EROFS);
		build_rw(slot, abi, BLKIF_BARRIER, 1);
		expect(slot, abi, &limits, -EROFS);
		build(slot, abi, BLKIF_DISCARD, 1, 0);
		put(slot, abi->tail, 8, 8);
		expect(slot, abi, &limits, -EROFS);
		build(slot, abi, BLKIF_FLUSH, 1, 0);
		expect(slot, abi, &limits, 0);
		build_indirect(slot, abi, BLKIF_READ, 1);
		expect(slot, abi, &limits, 0);
		build_indirect(slot, abi, BLKIF_WRITE, 1);
		expect(slot, abi, &limits, -EROFS);
	}
}

static void discard(void **state)
{
	static const struct {
		u64 sector, nr;
		int err;
	} cases[] = {
		{ 0, 0, 0 }, { 0, 2048, 0 }, { 2048, 0, 0 }, { 2047, 1, 0 },
		{ 0, 2049, -ERANGE }, { 2048, 1, -ERANGE },
		{ 1, ~0ULL, -ERANGE }, { ~0ULL, 1, -ERANGE },
		{ ~0ULL, ~0ULL, -ERANGE },
	};
	struct blkif_limits off = all;
	const struct blkif_abi *abi;
	u8 slot[BLKIF_SLOT_MAX];
	unsigned int i, c;

	off.discard = false;
	for_each_abi(abi, i)
		for (c = 0; c < ARRAY_SIZE(cases); c++) {
			build(slot, abi, BLKIF_DISCARD, 1, cases[c].sector);
			put(slot, abi->tail, cases[c].nr, 8);
			expect(slot, abi, &all, cases[c].err);
			expect(slot, abi, &off, -EOPNOTSUPP);
		}
}

/* A secure discard is one only where that is offered. */
static void secure_discard(void **state)
{
	struct blkif_limits limits = all;
	const struct blkif_abi *abi;
	u8 slot[BLKIF_SLOT_MAX];
	struct blkif_req req;
	unsigned int i;

	for_each_abi(abi, i) {
		build(slot, abi, BLKIF_DISCARD, 1, 0);
		put(slot, abi->tail, 8, 8);
		slot[1] = 0xff;
		limits.secure = false;
		assert_int_equal(parse(slot, abi, &limits, &req), 0);
		assert_false(req.secure);
		limits.secure = true;
		assert_int_equal(parse(slot, abi, &limits, &req), 0);
		assert_true(req.secure);
		slot[1] = 0xfe;
		assert_int_equal(parse(slot, abi, &limits, &req), 0);
		assert_false(req.secure);
	}
}

/* A frontend that counts in blocks of 4096 bytes. */
static void large_sectors(void **state)
{
	static const struct {
		u64 sector;
		u8 first;
		u8 last;
		int err;
	} cases[] = {
		{ 0, 0, 0, 0 }, { 255, 0, 0, 0 }, { 256, 0, 0, -ERANGE },
		{ 1ULL << 61, 0, 0, -ERANGE }, { ~0ULL, 0, 0, -ERANGE },
		{ 0, 0, 1, -EINVAL }, { 0, 1, 1, -EINVAL },
		{ 0, 0, 7, -EINVAL }, { 0, 0, 255, -EINVAL },
	};
	struct blkif_limits limits = all;
	const struct blkif_abi *abi;
	u8 slot[BLKIF_SLOT_MAX];
	struct blkif_req req;
	unsigned int i, c;

	limits.block = 8;
	limits.unit = 3;
	for_each_abi(abi, i)
		for (c = 0; c < ARRAY_SIZE(cases); c++) {
			build(slot, abi, BLKIF_READ, 1, cases[c].sector);
			slot[1] = 1;
			build_seg(slot, abi, 0, 9, cases[c].first,
				  cases[c].last);
			assert_int_equal(parse(slot, abi, &limits, &req),
					 cases[c].err);
			if (cases[c].err)
				continue;
			assert_true(req.sector == cases[c].sector * 8);
			assert_true(req.nr_sectors == 8);
			assert_int_equal(req.segs[0].first, 0);
			assert_int_equal(req.segs[0].last, 7);
		}
	for_each_abi(abi, i) {
		build(slot, abi, BLKIF_DISCARD, 1, 255);
		put(slot, abi->tail, 1, 8);
		assert_int_equal(parse(slot, abi, &limits, &req), 0);
		assert_true(req.sector == 2040 && req.nr_sectors == 8);
		put(slot, abi->tail, 2, 8);
		expect(slot, abi, &limits, -ERANGE);
		put(slot, abi->tail, 1ULL << 61, 8);
		expect(slot, abi, &limits, -ERANGE);
	}
}

static void indirect_number(void **state)
{
	static const struct {
		u16 nr;
		u16 grefs;
		int err;
	} cases[] = {
		{ 0, 0, -EINVAL }, { 1, 1, 0 }, { 11, 1, 0 }, { 12, 1, 0 },
		{ 512, 1, 0 }, { 513, 2, 0 }, { 4095, 8, 0 }, { 4096, 8, 0 },
		{ 4097, 0, -EINVAL }, { 65535, 0, -EINVAL },
	};
	struct blkif_limits limits = all;
	const struct blkif_abi *abi;
	u8 slot[BLKIF_SLOT_MAX];
	struct blkif_req req;
	unsigned int i, c;

	limits.max_indirect = BLKIF_MAX_SEGS;
	for_each_abi(abi, i)
		for (c = 0; c < ARRAY_SIZE(cases); c++) {
			build_indirect(slot, abi, BLKIF_READ, cases[c].nr);
			assert_int_equal(parse(slot, abi, &limits, &req),
					 cases[c].err);
			assert_int_equal(req.nr_grefs, cases[c].grefs);
			if (req.nr_grefs)
				assert_int_equal(req.gref[req.nr_grefs - 1],
						 499 + req.nr_grefs);
		}
	build_indirect(slot, blkif_find_abi(""), BLKIF_READ, 257);
	expect(slot, blkif_find_abi(""), &all, -EINVAL);
}

/* The echo is the inner operation, whatever it is: the frontend compares. */
static void indirect_operation(void **state)
{
	struct blkif_limits off = all;
	const struct blkif_abi *abi;
	u8 slot[BLKIF_SLOT_MAX];
	struct blkif_req req;
	unsigned int i, op;

	off.max_indirect = 0;
	for_each_abi(abi, i)
		for (op = 0; op < 256; op++) {
			build_indirect(slot, abi, op, 20);
			assert_int_equal(parse(slot, abi, &all, &req),
					 op == BLKIF_READ || op == BLKIF_WRITE ?
					 0 : -EINVAL);
			assert_int_equal(req.op, op);
			assert_int_equal(req.id, 78);
			expect(slot, abi, &off, -EOPNOTSUPP);
		}
}

static void indirect_segments(void **state)
{
	struct blkif_limits limits = all;
	struct blkif_seg segs[256];
	struct blkif_req req;
	u8 slot[BLKIF_SLOT_MAX];
	unsigned int i;

	for (i = 0; i < 256; i++)
		segs[i] = (struct blkif_seg){ 1000 + i, 0, 7, 0xffff };
	build_indirect(slot, blkif_find_abi("x86_64-abi"), BLKIF_READ, 256);
	put(slot, 16, 0, 8);
	assert_int_equal(parse(slot, blkif_find_abi("x86_64-abi"), &all, &req),
			 0);
	assert_int_equal(blkif_parse_segs(segs, &all, &req), 0);
	assert_int_equal(req.nr_sectors, 2048);
	assert_null(req.why);

	limits.capacity = 2047;
	assert_int_equal(blkif_parse_segs(segs, &limits, &req), -ERANGE);
	assert_non_null(req.why);
	req.sector = 1;
	assert_int_equal(blkif_parse_segs(segs, &all, &req), -ERANGE);
	req.sector = 0;
	segs[255].last = 8;
	assert_int_equal(blkif_parse_segs(segs, &all, &req), -EINVAL);
	segs[255].last = 6;
	assert_int_equal(blkif_parse_segs(segs, &all, &req), 0);
	limits = all;
	limits.block = 8;
	assert_int_equal(blkif_parse_segs(segs, &limits, &req), -EINVAL);
}

static void unknown_operation(void **state)
{
	const struct blkif_abi *abi;
	u8 slot[BLKIF_SLOT_MAX];
	struct blkif_req req;
	unsigned int i, op;

	for_each_abi(abi, i)
		for (op = 0; op < 256; op++) {
			if (op <= BLKIF_FLUSH || op == BLKIF_DISCARD ||
			    op == BLKIF_INDIRECT)
				continue;
			build(slot, abi, op, 99, 0);
			assert_int_equal(parse(slot, abi, &all, &req),
					 -EOPNOTSUPP);
			assert_int_equal(req.op, op);
			assert_int_equal(req.id, 99);
			assert_int_equal(blkif_status(op, -EOPNOTSUPP),
					 BLKIF_NOTSUPP);
		}
}

static void statuses(void **state)
{
	assert_int_equal(blkif_status(BLKIF_READ, 0), 0);
	assert_int_equal(blkif_status(BLKIF_FLUSH, -EIO), -1);
	assert_int_equal(blkif_status(BLKIF_DISCARD, -EOPNOTSUPP), -2);
	assert_int_equal(blkif_status(BLKIF_FLUSH, -EOPNOTSUPP), -2);
	assert_int_equal(blkif_status(BLKIF_BARRIER, -EOPNOTSUPP), -2);
	/* A read or write that failed must never look like a success. */
	assert_int_equal(blkif_status(BLKIF_READ, -EOPNOTSUPP), -1);
	assert_int_equal(blkif_status(BLKIF_WRITE, -EOPNOTSUPP), -1);
}

static void device_numbers(void **state)
{
	static const struct {
		const char *text;
		int err;
		u32 major, minor;
	} cases[] = {
		{ "fe:0", 0, 0xfe, 0 }, { "7:1\n", 0, 7, 1 },
		{ "FD:aBc  ", 0, 0xfd, 0xabc }, { "fff:fffff", 0, 0xfff,
		0xfffff }, { "1:00000000000000000000", 0, 1, 0 },
		{ "", -EINVAL, 0, 0 }, { ":", -EINVAL, 0, 0 },
		{ "fe", -EINVAL, 0, 0 }, { "fe:", -EINVAL, 0, 0 },
		{ ":1", -EINVAL, 0, 0 }, { "fe:1:", -EINVAL, 0, 0 },
		{ "fe:1x", -EINVAL, 0, 0 }, { "0xfe:1", -EINVAL, 0, 0 },
		{ " fe:1", -EINVAL, 0, 0 }, { "-1:1", -EINVAL, 0, 0 },
		{ "fe :1", -EINVAL, 0, 0 }, { "/dev/loop0", -EINVAL, 0, 0 },
		{ "1000:0", -ERANGE, 0, 0 }, { "1:100000", -ERANGE, 0, 0 },
		{ "0:1", -ERANGE, 0, 0 },
		{ "100000000000000fe:1", -ERANGE, 0, 0 },
		{ "fe:10000000000000001", -ERANGE, 0, 0 },
	};
	unsigned int i;
	u32 major, minor;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		major = 0x5a5a;
		minor = 0x5a5a;
		assert_int_equal(blkif_parse_device(cases[i].text, &major,
						    &minor), cases[i].err);
		if (cases[i].err) {
			assert_int_equal(major, 0x5a5a);
			assert_int_equal(minor, 0x5a5a);
		} else {
			assert_int_equal(major, cases[i].major);
			assert_int_equal(minor, cases[i].minor);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(abi_names),
		cmocka_unit_test(abi_sizes),
		cmocka_unit_test(layout_rw_64),
		cmocka_unit_test(layout_rw_32),
		cmocka_unit_test(layout_discard),
		cmocka_unit_test(layout_indirect),
		cmocka_unit_test(layout_response),
		cmocka_unit_test(good_rw),
		cmocka_unit_test(bad_segment_number),
		cmocka_unit_test(bad_segment),
		cmocka_unit_test(outside_the_disk),
		cmocka_unit_test(empty_disk),
		cmocka_unit_test(alignment),
		cmocka_unit_test(flush),
		cmocka_unit_test(empty_barrier),
		cmocka_unit_test(readonly),
		cmocka_unit_test(discard),
		cmocka_unit_test(secure_discard),
		cmocka_unit_test(large_sectors),
		cmocka_unit_test(indirect_number),
		cmocka_unit_test(indirect_operation),
		cmocka_unit_test(indirect_segments),
		cmocka_unit_test(unknown_operation),
		cmocka_unit_test(statuses),
		cmocka_unit_test(device_numbers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
