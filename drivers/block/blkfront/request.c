// SPDX-License-Identifier: GPL-2.0
/*
 * Block layer requests to ring requests.
 *
 * In two steps. First, without a lock, the request gets grants for its data:
 * by copying it into pages of our own or by granting the pages it is in. Then,
 * under the ring's lock, it is written to the ring, as one part or as several
 * when the backend takes less than the request has.
 */
#include <linux/blk-mq.h>
#include <linux/mm.h>
#include <linux/string.h>
#include <xen/page.h>
#include "blkfront.h"

/* An entry's note: which sectors of its page are meant. */
static u8 note_sectors(unsigned int first, unsigned int last)
{
	return first | last << 4;
}

static unsigned int note_first(u8 note)
{
	return note & 15;
}

static unsigned int note_last(u8 note)
{
	return note >> 4;
}

static u64 shadow_id(const struct blkfront_ring *ring,
		     const struct blkfront_shadow *shadow)
{
	return blkfront_id(shadow - ring->shadows, &shadow->asked);
}

static struct blkfront_shadow *shadow_take(struct blkfront_ring *ring,
					   struct request *rq, u8 op)
	__must_hold(&ring->lock)
{
	struct blkfront_shadow *shadow = &ring->shadows[ring->free_head];

	ring->first = NULL;
	ring->free_head = shadow->next;
	ring->free--;
	shadow->rq = rq;
	shadow->desc.nr = 0;
	shadow->asked.life++;
	shadow->asked.op = op;
	shadow->asked.indirect = false;
	shadow->asked.secure = req_op(rq) == REQ_OP_SECURE_ERASE;
	shadow->asked.out = true;
	return shadow;
}

static bool has_data(const struct request *rq)
{
	return req_op(rq) == REQ_OP_READ || req_op(rq) == REQ_OP_WRITE;
}

static blk_status_t fill_bounce(struct blkfront_ring *ring, struct request *rq)
{
	struct blkfront_cmd *cmd = blk_mq_rq_to_pdu(rq);
	struct xpv_cached_grant *grants = ring->data.entries;
	unsigned int left = blk_rq_bytes(rq), n, bytes;
	u16 i;

	if (!xpv_grant_cache_take(&ring->data,
				  DIV_ROUND_UP(left, XEN_PAGE_SIZE),
				  &cmd->data))
		return BLK_STS_RESOURCE;
	i = cmd->data.head;
	for (n = cmd->data.nr; n; n--, i = grants[i].next) {
		bytes = min_t(unsigned int, left, XEN_PAGE_SIZE);
		grants[i].note = note_sectors(0, (bytes >> SECTOR_SHIFT) - 1);
		left -= bytes;
	}
	if (op_is_write(req_op(rq)))
		blkfront_copy(ring, rq);
	return BLK_STS_OK;
}

/**
 * struct lender - the pages of a request becoming grants
 * @cache: where the grants are from
 * @at: the entry in use
 * @nr: how many are in use
 * @end: where in its page the last one's data ends, bytes
 * @align: what the data has to be aligned to, bytes
 * @readonly: the backend may only read them
 */
struct lender {
	struct xpv_grant_cache *cache;
	u16 at;
	unsigned int nr;
	unsigned int end;
	unsigned int align;
	bool readonly;
};

/* Return: whether @bv begins where the one before it ended. */
static bool lend_more(struct lender *to, const struct bio_vec *bv)
{
	struct xpv_cached_grant *entry = &to->cache->entries[to->at];

	if (!to->nr || entry->page != bv->bv_page || to->end != bv->bv_offset)
		return false;
	to->end += bv->bv_len;
	entry->note = note_sectors(note_first(entry->note),
				   (to->end >> SECTOR_SHIFT) - 1);
	return true;
}

/* Return: false if @bv is nothing that a ring can carry. */
static bool lend(struct lender *to, const struct bio_vec *bv, unsigned int most)
{
	unsigned int first = bv->bv_offset >> SECTOR_SHIFT;

	if (!IS_ALIGNED(bv->bv_offset | bv->bv_len, to->align))
		return false;
	if (lend_more(to, bv))
		return true;
	if (to->nr == most)
		return false;
	if (to->nr++)
		to->at = to->cache->entries[to->at].next;
	to->end = bv->bv_offset + bv->bv_len;
	to->cache->entries[to->at].note =
		note_sectors(first, (to->end >> SECTOR_SHIFT) - 1);
	xpv_grant_lend(to->cache, to->at, bv->bv_page, to->readonly);
	return true;
}

