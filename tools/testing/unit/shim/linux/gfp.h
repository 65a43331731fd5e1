/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SHIM_LINUX_GFP_H
#define SHIM_LINUX_GFP_H

#include <stddef.h>

#define GFP_NOIO	0
#define __GFP_HIGH	0
#define __GFP_NOWARN	0
#define __GFP_ZERO	0

void *alloc_pages_exact(size_t size, int gfp);

#endif
