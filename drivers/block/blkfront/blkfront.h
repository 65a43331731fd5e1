/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The block frontend's own objects.
 *
 *   blkfront		a device: what the toolstack attached
 *     gendisk		what users see of it; comes with the first connection
 *     blkfront_ring	a queue of the disk and its ring to the backend
 *       blkfront_shadow	what we know of a ring request while it is out
 *   blkfront_cmd	our part of a block layer request
 *
 * A block layer request becomes one ring request, or several when the backend
 * takes fewer segments than the request has: limits may shrink while requests
 * wait for a new backend.
 */
#ifndef BLKFRONT_H
#define BLKFRONT_H

#include <linux/atomic.h>
#include <linux/blk-mq.h>
#include <linux/kref.h>
#include <linux/list.h>
#include <linux/spinlock.h>
#include <linux/types.h>
#include <linux/workqueue.h>
#include <xen/grant_table.h>
#include <xen/interface/grant_table.h>
#include <xen/interface/io/blkif.h>
#include <compat/block.h>
#include <xpv/device.h>
#include <xpv/evtchn.h>
#include <xpv/grant.h>
#include <xpv/ring.h>
#include "vdev.h"

/* What a ring request carries without, and at most with a descriptor page. */
#define BLKFRONT_DIRECT_SEGS	BLKIF_MAX_SEGMENTS_PER_REQUEST
#define BLKFRONT_MAX_SEGS	256U

/* One queue for now. */
#define BLKFRONT_RINGS		1

struct blkfront;

/**
 * struct blkfront_keys - what a backend says of itself and its disk
 * @sectors: size in units of 512 bytes, whatever @sector_size says
 * @info: VDISK_* flags
 * @sector_size: logical block size, bytes
 * @physical_sector_size: bytes, 0 if not told
 * @barrier: BLKIF_OP_WRITE_BARRIER is understood
 * @flush: BLKIF_OP_FLUSH_DISKCACHE is understood
 * @discard: BLKIF_OP_DISCARD is understood
 * @discard_granularity: bytes, 0 if not told
 * @discard_alignment: bytes
 * @indirect: most segments of an indirect request, 0 if there are none
 */
struct blkfront_keys {
	unsigned long long sectors;
	unsigned int info;
	unsigned int sector_size;
	unsigned int physical_sector_size;
	bool barrier;
	bool flush;
	bool discard;
	unsigned int discard_granularity;
	unsigned int discard_alignment;
	unsigned int indirect;
};

/* Bits of &struct blkfront.can: operations the backend has not refused. */
enum blkfront_can {
	BLKFRONT_CAN_FLUSH,
	BLKFRONT_CAN_BARRIER,
	BLKFRONT_CAN_DISCARD,
	BLKFRONT_DISCARD_WORKED,	/* it has answered one with success */
};

/**
 * struct blkfront_cmd - our part of a block layer request (its pdu)
 * @next: in a &struct blkfront_batch
 * @parts: ring requests that have not come back
 * @status: the worst answer so far
 * @again: some part was lost unanswered: the whole is sent again
 *
 * Protected by the ring's lock while @parts is not 0.
 */
struct blkfront_cmd {
	struct blkfront_cmd *next;
	unsigned int parts;
	blk_status_t status;
	bool again;
};

/**
 * struct blkfront_batch - what to do once the ring's lock is dropped
 * @first: requests that are over, or to be sent again
 * @last: where @first ends
 * @limits: the backend refused an operation: limits are to be set anew
 * @why: what the backend did that no backend may do; empty if nothing
 */
struct blkfront_batch {
	struct blkfront_cmd *first;
	struct blkfront_cmd **last;
	bool limits;
	char why[80];
};

static inline void blkfront_batch_init(struct blkfront_batch *batch)
{
	batch->first = NULL;
	batch->last = &batch->first;
	batch->limits = false;
	batch->why[0] = '\0';
}

