/* SPDX-License-Identifier: GPL-2.0 */
/* glibc includes this one too, for the limits of user space. */
#include_next <linux/limits.h>
#ifndef SHIM_LINUX_LIMITS_H
#define SHIM_LINUX_LIMITS_H

#include <limits.h>
#include <stdint.h>

#define U16_MAX	UINT16_MAX
#define U32_MAX	UINT32_MAX
#define U64_MAX	UINT64_MAX

#endif
