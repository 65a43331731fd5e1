// SPDX-License-Identifier: GPL-2.0
/*
 * Counts the instructions of kernels by their places, 16 bytes each, with the option
 * profile=FILE of the plugin (counter.c). At each mark all counts so far go to FILE:
 * a line "mark", and one for each place and processor: processor, address in
 * hexadecimal, instructions.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "counter.h"
#include "places.h"

#define MAX_VCPUS	8
#define GRAIN_BITS	4

/* Linux without address randomisation: its text, and its modules. */
#define TEXT_START	0xffffffff81000000ULL
#define TEXT_SIZE	(32ULL << 20)
#define MODULES_START	0xffffffffc0000000ULL
#define MODULES_SIZE	(64ULL << 20)
#define PLACES		((TEXT_SIZE + MODULES_SIZE) >> GRAIN_BITS)

static FILE *out;

/* A row for each processor, which alone writes to it. */
static uint64_t *counts[MAX_VCPUS];

static size_t place_of(uint64_t address)
{
	if (address - TEXT_START < TEXT_SIZE)
		return (address - TEXT_START) >> GRAIN_BITS;
	if (address - MODULES_START < MODULES_SIZE)
		return (TEXT_SIZE + address - MODULES_START) >> GRAIN_BITS;
	return PLACES;
}

static uint64_t address_of(size_t place)
{
	uint64_t offset = (uint64_t)place << GRAIN_BITS;

	return offset < TEXT_SIZE ? TEXT_START + offset :
				    MODULES_START + offset - TEXT_SIZE;
}

/* What the callback gets to know: a place, and what to add to it. */
static void *packed(size_t place, size_t n)
{
	return (void *)(uintptr_t)((uint64_t)n << 32 | place);
}

static void add(unsigned int vcpu, void *data)
{
	uintptr_t word = (uintptr_t)data;

	counts[vcpu % MAX_VCPUS][word & UINT32_MAX] += word >> 32;
}

/* Begin to write to the file at @path. Return: whether that is possible. */
bool places_open(const char *path)
{
	for (int i = 0; i < MAX_VCPUS; i++) {
		counts[i] = calloc(PLACES, sizeof(*counts[i]));
		if (!counts[i])
			return false;
	}
	out = fopen(path, "w");
	return out;
}

/* Count @n instructions each time that @tb, which begins at @start, is executed. */
void places_count(struct qemu_plugin_tb *tb, uint64_t start, size_t n)
{
	size_t place = place_of(start);

	if (out && place < PLACES)
		qemu_plugin_register_vcpu_tb_exec_cb(tb, add, NO_REGISTERS,
						     packed(place, n));
}

/* Write what there is. */
void places_mark(void)
{
	if (!out)
		return;
	fprintf(out, "mark\n");
	for (int i = 0; i < MAX_VCPUS; i++)
		for (size_t place = 0; place < PLACES; place++)
			if (counts[i][place])
				fprintf(out, "%d %" PRIx64 " %" PRIu64 "\n", i,
					address_of(place), counts[i][place]);
	fflush(out);
}