/**
 * struct blkfront_grant - a page of a request and its reference
 * @page: the page
 * @ref: %INVALID_GRANT_REF once it is ended
 */
struct blkfront_grant {
	struct page *page;
	grant_ref_t ref;
};

/**
 * struct blkfront_shadow - a ring request that is out
 * @rq: whose part it is; NULL while the shadow is free
 * @grants: its pages
 * @nr: how many
 * @life: counts uses, and is in the id that the backend echoes, so that a
 *	late or repeated answer fits nothing
 * @desc: its descriptor page, or %BLKFRONT_NONE
 * @op: what it asks for, as an answer names it
 * @lost: will not be answered; it waits for the backend of an earlier
 *	connection to unmap its pages
 * @next: the next free one, or %BLKFRONT_NONE
 */
struct blkfront_shadow {
	struct request *rq;
	struct blkfront_grant *grants;
	u32 life;
	u16 nr;
	u16 desc;
	u16 next;
	u8 op;
	bool lost;
};

#define BLKFRONT_NONE	U16_MAX

/**
 * struct blkfront_ring - a queue of the disk and its ring
 * @bf: the device
 * @index: its number
 * @lock: protects everything from here to @reclaim; taken in any context
 * @live: connected: requests may be put
 * @dead: the disk goes or is gone: requests fail
 * @stopped: @hctx is stopped, until a slot is free or the ring lives again
 * @hctx: the block layer's queue, NULL while there is none
 * @ring: the ring
 * @max_segs: segments of a ring request on this connection
 * @shadows: all of them
 * @nr_shadows: how many
 * @free: how many are free
 * @lost: how many are lost
 * @free_head: first free one
 * @desc: descriptor pages, granted while connected
 * @desc_free: numbers of the unused ones, a stack
 * @nr_desc: its height
 * @segs: scratch: the segments of the request being put
 * @grants: scratch: their pages
 * @stuck: that an answer is overdue has been reported
 * @pool: references for data and descriptor pages
 * @reclaim: sees whether lost requests' pages were unmapped
 * @all_grants: the shadows' memory for grants
 * @mem: the shared pages; lane only
 * @ch: the event channel; opened and closed in the lane
 */
struct blkfront_ring {
	struct blkfront *bf;
	unsigned int index;

	spinlock_t lock;	/* see above */
	bool live;
	bool dead;
	bool stopped;
	bool stuck;
	struct blk_mq_hw_ctx *hctx;
	struct xpv_ring ring;
	unsigned int max_segs;
	struct blkfront_shadow *shadows;
	unsigned int nr_shadows;
	unsigned int free;
	unsigned int lost;
	u16 free_head;
	struct blkfront_grant *desc;
	u16 *desc_free;
	unsigned int nr_desc;
	struct blkif_request_segment segs[BLKFRONT_MAX_SEGS];
	struct blkfront_grant grants[BLKFRONT_MAX_SEGS];

	struct xpv_grant_pool pool;
	struct delayed_work reclaim;
	struct blkfront_grant *all_grants;
	struct xpv_granted_ring mem;
	struct xpv_evtchn ch;
};

/**
 * struct blkfront - a block device
 * @dev: the engine's device; held until the last reference to this goes
 * @ref: held by the device from probe() to remove(), and by the disk until
 *	its last user is gone (->free_disk)
 * @vdev: number and name
 * @link: in the list of all, which keeps numbers apart
 * @keys: what the backend said; lane only
 * @can: enum blkfront_can; atomic bit operations
 * @max_segs: most segments of a ring request, from the module's parameter
 * @order: largest ring, from the module's parameter
 * @sector_size: logical block size of @disk, which no backend can change
 * @disk: lane only; NULL before the first connection and after closing
 * @tags: the disk's; as long-lived as @disk
 * @added: users have seen @disk; written by @add, read after it ended
 * @aborted: the device goes for good: no disk of it comes to life again
 * @adding: @add is queued or runs
 * @going: no opens any more; under the disk's open_mutex
 * @leave: the toolstack waits for the last user to close; set before looking
 *	for users, so that the last one sees it
 * @add: shows the disk to users, which reads its partition table
 * @limits: brings the disk's limits up to date
 * @look_again: kicks the lane, that could not tell whether @disk is in use
 * @give_up: fails what a closing disk still waits for
 * @rings: the queues
 */
