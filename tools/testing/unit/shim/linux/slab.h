/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SHIM_LINUX_SLAB_H
#define SHIM_LINUX_SLAB_H

#include <stdlib.h>

#define GFP_KERNEL		0
#define kzalloc(size, gfp)	calloc(1, size)
#define kfree(ptr)		free(ptr)

#endif
