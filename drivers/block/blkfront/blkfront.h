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
#include <linux/bitops.h>
#include <linux/blk-mq.h>
#include <linux/kref.h>
#include <linux/list.h>
#include <linux/math.h>
#include <linux/spinlock.h>
#include <linux/types.h>
#include <linux/workqueue.h>
#include <xen/grant_table.h>
#include <xen/interface/grant_table.h>
#include <xen/interface/io/blkif.h>
#include <xen/page.h>
#include <compat/block.h>
#include <xpv/device.h>
#include <xpv/evtchn.h>
#include <xpv/fault.h>
#include <xpv/grant.h>
#include <xpv/grant_cache.h>
#include <xpv/relic.h>
#include <xpv/ring.h>
#include <xpv/work.h>
#include "answer_parse.h"
#include "vdev.h"

/*
 * What a ring request carries without descriptor pages, with each of them, and
 * at most.
 */
#define BLKFRONT_DIRECT_SEGS	((unsigned int)BLKIF_MAX_SEGMENTS_PER_REQUEST)
#define BLKFRONT_DESC_SEGS \
	((unsigned int)(XEN_PAGE_SIZE / sizeof(struct blkif_request_segment)))
#define BLKFRONT_MAX_SEGS \
	(BLKFRONT_DESC_SEGS * BLKIF_MAX_INDIRECT_PAGES_PER_REQUEST)

/* Descriptor pages of a ring request of @segs segments. */
static inline unsigned int blkfront_descs(unsigned int segs)
{
	return segs > BLKFRONT_DIRECT_SEGS ?
		DIV_ROUND_UP(segs, BLKFRONT_DESC_SEGS) : 0;
}

/* Queues of a disk that wait for an answer are bits of a long. */
#define BLKFRONT_MAX_RINGS	BITS_PER_LONG

/* Of a disk's serial number, with the end of the string. */
#define BLKFRONT_SERIAL_LEN	65

struct blkfront;

/**
 * struct blkfront_keys - what a backend says of itself and its disk
 * @sectors: size in units of 512 bytes
 * @info: VDISK_* flags
 * @sector_size: logical block size, bytes
 * @physical_sector_size: bytes, 0 if not told
 * @barrier: BLKIF_OP_WRITE_BARRIER is understood
 * @flush: BLKIF_OP_FLUSH_DISKCACHE is understood
 * @discard: BLKIF_OP_DISCARD is understood
 * @discard_granularity: bytes, 0 if not told
 * @discard_alignment: bytes
 * @secure: a discard can be asked to leave nothing readable
 * @indirect: most segments of an indirect request, 0 if there are none
 * @persistent: it keeps our pages mapped
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
	bool secure;
	unsigned int indirect;
	bool persistent;
};

/* Bits of &struct blkfront.can: operations the backend has not refused. */
enum blkfront_can {
	BLKFRONT_CAN_FLUSH,
	BLKFRONT_CAN_BARRIER,
	BLKFRONT_CAN_DISCARD,
	BLKFRONT_CAN_SECURE,
	BLKFRONT_DISCARD_WORKED,	/* it has answered one with success */
};

/**
 * struct blkfront_cmd - our part of a block layer request (its pdu)
 * @next: in a &struct blkfront_batch or in &blkfront_ring.lost
 * @data: what its data goes through, in order; empty if it has none
 * @connection: which of the ring's it was put on
 * @parts: ring requests that have not come back
 * @status: the worst answer so far
 * @again: some part got no answer, or one that counts as none: the whole is
 *	sent again, or fails if @status says so, once it cannot come late
 *
 * Protected by the ring's lock while @parts is not 0; before and after, it is
 * of whoever puts the request or found it over.
 */
