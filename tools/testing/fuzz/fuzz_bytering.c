// SPDX-License-Identifier: GPL-2.0
/*
 * Both ends of include/xpv/bytering.h, with an other end that writes between
 * any two reads. An input says which end, and what either of them does.
 *
 * The shared pages are poisoned, so that the sanitizer sees whoever reads them
 * by anything but READ_ONCE() and the copies of the header. Those are made to
 * let the other end write just before, and again just after, and to refuse a
 * second read: of an index in one step, of a byte of data until it was given
 * back.
 */
#include <errno.h>
#include <string.h>
#include <sanitizer/asan_interface.h>
#include <linux/compiler.h>

static void show(const void *word);
static void peer_writes(const void *word, size_t size);
static void peer_changes(const void *word);
static void hide(const void *word);
static void shared_copy(void *to, const void *from, size_t len);

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
#include <linux/mm.h>
#include <linux/uio.h>
#define memcpy(to, from, len)	shared_copy(to, from, len)
#include <xpv/bytering.h>
#undef memcpy

#define REQUIRE(x) do { if (!(x)) __builtin_trap(); } while (0)

#define ORDER	1
#define NR	2
#define SIZE	4096
#define ROUNDS	200

static struct {
	u32 index[SIZE / sizeof(u32)];
	u8 data[NR * SIZE];
} shared __attribute__((aligned(SIZE)));

static bool index_read[SIZE / sizeof(u32)];
static bool data_read[NR * SIZE];
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

	return word | any_byte() << 8 | any_byte() << 16 | (u32)any_byte() << 24;
}

static bool is_shared(const void *p)
{
	return (const u8 *)p >= (const u8 *)&shared &&
	       (const u8 *)p < (const u8 *)(&shared + 1);
}

/* The sanitizer's grain is two words. */
static const void *grain(const void *word)
{
	return (const void *)((uintptr_t)word & ~7UL);
}

static void show(const void *word)
{
	if (is_shared(word))
		ASAN_UNPOISON_MEMORY_REGION(grain(word), 8);
}

static void hide(const void *word)
{
	if (is_shared(word))
		ASAN_POISON_MEMORY_REGION(grain(word), 8);
}

/* Mostly a step from where the index is, that may be possible; or anything. */
static void peer_writes(const void *word, size_t size)
{
	size_t at = (const u32 *)word - shared.index;
	u8 how;

	if (!is_shared(word))
		return;
	REQUIRE(size == sizeof(u32));
	REQUIRE(!index_read[at]);
	index_read[at] = true;
	how = any_byte();
	if (how < 0xf0)
		shared.index[at] = ~shared.index[at] + how * 16;
	else if (how < 0xf8)
		shared.index[at] = ~shared.index[at] - how;
	else
		shared.index[at] = any_word();
}

static void peer_changes(const void *word)
{
	size_t at = (const u32 *)word - shared.index;

	if (is_shared(word))
		shared.index[at] = ~shared.index[at];
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

/* From here on each index may be read once again. */
static void step(void)
{
	memset(index_read, 0, sizeof(index_read));
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
	for (round = 0; round < ROUNDS && left; round++) {
		bool in = any_byte() & 1;
		struct xpv_byte_stream *s = in ? &ring.in : &ring.out;

		if (!(in == back ? produce(s) : consume(s)))
			return;
	}
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);
int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
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
