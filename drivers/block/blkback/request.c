// SPDX-License-Identifier: GPL-2.0
/*
 * A request: its memory, the guest's pages it works on, and its end.
 */
#include <linux/compiler.h>
#include <linux/errno.h>
#include <linux/mm.h>
#include <linux/slab.h>

#include "blkback.h"

/**
 * request_room() - how many pages of data a request can have
 * @ring: its ring
 * @large: an indirect one
 */
unsigned int request_room(const struct blkback_ring *ring, bool large)
{
	return large ? ring->be->caps.indirect : BLKIF_SLOT_SEGS;
}

static int alloc_bios(struct blkback_request *req, unsigned int nr)
{
	unsigned int bios = DIV_ROUND_UP(nr, BIO_MAX_VECS);

	req->vecs = kvmalloc_array(nr, sizeof(*req->vecs), GFP_KERNEL);
	if (!req->vecs)
		return -ENOMEM;
	if (bios <= 1)
		return 0;
	req->more_bios = kcalloc(bios - 1, sizeof(*req->more_bios), GFP_KERNEL);
	return req->more_bios ? 0 : -ENOMEM;
}

/**
 * request_alloc() - make a request
 * @ring: its ring
 * @large: with room for an indirect one
 *
 * Context: process; sleeps.
 * Return: the request, or NULL.
 */
struct blkback_request *request_alloc(struct blkback_ring *ring, bool large)
{
	unsigned int nr = request_room(ring, large);
	struct blkback_request *req = kzalloc(sizeof(*req), GFP_KERNEL);

	if (!req)
		return NULL;
	req->ring = ring;
	req->large = large;
	if (alloc_bios(req, nr))
		goto err_free;
	if (xpv_map_set_init(&req->data, &ring->cache, nr))
		goto err_free;
	if (!large)
		return req;
	req->segs = kvmalloc_array(nr, sizeof(*req->segs), GFP_KERNEL);
	if (!req->segs)
		goto err_free;
	if (xpv_map_set_init(&req->table, &ring->cache,
			     DIV_ROUND_UP(nr, BLKIF_PAGE_SEGS)))
		goto err_free;
	return req;

err_free:
	request_free(req);
	return NULL;
}

/**
 * request_free() - free a request
 * @req: a request in nobody's hands
 */
void request_free(struct blkback_request *req)
{
	xpv_map_set_exit(&req->table);
	xpv_map_set_exit(&req->data);
	kvfree(req->segs);
	kfree(req->more_bios);
	kvfree(req->vecs);
	kfree(req);
}

/*
 * Bring an indirect request's segments in, by way of private memory: the guest
 * can write to the pages at any time.
 */
static int read_table(struct blkback_request *req, struct blkif_req *what)
{
	unsigned int i;
	int err;

	err = xpv_map_set_map(&req->table, what->gref, what->nr_grefs, true);
	if (err) {
		what->why = "indirect page cannot be mapped";
		return err;
	}
	for (i = 0; i < what->nr_grefs; i++)
		blkif_copy_segs(req->segs, what->nr_segs, i,
				page_address(req->table.pages[i]));
	return blkif_parse_segs(req->segs, &req->ring->limits, what);
}

/*
 * Map the data. A disk that is written reads the pages, so they are mapped so;
 * some frontends grant no more.
 */
static int map_data(struct blkback_request *req, const struct blkif_seg *segs,
		    struct blkif_req *what)
{
	grant_ref_t *refs = req->ring->refs;
	unsigned int i;
	int err;

	if (!what->nr_segs)
		return 0;
	for (i = 0; i < what->nr_segs; i++)
		refs[i] = segs[i].gref;
	err = xpv_map_set_map(&req->data, refs, what->nr_segs,
			      what->op != BLKIF_READ);
	if (err)
		what->why = "data page cannot be mapped";
	return err;
}

static void count(unsigned long *counter, unsigned long more)
{
	WRITE_ONCE(*counter, *counter + more);
}

