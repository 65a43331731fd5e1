/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SHIM_LINUX_PAGEMAP_H
#define SHIM_LINUX_PAGEMAP_H

#include <linux/mm_types.h>

struct address_space;
struct folio;

#define page_folio(page)	((struct folio *)(page))

/* Defined by the test. */
struct address_space *folio_mapping(struct folio *folio);

#endif
