// SPDX-License-Identifier: GPL-2.0
/*
 * Copying between our memory and granted pages of the other end.
 */
#include <linux/export.h>
#include <linux/mm.h>
#include <linux/pagemap.h>
#include <linux/slab.h>
#include <xen/grant_table.h>
#include <xen/page.h>
#include <asm/xen/hypercall.h>
#include <xpv/copy.h>
#include <xpv/device.h>

int xpv_copy_init(struct xpv_copy *copy, struct xpv_device *dev,
		  unsigned int max)
{
	copy->dev = dev;
	copy->nr = 0;
	copy->max = max;
	copy->ops = kvmalloc_array(max, sizeof(*copy->ops), GFP_KERNEL);
	copy->tags = kvmalloc_array(max, sizeof(*copy->tags), GFP_KERNEL);
	if (copy->ops && copy->tags)
		return 0;

	xpv_copy_exit(copy);
	return -ENOMEM;
}
EXPORT_SYMBOL_GPL(xpv_copy_init);

void xpv_copy_exit(struct xpv_copy *copy)
{
	kvfree(copy->tags);
	kvfree(copy->ops);
	copy->tags = NULL;
	copy->ops = NULL;
	copy->nr = 0;
	copy->max = 0;
}
EXPORT_SYMBOL_GPL(xpv_copy_exit);

/* The next piece of ours that lies in one page: at @at, and how long it is. */
static unsigned int piece_len(const void *at, unsigned int len)
{
	return min_t(unsigned int, len, XEN_PAGE_SIZE - xen_offset_in_page(at));
}

static struct gnttab_copy *next_op(struct xpv_copy *copy, u32 tag)
{
	copy->tags[copy->nr] = tag;
	return &copy->ops[copy->nr++];
}

void xpv_copy_from(struct xpv_copy *copy, grant_ref_t ref, unsigned int offset,
		   void *to, unsigned int len, u32 tag)
{
	struct gnttab_copy *op;

	for (; len; len -= op->len, offset += op->len, to += op->len) {
		op = next_op(copy, tag);
		op->flags = GNTCOPY_source_gref;
		op->len = piece_len(to, len);
		op->source.domid = copy->dev->otherend_id;
		op->source.u.ref = ref;
		op->source.offset = offset;
		op->dest.domid = DOMID_SELF;
		op->dest.u.gmfn = virt_to_gfn(to);
		op->dest.offset = xen_offset_in_page(to);
	}
}
EXPORT_SYMBOL_GPL(xpv_copy_from);

/*
 * The flag of a granted page is also that of a page in the swap cache, and some
 * file systems use it for theirs. What these have in place of a grant is none.
 */
static struct xen_page_foreign *foreign_of(struct page *page)
{
	struct xen_page_foreign *foreign = xen_page_foreign(page);

	return foreign && !folio_mapping(page_folio(page)) ? foreign : NULL;
}

/* A page that some domain granted us is known to Xen by that grant only. */
static void set_source(struct gnttab_copy *op, const void *from)
{
	struct xen_page_foreign *foreign = foreign_of(virt_to_page(from));

	if (foreign) {
		op->flags |= GNTCOPY_source_gref;
		op->source.domid = foreign->domid;
		op->source.u.ref = foreign->gref;
	} else {
		op->source.domid = DOMID_SELF;
		op->source.u.gmfn = virt_to_gfn((void *)from);
	}
	op->source.offset = xen_offset_in_page(from);
}

void xpv_copy_to(struct xpv_copy *copy, grant_ref_t ref, unsigned int offset,
		 const void *from, unsigned int len, u32 tag)
{
	struct gnttab_copy *op;

	for (; len; len -= op->len, offset += op->len, from += op->len) {
		op = next_op(copy, tag);
		op->flags = GNTCOPY_dest_gref;
		op->len = piece_len(from, len);
		set_source(op, from);
		op->dest.domid = copy->dev->otherend_id;
		op->dest.u.ref = ref;
		op->dest.offset = offset;
	}
}
EXPORT_SYMBOL_GPL(xpv_copy_to);

void xpv_copy_run(struct xpv_copy *copy, void (*failed)(void *arg, u32 tag),
		  void *arg)
{
	unsigned int i, nr = copy->nr;
	int err;

	copy->nr = 0;
	if (!nr)
		return;
	err = HYPERVISOR_grant_table_op(GNTTABOP_copy, copy->ops, nr);
	for (i = 0; i < nr; i++)
		if (err || copy->ops[i].status != GNTST_okay)
			failed(arg, copy->tags[i]);
}
EXPORT_SYMBOL_GPL(xpv_copy_run);