static void account(struct blkback_stats *stats, const struct blkif_req *what)
{
	switch (what->op) {
	case BLKIF_READ:
		count(&stats->rd_req, 1);
		count(&stats->rd_sect, what->nr_sectors);
		break;
	case BLKIF_WRITE:
		count(&stats->wr_req, 1);
		count(&stats->wr_sect, what->nr_sectors);
		break;
	case BLKIF_BARRIER:
		count(&stats->f_req, 1);
		count(&stats->wr_sect, what->nr_sectors);
		break;
	case BLKIF_FLUSH:
		count(&stats->f_req, 1);
		break;
	case BLKIF_DISCARD:
		count(&stats->ds_req, 1);
		break;
	}
}

static void request_refuse(struct blkback_request *req,
			   const struct blkif_req *what, int err)
{
	xpv_err_ratelimited(req->ring->be->xdev,
			    "queue %u: request %llx, operation %u, sector %llu refused: %s (error %d)\n",
			    req->ring->index, what->id, what->op, what->sector,
			    what->why, err);
	request_finish(req, err);
}

static void request_start(struct blkback_request *req,
			  const struct blkif_seg *segs)
{
	if (req->op != BLKIF_DISCARD)
		io_submit(req, segs);
	else if (req->nr_sectors)
		ring_queue_discard(req);
	else
		request_finish(req, 0);
}

/* Nobody but us has seen them. */
static void unmap_table(struct blkback_request *req)
{
	xpv_map_batch_unmap_now(&req->table.rest);
	spin_lock_bh(&req->ring->lock);
	xpv_map_set_put(&req->table);
	spin_unlock_bh(&req->ring->lock);
}

/* All or nothing. What @what had no segments for are in @req then. */
static int map_request(struct blkback_request *req, struct blkif_req *what)
{
	int err = what->indirect ? read_table(req, what) : 0;

	if (!err)
		err = map_data(req, what->indirect ? req->segs : what->segs,
			       what);
	if (err == -ENOMEM)
		unmap_table(req);
	return err;
}

/*
 * Frames, and Xen's room for maps, come back as requests are done: those of this
 * ring, and when none is busy those of others, and what is kept mapped in vain.
 * Return: false if it is worth waiting for.
 */
static bool map_or_wait(struct blkback_request *req, struct blkif_req *what,
			int *err)
{
	struct blkback_ring *ring = req->ring;

	*err = map_request(req, what);
	if (*err == -ENOMEM && !ring_is_alone(ring))
		return false;
	if (*err == -ENOMEM && ring->short_tries < SHORT_TRIES) {
		ring->short_tries++;
		xpv_map_cache_expire(&ring->cache, 0);
		return false;
	}
	ring->short_tries = 0;
	return true;
}

/**
 * request_run() - begin a request
 * @req: an unused request object
 * @what: what the guest asks for
 * @err: what is already known to be wrong with it, or 0
 *
 * From here the request goes its own way to its answer. It may be there before
 * this returns.
 *
 * Context: the ring's worker.
 * Return: false if there is nothing to map it with, and others will give that
 * back: then it has not begun, and @req is the caller's again.
 */
bool request_run(struct blkback_request *req, struct blkif_req *what, int err)
{
	req->id = what->id;
	req->op = what->op;
	req->sector = what->sector;
	req->secure = what->secure;
	req->began = req->ring->run_ns;
	if (!err && !map_or_wait(req, what, &err))
		return false;
	if (err) {
		request_refuse(req, what, err);
		return true;
	}
	req->nr_sectors = what->nr_sectors;
	account(&req->ring->stats, what);
	request_start(req, what->indirect ? req->segs : what->segs);
	return true;
}

/**
 * request_finish() - end a request that has no bio in flight
 * @req: the request
 * @err: how it went: 0 or a negative errno
 *
 * Context: any, hard interrupts included.
 */
void request_finish(struct blkback_request *req, int err)
{
	req->err = err;
	ring_complete(req);
}