struct blkfront_cmd {
	struct blkfront_cmd *next;
	struct xpv_grant_chain data;
	u32 connection;
	u16 parts;
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
 * struct blkfront_shadow - a ring request that is out
 * @rq: whose part it is, while it is out
 * @asked: what it asks for, and whether it is out or free
 * @next: the next free one, or %BLKFRONT_NONE
 * @desc: its descriptor pages, in the ring's @descs; empty if it has none
 */
struct blkfront_shadow {
	struct request *rq;
	struct blkfront_asked asked;
	u16 next;
	struct xpv_grant_chain desc;
};

#define BLKFRONT_NONE	U16_MAX

/**
 * struct blkfront_ring - a queue of the disk and its ring
 * @bf: the device
 * @index: its number
 * @bounce: data goes through pages of our own; changes only while no request
 *	passes
 * @max_segs: segments of a ring request on this connection; as @bounce
 * @unit: what sectors on it count, as a power of two of 512 bytes; as @bounce
 * @polled: answers are looked for by those who wait, and bring no events; as
 *	@bounce
 * @lock: protects everything from here to @late, and each &struct blkfront_cmd
 *	whose parts are out; taken in any context
 * @live: connected: requests may be put
 * @dead: the disk goes or is gone, or no backend is waited for: requests fail
 * @answers: the connection ends, and what it answered counts
 * @connection: how many there were before this one
 * @stuck: that an answer is overdue has been reported
 * @stopped: queues of the disk that were stopped, until a slot is free or the
 *	ring lives again; bits
 * @ring: the ring. If it is not polled its responses are taken by the
 *	event's handler or, once that is gone, by the lane, with no need for
 *	the lock
 * @shadows: all of them
 * @nr_shadows: how many
 * @free: how many are free
 * @free_head: first free one
 * @first: the request that gets slots before all others, as long as some are
 *	taken; only compared, never followed; NULL if there is none
 * @lost: requests without an answer, or with a wrong one, that an earlier
 *	backend may carry out yet
 * @late: polled requests that are over, for @finish
 * @data: grants for data
 * @descs: granted pages for descriptors
 * @relics: the shared pages of earlier connections
 * @reclaim: sees whether the pages of @lost, and others that should be back,
 *	were unmapped, and lets the block layer try again
 * @patience: when to look for them again, jiffies
 * @finish: completes polled requests of rings that are not polled
 * @mem: the shared pages; lane only
 * @ch: the event channel; opened and closed in the lane
 */
struct blkfront_ring {
	struct blkfront *bf;
	unsigned int index;
	bool bounce;
	unsigned int max_segs;
	unsigned int unit;
	bool polled;

	spinlock_t lock;	/* see above */
	bool live;
	bool dead;
	bool answers;
	u32 connection;
	bool stuck;
	unsigned long stopped;
	struct xpv_ring ring;
	struct blkfront_shadow *shadows;
	unsigned int nr_shadows;
	unsigned int free;
	u16 free_head;
	const struct request *first;
	struct blkfront_cmd *lost;
	struct blkfront_cmd *late;

	struct xpv_grant_cache data;
	struct xpv_grant_cache descs;
	struct xpv_relics relics;
	struct delayed_work reclaim;
	unsigned int patience;
	struct work_struct finish;
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
 * @persistent: backends may keep our pages mapped, from the module's parameter
 * @trusted: backends may see more than the data asked for
 * @large_sectors: backends count in blocks of their "sector-size"
 * @segs: most segments that a request on @disk may have been made with
 * @copied: data goes through pages of our own; lane only
 * @sector_size: logical block size of @disk, which no backend can change
 * @serial: what @disk is, whatever it is called here; empty if not told
 * @disk: lane only; NULL before the first connection and after closing
 * @tags: the disk's; as long-lived as @disk
 * @added: users have seen @disk; written by @add, read after it ended
 * @aborted: the device goes for good: no disk of it comes to life again
 * @adding: @add is queued or runs
 * @going: no opens any more; under the disk's open_mutex
 * @leave: the toolstack waits for the last user to close; set before looking
 *	for users, so that the last one sees it
 * @add: shows the disk to users, which reads its partition table: as long as
 *	the backend takes, so in the queue for slow works
 * @limits: brings the disk's limits up to date; in the same queue, for it may
 *	have to wait for a user who changes them
 * @look_again: kicks the lane, that could not tell whether @disk is in use
 * @give_up: fails what a closing disk still waits for
 * @nr_queues: how many queues @disk has; set before it is made
 * @nr_poll_queues: how many of them, the last, are for polled requests
 * @hctx: them; NULL for one that is not there. Whoever looks at one holds the
 *	lock of a ring whose @stopped has its bit, or is in the lane
 * @max_rings: how many @rings there are
 * @max_polled: how many of them may be polled
 * @nr_rings: how many this connection has; lane only
 * @nr_polled: how many of those, the last, are polled; lane only
 * @rings: them
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
	bool persistent;
	bool trusted;
	bool large_sectors;
	unsigned int segs;
	bool copied;
	unsigned int sector_size;
	char serial[BLKFRONT_SERIAL_LEN];

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

