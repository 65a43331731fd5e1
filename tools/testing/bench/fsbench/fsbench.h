/* SPDX-License-Identifier: GPL-2.0 */
/* Loads of a folder. All work in the present directory. */
#ifndef FSBENCH_H
#define FSBENCH_H

#include <stdint.h>

#include "amount.h"

/* storm.c */
void storm(const struct amount *amount);

/* tree.c */
void tree_make(uint64_t files);
void tree_walk(const struct amount *amount);

#endif
