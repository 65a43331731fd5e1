// SPDX-License-Identifier: GPL-2.0
/*
 * The backend's side of include/xpv/ring.h and the parser behind it, with a
 * frontend that writes between any two reads. An input is the ABI, and bytes
 * that the frontend takes what it writes from.
 *
 * The shared page is poisoned, so that the sanitizer sees whoever reads it by
 * anything but READ_ONCE(). That is made to let the frontend write the word
 * just before, and again just after, and to refuse a second read in one step.
 */
#include <errno.h>
#include <string.h>
#include <sanitizer/asan_interface.h>
#include <linux/compiler.h>

static void show(const void *word);
static void peer_writes(const void *word, size_t size);
static void peer_changes(const void *word);
static void hide(const void *word);

#undef READ_ONCE
#define READ_ONCE(x) ({							\
	show(&(x));							\
	peer_writes(&(x), sizeof(x));					\
	const typeof(x) __value = __atomic_load_n(&(x), __ATOMIC_RELAXED); \
	peer_changes(&(x));						\
	hide(&(x));							\
	__value;							\
})

#undef WRITE_ONCE
#define WRITE_ONCE(x, value) do {					\
		show(&(x));						\
		__atomic_store_n(&(x), (value), __ATOMIC_RELAXED);	\
		hide(&(x));						\
	} while (0)

#include <linux/kernel.h>
#include <xpv/ring.h>
#include "check_blkif.h"

#define BYTES	4096
#define ROUNDS	64

static u32 page[BYTES / sizeof(u32)] __attribute__((aligned(BYTES)));
static bool was_read[BYTES / sizeof(u32)];
static const u8 *input;
static size_t left;

static u8 any_byte(void)
{
	if (!left)
		return 0;
	left--;
	return *input++;
}

static u32 any_word(void)
{
	u32 word = any_byte();

	/* Small numbers are the ones that come near to being right. */
	if (word & 0x80)
		return word & 0x7f;
	return word << 24 | any_byte() << 16 | any_byte() << 8 | any_byte();
}

static bool is_shared(const void *word)
{
	return (const u8 *)word >= (const u8 *)page &&
	       (const u8 *)word < (const u8 *)page + BYTES;
}

/* The sanitizer's grain is two words. */
static u32 *grain(const void *word)
{
	return &page[((const u32 *)word - page) & ~1];
}

static void show(const void *word)
{
	if (is_shared(word))
		ASAN_UNPOISON_MEMORY_REGION(grain(word), 2 * sizeof(u32));
}

static void hide(const void *word)
{
	if (is_shared(word))
		ASAN_POISON_MEMORY_REGION(grain(word), 2 * sizeof(u32));
}

static void peer_writes(const void *word, size_t size)
{
	size_t at = (const u32 *)word - page;

	if (!is_shared(word))
		return;
	REQUIRE(size == sizeof(u32));
	REQUIRE(!was_read[at]);
	was_read[at] = true;
	page[at] = any_word();
}

static void peer_changes(const void *word)
{
	size_t at = (const u32 *)word - page;

	if (is_shared(word))
		page[at] = ~page[at];
}

/* From here on each word may be read once again. */
static void step(void)
{
	memset(was_read, 0, sizeof(was_read));
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
