// SPDX-License-Identifier: GPL-2.0
/*
 * Writes in place: what is written goes from the ring to the file, copied once, by the
 * file system. The request's head is copied and checked like any other's; the data is
 * data, whatever the guest makes of it meanwhile.
 *
 * The ring's memory is not given back from such a request on, until it has been
 * carried out, which may take as long as a disk likes. So there is one at a time in a
 * ring, and it can be moved: as soon as those behind it have had so much that the guest
 * may be short of room for another, or after a while if it may be by this one alone, its
 * data is copied after all, under the file system's hands.
 * These see it by an array of pages (ITER_XARRAY), in which a page of the ring is
 * replaced by a copy of it. A step of the iteration looks pages up and copies them within
 * one section of RCU; so after a grace period nobody looks at the ring.
 */
#include <linux/fs.h>
#include <linux/gfp.h>
#include <linux/jiffies.h>
#include <linux/lockdep.h>
#include <linux/magic.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uio.h>
#include <linux/workqueue.h>
#include <linux/xarray.h>

#include "p9back.h"

/* Less is rather copied. */
#define LEAST	8192
/* How long a guest may be short of room. */
#define PATIENCE	(HZ / 20)

static struct p9back_ring *ring_of(struct p9back_place *place)
{
	return container_of(place, struct p9back_ring, place);
}

static struct page *page_of(const struct p9back_ring *ring, unsigned int nr)
{
	return xpv_bytes_page(&ring->bytes.out, nr);
}

static void hold(struct p9back_ring *ring, bool held)
{
	spin_lock_irq(&ring->lock);
	ring->place.from = ring->bytes.out.at;
	ring->place.held = held;
	spin_unlock_irq(&ring->lock);
}

static unsigned int first_page(const struct p9back_place *place)
{
	return place->begin / PAGE_SIZE;
}

static unsigned int end_page(const struct p9back_place *place)
{
	return DIV_ROUND_UP(place->begin + place->len, PAGE_SIZE);
}

static void drop_pages(struct list_head *pages)
{
	struct page *page, *next;

	list_for_each_entry_safe(page, next, pages, lru) {
		list_del(&page->lru);
		__free_page(page);
	}
}

static bool get_pages(struct list_head *pages, unsigned int nr)
{
	struct page *page;

	while (nr--) {
		page = alloc_page(GFP_KERNEL_ACCOUNT);
		if (!page) {
			drop_pages(pages);
			return false;
		}
		list_add_tail(&page->lru, pages);
	}
	return true;
}

/* What is before and behind the data in its pages is copied as well, and not looked at. */
static void move(struct p9back_ring *ring)
{
	struct p9back_place *place = &ring->place;
	unsigned int i = first_page(place);
	struct page *page, *next;
	LIST_HEAD(pages);

	lockdep_assert_held(&place->lock);
	if (!get_pages(&pages, end_page(place) - i))
		return;
	list_for_each_entry_safe(page, next, &pages, lru) {
		list_del(&page->lru);
		copy_page(page_address(page), page_address(page_of(ring, i)));
		/* In the place of another one: that needs no memory. */
		xa_store(&place->window, i++, page, GFP_KERNEL);
	}
	place->moved = true;
	place->settling = true;
	place->moves++;
	queue_rcu_work(system_unbound_wq, &place->settle);
}

/* Those who wrote are done, or have seen none but the copies for a grace period. */
static void settle(struct work_struct *work)
{
	struct p9back_place *place = container_of(to_rcu_work(work),
						  struct p9back_place, settle);
	struct p9back_ring *ring = ring_of(place);

	mutex_lock(&place->lock);
	place->settling = false;
	if (place->moved)
		hold(ring, false);
	mutex_unlock(&place->lock);
	p9b_ring_release(ring, 0);
}

static void lose_patience(struct work_struct *work)
{
	struct p9back_place *place = container_of(to_delayed_work(work),
						  struct p9back_place, late);
	struct p9back_ring *ring = ring_of(place);

	mutex_lock(&place->lock);
	if (place->req && !place->moved)
		move(ring);
	mutex_unlock(&place->lock);
}

/**
 * p9b_place_init() - set up a ring's place
 * @place: zeroed memory
 */
void p9b_place_init(struct p9back_place *place)
{
	mutex_init(&place->lock);
	xa_init(&place->window);
	INIT_RCU_WORK(&place->settle, settle);
	INIT_DELAYED_WORK(&place->late, lose_patience);
}

/**
 * p9b_place_open() - let requests be carried out in place
 * @ring: a ring that was mapped
 *
 * Where there is no memory for that they are not. A message that wraps is in a row in
 * the window, where the ring is twice.
 *
 * Context: the lane; sleeps.
 */
void p9b_place_open(struct p9back_ring *ring)
{
	struct p9back_place *place = &ring->place;
	unsigned int nr = 2 * (ring->bytes.out.size / PAGE_SIZE), i;

	place->ok = false;
	if (PAGE_SIZE != XEN_PAGE_SIZE)
		return;
	for (i = 0; i < nr; i++)
		if (xa_is_err(xa_store(&place->window, i, page_of(ring, i),
				       GFP_KERNEL)))
			return;
	place->ok = true;
}

/**
 * p9b_place_close() - undo p9b_place_open()
 * @ring: a drained ring, whose channel is open
 *
 * Context: the lane; sleeps for a grace period.
 */
void p9b_place_close(struct p9back_ring *ring)
{
	cancel_delayed_work_sync(&ring->place.late);
	flush_rcu_work(&ring->place.settle);
	xa_destroy(&ring->place.window);
	ring->place.ok = false;
}