/* Grant the pages that the data is in; what was taken too much goes back. */
static blk_status_t fill_lent(struct blkfront_ring *ring, struct request *rq)
{
	struct blkfront_cmd *cmd = blk_mq_rq_to_pdu(rq);
	struct lender to = {
		.cache = &ring->data,
		.align = SECTOR_SIZE << ring->unit,
		.readonly = op_is_write(req_op(rq)),
	};
	struct xpv_grant_chain taken;
	struct req_iterator iter;
	struct bio_vec bv;

	if (!xpv_grant_cache_take(&ring->data, blk_rq_nr_phys_segments(rq),
				  &taken))
		return BLK_STS_RESOURCE;
	to.at = taken.head;
	rq_for_each_segment(bv, rq, iter) {
		if (lend(&to, &bv, taken.nr))
			continue;
		cmd->data = taken;
		blkfront_request_undo(ring, rq);
		xpv_err_ratelimited(ring->bf->dev,
				    "cannot carry a request of unaligned memory\n");
		return BLK_STS_IOERR;
	}
	if (to.nr == taken.nr) {
		cmd->data = taken;
		return BLK_STS_OK;
	}
	cmd->data = xpv_grant_chain_cut(&ring->data, &taken, to.nr);
	xpv_grant_cache_give(&ring->data, &taken);
	return BLK_STS_OK;
}

/**
 * blkfront_request_fill() - get grants for a request's data
 * @ring: the ring, live when it was last looked at
 * @rq: the request
 *
 * Context: any, in a read-side section of RCU; without the ring's lock.
 * Return: %BLK_STS_OK; %BLK_STS_RESOURCE if there are no grants or pages to be
 * had now; or why it fails.
 */
blk_status_t blkfront_request_fill(struct blkfront_ring *ring,
				   struct request *rq)
{
	if (!has_data(rq))
		return BLK_STS_OK;
	return ring->bounce ? fill_bounce(ring, rq) : fill_lent(ring, rq);
}

/**
 * blkfront_request_undo() - take back what blkfront_request_fill() gave
 * @ring: the ring
 * @rq: a request that was not put
 *
 * A backend that maps what it was never told of keeps it.
 *
 * Context: as blkfront_request_fill().
 */
void blkfront_request_undo(struct blkfront_ring *ring, struct request *rq)
{
	struct blkfront_cmd *cmd = blk_mq_rq_to_pdu(rq);

	if (!ring->bounce && !xpv_grant_recall(&ring->data, &cmd->data) &&
	    !xpv_grant_cache_revoke(&ring->data, &cmd->data))
		xpv_grant_cache_abandon(&ring->data, &cmd->data);
	xpv_grant_cache_give(&ring->data, &cmd->data);
}

/*
 * A request of several parts waits until it finds room for all of them, which it
 * never would if others, of queues that share the ring, took each slot as it comes
 * free. So they wait for it, as long as something is out: who came first may never
 * come again, as when another driver's request goes back to that driver.
 */
static bool has_room(struct blkfront_ring *ring, const struct request *rq,
		     unsigned int parts)
	__must_hold(&ring->lock)
{
	if (unlikely(ring->first) && ring->first != rq &&
	    ring->free < ring->nr_shadows)
		return false;
	if (xpv_front_ring_free(&ring->ring) >= parts && ring->free >= parts)
		return true;
	if (parts > 1)
		ring->first = rq;
	return false;
}

static void cmd_start(const struct blkfront_ring *ring, struct request *rq,
		      unsigned int parts)
	__must_hold(&ring->lock)
{
	struct blkfront_cmd *cmd = blk_mq_rq_to_pdu(rq);

	cmd->connection = ring->connection;
	cmd->parts = parts;
	cmd->status = BLK_STS_OK;
	cmd->again = false;
	blk_mq_start_request(rq);
}

/**
 * struct part - the part of a request that is put next
 * @at: the entry it begins with
 * @nr: segments left, of all parts
 * @sector: where it begins, in units of 512 bytes
 */
