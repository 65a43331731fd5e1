// SPDX-License-Identifier: GPL-2.0
/*
 * Mapping the other end's byte rings: one page that says which, then those.
 *
 * Each page is mapped by itself, not all of them in a row: so a ring can be of
 * any size in any kind of domain, and its pages can be handed on as such.
 */
#include <linux/export.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <xpv/bytering.h>
#include <xpv/device.h>
#include <xpv/map.h>

static int map_index(struct xpv_mapped_bytes *bytes, grant_ref_t ref)
{
	int err;

	err = xpv_map_batch_init(&bytes->index, &bytes->pool, 1);
	if (err)
		return err;
	err = xpv_map_batch_map(&bytes->index, &ref, 1, false);
	if (err)
		return err;
	bytes->intf = page_address(bytes->index.pages[0]);
	return 0;
}

static int map_data(struct xpv_mapped_bytes *bytes, grant_ref_t *refs)
{
	unsigned int nr = 1U << bytes->order, i;
	int err;

	for (i = 0; i < nr; i++)
		refs[i] = READ_ONCE(bytes->intf->ref[i]);
	err = xpv_map_batch_init(&bytes->data, &bytes->pool, nr);
	if (err)
		return err;
	err = xpv_map_batch_map(&bytes->data, refs, nr, false);
	if (err)
		return err;
	for (i = 0; i < nr; i++)
		bytes->pages[i] = page_address(bytes->data.pages[i]);
	return 0;
}

static int map_what_it_names(struct xpv_mapped_bytes *bytes,
			     unsigned int max_order)
{
	grant_ref_t *refs;
	int err;

	bytes->order = READ_ONCE(bytes->intf->ring_order);
	if (bytes->order < XPV_BYTES_MIN_ORDER ||
	    bytes->order > min_t(unsigned int, max_order, XPV_BYTES_MAX_ORDER))
		return -ERANGE;
	refs = kmalloc_array(1 << bytes->order, sizeof(*refs), GFP_KERNEL);
	bytes->pages = kmalloc_array(1 << bytes->order, sizeof(*bytes->pages),
				     GFP_KERNEL);
	err = -ENOMEM;
	if (refs && bytes->pages)
		err = map_data(bytes, refs);
	kfree(refs);
	return err;
}

/* As far as it was mapped. What Xen does not unmap stays in the account. */
static void unmap_all(struct xpv_mapped_bytes *bytes)
{
	xpv_map_batch_unmap_now(&bytes->data);
	xpv_map_batch_exit(&bytes->data);
	xpv_map_batch_unmap_now(&bytes->index);
	xpv_map_batch_exit(&bytes->index);
	xpv_map_pool_shrink(&bytes->pool, 0);
	kfree(bytes->pages);
	bytes->pages = NULL;
	bytes->intf = NULL;
}

int xpv_bytes_map(struct xpv_mapped_bytes *bytes, struct xpv_device *dev,
		  grant_ref_t ref, unsigned int max_order)
{
	int err;

	memset(bytes, 0, sizeof(*bytes));
	xpv_map_pool_init(&bytes->pool, dev);
	err = map_index(bytes, ref);
	if (!err)
		err = map_what_it_names(bytes, max_order);
	if (err)
		unmap_all(bytes);
	return err;
}
EXPORT_SYMBOL_GPL(xpv_bytes_map);

void xpv_bytes_unmap(struct xpv_mapped_bytes *bytes)
{
	if (bytes->intf)
		unmap_all(bytes);
}
EXPORT_SYMBOL_GPL(xpv_bytes_unmap);
