// SPDX-License-Identifier: GPL-2.0
/*
 * The backend's side of include/xpv/ring.h and the parser behind it, with a
 * frontend that writes between any two reads. An input is the ABI, and bytes
 * that the frontend takes what it writes from.
 */
#include "peer.h"

#include <linux/kernel.h>
#include <xpv/ring.h>
#include "check_blkif.h"

#define BYTES	4096
#define ROUNDS	64

static u32 page[SHARED_WORDS] __attribute__((aligned(BYTES)));

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
	if (!err && !req.indirect) {
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
		.max_indirect = 256,
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
	ASAN_UNPOISON_MEMORY_REGION(page, BYTES);
	memset(page, 0, sizeof(page));
	ASAN_POISON_MEMORY_REGION(page, BYTES);
	step();
	if (!xpv_back_ring_init(&ring, page, BYTES, abi->slot_size))
		serve(&ring, abi);
	return 0;
}