struct part {
	u16 at;
	unsigned int nr;
	sector_t sector;
};

/* Write the next @n segments to @segs, which the backend may be able to see. */
static void put_segments(struct blkfront_ring *ring, struct part *part,
			 struct blkif_request_segment *segs, unsigned int n)
{
	const struct xpv_cached_grant *entry;
	unsigned int first, last;

	part->nr -= n;
	for (; n; n--, segs++) {
		entry = &ring->data.entries[part->at];
		first = note_first(entry->note);
		last = note_last(entry->note);
		segs->gref = entry->ref;
		segs->first_sect = first >> ring->unit;
		segs->last_sect = last >> ring->unit;
		part->sector += last - first + 1;
		part->at = entry->next;
	}
}

static void put_indirect(struct blkfront_ring *ring, struct part *part,
			 struct blkfront_shadow *shadow, unsigned int n)
	__must_hold(&ring->lock)
{
	struct blkif_request req = {
		.operation = BLKIF_OP_INDIRECT,
	};
	const struct xpv_cached_grant *desc;
	unsigned int i, some;
	u16 at = shadow->desc.head;

	shadow->asked.indirect = true;
	req.u.indirect.indirect_op = shadow->asked.op;
	req.u.indirect.nr_segments = n;
	req.u.indirect.id = shadow_id(ring, shadow);
	req.u.indirect.sector_number = part->sector >> ring->unit;
	req.u.indirect.handle = ring->bf->dev->id;
	for (i = 0; n; i++, n -= some) {
		desc = &ring->descs.entries[at];
		some = min(n, BLKFRONT_DESC_SEGS);
		req.u.indirect.indirect_grefs[i] = desc->ref;
		put_segments(ring, part, page_address(desc->page), some);
		at = desc->next;
	}
	xpv_front_ring_put(&ring->ring, &req,
			   offsetof(struct blkif_request,
				    u.indirect.indirect_grefs) +
			   i * sizeof(req.u.indirect.indirect_grefs[0]));
}

static void put_direct(struct blkfront_ring *ring, struct part *part,
		       struct blkfront_shadow *shadow, unsigned int n)
	__must_hold(&ring->lock)
{
	unsigned int size = offsetof(struct blkif_request, u.rw.seg) +
			    n * sizeof(struct blkif_request_segment);
	struct blkif_request req;

	/* A segment has bytes that mean nothing; the rest stays on this stack. */
	memset(&req, 0, size);
	req.operation = shadow->asked.op;
	req.u.rw.nr_segments = n;
	req.u.rw.handle = ring->bf->dev->id;
	req.u.rw.id = shadow_id(ring, shadow);
	req.u.rw.sector_number = part->sector >> ring->unit;
	put_segments(ring, part, req.u.rw.seg, n);
	xpv_front_ring_put(&ring->ring, &req, size);
}

static void put_part(struct blkfront_ring *ring, struct request *rq,
		     struct part *part, struct xpv_grant_chain *descs)
	__must_hold(&ring->lock)
{
	unsigned int n = min(part->nr, ring->max_segs);
	struct blkfront_shadow *shadow;

	shadow = shadow_take(ring, rq, op_is_write(req_op(rq)) ?
					BLKIF_OP_WRITE : BLKIF_OP_READ);
	if (n > BLKFRONT_DIRECT_SEGS) {
		shadow->desc = xpv_grant_chain_cut(&ring->descs, descs,
						   blkfront_descs(n));
		put_indirect(ring, part, shadow, n);
	} else {
		put_direct(ring, part, shadow, n);
	}
}

static blk_status_t put_data(struct blkfront_ring *ring, struct request *rq)
	__must_hold(&ring->lock)
{
	struct blkfront_cmd *cmd = blk_mq_rq_to_pdu(rq);
	struct xpv_grant_chain descs = {};
	struct part part = {
		.at = cmd->data.head,
		.nr = cmd->data.nr,
		.sector = blk_rq_pos(rq),
	};
	unsigned int parts = 1, nr_descs;

	if (unlikely(part.nr > ring->max_segs))
		parts = DIV_ROUND_UP(part.nr, ring->max_segs);
	if (!part.nr || !has_room(ring, rq, parts))
		return BLK_STS_RESOURCE;
	nr_descs = parts * blkfront_descs(min(part.nr, ring->max_segs));
	if (nr_descs && !xpv_grant_cache_take(&ring->descs, nr_descs, &descs))
		return BLK_STS_RESOURCE;

	cmd_start(ring, rq, parts);
	while (part.nr)
		put_part(ring, rq, &part, &descs);
	if (unlikely(parts > 1))
		blkfront_ring_kick(ring);	/* who waited for it */
	xpv_grant_cache_give(&ring->descs, &descs);
	return BLK_STS_OK;
}

