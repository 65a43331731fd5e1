// SPDX-License-Identifier: GPL-2.0
/* What a disk holds. */
#include "blk.h"

/* What every 8 bytes of a disk hold tells where they belong. */
static __u64 pattern(__u64 sector, unsigned int word, unsigned int seed)
{
	__u64 value = (sector << 6 | word) + ((__u64)seed << 56);

	value *= 0x9e3779b97f4a7c15ULL;
	return value ^ value >> 29;
}

#define SECTOR_WORDS	(SECTOR_BYTES / sizeof(__u64))

void fill_pattern(void *mem, __u64 sector, unsigned int nr, unsigned int seed)
{
	__u64 *to = mem;
	unsigned int i;

	for (i = 0; i < nr * SECTOR_WORDS; i++)
		to[i] = pattern(sector + i / SECTOR_WORDS, i % SECTOR_WORDS,
				seed);
}

bool is_pattern(const void *mem, __u64 sector, unsigned int nr,
		unsigned int seed)
{
	const __u64 *from = mem;
	unsigned int i;

	for (i = 0; i < nr * SECTOR_WORDS; i++) {
		if (from[i] == pattern(sector + i / SECTOR_WORDS,
				       i % SECTOR_WORDS, seed))
			continue;
		note("wrong data in sector %llu",
		     (unsigned long long)(sector + i / SECTOR_WORDS));
		return false;
	}
	return true;
}
