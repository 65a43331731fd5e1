/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SHIM_LINUX_MM_H
#define SHIM_LINUX_MM_H

#include <stdlib.h>
#include <linux/kernel.h>
#include <linux/mm_types.h>
#include <linux/gfp.h>
#include <linux/slab.h>

typedef uint64_t phys_addr_t;

#define page_to_pfn(page)	((unsigned long)(uintptr_t)(page))
#define pfn_to_kaddr(pfn)	((void *)(uintptr_t)(pfn))

#define kvmalloc_array(n, size, gfp)	shim_alloc_array((n), (size))
#define kvcalloc(n, size, gfp)		shim_alloc_array((n), (size))
#define kvfree(ptr)			free(ptr)

#define virt_to_page(address)	((struct page *)(address))
#define page_address(page) \
	((page)->content ? (page)->content : (void *)(page))
#define offset_in_page(address)	((uintptr_t)(address) % 4096)

#define page_count(page)	((page)->count)

static inline void get_page(struct page *page)
{
	page->count++;
}

static inline void put_page(struct page *page)
{
	page->count--;
}

#endif
