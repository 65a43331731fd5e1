// SPDX-License-Identifier: GPL-2.0
/*
 * Grants. A page is mapped by handing it over itself, in the place of the frame that it
 * should have been mapped at, which is given back when it is unmapped.
 *
 * What is ended while it is mapped is put off until it is not, and that is told as the
 * kernel does, in a file of the kernel's name: who plays a frontend looks for it.
 */
#include <linux/bitmap.h>
#include <linux/export.h>
#include <linux/list.h>
#include <linux/mm.h>
#include <linux/spinlock.h>
#include <xen/grant_table.h>

/* The first ones are Xen's. */
#define FIRST	8
#define GRANTS	16384
#define MAPS	32768

/*
 * struct grant - what a reference stands for
 * @page: the page, while it is granted
 * @maps: how often it is mapped
 * @ending: it ends when it is not; then @page is put, as often as it says
 */
struct grant {
	struct page *page;
	unsigned int maps;
	bool ending;
};

/*
 * struct map - what a handle stands for
 * @ref: the grant
 * @frame: what it was to be mapped at
 */
struct map {
	grant_ref_t ref;
	struct page *frame;
};

/* Protects all of these; taken in any context. */
static DEFINE_SPINLOCK(lock);
static struct grant grants[GRANTS];
static DECLARE_BITMAP(refs, GRANTS);
static struct map maps[MAPS];
static DECLARE_BITMAP(handles, MAPS);

static int new_ref(void)
{
	unsigned int ref;

	lockdep_assert_held(&lock);
	ref = find_next_zero_bit(refs, GRANTS, FIRST);
	if (ref == GRANTS)
		return -ENOSPC;
	__set_bit(ref, refs);
	grants[ref] = (struct grant){};
	return ref;
}

int gnttab_grant_foreign_access(domid_t domid, unsigned long frame, int readonly)
{
	unsigned long flags;
	int ref;

	spin_lock_irqsave(&lock, flags);
	ref = new_ref();
	if (ref > 0)
		grants[ref].page = pfn_to_page(frame);
	spin_unlock_irqrestore(&lock, flags);
	return ref;
}
EXPORT_SYMBOL_GPL(gnttab_grant_foreign_access);

void gnttab_grant_foreign_access_ref(grant_ref_t ref, domid_t domid, unsigned long frame,
				     int readonly)
{
	unsigned long flags;

	spin_lock_irqsave(&lock, flags);
	grants[ref].page = pfn_to_page(frame);
	spin_unlock_irqrestore(&lock, flags);
}
EXPORT_SYMBOL_GPL(gnttab_grant_foreign_access_ref);

static bool try_end(grant_ref_t ref)
{
	lockdep_assert_held(&lock);
	if (grants[ref].maps)
		return false;
	grants[ref].page = NULL;
	return true;
}

int gnttab_end_foreign_access_ref(grant_ref_t ref)
{
	unsigned long flags;
	bool ended;

	spin_lock_irqsave(&lock, flags);
	ended = try_end(ref);
	spin_unlock_irqrestore(&lock, flags);
	return ended;
}
EXPORT_SYMBOL_GPL(gnttab_end_foreign_access_ref);

int gnttab_try_end_foreign_access(grant_ref_t ref)
{
	unsigned long flags;
	bool ended;

	spin_lock_irqsave(&lock, flags);
	ended = try_end(ref);
	if (ended)
		__clear_bit(ref, refs);
	spin_unlock_irqrestore(&lock, flags);
	return ended;
}
EXPORT_SYMBOL_GPL(gnttab_try_end_foreign_access);

/* Return: whether it is put off, until it is mapped no more. */
static bool put_off(grant_ref_t ref)
{
	unsigned long flags;
	bool mapped;

	spin_lock_irqsave(&lock, flags);
	mapped = grants[ref].maps;
	grants[ref].ending = mapped;
	spin_unlock_irqrestore(&lock, flags);
	return mapped;
}

/* Without a page it stays the caller's, who may free it at once: so it is held. */
void gnttab_end_foreign_access(grant_ref_t ref, struct page *page)
{
	if (!page) {
		page = grants[ref].page;
		get_page(page);
	}
	if (put_off(ref)) {
		pr_debug("deferring g.e. %#x (pfn %#lx)\n", ref, page_to_pfn(page));
		return;
	}
	gnttab_try_end_foreign_access(ref);
	put_page(page);
}
EXPORT_SYMBOL_GPL(gnttab_end_foreign_access);

/* Return: a page to put, or NULL. */
static struct page *unmap_one(grant_ref_t ref)
{
	struct grant *grant = &grants[ref];
	struct page *page = grant->page;

	lockdep_assert_held(&lock);
	if (--grant->maps || !grant->ending)
		return NULL;
	grant->ending = false;
	try_end(ref);
	__clear_bit(ref, refs);
	return page;
}

void gnttab_free_grant_reference(grant_ref_t ref)
{
	unsigned long flags;

	spin_lock_irqsave(&lock, flags);
	__clear_bit(ref, refs);
	spin_unlock_irqrestore(&lock, flags);
}
EXPORT_SYMBOL_GPL(gnttab_free_grant_reference);

