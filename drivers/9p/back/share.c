// SPDX-License-Identifier: GPL-2.0
/*
 * What a file may have of its ring: workers, and memory for answers.
 *
 * A file whose disk rests keeps those who wait for it, and nobody else. So only
 * some of a ring's requests of one file are carried out at a time; further ones are
 * parked, without a worker, until one of those is done. And a file's answers have
 * as much memory as they leave free, and no more: however many there are that wait,
 * there is something left for the next file.
 *
 * Messages have memory of their own, which is waited for before it is known what
 * they are about; but what waits for memory for an answer has only a worker of its
 * file's. Rings share nothing: one that waits holds up no other.
 */
#include <linux/dcache.h>
#include <linux/list.h>
#include <linux/lockdep.h>
#include <linux/workqueue.h>

#include "p9back.h"

static unsigned int count_at_work(const struct p9back_ring *ring,
				  const struct inode *file)
{
	const struct p9back_request *req;
	unsigned int nr = 0;

	lockdep_assert_held(&ring->lock);
	list_for_each_entry(req, &ring->at_work, link)
		nr += req->file == file;
	return nr;
}

static void park(struct p9back_request *req)
{
	lockdep_assert_held(&req->ring->lock);
	req->parked = true;
	req->ring->nr_parked++;
	req->ring->parkings++;
}

/**
 * p9b_share_park() - have a request wait without its worker
 * @req: the request, which from p9b_share_resume() on, that the caller holds up
 *	with a lock, is no more its own
 *
 * Context: the worker.
 */
void p9b_share_park(struct p9back_request *req)
{
	spin_lock_irq(&req->ring->lock);
	park(req);
	spin_unlock_irq(&req->ring->lock);
}

/**
 * p9b_share_resume() - have a parked request go on
 * @req: the request, in no list of such
 *
 * As soon as there is a thread for it: those who have one come by
 * p9b_share_hand_over() when they are done.
 *
 * Context: a worker, of any ring.
 */
void p9b_share_resume(struct p9back_request *req)
{
	struct p9back_ring *ring = req->ring;
	bool now;

	spin_lock_irq(&ring->lock);
	now = p9b_ring_threads(ring) < P9BACK_AT_WORK;
	if (now) {
		ring->nr_parked--;
		ring->threads_most = max(ring->threads_most,
					 p9b_ring_threads(ring));
	} else {
		list_add_tail(&req->turn, &ring->due);
	}
	spin_unlock_irq(&ring->lock);
	if (now)
		queue_work(ring->be->wq, &req->work);
}

/**
 * p9b_share_hand_over() - leave one's thread to a request that waits for one
 * @ring: the ring
 *
 * Context: a worker without a request.
 * Return: whether there is one: it looks for further requests in the caller's place,
 * who has to rest.
 */
bool p9b_share_hand_over(struct p9back_ring *ring)
{
	struct p9back_request *next;

	spin_lock_irq(&ring->lock);
	next = list_first_entry_or_null(&ring->due, struct p9back_request,
					turn);
	if (next) {
		list_del(&next->turn);
		ring->nr_parked--;
	}
	spin_unlock_irq(&ring->lock);
	if (next)
		queue_work(ring->be->wq, &next->work);
	return next;
}

/**
 * p9b_share_enter() - be carried out, or parked if others of the file are enough
 * @req: the request, its fids held
 *
 * Context: the worker.
 * Return: whether to go on. If not, the request is no more the caller's: its
 * worker is called again when it may.
 */
bool p9b_share_enter(struct p9back_request *req)
{
	struct p9back_ring *ring = req->ring;
	bool enters;

	req->file = req->fid && !req->err ? d_inode(req->fid->path.dentry) : NULL;
	if (!req->file)
		return true;
	spin_lock_irq(&ring->lock);
	enters = count_at_work(ring, req->file) < P9BACK_FILE_AT_WORK;
	if (enters) {
		list_add(&req->link, &ring->at_work);
	} else {
		park(req);
		list_add_tail(&req->link, &ring->parked);
	}
	spin_unlock_irq(&ring->lock);
	return enters;
}