	unsigned int nr_queues;
	unsigned int nr_poll_queues;
	struct blk_mq_hw_ctx *hctx[BLKFRONT_MAX_RINGS];
	unsigned int max_rings;
	unsigned int max_polled;
	unsigned int nr_rings;
	unsigned int nr_polled;
	struct blkfront_ring rings[];
};

/* main.c */
extern struct workqueue_struct *blkfront_slow_queue;
void blkfront_get(struct blkfront *bf);
void blkfront_put(struct blkfront *bf);
void blkfront_fail_all(struct blkfront *bf);

/* connect.c */
int blkfront_publish(struct xpv_device *dev, struct xpv_txn *txn);
int blkfront_connect(struct xpv_device *dev);
void blkfront_connected(struct xpv_device *dev);
void blkfront_refresh(struct xpv_device *dev);
void blkfront_disconnect(struct xpv_device *dev);
bool blkfront_is_served(struct xpv_device *dev);
bool blkfront_owes(struct xpv_device *dev, u32 *answers);
void blkfront_no_backend(struct xpv_device *dev);

/* disk.c */
void blkfront_disk_init(struct blkfront *bf);
int blkfront_disk_create(struct blkfront *bf);
int blkfront_disk_update(struct blkfront *bf);
void blkfront_disk_show(struct blkfront *bf);
bool blkfront_disk_half_made(struct blkfront *bf);
bool blkfront_disk_busy(struct blkfront *bf);
void blkfront_disk_destroy(struct blkfront *bf);

/* serial.c */
extern const struct attribute_group *blkfront_disk_groups[];
void blkfront_serial_read(struct blkfront *bf, char *serial);

/* queue.c */
extern const struct blk_mq_ops blkfront_mq_ops;
void blkfront_queue_map(struct blkfront *bf);
void blkfront_queue_spread(struct blkfront *bf);

/* ring.c */
void blkfront_ring_init(struct blkfront_ring *ring, struct blkfront *bf,
			unsigned int index);
unsigned int blkfront_ring_mapped(struct blkfront_ring *ring);
void blkfront_ring_free(struct blkfront_ring *ring);
int blkfront_ring_open(struct blkfront_ring *ring, unsigned int order);
int blkfront_ring_prepare(struct blkfront_ring *ring, unsigned int segs,
			  unsigned int unit, bool bounce, bool polled);
void blkfront_ring_start(struct blkfront_ring *ring);
bool blkfront_ring_halt(struct blkfront_ring *ring);
void blkfront_ring_stop(struct blkfront_ring *ring);
void blkfront_ring_fail(struct blkfront_ring *ring);
unsigned int blkfront_ring_poll(struct blkfront_ring *ring);
void blkfront_ring_revive(struct blkfront_ring *ring);
bool blkfront_ring_push(struct blkfront_ring *ring)
	__must_hold(&ring->lock);
void blkfront_ring_kick(struct blkfront_ring *ring)
	__must_hold(&ring->lock);

/* answer.c */
void blkfront_batch_add(struct blkfront_batch *batch,
			struct blkfront_cmd *cmd);
void blkfront_batch_finish(struct blkfront_ring *ring,
			   struct blkfront_batch *batch);
bool blkfront_answer(struct blkfront_ring *ring,
		     const struct blkif_response *rsp,
		     struct blkfront_batch *batch)
	__must_hold(&ring->lock);
void blkfront_give_up(struct blkfront_ring *ring,
		      struct blkfront_shadow *shadow, bool again,
		      struct blkfront_batch *batch)
	__must_hold(&ring->lock);
void blkfront_finish_polled(struct work_struct *work);
void blkfront_reclaim_soon(struct blkfront_ring *ring);
void blkfront_reclaim_lost(struct blkfront_ring *ring);
void blkfront_fail_lost(struct blkfront_ring *ring);

/* request.c */
blk_status_t blkfront_request_fill(struct blkfront_ring *ring,
				   struct request *rq);
blk_status_t blkfront_request_put(struct blkfront_ring *ring,
				  struct request *rq,
				  struct blkfront_batch *batch)
	__must_hold(&ring->lock);
void blkfront_request_undo(struct blkfront_ring *ring, struct request *rq);

/* copy.c */
void blkfront_copy(struct blkfront_ring *ring, struct request *rq);

#endif
