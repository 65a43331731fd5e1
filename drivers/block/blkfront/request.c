// SPDX-License-Identifier: GPL-2.0
/*
 * Block layer requests to ring requests, and answers back.
 *
 * Everything here runs under the ring's lock. A request's pages are granted
 * when it is put and taken back when its last part is over. A part is over
 * when the backend has answered it, or has gone, and maps none of its pages
 * any more: nobody gets a page back that another domain can still reach.
 */
#include <linux/blk-mq.h>
#include <linux/nospec.h>
#include <linux/string.h>
#include "blkfront.h"

/* What the frontend understands of an id: which shadow, and which use of it. */
static u64 shadow_id(const struct blkfront_ring *ring,
		     const struct blkfront_shadow *shadow)
{
	return (u64)shadow->life << 32 | (shadow - ring->shadows);
}

static struct blkfront_shadow *shadow_find(struct blkfront_ring *ring, u64 id)
{
	u32 index = lower_32_bits(id);
	struct blkfront_shadow *shadow;

	if (index >= ring->nr_shadows)
		return NULL;
	shadow = &ring->shadows[array_index_nospec(index, ring->nr_shadows)];
	if (!shadow->rq || shadow->lost || shadow->life != upper_32_bits(id))
		return NULL;
	return shadow;
}

static struct blkfront_shadow *shadow_take(struct blkfront_ring *ring,
					   struct request *rq, u8 op)
{
	struct blkfront_shadow *shadow = &ring->shadows[ring->free_head];

	ring->free_head = shadow->next;
	ring->free--;
	shadow->rq = rq;
	shadow->op = op;
	shadow->nr = 0;
	shadow->desc = BLKFRONT_NONE;
	shadow->life++;
	return shadow;
}

static void shadow_give(struct blkfront_ring *ring,
			struct blkfront_shadow *shadow)
{
	if (shadow->desc != BLKFRONT_NONE)
		ring->desc_free[ring->nr_desc++] = shadow->desc;
	if (shadow->lost)
		ring->lost--;
	shadow->lost = false;
	shadow->rq = NULL;
	shadow->next = ring->free_head;
	ring->free_head = shadow - ring->shadows;
	ring->free++;
}

typedef bool (*end_fn)(struct xpv_grant_pool *pool, grant_ref_t ref);

/* Return: whether the backend maps none of a shadow's pages any more. */
static __always_inline bool shadow_reclaim(struct blkfront_ring *ring,
					   struct blkfront_shadow *shadow,
					   end_fn end)
{
	bool all = true;
	unsigned int i;

	for (i = 0; i < shadow->nr; i++) {
		struct blkfront_grant *grant = &shadow->grants[i];

		if (grant->ref == INVALID_GRANT_REF)
			continue;
		if (end(&ring->pool, grant->ref))
			grant->ref = INVALID_GRANT_REF;
		else
			all = false;
	}
	return all;
}

static void grant_drop(struct blkfront_ring *ring,
		       struct blkfront_grant *grant)
{
	if (!xpv_grant_try_end(&ring->pool, grant->ref))
		xpv_grant_abandon(&ring->pool, grant->ref, grant->page);
	grant->ref = INVALID_GRANT_REF;
}

/* One part of a request is over; the last one makes it over as a whole. */
static void part_over(struct blkfront_ring *ring,
		      struct blkfront_shadow *shadow, blk_status_t status,
		      bool again, struct blkfront_batch *batch)
{
	struct blkfront_cmd *cmd = blk_mq_rq_to_pdu(shadow->rq);

	shadow_give(ring, shadow);
	if (status != BLK_STS_OK)
		cmd->status = status;
	cmd->again |= again;
	if (!--cmd->parts)
		blkfront_batch_add(batch, cmd);
}

/*
 * Does the ring take @parts more requests of @grants pages together? The
 * descriptor pages suffice whenever the slots do.
 */
static bool has_room(const struct blkfront_ring *ring, unsigned int parts,
		     unsigned int grants)
{
	return xpv_front_ring_free(&ring->ring) >= parts &&
	       ring->free >= parts && READ_ONCE(ring->pool.free) >= grants;
}

static void cmd_start(struct request *rq, unsigned int parts)
{
	struct blkfront_cmd *cmd = blk_mq_rq_to_pdu(rq);

	cmd->parts = parts;
	cmd->status = BLK_STS_OK;
	cmd->again = false;
	blk_mq_start_request(rq);
}

