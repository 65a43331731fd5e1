// SPDX-License-Identifier: GPL-2.0
/* See fake_xen.h. What no caller may ever do is an assertion here. */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <linux/completion.h>
#include <linux/jiffies.h>
#include <xen/events.h>
#include <xen/page.h>
#include <xen/xenbus.h>
#include <xpv/fault.h>
#include "fake_xen.h"

#define LIST_END	0xffffffff
/* As the kernel's, the first few references are not for everyone. */
#define FIRST_REF	8

struct fake_xen fake_xen;

/* Nothing fails on purpose: what fails is counted out in fake_xen. */
unsigned int xpv_fault_left;

bool xpv_fault_count(struct xpv_device *dev, const char *step)
{
	return false;
}

/* About to wrap. */
unsigned long jiffies = -1000UL;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

void fake_reset(void)
{
	memset(&fake_xen, 0, sizeof(fake_xen));
	fake_xen.allocs_left = -1;
	fake_xen.frames_left = 1000;
	fake_xen.max_order = 10;
}

void *shim_alloc_array(size_t n, size_t size)
{
	if (!fake_xen.allocs_left)
		return NULL;
	if (fake_xen.allocs_left > 0)
		fake_xen.allocs_left--;
	return calloc(n, size);
}

void *alloc_pages_exact(size_t size, int gfp)
{
	void *mem;

	if (!fake_xen.allocs_left)
		return NULL;
	mem = aligned_alloc(XEN_PAGE_SIZE, size);
	memset(mem, gfp & __GFP_ZERO ? 0 : 0xa5, size);
	fake_xen.ring_pages += size / XEN_PAGE_SIZE;
	return mem;
}

struct page *alloc_pages(gfp_t gfp, unsigned int order)
{
	unsigned int nr = 1 << order, i;
	struct page *pages;

	if (fake_xen.frames_left < (int)nr || order > fake_xen.max_order)
		return NULL;
	fake_xen.frames_left -= nr;
	fake_xen.frames += nr;
	pages = calloc(nr, sizeof(*pages));
	for (i = 0; i < nr; i++) {
		pages[i].piece = pages;
		pages[i].zeroed = gfp & __GFP_ZERO;
	}
	pages->count = 1;
	pages->order = order;
	return pages;
}

void split_page(struct page *page, unsigned int order)
{
	unsigned int i;

	assert(page->count == 1 && page->order == order);
	for (i = 0; i < 1U << order; i++)
		page[i].count = 1;
	page->order = 0;
	page->handle = 1 << order;	/* how many hold the piece */
}

/* The memory goes when the last page of a piece has gone. */
void __free_page(struct page *page)
{
	struct page *piece = page->piece;

	assert(page->count == 1 && !page->order);
	page->count = 0;
	fake_xen.frames--;
	fake_xen.frames_left++;
	if (piece->handle <= 1)
		free(piece);
	else
		piece->handle--;
}

/* Grants */

static struct fake_ref *ref_in(grant_ref_t ref, enum fake_ref_state state)
{
	assert(ref >= FIRST_REF && ref < FAKE_REFS);
	assert(fake_xen.refs[ref].state == state);
	return &fake_xen.refs[ref];
}

unsigned int fake_refs_in(enum fake_ref_state state)
{
	unsigned int i, nr = 0;

	for (i = FIRST_REF; i < FAKE_REFS; i++)
		nr += fake_xen.refs[i].state == state;
	return nr;
}

int gnttab_alloc_grant_references(u16 count, grant_ref_t *head)
{
	grant_ref_t i;

	assert(count);
	if (fake_refs_in(FAKE_REF_FREE) < count)
		return -ENOSPC;
	*head = LIST_END;
	for (i = FIRST_REF; count; i++) {
		if (fake_xen.refs[i].state != FAKE_REF_FREE)
			continue;
		fake_xen.refs[i].state = FAKE_REF_RESERVED;
		fake_xen.refs[i].next = *head;
		*head = i;
		count--;
	}
	return 0;
}

void gnttab_free_grant_references(grant_ref_t head)
{
	while (head != LIST_END) {
		struct fake_ref *ref = ref_in(head, FAKE_REF_RESERVED);

		ref->state = FAKE_REF_FREE;
		head = ref->next;
	}
}