struct blkfront {
	struct xpv_device *dev;
	struct kref ref;
	struct blkfront_vdev vdev;
	struct list_head link;
	struct blkfront_keys keys;
	unsigned long can;
	unsigned int max_segs;
	unsigned int order;
	unsigned int sector_size;

	struct gendisk *disk;
	struct blk_mq_tag_set tags;
	bool added;
	bool aborted;
	atomic_t adding;
	bool going;
	bool leave;
	struct work_struct add;
	struct work_struct limits;
	struct delayed_work look_again;
	struct delayed_work give_up;

	struct blkfront_ring rings[BLKFRONT_RINGS];
};

/* main.c */
void blkfront_get(struct blkfront *bf);
void blkfront_put(struct blkfront *bf);
void blkfront_fail_all(struct blkfront *bf);

/* connect.c */
int blkfront_publish(struct xpv_device *dev, struct xpv_txn *txn);
int blkfront_connect(struct xpv_device *dev);
void blkfront_connected(struct xpv_device *dev);
void blkfront_refresh(struct xpv_device *dev);
void blkfront_disconnect(struct xpv_device *dev);

/* disk.c */
void blkfront_disk_init(struct blkfront *bf);
int blkfront_disk_create(struct blkfront *bf);
int blkfront_disk_update(struct blkfront *bf);
void blkfront_disk_show(struct blkfront *bf);
bool blkfront_disk_half_made(struct blkfront *bf);
bool blkfront_disk_busy(struct blkfront *bf);
void blkfront_disk_destroy(struct blkfront *bf);

/* queue.c */
extern const struct blk_mq_ops blkfront_mq_ops;

/* ring.c */
int blkfront_ring_alloc(struct blkfront_ring *ring, struct blkfront *bf,
			unsigned int index);
void blkfront_ring_free(struct blkfront_ring *ring);
int blkfront_ring_open(struct blkfront_ring *ring, unsigned int order);
void blkfront_ring_prepare(struct blkfront_ring *ring, unsigned int indirect);
void blkfront_ring_start(struct blkfront_ring *ring);
void blkfront_ring_stop(struct blkfront_ring *ring);
void blkfront_ring_fail(struct blkfront_ring *ring);
void blkfront_ring_revive(struct blkfront_ring *ring);
void blkfront_ring_push(struct blkfront_ring *ring)
	__must_hold(&ring->lock);
void blkfront_ring_kick(struct blkfront_ring *ring)
	__must_hold(&ring->lock);
void blkfront_batch_add(struct blkfront_batch *batch,
			struct blkfront_cmd *cmd);
void blkfront_batch_finish(struct blkfront_ring *ring,
			   struct blkfront_batch *batch);

/* request.c */
blk_status_t blkfront_request_put(struct blkfront_ring *ring,
				  struct request *rq,
				  struct blkfront_batch *batch)
	__must_hold(&ring->lock);
bool blkfront_request_answer(struct blkfront_ring *ring,
			     const struct blkif_response *rsp,
			     struct blkfront_batch *batch)
	__must_hold(&ring->lock);
void blkfront_request_lose(struct blkfront_ring *ring,
			   struct blkfront_shadow *shadow,
			   struct blkfront_batch *batch)
	__must_hold(&ring->lock);
void blkfront_request_fail(struct blkfront_ring *ring,
			   struct blkfront_shadow *shadow,
			   struct blkfront_batch *batch)
	__must_hold(&ring->lock);

#endif