/* One more piece of a page; -EINVAL if it is none that a ring can carry. */
static int gather_one(struct blkfront_ring *ring, unsigned int n,
		      const struct bio_vec *bv, bool readonly)
{
	unsigned int from = bv->bv_offset >> SECTOR_SHIFT;

	if (!IS_ALIGNED(bv->bv_offset | bv->bv_len, SECTOR_SIZE))
		return -EINVAL;
	ring->segs[n].first_sect = from;
	ring->segs[n].last_sect = from + (bv->bv_len >> SECTOR_SHIFT) - 1;
	ring->grants[n].page = bv->bv_page;
	return xpv_grant_page(&ring->pool, bv->bv_page, readonly,
			      &ring->grants[n].ref);
}

static bool extends(const struct blkfront_ring *ring, unsigned int n,
		    const struct bio_vec *bv)
{
	return n && ring->grants[n - 1].page == bv->bv_page &&
	       (ring->segs[n - 1].last_sect + 1) << SECTOR_SHIFT ==
	       bv->bv_offset && IS_ALIGNED(bv->bv_len, SECTOR_SIZE);
}

/*
 * Grant a request's pages into the ring's scratch memory.
 * Return: how many segments they make, @bound or fewer; or a negative errno.
 */
static int gather(struct blkfront_ring *ring, struct request *rq,
		  unsigned int bound)
{
	bool readonly = op_is_write(req_op(rq));
	struct req_iterator iter;
	struct bio_vec bv;
	unsigned int n = 0;
	int err;

	rq_for_each_segment(bv, rq, iter) {
		if (extends(ring, n, &bv)) {
			ring->segs[n - 1].last_sect += bv.bv_len >> SECTOR_SHIFT;
			continue;
		}
		err = n < bound ? gather_one(ring, n, &bv, readonly) : -EINVAL;
		if (err)
			goto undo;
		ring->segs[n].gref = ring->grants[n].ref;
		n++;
	}
	return n;

undo:
	while (n)
		grant_drop(ring, &ring->grants[--n]);
	return err;
}

/* Segments @first to @first + @n go into the descriptor page. */
static void fill_indirect(struct blkfront_ring *ring,
			  struct blkfront_shadow *shadow,
			  struct blkif_request *req, unsigned int first,
			  unsigned int n)
{
	struct blkfront_grant *desc;

	shadow->desc = ring->desc_free[--ring->nr_desc];
	desc = &ring->desc[shadow->desc];
	memcpy(page_address(desc->page), &ring->segs[first],
	       n * sizeof(ring->segs[0]));
	req->operation = BLKIF_OP_INDIRECT;
	req->u.indirect.indirect_op = shadow->op;
	req->u.indirect.nr_segments = n;
	req->u.indirect.handle = ring->bf->dev->id;
	req->u.indirect.indirect_grefs[0] = desc->ref;
}

static void fill_direct(struct blkfront_ring *ring,
			struct blkfront_shadow *shadow,
			struct blkif_request *req, unsigned int first,
			unsigned int n)
{
	req->operation = shadow->op;
	req->u.rw.nr_segments = n;
	req->u.rw.handle = ring->bf->dev->id;
	memcpy(req->u.rw.seg, &ring->segs[first], n * sizeof(ring->segs[0]));
}

/*
 * Put segments @first to @first + @n of a request, that begin at @sector.
 * Return: the sector they end at. In units of 512 bytes on every disk.
 */
static sector_t put_part(struct blkfront_ring *ring, struct request *rq,
			 sector_t sector, unsigned int first, unsigned int n)
{
	struct blkfront_shadow *shadow;
	struct blkif_request req = {};
	unsigned int i;

	shadow = shadow_take(ring, rq, op_is_write(req_op(rq)) ?
					BLKIF_OP_WRITE : BLKIF_OP_READ);
	shadow->nr = n;
	memcpy(shadow->grants, &ring->grants[first],
	       n * sizeof(ring->grants[0]));
	if (n > BLKFRONT_DIRECT_SEGS) {
		fill_indirect(ring, shadow, &req, first, n);
		req.u.indirect.id = shadow_id(ring, shadow);
		req.u.indirect.sector_number = sector;
	} else {
		fill_direct(ring, shadow, &req, first, n);
		req.u.rw.id = shadow_id(ring, shadow);
		req.u.rw.sector_number = sector;
	}
	xpv_front_ring_put(&ring->ring, &req, sizeof(req));

	for (i = first; i < first + n; i++)
		sector += ring->segs[i].last_sect - ring->segs[i].first_sect +
			  1;
	return sector;
}