void gnttab_free_grant_reference(grant_ref_t ref)
{
	ref_in(ref, FAKE_REF_RESERVED)->state = FAKE_REF_FREE;
}

int gnttab_claim_grant_reference(grant_ref_t *head)
{
	grant_ref_t ref = *head;

	if (ref == LIST_END)
		return -ENOSPC;
	*head = ref_in(ref, FAKE_REF_RESERVED)->next;
	return ref;
}

void gnttab_page_grant_foreign_access_ref_one(grant_ref_t ref, domid_t dom,
					      struct page *page, int readonly)
{
	struct fake_ref *r = ref_in(ref, FAKE_REF_RESERVED);

	r->state = FAKE_REF_GRANTED;
	r->dom = dom;
	r->page = page;
	r->readonly = readonly;
}

int gnttab_grant_foreign_access(domid_t dom, unsigned long frame, int readonly)
{
	grant_ref_t ref;

	(void)frame;
	if (gnttab_alloc_grant_references(1, &ref))
		return -ENOSPC;
	gnttab_page_grant_foreign_access_ref_one(ref, dom, NULL, readonly);
	return ref;
}

int gnttab_end_foreign_access_ref(grant_ref_t ref)
{
	struct fake_ref *r = ref_in(ref, FAKE_REF_GRANTED);

	if (r->mapped)
		return 0;
	r->state = FAKE_REF_RESERVED;
	return 1;
}

int gnttab_try_end_foreign_access(grant_ref_t ref)
{
	struct fake_ref *r = ref_in(ref, FAKE_REF_GRANTED);

	if (r->mapped)
		return 0;
	r->state = FAKE_REF_FREE;
	return 1;
}

static void drop_page(struct page *page)
{
	if (page && page->piece && page->count == 1)
		__free_page(page);
	else if (page)
		put_page(page);
}

void gnttab_end_foreign_access(grant_ref_t ref, struct page *page)
{
	struct fake_ref *r = ref_in(ref, FAKE_REF_GRANTED);

	if (r->mapped) {
		r->state = FAKE_REF_DEFERRED;
		return;
	}
	r->state = FAKE_REF_FREE;
	drop_page(page);
}

void fake_let_go(void)
{
	unsigned int i;

	for (i = FIRST_REF; i < FAKE_REFS; i++) {
		struct fake_ref *r = &fake_xen.refs[i];

		if (r->state != FAKE_REF_DEFERRED)
			continue;
		r->state = FAKE_REF_FREE;
		r->mapped = false;
		drop_page(r->page);
	}
}

void xenbus_teardown_ring(void **vaddr, unsigned int nr, grant_ref_t *refs)
{
	unsigned int i;

	for (i = 0; i < nr; i++) {
		if (refs[i] == INVALID_GRANT_REF)
			continue;
		gnttab_end_foreign_access(refs[i], NULL);
		refs[i] = INVALID_GRANT_REF;
	}
	fake_xen.ring_pages -= nr;
	free(*vaddr);
	*vaddr = NULL;
}

/* Mappings */

void gnttab_page_cache_init(struct gnttab_page_cache *cache)
{
	cache->pages = NULL;
	cache->num_pages = 0;
}

int gnttab_page_cache_get(struct gnttab_page_cache *cache, struct page **page)
{
	if (cache->pages) {
		*page = cache->pages;
		cache->pages = (*page)->next;
		cache->num_pages--;
		return 0;
	}
	if (!fake_xen.frames_left)
		return -EBUSY;
	fake_xen.frames_left--;
	fake_xen.frames++;
	*page = calloc(1, sizeof(**page));
	(*page)->count = 1;
	return 0;
}

void gnttab_page_cache_put(struct gnttab_page_cache *cache, struct page **page,
			   unsigned int num)
{
	unsigned int i;

	for (i = 0; i < num; i++) {
		assert(!page[i]->foreign);
		page[i]->next = cache->pages;
		cache->pages = page[i];
	}
	cache->num_pages += num;
}

void gnttab_page_cache_shrink(struct gnttab_page_cache *cache,
			      unsigned int num)
{
	while (cache->num_pages > num) {
		struct page *page = cache->pages;

		cache->pages = page->next;
		cache->num_pages--;
		fake_xen.frames--;
		free(page);
	}
}

