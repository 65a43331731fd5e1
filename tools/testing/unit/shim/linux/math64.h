/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SHIM_LINUX_MATH64_H
#define SHIM_LINUX_MATH64_H

#include <assert.h>
#include <linux/types.h>

/* A quotient of more than 64 bits is a fault of the processor's. */
static inline u64 mul_u64_u64_div_u64(u64 a, u64 mul, u64 div)
{
	unsigned __int128 quotient;

	assert(div);
	quotient = (unsigned __int128)a * mul / div;
	assert(quotient <= UINT64_MAX);
	return quotient;
}

#endif
