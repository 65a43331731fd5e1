// SPDX-License-Identifier: GPL-2.0
/* The bytes that all traffic is made of. */
#define _GNU_SOURCE
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "netload.h"

#define PERIOD 262147U /* prime */
#define SIZE (PERIOD + CHUNK_MAX)

static unsigned char *table;
static int file = -1;

/* The same in all programs, and again from the start behind its end. */
void table_make(void)
{
	uint64_t state = 0x9e3779b97f4a7c15ULL;
	unsigned int i;

	file = memfd_create("table", 0);
	if (file < 0 || ftruncate(file, SIZE))
		give_up("no memory for the table");
	table = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, file, 0);
	if (table == MAP_FAILED)
		give_up("no memory for the table");
	for (i = 0; i < PERIOD; i += sizeof(state)) {
		state ^= state << 13;
		state ^= state >> 7;
		state ^= state << 17;
		memcpy(table + i, &state, sizeof(state));
	}
	memcpy(table + PERIOD, table, CHUNK_MAX);
}

/* CHUNK_MAX bytes of a stream, from OFFSET on. */
const void *table_at(uint64_t offset)
{
	return table + offset % PERIOD;
}

/* The same as a file, whose pages can be sent without a copy. */
int table_file(void)
{
	return file;
}

uint64_t table_file_offset(uint64_t offset)
{
	return offset % PERIOD;
}

bool table_matches(const void *data, size_t len, uint64_t offset)
{
	const unsigned char *is = data, *should = table_at(offset);
	size_t i;

	if (!memcmp(is, should, len))
		return true;
	for (i = 0; is[i] == should[i]; i++)
		;
	printf("byte %zu of %zu, %llu of the stream, is %02x, not %02x\n", i, len,
	       (unsigned long long)offset + i, is[i], should[i]);
	return false;
}

/* Where in the table a stream begins. */
uint64_t stream_start(uint32_t seed)
{
	return seed * 7919ULL;
}