static int map_one(struct gnttab_map_grant_ref *op, struct page *page)
{
	int status = fake_xen.map_status ? fake_xen.map_status(op->ref) : 0;

	assert(op->host_addr == (uintptr_t)page);
	assert(!page->foreign);
	/* What the kernel takes back itself keeps the page's mark. */
	page->foreign = status == GNTST_okay || status == GNTST_general_error;
	if (status == GNTST_okay) {
		op->handle = ~op->ref;
		page->handle = op->handle;
		page->content = fake_xen.content ? fake_xen.content(op->ref) :
						   NULL;
		fake_xen.mapped++;
	}
	return status;
}

int gnttab_map_refs(struct gnttab_map_grant_ref *map_ops,
		    struct gnttab_map_grant_ref *kmap_ops,
		    struct page **pages, unsigned int count)
{
	unsigned int i;

	assert(!kmap_ops);
	if (fake_xen.map_call_err)
		return fake_xen.map_call_err;
	for (i = 0; i < count; i++)
		map_ops[i].status = map_one(&map_ops[i], pages[i]);
	return 0;
}

static int unmap_one(struct gnttab_unmap_grant_ref *op, struct page *page)
{
	int status = fake_xen.unmap_status ?
		     fake_xen.unmap_status(op->handle) : 0;

	assert(op->host_addr == (uintptr_t)page);
	assert(page->foreign);
	assert(op->handle == page->handle);
	assert(page->count == 1);
	page->foreign = false;
	fake_xen.mapped -= status == GNTST_okay;
	return status;
}

int gnttab_unmap_refs(struct gnttab_unmap_grant_ref *unmap_ops,
		      struct gnttab_unmap_grant_ref *kunmap_ops,
		      struct page **pages, unsigned int count)
{
	unsigned int i;

	assert(!kunmap_ops);
	if (fake_xen.unmap_call_err)
		return fake_xen.unmap_call_err;
	for (i = 0; i < count; i++)
		unmap_ops[i].status = unmap_one(&unmap_ops[i], pages[i]);
	return 0;
}

void gnttab_unmap_refs_async(struct gntab_unmap_queue_data *item)
{
	unsigned int i;

	for (i = 0; i < item->count; i++)
		if (item->pages[i]->count > 1) {
			fake_xen.deferred = item;
			return;
		}
	item->done(gnttab_unmap_refs(item->unmap_ops, item->kunmap_ops,
				     item->pages, item->count), item);
}

void fake_run_deferred(void)
{
	struct gntab_unmap_queue_data *item = fake_xen.deferred;

	fake_xen.deferred = NULL;
	if (item)
		gnttab_unmap_refs_async(item);
}

void wait_for_completion(struct completion *x)
{
	if (!x->done && fake_xen.waited)
		fake_xen.waited();
	fake_run_deferred();
	assert(try_wait_for_completion(x));
}

int xenbus_map_ring_valloc(struct xenbus_device *dev, grant_ref_t *refs,
			   unsigned int nr, void **vaddr)
{
	(void)dev;
	(void)refs;
	*vaddr = NULL;
	if (fake_xen.ring_map_err)
		return fake_xen.ring_map_err;
	*vaddr = malloc(nr);
	fake_xen.foreign_pages++;
	return 0;
}

int xenbus_unmap_ring_vfree(struct xenbus_device *dev, void *vaddr)
{
	(void)dev;
	free(vaddr);
	fake_xen.foreign_pages--;
	return fake_xen.unmap_call_err ? GNTST_bad_handle : GNTST_okay;
}

/* Event channels: an interrupt's number is used again as soon as possible. */

struct fake_irq *fake_irq(unsigned int irq)
{
	assert(irq >= FAKE_FIRST_IRQ && irq < FAKE_FIRST_IRQ + FAKE_IRQS);
	return &fake_xen.irqs[irq - FAKE_FIRST_IRQ];
}

int HYPERVISOR_event_channel_op(int cmd, void *arg)
{
	struct evtchn_alloc_unbound *op = arg;
	struct evtchn_status *status = arg;

	if (cmd == EVTCHNOP_status) {
		if (fake_xen.no_port)
			return -EPERM;
		assert(status->dom == DOMID_SELF && status->port > 100);
		status->status = fake_xen.peer_bound ? EVTCHNSTAT_interdomain :
						       EVTCHNSTAT_unbound;
		return 0;
	}
	assert(cmd == EVTCHNOP_alloc_unbound);
	if (fake_xen.no_port)
		return -ENOSPC;
	op->port = 100 + ++fake_xen.ports;
	return 0;
}

