// SPDX-License-Identifier: GPL-2.0
/*
 * A plugin of QEMU's translator that counts what a Xen host executes:
 *
 *   -plugin counter.so,symbols=FILE,out=FILE
 *
 * Each line of the symbols file is an address in hexadecimal and the number of
 * the counter that an instruction there adds one to, or "mark". Executing the
 * mark appends a row to the out file: all counters, as 64-bit words in the
 * machine's order. The counters below FIRST_SYMBOL are kept without being asked.
 *
 * Instructions are counted a translated block at a time; a block that a fault
 * ends early counts whole. String instructions (rep movs, rep stos) are how this
 * processor copies and clears, and the translator runs each of their iterations
 * as a block of its own: these are counted as bytes, not as instructions.
 *
 * With profile=FILE more is counted, see places.c.
 */
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "counter.h"
#include "places.h"

EXPORT int qemu_plugin_version = PLUGIN_API_VERSION;

/* The runner (counts.py) has the same list. */
enum {
	XEN_INSTRUCTIONS,
	KERNEL_INSTRUCTIONS,
	USER_INSTRUCTIONS,
	XEN_COPIED,
	KERNEL_COPIED,
	XEN_CLEARED,
	KERNEL_CLEARED,
	FIRST_SYMBOL,
	COUNTERS = 128
};

#define MAX_VCPUS 8
#define MARK (-1)

/* Where Xen and 64-bit Linux put themselves, one above the other. */
#define XEN_START	0xffff82d040000000ULL
#define XEN_END		0xffff82d080000000ULL
#define KERNEL_START	0xffffffff80000000ULL

struct symbol {
	uint64_t address;
	int counter;
};

static struct symbol *symbols;
static size_t n_symbols;
static FILE *out;

/* A row for each processor, which alone writes to it. */
static uint64_t counts[MAX_VCPUS][COUNTERS];

static uint64_t *row(unsigned int vcpu)
{
	return counts[vcpu % MAX_VCPUS];
}

/* What a callback gets to know: a counter, and what to add to it. */
static void *packed(int counter, size_t amount)
{
	return (void *)(uintptr_t)(amount << 8 | (unsigned int)counter);
}

static void add(unsigned int vcpu, void *data)
{
	uintptr_t word = (uintptr_t)data;

	row(vcpu)[word & 0xff] += word >> 8;
}

/* Marks come one at a time: the runner has one guest make them. */
static void mark(unsigned int vcpu, void *data)
{
	uint64_t sums[COUNTERS] = { 0 };

	(void)vcpu;
	(void)data;
	for (int i = 0; i < MAX_VCPUS; i++)
		for (int counter = 0; counter < COUNTERS; counter++)
			sums[counter] += __atomic_load_n(&counts[i][counter],
							 __ATOMIC_RELAXED);
	fwrite(sums, sizeof(sums), 1, out);
	fflush(out);
	places_mark();
}

static bool in_xen(uint64_t address)
{
	return address >= XEN_START && address < XEN_END;
}

static int instructions_at(uint64_t address)
{
	if (in_xen(address))
		return XEN_INSTRUCTIONS;
	return address >= KERNEL_START ? KERNEL_INSTRUCTIONS
				       : USER_INSTRUCTIONS;
}

static int by_address(const void *a, const void *b)
{
	uint64_t x = ((const struct symbol *)a)->address;
	uint64_t y = ((const struct symbol *)b)->address;

	return x < y ? -1 : x > y;
}

static void count_symbol(struct qemu_plugin_insn *insn, uint64_t address)
{
	struct symbol key = { .address = address };
	struct symbol *found = bsearch(&key, symbols, n_symbols, sizeof(key),
				       by_address);

	if (!found)
		return;
	if (found->counter == MARK)
		qemu_plugin_register_vcpu_insn_exec_cb(insn, mark, NO_REGISTERS,
						       NULL);
	else
		qemu_plugin_register_vcpu_insn_exec_cb(insn, add, NO_REGISTERS,
						       packed(found->counter, 1));
}