/*
 * A flush or a barrier without data: an answered barrier says that whatever
 * was answered before it is on the disk. A backend that has neither keeps
 * nothing in a cache.
 */
static blk_status_t put_flush(struct blkfront_ring *ring, struct request *rq,
			      struct blkfront_batch *batch)
	__must_hold(&ring->lock)
{
	struct blkfront *bf = ring->bf;
	struct blkfront_shadow *shadow;
	struct blkif_request req = {};

	if (test_bit(BLKFRONT_CAN_FLUSH, &bf->can)) {
		req.operation = BLKIF_OP_FLUSH_DISKCACHE;
	} else if (test_bit(BLKFRONT_CAN_BARRIER, &bf->can)) {
		req.operation = BLKIF_OP_WRITE_BARRIER;
	} else {
		cmd_start(ring, rq, 0);
		blkfront_batch_add(batch, blk_mq_rq_to_pdu(rq));
		return BLK_STS_OK;
	}
	if (!has_room(ring, rq, 1))
		return BLK_STS_RESOURCE;

	cmd_start(ring, rq, 1);
	shadow = shadow_take(ring, rq, req.operation);
	req.u.rw.handle = bf->dev->id;
	req.u.rw.id = shadow_id(ring, shadow);
	xpv_front_ring_put(&ring->ring, &req, sizeof(req));
	return BLK_STS_OK;
}

static blk_status_t put_discard(struct blkfront_ring *ring, struct request *rq)
	__must_hold(&ring->lock)
{
	bool secure = req_op(rq) == REQ_OP_SECURE_ERASE;
	struct blkfront_shadow *shadow;
	struct blkif_request req = {};

	if (!test_bit(secure ? BLKFRONT_CAN_SECURE : BLKFRONT_CAN_DISCARD,
		      &ring->bf->can))
		return BLK_STS_NOTSUPP;
	if (!has_room(ring, rq, 1))
		return BLK_STS_RESOURCE;

	cmd_start(ring, rq, 1);
	shadow = shadow_take(ring, rq, BLKIF_OP_DISCARD);
	req.operation = BLKIF_OP_DISCARD;
	req.u.discard.flag = secure ? BLKIF_DISCARD_SECURE : 0;
	req.u.discard.id = shadow_id(ring, shadow);
	req.u.discard.sector_number = blk_rq_pos(rq) >> ring->unit;
	req.u.discard.nr_sectors = blk_rq_sectors(rq) >> ring->unit;
	xpv_front_ring_put(&ring->ring, &req, sizeof(req));
	return BLK_STS_OK;
}

/**
 * blkfront_request_put() - place a block layer request on the ring
 * @ring: the ring, locked
 * @rq: the request, filled if the ring was live; else it has to wait
 * @batch: to be finished once the ring is unlocked
 *
 * It is started and published by the next blkfront_ring_push(), or untouched
 * if the answer is not %BLK_STS_OK.
 *
 * Return: %BLK_STS_OK; %BLK_STS_RESOURCE if it has to wait for answers, for
 * lost requests, or for a connection; or why it fails.
 */
blk_status_t blkfront_request_put(struct blkfront_ring *ring,
				  struct request *rq,
				  struct blkfront_batch *batch)
{
	lockdep_assert_held(&ring->lock);
	if (ring->dead)
		return BLK_STS_IOERR;
	if (!ring->live)
		return BLK_STS_RESOURCE;

	switch (req_op(rq)) {
	case REQ_OP_READ:
	case REQ_OP_WRITE:
		return put_data(ring, rq);
	case REQ_OP_FLUSH:
		return put_flush(ring, rq, batch);
	case REQ_OP_DISCARD:
	case REQ_OP_SECURE_ERASE:
		return put_discard(ring, rq);
	default:
		return BLK_STS_NOTSUPP;
	}
}
