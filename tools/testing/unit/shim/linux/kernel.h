/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SHIM_LINUX_KERNEL_H
#define SHIM_LINUX_KERNEL_H

#include <stddef.h>
#include <stdio.h>
#include <linux/build_bug.h>
#include <linux/compiler.h>
#include <linux/errno.h>
#include <linux/limits.h>
#include <linux/types.h>

#define ARRAY_SIZE(array)	(sizeof(array) / sizeof((array)[0]))
#define container_of(ptr, type, member) \
	((type *)((char *)(ptr) - offsetof(type, member)))
#define max(a, b) ({ __auto_type a_ = (a); __auto_type b_ = (b); \
		     a_ > b_ ? a_ : b_; })
#define max3(a, b, c)	max(max((a), (b)), (c))
#define min_t(type, a, b) min((type)(a), (type)(b))
#define max_t(type, a, b) max((type)(a), (type)(b))
#define min(a, b) ({ __auto_type a_ = (a); __auto_type b_ = (b); \
		     a_ < b_ ? a_ : b_; })
#define swap(a, b) \
	do { __auto_type t_ = (a); (a) = (b); (b) = t_; } while (0)
#define lower_32_bits(n)	((u32)(n))
#define upper_32_bits(n)	((u32)((n) >> 32))
#define clamp(value, lo, hi)	min(max((value), (lo)), (hi))

#endif
