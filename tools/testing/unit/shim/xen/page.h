/* SPDX-License-Identifier: GPL-2.0 */
#define XEN_PAGE_SIZE		4096
#define virt_to_gfn(address)	((unsigned long)(address) / XEN_PAGE_SIZE)
#define xen_offset_in_page(address) \
	((unsigned long)(address) & (XEN_PAGE_SIZE - 1))
