/* SPDX-License-Identifier: GPL-2.0 */
/* The kernel's grant functions, as fake_xen.c carries them out. */
#ifndef SHIM_XEN_GRANT_TABLE_H
#define SHIM_XEN_GRANT_TABLE_H

#include <linux/mm.h>
#include <linux/spinlock.h>
#include <linux/types.h>
#include <xen/interface/grant_table.h>

#define INVALID_GRANT_REF	((grant_ref_t)-1)

/* A page that some domain granted: a test says which. */
struct xen_page_foreign {
	domid_t domid;
	grant_ref_t gref;
};

struct xen_page_foreign *xen_page_foreign(const struct page *page);

int gnttab_alloc_grant_references(u16 count, grant_ref_t *head);
void gnttab_free_grant_references(grant_ref_t head);
void gnttab_free_grant_reference(grant_ref_t ref);
int gnttab_claim_grant_reference(grant_ref_t *head);
void gnttab_page_grant_foreign_access_ref_one(grant_ref_t ref, domid_t dom,
					      struct page *page, int readonly);
int gnttab_grant_foreign_access(domid_t dom, unsigned long frame,
				int readonly);
int gnttab_end_foreign_access_ref(grant_ref_t ref);
int gnttab_try_end_foreign_access(grant_ref_t ref);
void gnttab_end_foreign_access(grant_ref_t ref, struct page *page);

struct gnttab_page_cache {
	struct page *pages;
	unsigned int num_pages;
};

void gnttab_page_cache_init(struct gnttab_page_cache *cache);
int gnttab_page_cache_get(struct gnttab_page_cache *cache, struct page **page);
void gnttab_page_cache_put(struct gnttab_page_cache *cache, struct page **page,
			   unsigned int num);
void gnttab_page_cache_shrink(struct gnttab_page_cache *cache,
			      unsigned int num);

struct gntab_unmap_queue_data {
	void (*done)(int result, struct gntab_unmap_queue_data *data);
	struct gnttab_unmap_grant_ref *unmap_ops;
	struct gnttab_unmap_grant_ref *kunmap_ops;
	struct page **pages;
	unsigned int count;
};

static inline void gnttab_set_map_op(struct gnttab_map_grant_ref *map,
				     phys_addr_t addr, u32 flags,
				     grant_ref_t ref, domid_t dom)
{
	map->host_addr = addr;
	map->flags = flags;
	map->ref = ref;
	map->dom = dom;
	map->status = 1;
}

static inline void gnttab_set_unmap_op(struct gnttab_unmap_grant_ref *unmap,
				       phys_addr_t addr, u32 flags,
				       grant_handle_t handle)
{
	(void)flags;
	unmap->host_addr = addr;
	unmap->handle = handle;
	unmap->dev_bus_addr = 0;
}

int gnttab_map_refs(struct gnttab_map_grant_ref *map_ops,
		    struct gnttab_map_grant_ref *kmap_ops,
		    struct page **pages, unsigned int count);
int gnttab_unmap_refs(struct gnttab_unmap_grant_ref *unmap_ops,
		      struct gnttab_unmap_grant_ref *kunmap_ops,
		      struct page **pages, unsigned int count);
void gnttab_unmap_refs_async(struct gntab_unmap_queue_data *item);

#endif
