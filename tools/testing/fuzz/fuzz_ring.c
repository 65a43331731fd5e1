// SPDX-License-Identifier: GPL-2.0
/*
 * The backend's side of include/xpv/ring.h and the parser behind it, with a
 * frontend that writes between any two reads, also to the pages of indirect
 * requests. An input is the ABI, and bytes that the frontend takes what it writes
 * from.
 */
#include <linux/types.h>

/* The ring, and the pages of an indirect request. */
#define TABLE_PAGES	3
#define PAGE_WORDS	1024
#define SHARED_WORDS	(PAGE_WORDS * (1 + TABLE_PAGES))
#include "peer.h"

#include <linux/kernel.h>
#include <xpv/ring.h>
#include "check_blkif.h"

#define BYTES	4096
#define ROUNDS	64

/* The last page of a table need not be full. */
#define MAX_SEGS	(TABLE_PAGES * BLKIF_PAGE_SEGS - 100)

static u32 page[SHARED_WORDS] __attribute__((aligned(BYTES)));
static u32 *const table = page + PAGE_WORDS;

static u32 any_word(void)
{
	u32 word = any_byte();

	/* Small numbers are the ones that come near to being right. */
	if (word & 0x80)
		return word & 0x7f;
	return word << 24 | any_byte() << 16 | any_byte() << 8 | any_byte();
}

static u32 peer_word(u32 was)
{
	return any_word();
}

/* Each segment is the one that stood in its place when that was read. */
static void check_copied(const struct blkif_seg *segs, unsigned int nr)
{
	const u32 *word = (const u32 *)segs;
	unsigned int i;

	ASAN_UNPOISON_MEMORY_REGION(table, TABLE_PAGES * BYTES);
	for (i = 0; i < 2 * nr; i++)
		REQUIRE(word[i] == ~table[i]);
	ASAN_POISON_MEMORY_REGION(table, TABLE_PAGES * BYTES);
}

static void take_table(const struct blkif_limits *limits, struct blkif_req *req)
{
	size_t size = req->nr_segs * sizeof(struct blkif_seg);
	/* Of their exact size, for the sanitizer. */
	struct blkif_seg *segs = malloc(size), *before = malloc(size);
	unsigned int i;
	int err;

	REQUIRE(req->nr_grefs <= TABLE_PAGES);
	for (i = 0; i < req->nr_grefs; i++)
		blkif_copy_segs(segs, req->nr_segs, i, table + i * PAGE_WORDS);
	check_copied(segs, req->nr_segs);
	memcpy(before, segs, size);
	err = blkif_parse_segs(segs, limits, req);
	REQUIRE(!memcmp(before, segs, size));
	REQUIRE(!err == !req->why);
	if (!err) {
		check_policy(limits, req);
		check_data(limits, req, segs);
	}
	free(before);
	free(segs);
}

/* One request: what is checked of it is what is used of it. */
static void take(struct xpv_ring *ring, const struct blkif_abi *abi,
		 const struct blkif_limits *limits)
{
	u32 slot[BLKIF_SLOT_MAX / sizeof(u32)];
	u32 before[BLKIF_SLOT_MAX / sizeof(u32)];
	struct blkif_req req;
	int err;

	step();
	memset(slot, 0, sizeof(slot));
	xpv_back_ring_get(ring, slot, abi->slot_size);
	memcpy(before, slot, sizeof(slot));
	err = blkif_parse_req(abi, slot, limits, &req);
	REQUIRE(!memcmp(before, slot, sizeof(slot)));
	REQUIRE(!err == !req.why);
	if (!err && req.indirect) {
		take_table(limits, &req);
	} else if (!err) {
		check_policy(limits, &req);
		check_data(limits, &req, req.segs);
	}
}

static void answer(struct xpv_ring *ring, const struct blkif_abi *abi)
{
	u8 rsp[BLKIF_RESPONSE_MAX];
	u32 len = blkif_fill_response(abi, any_word(), BLKIF_READ, BLKIF_OKAY,
				      rsp);

	step();
	ASAN_UNPOISON_MEMORY_REGION(page, BYTES);
	xpv_back_ring_put(ring, rsp, len);
	ASAN_POISON_MEMORY_REGION(page, BYTES);
	xpv_back_ring_push(ring);
}

/* Return: how many requests may be taken. */
static u32 look(struct xpv_ring *ring, bool last)
{
	int waiting;

	step();
	waiting = last ? xpv_back_ring_final_check(ring) :
			 xpv_back_ring_pending(ring);
	REQUIRE(waiting == -EILSEQ || (waiting >= 0 && waiting <= (int)ring->nr));
	return waiting > 0 ? waiting : 0;
}

static void serve(struct xpv_ring *ring, const struct blkif_abi *abi)
{
	const struct blkif_limits limits = {
		.capacity = 1 << 20,
		.block = 1,
		.max_indirect = MAX_SEGS,
		.discard = true,
	};
	unsigned int round;
	u32 waiting;

	for (round = 0; round < ROUNDS && left; round++) {
		waiting = look(ring, round & 1);
		while (waiting-- && left)
			take(ring, abi, &limits);
		/* No slot is taken that was not answered since. */
		REQUIRE(ring->cons - ring->prod <= ring->nr);
		while (ring->prod != ring->cons && any_byte() & 3)
			answer(ring, abi);
	}
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);
int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	const struct blkif_abi *abi;
	struct xpv_ring ring;

	shared_words = page;
	input = data;
	left = size;
	abi = blkif_find_abi(any_byte() & 1 ? "x86_32-abi" : "x86_64-abi");
	ASAN_UNPOISON_MEMORY_REGION(page, sizeof(page));
	memset(page, 0, sizeof(page));
	ASAN_POISON_MEMORY_REGION(page, sizeof(page));
	step();
	if (!xpv_back_ring_init(&ring, page, BYTES, abi->slot_size))
		serve(&ring, abi);
	return 0;
}
