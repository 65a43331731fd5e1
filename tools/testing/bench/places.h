/* SPDX-License-Identifier: GPL-2.0 */
/* Where in kernels and their modules instructions are executed; part of counter.c's plugin. */
#ifndef BENCH_PLACES_H
#define BENCH_PLACES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct qemu_plugin_tb;

bool places_open(const char *path);
void places_count(struct qemu_plugin_tb *tb, uint64_t start, size_t n);
void places_mark(void);

#endif
