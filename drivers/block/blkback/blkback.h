/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The block backend: a disk of this domain, served to a guest.
 *
 * A device (struct blkback) has a disk (struct blkback_vbd) and, while it is
 * connected, one ring per queue (struct blkback_ring). A request
 * (struct blkback_request) goes
 *
 *	event -> ring worker: copy, parse, map, submit -> block layer
 *	      -> end of the last bio -> ring tasklet: unmap, respond
 *
 * and nothing of it waits for a disk: the worker may have to wait for room in
 * a device's queue, never for a request to be done.
 */
#ifndef BLKBACK_H
#define BLKBACK_H

#include <linux/atomic.h>
#include <linux/blkdev.h>
#include <linux/interrupt.h>
#include <linux/list.h>
#include <linux/spinlock.h>
#include <linux/types.h>
#include <linux/wait.h>
#include <linux/workqueue.h>
#include <compat/block.h>
#include <xpv/device.h>
#include <xpv/evtchn.h>
#include <xpv/map.h>
#include <xpv/ring.h>

#include "blkif_parse.h"

/* Segments of an indirect request that we offer. */
#define BLKBACK_MAX_INDIRECT	256

struct blkback;
struct blkback_ring;

/**
 * struct blkback_vbd - the disk that is served
 * @open: the disk while it is open, which is from the hotplug script's word
 *	until the device is taken away
 * @dev: its number; 0 before. Read by sysfs beside the lane.
 * @writable: whether "mode" lets the guest write; read by sysfs
 * @cdrom: whether the guest shall see a CD drive
 * @discard: whether the guest may discard, if the disk can
 *
 * Written in the lane only, and not while rings are running.
 */
struct blkback_vbd {
	struct compat_bdev open;
	dev_t dev;
	bool writable;
	bool cdrom;
	bool discard;
};

/**
 * struct blkback_front - what the frontend asks for
 * @protocol: the text of its "protocol" key
 * @abi: the layout that names
 * @multi_page: it numbers its ring references, even if there is only one
 * @order: pages of each ring, as a power of two
 * @queues: how many rings
 */
struct blkback_front {
	char protocol[24];
	const struct blkif_abi *abi;
	bool multi_page;
	unsigned int order;
	unsigned int queues;
};

/**
 * struct blkback_request - a request on its way through the block layer
 * @ring: its ring
 * @link: in one of the ring's lists
 * @id: the guest's
 * @sector: where it starts
 * @nr_sectors: a discard's length
 * @op: what to do, and to echo
 * @large: which of the ring's free lists it returns to
 * @nr_segs: pages of data
 * @err: the error of the last bio that had one, or 0
 * @bios: bios that have not ended, and one more while they are being made
 * @segs: the segments, in private memory
 * @data: the mapped pages of data
 * @table: the mapped pages of an indirect request's segments. They are kept
 *	as long as the data: an unmap is never waited for.
 *
 * Belongs to the ring's worker from ring_get_request() to request_run(), then
 * to the block layer, then to the ring's tasklet.
 */
struct blkback_request {
	struct blkback_ring *ring;
	struct list_head link;
	u64 id;
	u64 sector;
	u64 nr_sectors;
	u8 op;
	bool large;
	u16 nr_segs;
	int err;
	atomic_t bios;
	struct blkif_seg *segs;
	struct xpv_map_batch data;
	struct xpv_map_batch table;
};

/**
 * struct blkback_stats - what a ring has done since the device was found
 * @oo_req: requests for which an object had to be made
 * @rd_req: reads
 * @wr_req: writes
 * @f_req: flushes and barriers
 * @ds_req: discards
 * @rd_sect: sectors read
 * @wr_sect: sectors written
 *
 * Written by the ring's worker, read by anyone with READ_ONCE(). The names are
 * those of the statistics/ folder in sysfs.
 */
struct blkback_stats {
	unsigned long oo_req;
	unsigned long rd_req;
	unsigned long wr_req;
	unsigned long f_req;
	unsigned long ds_req;
	unsigned long rd_sect;
	unsigned long wr_sect;
};

/* Bits of struct blkback_ring.flags. */
#define RING_EVENT	0	/* an event came and was not ended yet */
#define RING_STOPPING	1	/* take no more requests */

