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

/* One bio less; the last one ends the request. */
static void put_bio(struct blkback_request *req)
{
	if (atomic_dec_and_test(&req->bios))
		ring_complete(req);
}

/* Context: any, hard interrupts included. */
static void bio_ended(struct bio *bio)
{
	struct blkback_request *req = bio->bi_private;

	if (bio->bi_status)
		WRITE_ONCE(req->err, blk_status_to_errno(bio->bi_status));
	bio_put(bio);
	put_bio(req);
}

static void send_bio(struct blkback_request *req, struct bio *bio)
{
	bio->bi_private = req;
	bio->bi_end_io = bio_ended;
	atomic_inc(&req->bios);
	submit_bio(bio);
}

static struct bio *make_bio(struct blkback_request *req, u64 sector,
			    unsigned int nr_segs, blk_opf_t opf)
{
	struct bio *bio = bio_alloc(request_bdev(req), bio_max_segs(nr_segs),
				    opf, GFP_NOIO);

	bio->bi_iter.bi_sector = sector;
	return bio;
}

/*
 * Each bio is sent before the next one is made: the reserve that bios come
 * from without memory is small, and none may wait in our hands for another.
 */
static void send_data(struct blkback_request *req, blk_opf_t opf)
{
	const struct blkif_seg *seg = req->segs;
	u64 sector = req->sector;
	struct bio *bio = NULL;
	unsigned int i, len;

	for (i = 0; i < req->nr_segs; i++, seg++) {
		len = (seg->last - seg->first + 1) * BLKIF_SECTOR_SIZE;
		while (!bio || !bio_add_page(bio, req->data.pages[i], len,
					     seg->first * BLKIF_SECTOR_SIZE)) {
			if (bio) {
				send_bio(req, bio);
				opf &= ~REQ_PREFLUSH;
			}
			bio = make_bio(req, sector, req->nr_segs - i, opf);
		}
		sector += len / BLKIF_SECTOR_SIZE;
	}
	send_bio(req, bio);
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
		return REQ_OP_WRITE | REQ_SYNC | REQ_IDLE |
		       REQ_PREFLUSH | REQ_FUA;
	}
	return REQ_OP_WRITE | REQ_SYNC | REQ_PREFLUSH;
}

/**
 * io_submit() - carry out a read, a write, a barrier or a flush
 * @req: the request, its pages mapped
 *
 * Context: the ring's worker; may have to wait for room in the disk's queue.
 */
void io_submit(struct blkback_request *req)
{
	blk_opf_t opf = request_opf(req);

	atomic_set(&req->bios, 1);
	if (req->nr_segs)
		send_data(req, opf);
	else
		send_bio(req, make_bio(req, 0, 0, opf & ~REQ_FUA));
	put_bio(req);
}

/**
 * io_discard() - carry out a discard
 * @req: the request
 *
 * A large one becomes many bios, linked so that the last is the only one whose
 * end is waited for.
 *
 * Context: the ring's discard worker; may have to wait for room in the disk's
 * queue, often.
 */
void io_discard(struct blkback_request *req)
{
	struct bio *bio = NULL;
	int err;

	err = __blkdev_issue_discard(request_bdev(req), req->sector,
				     req->nr_sectors, GFP_NOIO, &bio);
	if (!bio) {
		request_finish(req, err);
		return;
	}
	atomic_set(&req->bios, 0);
	send_bio(req, bio);
}