int xenbus_free_evtchn(struct xenbus_device *dev, evtchn_port_t port)
{
	(void)dev;
	assert(port > 100);
	fake_xen.ports--;
	return 0;
}

static void deliver(unsigned int nr)
{
	struct fake_irq *irq = fake_irq(nr);

	irq->pending = false;
	irq->masked = true;
	irq->handler(nr, irq->data);
}

int bind_evtchn_to_irq_lateeoi(evtchn_port_t port)
{
	unsigned int nr;

	if (fake_xen.no_irq)
		return -ENOMEM;
	pthread_mutex_lock(&lock);
	for (nr = FAKE_FIRST_IRQ; fake_irq(nr)->bound; nr++)
		;
	memset(fake_irq(nr), 0, sizeof(struct fake_irq));
	fake_irq(nr)->bound = true;
	fake_irq(nr)->port = port;
	fake_irq(nr)->pending = fake_xen.event_waits;
	pthread_mutex_unlock(&lock);
	return nr;
}

int request_irq(unsigned int irq, irq_handler_t handler, unsigned long flags,
		const char *name, void *data)
{
	assert(*name && fake_irq(irq)->bound && !fake_irq(irq)->handler);
	if (fake_xen.no_handler)
		return -EBUSY;
	fake_irq(irq)->handler = handler;
	fake_irq(irq)->data = data;
	if (!(flags & IRQF_NO_AUTOEN))
		enable_irq(irq);
	return 0;
}

/* Takes the port and its interrupt away. */
void evtchn_put(evtchn_port_t port)
{
	unsigned int nr;

	pthread_mutex_lock(&lock);
	for (nr = FAKE_FIRST_IRQ;
	     !fake_irq(nr)->bound || fake_irq(nr)->port != port; nr++)
		;
	assert(!fake_irq(nr)->handler);
	fake_irq(nr)->bound = false;
	fake_xen.ports--;
	pthread_mutex_unlock(&lock);
}

int bind_interdomain_evtchn_to_irqhandler_lateeoi(struct xenbus_device *dev,
						  evtchn_port_t remote,
						  irq_handler_t handler,
						  unsigned long flags,
						  const char *name,
						  void *data)
{
	int irq, err;

	(void)dev;
	assert(*name);
	if (remote == fake_xen.bad_port)
		return -EINVAL;
	irq = bind_evtchn_to_irq_lateeoi(remote);
	if (irq < 0)
		return irq;
	fake_xen.ports++;
	err = request_irq(irq, handler, flags, name, data);
	if (!err)
		return irq;
	evtchn_put(remote);
	return err;
}

int irq_set_affinity(unsigned int irq, const struct cpumask *cpus)
{
	fake_irq(irq)->cpus = cpus;
	return 0;
}

void enable_irq(unsigned int irq)
{
	assert(!fake_irq(irq)->enabled);
	fake_irq(irq)->enabled = true;
	if (fake_irq(irq)->pending)
		deliver(irq);
}

bool fake_event(unsigned int nr)
{
	struct fake_irq *irq = fake_irq(nr);

	irq->pending = true;
	if (!irq->enabled || irq->masked)
		return false;
	deliver(nr);
	return true;
}

void unbind_from_irqhandler(unsigned int irq, void *data)
{
	pthread_mutex_lock(&lock);
	assert(fake_irq(irq)->handler);
	assert(fake_irq(irq)->data == data);
	fake_irq(irq)->handler = NULL;
	fake_irq(irq)->bound = false;
	fake_xen.ports--;
	pthread_mutex_unlock(&lock);
}

void notify_remote_via_irq(int irq)
{
	fake_irq(irq)->notified++;
}

void xen_irq_lateeoi(unsigned int nr, unsigned int flags)
{
	struct fake_irq *irq = fake_irq(nr);

	pthread_mutex_lock(&lock);
	irq->eois++;
	irq->spurious += flags & XEN_EOI_FLAG_SPURIOUS;
	irq->masked = false;
	pthread_mutex_unlock(&lock);
}
