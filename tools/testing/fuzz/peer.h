/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A peer that writes the words of shared memory between any two reads of ours.
 * To be included before the header under test.
 *
 * The shared memory is poisoned, so that the sanitizer sees whoever reads it by
 * anything but READ_ONCE(). That is made to let the peer write the word just
 * before, and again just after, and to refuse a second read in one step.
 */
#ifndef FUZZ_PEER_H
#define FUZZ_PEER_H

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sanitizer/asan_interface.h>
#include <linux/compiler.h>
#include <linux/types.h>

#define REQUIRE(condition) do {		\
		if (!(condition))	\
			abort();	\
	} while (0)

#ifndef SHARED_WORDS
#define SHARED_WORDS	1024
#endif

/* Where the words that we may read are, which the target says. */
static u32 *shared_words;
static bool was_read[SHARED_WORDS];
static const u8 *input;
static size_t left;

/* peer_word() - what the peer writes where @was is; the target's own */
static u32 peer_word(u32 was);

static u8 any_byte(void)
{
	if (!left)
		return 0;
	left--;
	return *input++;
}

static bool is_shared_word(const void *word)
{
	return (const u8 *)word >= (const u8 *)shared_words &&
	       (const u8 *)word < (const u8 *)(shared_words + SHARED_WORDS);
}

/* The sanitizer's grain is two words, as is the most that is read at once. */
static const void *grain(const void *word)
{
	return (const void *)((uintptr_t)word & ~7UL);
}

static void show(const void *word)
{
	if (is_shared_word(word))
		ASAN_UNPOISON_MEMORY_REGION(grain(word), 8);
}

static void hide(const void *word)
{
	if (is_shared_word(word))
		ASAN_POISON_MEMORY_REGION(grain(word), 8);
}

static void peer_writes(const void *word, size_t size)
{
	size_t at = (const u32 *)word - shared_words;

	if (!is_shared_word(word))
		return;
	REQUIRE(size == sizeof(u32) || size == sizeof(u64));
	for (; size; size -= sizeof(u32), at++) {
		REQUIRE(!was_read[at]);
		was_read[at] = true;
		shared_words[at] = peer_word(shared_words[at]);
	}
}

static void peer_changes(const void *word, size_t size)
{
	size_t at = (const u32 *)word - shared_words;

	if (!is_shared_word(word))
		return;
	for (; size; size -= sizeof(u32), at++)
		shared_words[at] ^= ~0U;
}

/* From here on each word may be read once again. */
static void step(void)
{
	memset(was_read, 0, sizeof(was_read));
}

#undef READ_ONCE
#define READ_ONCE(x) ({							\
	show(&(x));							\
	peer_writes(&(x), sizeof(x));					\
	const typeof(x) __value = __atomic_load_n(&(x), __ATOMIC_RELAXED); \
	peer_changes(&(x), sizeof(x));					\
	hide(&(x));							\
	__value;							\
})

#undef WRITE_ONCE
#define WRITE_ONCE(x, value) do {					\
		show(&(x));						\
		__atomic_store_n(&(x), (value), __ATOMIC_RELAXED);	\
		hide(&(x));						\
	} while (0)

#endif
