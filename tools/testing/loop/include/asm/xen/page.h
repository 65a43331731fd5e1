/* SPDX-License-Identifier: GPL-2.0 */
/* A page's number is the same for both ends, which are in one kernel. */
#ifndef _ASM_XEN_PAGE_H
#define _ASM_XEN_PAGE_H

#include <linux/mm.h>
#include <linux/pfn.h>
#include <xen/interface/xen.h>
#include <xen/features.h>

static inline unsigned long pfn_to_gfn(unsigned long pfn)
{
	return pfn;
}

static inline unsigned long gfn_to_pfn(unsigned long gfn)
{
	return gfn;
}

/* What the architecture lacks. */
#ifndef pfn_to_kaddr
#define pfn_to_kaddr(pfn)	__va((pfn) << PAGE_SHIFT)
#endif

#define virt_to_gfn(v)	page_to_pfn(virt_to_page(v))
#define gfn_to_virt(g)	page_address(pfn_to_page(g))

#endif