static blk_status_t put_data(struct blkfront_ring *ring, struct request *rq)
{
	unsigned int bound = blk_rq_nr_phys_segments(rq);
	sector_t sector = blk_rq_pos(rq);
	unsigned int first, n;
	int nr;

	if (!has_room(ring, DIV_ROUND_UP(bound, ring->max_segs), bound))
		return BLK_STS_RESOURCE;
	nr = gather(ring, rq, min(bound, BLKFRONT_MAX_SEGS));
	if (nr <= 0) {
		xpv_err_ratelimited(ring->bf->dev,
				    "cannot carry a request of unaligned memory\n");
		return BLK_STS_IOERR;
	}

	cmd_start(rq, DIV_ROUND_UP(nr, ring->max_segs));
	for (first = 0; first < nr; first += n) {
		n = min(nr - first, ring->max_segs);
		sector = put_part(ring, rq, sector, first, n);
	}
	return BLK_STS_OK;
}

/*
 * A flush or a barrier without data: an answered barrier says that whatever
 * was answered before it is on the disk. A backend that has neither keeps
 * nothing in a cache.
 */
static blk_status_t put_flush(struct blkfront_ring *ring, struct request *rq,
			      struct blkfront_batch *batch)
{
	struct blkfront *bf = ring->bf;
	struct blkfront_shadow *shadow;
	struct blkif_request req = {};

	if (test_bit(BLKFRONT_CAN_FLUSH, &bf->can)) {
		req.operation = BLKIF_OP_FLUSH_DISKCACHE;
	} else if (test_bit(BLKFRONT_CAN_BARRIER, &bf->can)) {
		req.operation = BLKIF_OP_WRITE_BARRIER;
	} else {
		cmd_start(rq, 0);
		blkfront_batch_add(batch, blk_mq_rq_to_pdu(rq));
		return BLK_STS_OK;
	}
	if (!has_room(ring, 1, 0))
		return BLK_STS_RESOURCE;

	cmd_start(rq, 1);
	shadow = shadow_take(ring, rq, req.operation);
	req.u.rw.handle = bf->dev->id;
	req.u.rw.id = shadow_id(ring, shadow);
	xpv_front_ring_put(&ring->ring, &req, sizeof(req));
	return BLK_STS_OK;
}

static blk_status_t put_discard(struct blkfront_ring *ring, struct request *rq)
{
	struct blkfront_shadow *shadow;
	struct blkif_request req = {};

	if (!test_bit(BLKFRONT_CAN_DISCARD, &ring->bf->can))
		return BLK_STS_NOTSUPP;
	if (!has_room(ring, 1, 0))
		return BLK_STS_RESOURCE;

	cmd_start(rq, 1);
	shadow = shadow_take(ring, rq, BLKIF_OP_DISCARD);
	req.operation = BLKIF_OP_DISCARD;
	req.u.discard.id = shadow_id(ring, shadow);
	req.u.discard.sector_number = blk_rq_pos(rq);
	req.u.discard.nr_sectors = blk_rq_sectors(rq);
	xpv_front_ring_put(&ring->ring, &req, sizeof(req));
	return BLK_STS_OK;
}

/**
 * blkfront_request_put() - place a block layer request on the ring
 * @ring: the ring, locked
 * @rq: the request
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
		return put_discard(ring, rq);
	default:
		return BLK_STS_NOTSUPP;
	}
}

static void drop_operation(struct blkfront_ring *ring, enum blkfront_can what,
			   const char *name, struct blkfront_batch *batch)
{
	if (!test_and_clear_bit(what, &ring->bf->can))
		return;
	xpv_info(ring->bf->dev, "backend refuses %s: not used any more\n",
		 name);
	batch->limits = true;
}

/*
 * The backend does not do what it offered. A discard was only a hint. Without
 * a flush a barrier may do; without both there is no cache to flush.
 */
static blk_status_t unsupported(struct blkfront_ring *ring, u8 op, bool *again,
				struct blkfront_batch *batch)
{
	switch (op) {
	case BLKIF_OP_DISCARD:
		drop_operation(ring, BLKFRONT_CAN_DISCARD, "discard", batch);
		return BLK_STS_NOTSUPP;
	case BLKIF_OP_FLUSH_DISKCACHE:
		drop_operation(ring, BLKFRONT_CAN_FLUSH, "flush", batch);
		*again = true;
		return BLK_STS_OK;
	case BLKIF_OP_WRITE_BARRIER:
		drop_operation(ring, BLKFRONT_CAN_BARRIER, "barrier", batch);
		*again = true;
		return BLK_STS_OK;
	default:
		return BLK_STS_IOERR;
	}
}