/**
 * struct blkback_ring - one queue
 * @be: its device
 * @index: its number
 * @mapped: the guest's pages; mem is NULL while it is not connected
 * @shared: the ring in them. The worker takes requests; responses are put
 *	under @lock.
 * @ch: the event channel
 * @pool: frames that data is mapped at
 * @work: the worker: takes requests. The ring's only consumer.
 * @discard_work: carries out @discards one after the other. A discard may keep
 *	its submitter busy for long, and reads must not wait for that.
 * @flags: RING_* bits; atomic operations only
 *
 * @limits: worker: what the disk can do, refreshed with every run
 * @now: worker: the request it is at
 * @now_err: worker: what is wrong with it, or 0
 * @refs: worker: scratch, the references of a request's data
 * @eoi_owed: worker: an event is to be ended
 * @worked: worker: there was a request since the last event was ended
 * @stats: worker; see there
 *
 * @done_lock: protects @done; taken in any context. Holding it while
 *	@done_task is scheduled makes sure that who put a request there is no
 *	longer using the ring once the request has been answered.
 * @done: requests whose bios have all ended
 * @done_task: unmaps and answers them, in softirq: bios end in hard interrupts
 *	as well, where nothing can be unmapped, and a thread would come later
 *
 * @lock: protects what follows, and the response side of @shared; taken in
 *	process and softirq context
 * @free: unused requests of up to %BLKIF_SLOT_SEGS segments. At least one
 *	exists while the ring is connected, so one is free when none is busy.
 * @free_large: the same for up to %BLKBACK_MAX_INDIRECT
 * @discards: for @discard_work
 * @busy: requests taken into work and not answered yet
 * @serving: the worker is running
 * @held: the worker stopped at @now until no request is busy
 * @fenced: the last request was a barrier: none may start beside it
 * @gathering: @done_task will push the responses put meanwhile
 * @idle: woken when @busy, @serving or @held end
 */
struct blkback_ring {
	struct blkback *be;
	unsigned int index;
	struct xpv_mapped_ring mapped;
	struct xpv_ring shared;
	struct xpv_evtchn ch;
	struct xpv_map_pool pool;
	struct work_struct work;
	struct work_struct discard_work;
	unsigned long flags;

	struct blkif_limits limits;
	struct blkif_req now;
	int now_err;
	grant_ref_t refs[BLKBACK_MAX_INDIRECT];
	bool eoi_owed;
	bool worked;
	struct blkback_stats stats;

	spinlock_t done_lock;
	struct list_head done;
	struct tasklet_struct done_task;

	spinlock_t lock;
	struct list_head free;
	struct list_head free_large;
	struct list_head discards;
	unsigned int busy;
	bool serving;
	bool held;
	bool fenced;
	bool gathering;
	wait_queue_head_t idle;
};

/**
 * struct blkback - a device
 * @xdev: the engine's side of it
 * @vbd: its disk
 * @front: what the frontend of the present life asked for
 * @wq: runs the rings' workers. One per device: a disk that blocks its
 *	submitters takes nobody else's.
 * @max_queues: rings that we offer; constant
 * @rings: @max_queues pointers. A ring is allocated when it is first needed
 *	and stays until the device is removed, so that its statistics can be
 *	read at any time.
 * @nr_rings: how many of them are connected; lane only
 */
struct blkback {
	struct xpv_device *xdev;
	struct blkback_vbd vbd;
	struct blkback_front front;
	struct workqueue_struct *wq;
	unsigned int max_queues;
	struct blkback_ring **rings;
	unsigned int nr_rings;
};

/* main.c */
extern unsigned int blkback_max_ring_order;
extern unsigned int blkback_max_buffer_pages;

/* vbd.c */
int vbd_open(struct blkback *be);
void vbd_device_changed(struct blkback *be);
int vbd_settle(struct blkback *be);
void vbd_limits(const struct blkback_vbd *vbd, struct blkif_limits *limits);
int vbd_describe(struct xpv_device *xdev, struct xpv_txn *txn);
void vbd_close(struct blkback_vbd *vbd);

/* front.c */
int front_read(struct blkback *be, struct blkback_front *front);
int front_read_ring(struct blkback *be, unsigned int index, grant_ref_t *refs,
		    evtchn_port_t *port);

/* ring.c */
struct blkback_ring *ring_alloc(struct blkback *be, unsigned int index);
int ring_connect(struct blkback_ring *ring, const grant_ref_t *refs,
		 evtchn_port_t port);
void ring_kick(struct blkback_ring *ring);
void ring_stop(struct blkback_ring *ring);
void ring_disconnect(struct blkback_ring *ring);
bool ring_get_request(struct blkback_ring *ring, struct blkback_request **req);
void ring_queue_discard(struct blkback_request *req);
void ring_complete(struct blkback_request *req);
void ring_respond(struct blkback_request *req);

/* worker.c */
void ring_work(struct work_struct *work);
void ring_discard_work(struct work_struct *work);

/* request.c */
struct blkback_request *request_alloc(struct blkback_ring *ring, bool large);
void request_free(struct blkback_request *req);
void request_run(struct blkback_request *req, struct blkif_req *what, int err);
void request_finish(struct blkback_request *req, int err);
void request_release(struct blkback_request *req);

/* io.c */
void io_submit(struct blkback_request *req);
void io_discard(struct blkback_request *req);

/* sysfs.c */
extern const struct attribute_group *blkback_groups[];

#endif
