/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SHIM_LINUX_SLAB_H
#define SHIM_LINUX_SLAB_H

#include <stdlib.h>

#define GFP_KERNEL		0
#define GFP_NOFS		0
#define kmalloc(size, gfp)	shim_alloc_array(1, (size))
#define kzalloc(size, gfp)	calloc(1, size)
#define kcalloc(n, size, gfp)	shim_alloc_array((n), (size))
#define kmalloc_array(n, size, gfp)	shim_alloc_array((n), (size))
#define kfree(ptr)		free(ptr)

/* Fails when fake_xen.allocs_left comes to an end. */
void *shim_alloc_array(size_t n, size_t size);

#endif
