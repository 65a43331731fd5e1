/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SHIM_LINUX_STRINGHASH_H
#define SHIM_LINUX_STRINGHASH_H

#include <linux/types.h>

static inline u32 full_name_hash(const void *salt, const char *name, u32 len)
{
	u32 hash = (uintptr_t)salt >> 4;

	while (len--)
		hash = hash * 31 + (u8)*name++;
	return hash;
}

#endif
