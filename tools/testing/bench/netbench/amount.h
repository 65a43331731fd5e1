/* SPDX-License-Identifier: GPL-2.0 */
#ifndef BENCH_AMOUNT_H
#define BENCH_AMOUNT_H

#include <stdbool.h>
#include <stdint.h>

/**
 * struct amount - how much of a load
 * @count: so many, if not 0
 * @ns: else as many as fit in this time
 */
struct amount {
	uint64_t count;
	uint64_t ns;
};

_Noreturn void give_up(const char *format, ...)
	__attribute__((format(printf, 1, 2)));
struct amount amount_of(const char *text);
uint64_t now_ns(void);
bool is_done(const struct amount *amount, uint64_t done, uint64_t start);
void tell_speed(uint64_t done, uint64_t start);

#endif