static struct p9back_request *next_of(const struct p9back_ring *ring,
				      const struct inode *file)
{
	struct p9back_request *req;

	lockdep_assert_held(&ring->lock);
	list_for_each_entry(req, &ring->parked, link)
		if (req->file == file)
			return req;
	return NULL;
}

/**
 * p9b_share_leave() - be done with the file, and let one go on that is parked
 * @req: a request that p9b_share_enter() let in
 *
 * Context: the worker.
 */
void p9b_share_leave(struct p9back_request *req)
{
	struct p9back_ring *ring = req->ring;
	struct p9back_request *next;

	if (!req->file)
		return;
	spin_lock_irq(&ring->lock);
	list_del(&req->link);
	next = next_of(ring, req->file);
	if (next)
		list_move(&next->link, &ring->at_work);
	req->file = NULL;
	spin_unlock_irq(&ring->lock);
	if (next)
		p9b_share_resume(next);
}

static u32 held_for(const struct p9back_ring *ring, const struct inode *file)
{
	const struct p9back_request *req;
	u32 sum = 0;

	lockdep_assert_held(&ring->lock);
	list_for_each_entry(req, &ring->at_work, link)
		if (req->file == file)
			sum += req->held[P9BACK_ANSWERS];
	return sum;
}

static bool fits(const struct p9back_request *req, enum p9back_held what,
		 u32 size)
{
	const struct p9back_ring *ring = req->ring;
	u32 held = ring->held[what];
	u32 left = held < ring->budget ? ring->budget - held : 0;

	lockdep_assert_held(&ring->lock);
	if (what == P9BACK_ANSWERS)
		size += held_for(ring, req->file);
	return size <= left;
}

/* Return: whether to wait no longer: it is charged, or the ring stops. */
static bool try_charge(struct p9back_request *req, enum p9back_held what,
		       u32 size, bool *charged)
{
	struct p9back_ring *ring = req->ring;

	if (test_bit(RING_STOPPING, &ring->flags))
		return true;
	spin_lock_irq(&ring->lock);
	*charged = fits(req, what, size);
	if (*charged) {
		ring->held[what] += size;
		req->held[what] += size;
	}
	spin_unlock_irq(&ring->lock);
	return *charged;
}

/**
 * p9b_share_charge() - be permitted to have so much memory
 * @req: the request
 * @what: for its message or its answer
 * @size: bytes, at most a message's, until p9b_share_uncharge()
 *
 * Memory of requests of the ring that are being carried out will be freed.
 *
 * Context: process; sleeps.
 * Return: 0, or -ESHUTDOWN if the ring stops.
 */
int p9b_share_charge(struct p9back_request *req, enum p9back_held what,
		     u32 size)
{
	bool charged = false;

	wait_event_idle(req->ring->freed,
			try_charge(req, what, size, &charged));
	return charged ? 0 : -ESHUTDOWN;
}

/**
 * p9b_share_add() - answer for more memory than was asked for
 * @req: the request
 * @what: as before
 * @size: bytes that came with what it got
 */
void p9b_share_add(struct p9back_request *req, enum p9back_held what, u32 size)
{
	spin_lock_irq(&req->ring->lock);
	req->ring->held[what] += size;
	req->held[what] += size;
	spin_unlock_irq(&req->ring->lock);
}

/**
 * p9b_share_uncharge() - give back what p9b_share_charge() permitted
 * @req: the request, which has no such memory any more
 * @what: as there
 */
void p9b_share_uncharge(struct p9back_request *req, enum p9back_held what)
{
	struct p9back_ring *ring = req->ring;

	if (!req->held[what])
		return;
	spin_lock_irq(&ring->lock);
	ring->held[what] -= req->held[what];
	req->held[what] = 0;
	spin_unlock_irq(&ring->lock);
	wake_up_all(&ring->freed);
}
