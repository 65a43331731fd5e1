/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SHIM_LINUX_GFP_H
#define SHIM_LINUX_GFP_H

#include <stddef.h>

typedef int gfp_t;

#define GFP_NOIO	0
#define GFP_NOWAIT	0
#define __GFP_NORETRY	0
#define __GFP_HIGH	0
#define __GFP_NOWARN	0
#define __GFP_ZERO	1

struct page;

void *alloc_pages_exact(size_t size, int gfp);
/* Frames in a row, counted in fake_xen.frames. */
struct page *alloc_pages(gfp_t gfp, unsigned int order);
void split_page(struct page *page, unsigned int order);
void __free_page(struct page *page);

#endif