/**
 * p9b_place_fits() - whether a request may be carried out in place
 * @req: the request, its head read
 *
 * Context: a worker, which takes it.
 */
bool p9b_place_fits(const struct p9back_request *req)
{
	struct p9back_ring *ring = req->ring;
	struct p9back_place *place = &ring->place;
	bool is_free;

	lockdep_assert_held(&ring->take_lock);
	if (!place->ok || req->req.type != P9W_TWRITE ||
	    req->req.size < LEAST)
		return false;
	mutex_lock(&place->lock);
	is_free = !place->req && !place->settling;
	mutex_unlock(&place->lock);
	return is_free;
}

/**
 * p9b_place_begin() - leave a request's data where it is
 * @req: a request that p9b_place_fits(); with memory for its head from then on
 *
 * It counts for as much memory as if it were copied, as it may have to be. If it
 * leaves no room for the longest message, the guest might wait for that with nothing to
 * say that would have the data moved.
 *
 * Context: a worker, which takes it; sleeps.
 * Return: 0, or -ESHUTDOWN if the ring stops.
 */
int p9b_place_begin(struct p9back_request *req)
{
	struct p9back_ring *ring = req->ring;
	struct p9back_place *place = &ring->place;
	int err;

	lockdep_assert_held(&ring->take_lock);
	err = p9b_share_charge(req, P9BACK_MESSAGES, req->req.size);
	if (err)
		return err;
	mutex_lock(&place->lock);
	place->req = req;
	place->begin = (ring->bytes.out.at + P9W_WRITE_HEAD) &
		       (ring->bytes.out.size - 1);
	place->len = req->req.size - P9W_WRITE_HEAD;
	place->writes++;
	hold(ring, true);
	if (req->req.size > ring->bytes.out.size - p9b_ring_longest(ring))
		queue_delayed_work(system_unbound_wq, &place->late, PATIENCE);
	mutex_unlock(&place->lock);
	req->placed = true;
	req->message = req->small;
	return 0;
}

/* Nobody uses the copies any more. */
static void put_back(struct p9back_ring *ring)
{
	struct p9back_place *place = &ring->place;
	unsigned int i;

	lockdep_assert_held(&place->lock);
	for (i = first_page(place); i < end_page(place); i++)
		__free_page(xa_store(&place->window, i, page_of(ring, i),
				     GFP_KERNEL));
	place->moved = false;
}

/**
 * p9b_place_relieve() - see to it that the guest has room
 * @ring: a ring of which a request was taken, not in place
 *
 * Without memory for the copy, the next one who takes a request tries again.
 *
 * Context: the worker that took it; sleeps.
 */
void p9b_place_relieve(struct p9back_ring *ring)
{
	struct p9back_place *place = &ring->place;
	const struct xpv_byte_stream *out = &ring->bytes.out;

	lockdep_assert_held(&ring->take_lock);
	if (out->at - READ_ONCE(out->shown) <= out->size - p9b_ring_longest(ring))
		return;
	mutex_lock(&place->lock);
	if (place->req && !place->moved)
		move(ring);
	mutex_unlock(&place->lock);
}

/**
 * p9b_place_iter() - what a request is to write
 * @req: a request in place
 * @from: set to it
 */
void p9b_place_iter(const struct p9back_request *req, struct iov_iter *from)
{
	struct p9back_place *place = &req->ring->place;

	iov_iter_xarray(from, ITER_SOURCE, &place->window, place->begin,
			place->len);
}

/**
 * p9b_place_end() - give the ring its memory back
 * @req: a request that needs its data no more; nothing happens if it is not in place
 *
 * Context: process; sleeps.
 */
void p9b_place_end(struct p9back_request *req)
{
	struct p9back_ring *ring = req->ring;
	struct p9back_place *place = &ring->place;

	if (!req->placed)
		return;
	cancel_delayed_work(&place->late);
	mutex_lock(&place->lock);
	if (place->moved)
		put_back(ring);
	place->req = NULL;
	hold(ring, false);
	mutex_unlock(&place->lock);
	req->placed = false;
	p9b_ring_release(ring, 0);
}

/**
 * p9b_place_suits() - whether a file system may copy to and from the ring
 * @file: a file of it
 *
 * Those of this machine's disks, and of its memory, copy what they are given to
 * their own pages, before they do anything else with it. Others may send it, sign it or
 * hold its pages, and get what nobody can change.
 */
bool p9b_place_suits(const struct file *file)
{
	switch (file_inode(file)->i_sb->s_magic) {
	case EXT4_SUPER_MAGIC:
	case XFS_SUPER_MAGIC:
	case BTRFS_SUPER_MAGIC:
	case F2FS_SUPER_MAGIC:
	case TMPFS_MAGIC:
		return true;
	default:
		return false;
	}
}

/**
 * p9b_place_prepare() - have a request's data where it can be used
 * @req: the request
 * @file: what it is to be written to, not open for direct I/O; or NULL
 *
 * In place is where it stays only if that suits the file.
 *
 * Context: process; sleeps.
 * Return: 0 or a negative errno.
 */
int p9b_place_prepare(struct p9back_request *req, const struct file *file)
{
	struct p9back_memory memory = { .size = req->req.count };
	struct iov_iter from;

	if (!req->placed || (file && p9b_place_suits(file)))
		return 0;
	memory.at = kvmalloc(memory.size, GFP_KERNEL_ACCOUNT);
	if (!memory.at)
		return -ENOMEM;
	p9b_place_iter(req, &from);
	if (copy_from_iter(memory.at, memory.size, &from) != memory.size) {
		kvfree(memory.at);
		return -EIO;
	}
	req->large_message = memory;
	req->req.data = memory.at;
	p9b_place_end(req);
	return 0;
}
