// SPDX-License-Identifier: GPL-2.0
/*
 * Requests as the block layer sees them: the bios of reads, writes, flushes
 * and discards.
 */
#include <linux/bio.h>
#include <linux/blkdev.h>
#include <linux/errno.h>

#include "blkback.h"

static struct block_device *request_bdev(const struct blkback_request *req)
{
	return req->ring->be->vbd.open.bdev;
}

/* Context: any, hard interrupts included. */
static void bio_ended(struct bio *bio)
{
	struct blkback_request *req = bio->bi_private;
	int err = bio->bi_status ? blk_status_to_errno(bio->bi_status) : 0;

	bio_uninit(bio);
	request_finish(req, err);
}

/* One of several. Whoever ends the last one sees what the others noted. */
static void part_ended(struct bio *bio)
{
	struct blkback_request *req = bio->bi_private;

	if (bio->bi_status)
		WRITE_ONCE(req->err, blk_status_to_errno(bio->bi_status));
	bio_uninit(bio);
	if (atomic_dec_and_test(&req->bios_left))
		request_finish(req, READ_ONCE(req->err));
}

static blk_opf_t request_opf(const struct blkback_request *req)
{
	switch (req->op) {
	case BLKIF_READ:
		return REQ_OP_READ;
	case BLKIF_WRITE:
		/* Somebody waits for it: not to be throttled as writeback. */
		return REQ_OP_WRITE | REQ_SYNC | REQ_IDLE;
	case BLKIF_BARRIER:
		return REQ_OP_WRITE | REQ_SYNC | REQ_IDLE | REQ_PREFLUSH |
		       (req->data.nr ? REQ_FUA : 0);
	}
	return REQ_OP_WRITE | REQ_SYNC | REQ_PREFLUSH;
}

/*
 * Make @bio of the pages @at to @end. Its table is filled in place: it has
 * room for them, and pages of another domain are never to be merged.
 *
 * Return: the sector behind it.
 */
static u64 make_bio(struct blkback_request *req, const struct blkif_seg *segs,
		    struct bio *bio, unsigned int at, unsigned int end,
		    u64 sector)
{
	struct bio_vec *vec = req->vecs + at;
	unsigned int bytes = 0;

	bio_init(bio, request_bdev(req), vec, end - at, request_opf(req));
	bio->bi_private = req;
	bio->bi_vcnt = end - at;
	for (; at < end; at++, vec++) {
		vec->bv_page = req->data.pages[at];
		vec->bv_offset = segs[at].first * BLKIF_SECTOR_SIZE;
		vec->bv_len = (segs[at].last - segs[at].first + 1) *
			      BLKIF_SECTOR_SIZE;
		bytes += vec->bv_len;
	}
	bio->bi_iter.bi_sector = sector;
	bio->bi_iter.bi_size = bytes;
	return bio_end_sector(bio);
}

/*
 * Not every driver below can take a bio of more pages than the block layer
 * makes one with.
 */
static void submit_parts(struct blkback_request *req,
			 const struct blkif_seg *segs)
{
	unsigned int nr = req->data.nr, at, end;
	struct bio *bio = &req->bio;
	u64 sector = req->sector;

	req->err = 0;
	atomic_set(&req->bios_left, DIV_ROUND_UP(nr, BIO_MAX_VECS));
	for (at = 0; at < nr; at = end) {
		end = min(nr, at + BIO_MAX_VECS);
		sector = make_bio(req, segs, bio, at, end, sector);
		bio->bi_end_io = part_ended;
		/* With the last one the request may be gone. */
		submit_bio(bio);
		if (end < nr)
			bio = &req->more_bios[at / BIO_MAX_VECS];
	}
}

/**
 * io_submit() - carry out a read, a write, a barrier or a flush
 * @req: the request, its pages mapped
 * @segs: which part of each page, in private memory
 *
 * The bios are part of the request and have room for all of it: nothing is
 * allocated. A disk that cannot take one whole has the block layer split it.
 *
 * Context: the ring's worker; may have to wait for room in the disk's queue.
 */
void io_submit(struct blkback_request *req, const struct blkif_seg *segs)
{
	unsigned int nr = req->data.nr;
	struct bio *bio = &req->bio;

	if (unlikely(req->ring->be->vbd.image.file)) {
		image_submit(req, segs);
		return;
	}
	if (unlikely(nr > BIO_MAX_VECS)) {
		submit_parts(req, segs);
		return;
	}
	/* Of one without data the sector means nothing. */
	make_bio(req, segs, bio, 0, nr, nr ? req->sector : 0);
	bio->bi_end_io = bio_ended;
	submit_bio(bio);
}

static void discard_ended(struct bio *bio)
{
	struct blkback_request *req = bio->bi_private;
	int err = blk_status_to_errno(bio->bi_status);

	bio_put(bio);
	request_finish(req, err);
}

/**
 * io_discard() - carry out a discard
 * @req: the request
 *
 * A large one becomes many bios, linked so that the last is the only one whose
 * end is waited for. A secure one is waited for: there is no other way to ask.
 *
 * Context: the ring's discard worker; may have to wait for room in the disk's
 * queue, often.
 */
void io_discard(struct blkback_request *req)
{
	struct bio *bio = NULL;
	int err;

	if (req->ring->be->vbd.image.file) {
		request_finish(req, image_discard(req));
		return;
	}
	if (req->secure) {
		err = blkdev_issue_secure_erase(request_bdev(req), req->sector,
						req->nr_sectors, GFP_NOIO);
		request_finish(req, err);
		return;
	}
	err = __blkdev_issue_discard(request_bdev(req), req->sector,
				     req->nr_sectors, GFP_NOIO, &bio);
	if (!bio) {
		request_finish(req, err);
		return;
	}
	bio->bi_private = req;
	bio->bi_end_io = discard_ended;
	submit_bio(bio);
}
