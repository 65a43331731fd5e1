// SPDX-License-Identifier: GPL-2.0
/*
 * Both ends of include/xpv/bytering.h, with an other end that writes between
 * any two reads. An input says which end, and what either of them does.
 *
 * Data too is made to be something else before and after it is copied, and a byte
 * of it may not be read again until it was given back.
 */
#include "peer.h"

static void shared_copy(void *to, const void *from, size_t len);

#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/uio.h>
#define memcpy(to, from, len)	shared_copy(to, from, len)
#include <xpv/bytering.h>
#undef memcpy

#define ORDER	1
#define NR	2
#define SIZE	4096
#define ROUNDS	200

static struct {
	u32 index[SHARED_WORDS];
	u8 data[NR * SIZE];
} shared __attribute__((aligned(SIZE)));

static bool data_read[NR * SIZE];

static u32 any_word(void)
{
	u32 word = any_byte();

	return word | any_byte() << 8 | any_byte() << 16 | (u32)any_byte() << 24;
}

static bool is_shared(const void *p)
{
	return (const u8 *)p >= (const u8 *)&shared &&
	       (const u8 *)p < (const u8 *)(&shared + 1);
}

/* Mostly a step from where the index is, that may be possible; or anything. */
static u32 peer_word(u32 was)
{
	u8 how = any_byte();

	if (how < 0xf0)
		return ~was + how * 16;
	return how < 0xf8 ? ~was - how : any_word();
}

/* Data is read once, and is something else before and after. */
static void shared_copy(void *to, const void *from, size_t len)
{
	const void *ours = is_shared(from) ? from : to;
	size_t at = (const u8 *)ours - shared.data, i;

	REQUIRE(is_shared(ours) && at + len <= sizeof(shared.data));
	REQUIRE(at / SIZE == (at + len - 1) / SIZE);
	ASAN_UNPOISON_MEMORY_REGION(&shared.data, sizeof(shared.data));
	if (ours == from) {
		for (i = 0; i < len; i++) {
			REQUIRE(!data_read[at + i]);
			data_read[at + i] = true;
		}
		memset(shared.data + at, any_byte(), len);
	}
	memcpy(to, from, len);
	memset(shared.data + at, 0xee, len);
	ASAN_POISON_MEMORY_REGION(&shared.data, sizeof(shared.data));
}

static void given_back(struct xpv_byte_stream *s, u32 from, u32 len)
{
	size_t base = (u8 *)s->pages[0] - shared.data;

	while (len--)
		data_read[base + (from++ & (s->size - 1))] = false;
}

static bool consume(struct xpv_byte_stream *s)
{
	u32 shown = s->shown, at = s->at, len, rest;
	u8 buf[SIZE];
	int ready;

	step();
	ready = xpv_bytes_ready(s);
	if (ready == -EILSEQ)
		return false;
	REQUIRE(ready >= 0 && s->at - s->shown + ready <= s->size);
	len = any_byte() * 16;
	if (len > (u32)ready)
		len = ready;
	rest = ready - len;
	if (len)
		xpv_bytes_get(s, buf, len);
	REQUIRE(s->at == at + len && s->shown == shown);
	if (rest > 100 && any_byte() & 1)
		xpv_bytes_read(s, rest - 100, buf, 0);
	if (any_byte() & 1) {
		step();
		xpv_bytes_release(s, any_byte() * 16);
		REQUIRE(s->shown == s->at);
		given_back(s, shown, s->at - shown);
	}
	return true;
}

static bool produce(struct xpv_byte_stream *s)
{
	static const u8 buf[SIZE];
	u32 len;
	int room;

	step();
	room = xpv_bytes_room(s);
	if (room == -EILSEQ)
		return false;
	REQUIRE(room >= 0 && room <= (int)s->size);
	len = any_byte() * 16;
	if (len > (u32)room)
		len = room;
	if (len)
		xpv_bytes_put(s, buf, len);
	REQUIRE(s->at - s->seen <= s->size);
	if (any_byte() & 1) {
		step();
		xpv_bytes_push(s);
		REQUIRE(s->shown == s->at);
	}
	return true;
}

static void agree(struct xpv_byte_ring *ring, struct xpv_bytes_intf *intf,
		  bool back)
{
	if (back)
		xpv_back_bytes_agree(ring, intf);
	else
		xpv_front_bytes_agree(ring, intf);
}

static void run(bool back)
{
	struct xpv_bytes_intf *intf = (void *)shared.index;
	void *pages[NR] = { shared.data, shared.data + SIZE };
	struct xpv_byte_ring ring;
	unsigned int round;

	step();
	if (!back)
		xpv_front_bytes_init(&ring, intf, pages, ORDER);
	else if (xpv_back_bytes_init(&ring, intf, pages, ORDER))
		return;
	if (any_byte() & 1)
		agree(&ring, intf, back);
	for (round = 0; round < ROUNDS && left; round++) {
		bool in = any_byte() & 1;
		struct xpv_byte_stream *s = in ? &ring.in : &ring.out;

		if (!(in == back ? produce(s) : consume(s)))
			return;
		xpv_bytes_ask(s, any_byte() + 1);
		if (any_byte() & 1) {
			step();
			xpv_bytes_hush(s);
		}
	}
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);
int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	shared_words = shared.index;
	input = data;
	left = size;
	ASAN_UNPOISON_MEMORY_REGION(&shared, sizeof(shared));
	memset(&shared, 0, sizeof(shared));
	memset(data_read, 0, sizeof(data_read));
	ASAN_POISON_MEMORY_REGION(&shared, sizeof(shared));
	run(any_byte() & 1);
	ASAN_UNPOISON_MEMORY_REGION(&shared, sizeof(shared));
	return 0;
}