/* Return: GNTST_*. */
static int map(struct gnttab_map_grant_ref *op, struct page **page)
{
	unsigned int handle;

	lockdep_assert_held(&lock);
	if (op->ref >= GRANTS || !grants[op->ref].page || grants[op->ref].ending)
		return GNTST_bad_gntref;
	handle = find_first_zero_bit(handles, MAPS);
	if (handle == MAPS)
		return GNTST_no_device_space;
	__set_bit(handle, handles);
	maps[handle] = (struct map){ .ref = op->ref, .frame = *page };
	grants[op->ref].maps++;
	*page = grants[op->ref].page;
	op->handle = handle;
	return GNTST_okay;
}

int gnttab_map_refs(struct gnttab_map_grant_ref *map_ops, struct gnttab_map_grant_ref *kmap_ops,
		    struct page **pages, unsigned int count)
{
	unsigned long flags;
	unsigned int i;

	spin_lock_irqsave(&lock, flags);
	for (i = 0; i < count; i++)
		map_ops[i].status = map(&map_ops[i], &pages[i]);
	spin_unlock_irqrestore(&lock, flags);
	return 0;
}
EXPORT_SYMBOL_GPL(gnttab_map_refs);

static void unmap(struct gnttab_unmap_grant_ref *op, struct page **page)
{
	struct page *last = NULL;
	unsigned long flags;

	op->status = GNTST_bad_handle;
	spin_lock_irqsave(&lock, flags);
	if (op->handle < MAPS && __test_and_clear_bit(op->handle, handles)) {
		last = unmap_one(maps[op->handle].ref);
		*page = maps[op->handle].frame;
		op->status = GNTST_okay;
	}
	spin_unlock_irqrestore(&lock, flags);
	if (last)
		put_page(last);
}

int gnttab_unmap_refs(struct gnttab_unmap_grant_ref *unmap_ops,
		      struct gnttab_unmap_grant_ref *kunmap_ops, struct page **pages,
		      unsigned int count)
{
	unsigned int i;

	for (i = 0; i < count; i++)
		unmap(&unmap_ops[i], &pages[i]);
	return 0;
}
EXPORT_SYMBOL_GPL(gnttab_unmap_refs);

void gnttab_unmap_refs_async(struct gntab_unmap_queue_data *item)
{
	item->done(gnttab_unmap_refs(item->unmap_ops, NULL, item->pages, item->count), item);
}
EXPORT_SYMBOL_GPL(gnttab_unmap_refs_async);

void gnttab_page_cache_init(struct gnttab_page_cache *cache)
{
	spin_lock_init(&cache->lock);
	INIT_LIST_HEAD(&cache->pages);
	cache->num_pages = 0;
}
EXPORT_SYMBOL_GPL(gnttab_page_cache_init);

static struct page *take_frame(struct gnttab_page_cache *cache, unsigned int keep)
{
	struct page *page = NULL;
	unsigned long flags;

	spin_lock_irqsave(&cache->lock, flags);
	if (cache->num_pages > keep) {
		page = list_first_entry(&cache->pages, struct page, lru);
		list_del(&page->lru);
		cache->num_pages--;
	}
	spin_unlock_irqrestore(&cache->lock, flags);
	return page;
}

int gnttab_page_cache_get(struct gnttab_page_cache *cache, struct page **page)
{
	*page = take_frame(cache, 0) ?: alloc_page(GFP_KERNEL);
	return *page ? 0 : -ENOMEM;
}
EXPORT_SYMBOL_GPL(gnttab_page_cache_get);

void gnttab_page_cache_put(struct gnttab_page_cache *cache, struct page **page, unsigned int num)
{
	unsigned long flags;
	unsigned int i;

	spin_lock_irqsave(&cache->lock, flags);
	for (i = 0; i < num; i++)
		list_add(&page[i]->lru, &cache->pages);
	cache->num_pages += num;
	spin_unlock_irqrestore(&cache->lock, flags);
}
EXPORT_SYMBOL_GPL(gnttab_page_cache_put);

void gnttab_page_cache_shrink(struct gnttab_page_cache *cache, unsigned int num)
{
	struct page *page;

	while ((page = take_frame(cache, num)))
		__free_page(page);
}
EXPORT_SYMBOL_GPL(gnttab_page_cache_shrink);

/*
 * What disks and networks need besides, and shared folders do not: grants in reserve,
 * copies, and rings that xenbus maps by their addresses.
 */
int gnttab_alloc_grant_references(u16 count, grant_ref_t *head)
{
	return -ENOSPC;
}
EXPORT_SYMBOL_GPL(gnttab_alloc_grant_references);

int gnttab_claim_grant_reference(grant_ref_t *head)
{
	return -ENOSPC;
}
EXPORT_SYMBOL_GPL(gnttab_claim_grant_reference);

void gnttab_free_grant_references(grant_ref_t head)
{
}
EXPORT_SYMBOL_GPL(gnttab_free_grant_references);

void gnttab_foreach_grant(struct page **pages, unsigned int nr, xen_grant_fn_t fn, void *data)
{
}

void gnttab_batch_map(struct gnttab_map_grant_ref *batch, unsigned int count)
{
	while (count--)
		batch[count].status = GNTST_general_error;
}

void gnttab_batch_copy(struct gnttab_copy *batch, unsigned int count)
{
	while (count--)
		batch[count].status = GNTST_general_error;
}
EXPORT_SYMBOL_GPL(gnttab_batch_copy);

int HYPERVISOR_grant_table_op(unsigned int cmd, void *uop, unsigned int count)
{
	return -EOPNOTSUPP;
}
EXPORT_SYMBOL_GPL(HYPERVISOR_grant_table_op);
