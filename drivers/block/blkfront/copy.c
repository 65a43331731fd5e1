// SPDX-License-Identifier: GPL-2.0
/*
 * Data that goes through pages of our own, so that a backend can keep them
 * mapped, or sees nothing but what it is asked to write.
 *
 * The data is packed: all pages but the last are full, wherever it lies in
 * its owner's memory. So a request never needs more pages than it was made
 * with, and memory that no ring could carry does no harm.
 */
#include <linux/bvec.h>
#include <linux/mm.h>
#include <linux/string.h>
#include <xen/page.h>
#include "blkfront.h"

/**
 * struct place - where the next byte goes to or comes from
 * @entries: the table of pages
 * @next: the entry of the page after this one
 * @at: in this page
 * @left: bytes left of it
 */
struct place {
	const struct xpv_cached_grant *entries;
	u16 next;
	void *at;
	unsigned int left;
};

static void next_page(struct place *place)
{
	const struct xpv_cached_grant *entry = &place->entries[place->next];

	place->at = page_address(entry->page);
	place->left = XEN_PAGE_SIZE;
	place->next = entry->next;
}

static void copy_piece(struct place *ours, void *data, unsigned int len,
		       bool write)
{
	unsigned int n;

	while (len) {
		if (!ours->left)
			next_page(ours);
		n = min(len, ours->left);
		if (write)
			memcpy(ours->at, data, n);
		else
			memcpy(data, ours->at, n);
		ours->at += n;
		ours->left -= n;
		data += n;
		len -= n;
	}
}

/**
 * blkfront_copy() - copy a request's data to its granted pages, or from them
 * @ring: the ring
 * @rq: a request with as many pages as its data needs
 *
 * Context: any; without the ring's lock.
 */
void blkfront_copy(struct blkfront_ring *ring, struct request *rq)
{
	struct blkfront_cmd *cmd = blk_mq_rq_to_pdu(rq);
	struct place ours = {
		.entries = ring->data.entries,
		.next = cmd->data.head,
	};
	bool write = op_is_write(req_op(rq));
	struct req_iterator iter;
	struct bio_vec bv;

	/* Pages that follow each other in memory are one piece. */
	rq_for_each_bvec(bv, rq, iter)
		copy_piece(&ours, page_address(bv.bv_page) + bv.bv_offset,
			   bv.bv_len, write);
}
