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
 * @grants: the table of pages
 * @at: the page's entry
 * @done: how far into it
 */
struct place {
	struct xpv_cached_grant *grants;
	u16 at;
	unsigned int done;
};

static void copy_piece(struct place *to, struct bio_vec *bv, bool write)
{
	void *data = bvec_kmap_local(bv);
	unsigned int from = 0, n;
	void *ours;

	while (from < bv->bv_len) {
		if (to->done == XEN_PAGE_SIZE) {
			to->at = to->grants[to->at].next;
			to->done = 0;
		}
		n = min_t(unsigned int, bv->bv_len - from,
			  XEN_PAGE_SIZE - to->done);
		ours = page_address(to->grants[to->at].page) + to->done;
		if (write)
			memcpy(ours, data + from, n);
		else
			memcpy(data + from, ours, n);
		from += n;
		to->done += n;
	}
	kunmap_local(data);
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
	struct place place = {
		.grants = ring->data.entries,
		.at = cmd->data.head,
	};
	bool write = op_is_write(req_op(rq));
	struct req_iterator iter;
	struct bio_vec bv;

	rq_for_each_segment(bv, rq, iter)
		copy_piece(&place, &bv, write);
}