struct string_op {
	bool copies;
	size_t width;
};

/* A repeated movs or stos: prefixes f3, 66, REX, then a4/a5 or aa/ab. */
static bool is_string_op(const struct qemu_plugin_insn *insn,
			 struct string_op *op)
{
	const uint8_t *byte = qemu_plugin_insn_data(insn);
	const uint8_t *end = byte + qemu_plugin_insn_size(insn);
	bool repeats = false, wide = false, narrow = false;

	for (; byte < end; byte++) {
		if (*byte == 0xf3)
			repeats = true;
		else if (*byte == 0x66)
			narrow = true;
		else if ((*byte & 0xf0) == 0x40)
			wide = *byte & 0x08;
		else
			break;
	}
	if (!repeats || byte == end)
		return false;
	if ((*byte & 0xfe) != 0xa4 && (*byte & 0xfe) != 0xaa)
		return false;
	op->copies = (*byte & 0xfe) == 0xa4;
	op->width = !(*byte & 1) ? 1 : wide ? 8 : narrow ? 2 : 4;
	return true;
}

static void count_bytes(struct qemu_plugin_insn *insn, uint64_t address,
			struct string_op op)
{
	bool xen = in_xen(address);
	int counter;

	if (op.copies)
		counter = xen ? XEN_COPIED : KERNEL_COPIED;
	else
		counter = xen ? XEN_CLEARED : KERNEL_CLEARED;
	qemu_plugin_register_vcpu_insn_exec_cb(insn, add, NO_REGISTERS,
					       packed(counter, op.width));
}

static void translated(uint64_t id, struct qemu_plugin_tb *tb)
{
	size_t n = qemu_plugin_tb_n_insns(tb);
	size_t plain = n;
	uint64_t start = 0;

	(void)id;
	for (size_t i = 0; i < n; i++) {
		struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, i);
		uint64_t address = qemu_plugin_insn_vaddr(insn);
		struct string_op op;

		if (!i)
			start = address;
		if (instructions_at(address) == USER_INSTRUCTIONS)
			break;
		count_symbol(insn, address);
		if (is_string_op(insn, &op)) {
			count_bytes(insn, address, op);
			plain--;
		}
	}
	if (!plain)
		return;
	qemu_plugin_register_vcpu_tb_exec_cb(tb, add, NO_REGISTERS,
					     packed(instructions_at(start), plain));
	places_count(tb, start, plain);
}

static bool read_symbols(const char *path)
{
	FILE *file = fopen(path, "r");
	char what[16];
	uint64_t address;

	if (!file)
		return false;
	while (fscanf(file, "%" SCNx64 " %15s", &address, what) == 2) {
		struct symbol *more = realloc(symbols, (n_symbols + 1) *
						       sizeof(*symbols));

		if (!more)
			break;
		symbols = more;
		symbols[n_symbols].address = address;
		symbols[n_symbols].counter = strcmp(what, "mark") ? atoi(what)
								  : MARK;
		if (symbols[n_symbols].counter >= COUNTERS)
			break;
		n_symbols++;
	}
	qsort(symbols, n_symbols, sizeof(*symbols), by_address);
	return fclose(file) == 0 && n_symbols;
}

EXPORT int qemu_plugin_install(uint64_t id, const struct qemu_plugin_info *info,
			       int argc, char **argv)
{
	bool ready = false, profiled = true;

	(void)info;
	for (int i = 0; i < argc; i++) {
		if (!strncmp(argv[i], "symbols=", 8))
			ready = read_symbols(argv[i] + 8);
		else if (!strncmp(argv[i], "out=", 4))
			out = fopen(argv[i] + 4, "wb");
		else if (!strncmp(argv[i], "profile=", 8))
			profiled = places_open(argv[i] + 8);
	}
	if (!ready || !out || !profiled) {
		fprintf(stderr, "counter: symbols=, out= or profile= is no file\n");
		return 1;
	}
	qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
	return 0;
}
