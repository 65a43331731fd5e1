// SPDX-License-Identifier: GPL-2.0
/*
 * The frontend's side of include/xpv/ring.h and
 * drivers/block/blkfront/answer_parse.c, with a backend that writes between any
 * two reads. An input is bytes that say what is asked, and that the backend takes
 * what it writes from.
 */
#include "peer.h"

#include <linux/kernel.h>
#include <xen/interface/io/blkif.h>
#include <xpv/ring.h>
#include "../../../drivers/block/blkfront/answer_parse.h"

#define BYTES	4096
#define SLOT	112
#define SLOTS	32
#define ROUNDS	64

static u32 page[SHARED_WORDS] __attribute__((aligned(BYTES)));
static struct blkfront_asked asked[SLOTS];
static bool worked;

/*
 * Small numbers come near to being indices and slots; the life of some slot, and
 * its operation with a status, make an answer that fits.
 */
static u32 peer_word(u32 was)
{
	u8 how = any_byte();
	const struct blkfront_asked *some = &asked[how % SLOTS];

	if (how < 0x60)
		return how & 0x3f;
	if (how < 0xa0)
		return some->life;
	if (how < 0xe0)
		return some->op | (u32)(any_byte() - 2) << 16;
	return (u32)how << 24 | any_byte() << 16 | any_byte() << 8 | any_byte();
}

static unsigned int nr_out(void)
{
	unsigned int i, nr = 0;

	for (i = 0; i < SLOTS; i++)
		nr += asked[i].out;
	return nr;
}

static bool is_hint(const struct blkfront_asked *one)
{
	return one->op == BLKIF_OP_DISCARD && !one->secure;
}

static void check_said(const struct blkfront_asked *one, s16 status)
{
	enum blkfront_said said = blkfront_answer_says(one, status, worked);

	REQUIRE((said == BLKFRONT_DONE) == (status == BLKIF_RSP_OKAY));
	if (said == BLKFRONT_REFUSED) {
		REQUIRE(one->op != BLKIF_OP_READ && one->op != BLKIF_OP_WRITE);
		REQUIRE(status == BLKIF_RSP_EOPNOTSUPP ||
			(is_hint(one) && !worked));
	}
	worked |= said == BLKFRONT_DONE && is_hint(one);
}

/* Return: whether it was an answer; it is none a second time. */
static bool take(struct xpv_ring *ring)
{
	struct blkif_response rsp, before;
	int slot, err;

	step();
	xpv_front_ring_get(ring, &rsp, sizeof(rsp));
	memcpy(&before, &rsp, sizeof(rsp));
	slot = blkfront_answer_slot(&rsp, SLOTS);
	if (slot < 0) {
		REQUIRE(slot == -ENOENT);
		return false;
	}
	REQUIRE(slot < SLOTS);
	err = blkfront_answer_check(&asked[slot], &rsp);
	REQUIRE(!err || err == -ENOENT || err == -EILSEQ);
	REQUIRE(!memcmp(&before, &rsp, sizeof(rsp)));
	if (err)
		return false;
	REQUIRE(asked[slot].out);
	REQUIRE(blkfront_id(slot, &asked[slot]) == rsp.id);
	REQUIRE(rsp.operation == asked[slot].op ||
		(asked[slot].indirect && rsp.operation == BLKIF_OP_INDIRECT));
	check_said(&asked[slot], rsp.status);
	asked[slot].out = false;
	REQUIRE(blkfront_answer_check(&asked[slot], &rsp) == -ENOENT);
	return true;
}

static void ask_one(struct xpv_ring *ring, struct blkfront_asked *one, u8 what)
{
	u8 slot[SLOT] = { what };

	one->life++;
	one->op = what % 6;
	one->indirect = one->op <= BLKIF_OP_WRITE && (what & 0x40);
	one->secure = one->op == BLKIF_OP_DISCARD && (what & 0x80);
	one->out = true;
	ASAN_UNPOISON_MEMORY_REGION(page, BYTES);
	xpv_front_ring_put(ring, slot, sizeof(slot));
	ASAN_POISON_MEMORY_REGION(page, BYTES);
}

static void ask(struct xpv_ring *ring)
{
	unsigned int i, nr = any_byte() % (SLOTS + 1);

	for (i = 0; i < SLOTS && nr && xpv_front_ring_free(ring); i++) {
		if (asked[i].out)
			continue;
		ask_one(ring, &asked[i], any_byte());
		nr--;
	}
	step();
	xpv_front_ring_push(ring);
}

/* Return: how many answers may be taken; negative if the ring is broken. */
static int look(struct xpv_ring *ring, bool last)
{
	int waiting;

	step();
	waiting = last ? xpv_front_ring_final_check(ring) :
			 xpv_front_ring_pending(ring);
	REQUIRE(waiting == -EILSEQ ||
		(waiting >= 0 && waiting <= (int)nr_out()));
	return waiting;
}

static void use(struct xpv_ring *ring)
{
	unsigned int round;
	int waiting;

	for (round = 0; round < ROUNDS && left; round++) {
		ask(ring);
		waiting = look(ring, round & 1);
		if (waiting < 0)
			return;
		while (waiting--)
			if (!take(ring))
				return;
		/* What is out is what was not answered, and no more. */
		REQUIRE(ring->prod - ring->cons == nr_out());
		REQUIRE(xpv_front_ring_free(ring) == SLOTS - nr_out());
	}
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);
int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	struct xpv_ring ring;

	shared_words = page;
	input = data;
	left = size;
	worked = false;
	memset(asked, 0, sizeof(asked));
	ASAN_UNPOISON_MEMORY_REGION(page, BYTES);
	memset(page, 0, sizeof(page));
	xpv_front_ring_init(&ring, page, BYTES, SLOT);
	ASAN_POISON_MEMORY_REGION(page, BYTES);
	REQUIRE(ring.nr == SLOTS);
	use(&ring);
	return 0;
}