/*
 * Not every backend has a word for "not supported": to some, an unknown
 * operation is an error. So a discard that fails before any has succeeded
 * is taken for unsupported. A failed flush is never: data may be lost.
 */
static blk_status_t judge(struct blkfront_ring *ring, u8 op, s16 status,
			  bool *again, struct blkfront_batch *batch)
{
	unsigned long *can = &ring->bf->can;

	if (status == BLKIF_RSP_OKAY) {
		if (op == BLKIF_OP_DISCARD)
			set_bit(BLKFRONT_DISCARD_WORKED, can);
		return BLK_STS_OK;
	}
	if (status == BLKIF_RSP_EOPNOTSUPP ||
	    (op == BLKIF_OP_DISCARD && !test_bit(BLKFRONT_DISCARD_WORKED, can)))
		return unsupported(ring, op, again, batch);
	return BLK_STS_IOERR;
}

/* Some name the operation inside an indirect request, some the outer one. */
static bool echoes(const struct blkfront_shadow *shadow, u8 op)
{
	return op == shadow->op || (op == BLKIF_OP_INDIRECT &&
				    shadow->desc != BLKFRONT_NONE);
}

/**
 * blkfront_request_answer() - take an answer
 * @ring: the ring, locked
 * @rsp: private copy of what the backend wrote; untrusted
 * @batch: to be finished once the ring is unlocked
 *
 * Return: false if the answer is one that no backend may give. It is in
 * @batch then, and what was asked stays unanswered.
 */
bool blkfront_request_answer(struct blkfront_ring *ring,
			     const struct blkif_response *rsp,
			     struct blkfront_batch *batch)
{
	struct blkfront_shadow *shadow = shadow_find(ring, rsp->id);
	blk_status_t status;
	bool again = false;

	lockdep_assert_held(&ring->lock);
	if (!shadow) {
		snprintf(batch->why, sizeof(batch->why),
			 "backend answered what was not asked (id %#llx)",
			 rsp->id);
		return false;
	}
	if (!echoes(shadow, rsp->operation)) {
		snprintf(batch->why, sizeof(batch->why),
			 "backend answered operation %u with %u",
			 shadow->op, rsp->operation);
		return false;
	}
	if (!shadow_reclaim(ring, shadow, xpv_grant_end)) {
		snprintf(batch->why, sizeof(batch->why),
			 "backend still maps pages of an answered request");
		return false;
	}
	status = judge(ring, shadow->op, rsp->status, &again, batch);
	part_over(ring, shadow, status, again, batch);
	return true;
}

/**
 * blkfront_request_lose() - a part will not be answered
 * @ring: the ring, locked
 * @shadow: the part
 * @batch: to be finished once the ring is unlocked
 *
 * Its request is sent again by the next connection, but not before the old
 * backend has let go of its pages: until then the old one may still write to
 * them, or to the disk from them. The shadow stays lost until a later call
 * finds them free.
 */
void blkfront_request_lose(struct blkfront_ring *ring,
			   struct blkfront_shadow *shadow,
			   struct blkfront_batch *batch)
{
	lockdep_assert_held(&ring->lock);
	if (shadow_reclaim(ring, shadow, xpv_grant_try_end)) {
		part_over(ring, shadow, BLK_STS_OK, true, batch);
		return;
	}
	if (!shadow->lost)
		ring->lost++;
	shadow->lost = true;
}

/**
 * blkfront_request_fail() - give a part up
 * @ring: the ring, locked
 * @shadow: the part
 * @batch: to be finished once the ring is unlocked
 *
 * Pages that the backend still maps are left to Xen's deferred list: they are
 * not freed before it lets go.
 */
void blkfront_request_fail(struct blkfront_ring *ring,
			   struct blkfront_shadow *shadow,
			   struct blkfront_batch *batch)
{
	unsigned int i;

	lockdep_assert_held(&ring->lock);
	for (i = 0; i < shadow->nr; i++)
		if (shadow->grants[i].ref != INVALID_GRANT_REF)
			grant_drop(ring, &shadow->grants[i]);
	part_over(ring, shadow, BLK_STS_IOERR, false, batch);
}
