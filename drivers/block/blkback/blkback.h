/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The block backend: a disk of this domain, served to a guest.
 *
 * A device (struct blkback) has a disk (struct blkback_vbd) and, while it is
 * connected, one ring per queue (struct blkback_ring). A request
 * (struct blkback_request) goes
 *
 *	event -> ring worker: copy, parse, map, submit -> block layer
 *	      -> end of its bio -> unmap what is not kept, respond
 *
 * and nothing of it waits for a disk: the worker may have to wait for room in
 * a device's queue, never for a request to be done. What ends together is
 * answered together, by whoever is at it: the worker for bios that end while
 * it submits them, a tasklet for those that end in interrupts.
 */
#ifndef BLKBACK_H
#define BLKBACK_H

#include <linux/atomic.h>
#include <linux/bio.h>
#include <linux/blkdev.h>
#include <linux/fs.h>
#include <linux/hrtimer.h>
#include <linux/interrupt.h>
#include <linux/kthread.h>
#include <linux/list.h>
#include <linux/llist.h>
#include <linux/spinlock.h>
#include <linux/types.h>
#include <linux/wait.h>
#include <linux/workqueue.h>
#include <compat/block.h>
#include <xpv/device.h>
#include <xpv/evtchn.h>
#include <xpv/fault.h>
#include <xpv/map.h>
#include <xpv/mapcache.h>
#include <xpv/poll.h>
#include <xpv/ring.h>

#include "blkif_parse.h"
#include "hold.h"

struct blkback;
struct blkback_ring;
struct seq_file;

/**
 * struct blkback_image - a file that is served as a disk
 * @file: the file while it is open, or NULL
 * @path: what the toolstack calls it
 * @direct: it is read and written past the page cache
 * @nowait: it can be asked not to wait
 */
struct blkback_image {
	struct file *file;
	char *path;
	bool direct;
	bool nowait;
};

/**
 * struct blkback_vbd - the disk that is served
 * @open: the disk while it is open, which is from the hotplug script's word
 *	until the device is taken away; or
 * @image: the file that is the disk
 * @dev: the disk's number; 0 before, and for a file. Read by sysfs beside the
 *	lane.
 * @known: one of them is open; read by sysfs too
 * @writable: whether "mode" lets the guest write; read by sysfs
 * @cdrom: whether the guest shall see a CD drive
 * @discard: whether the guest may discard, if the disk can
 * @unit: what the guest counts in, as &struct blkif_limits has it
 * @told: the size the guest was told, in ring sectors
 *
 * Written in the lane only, and but for @told not while rings are running.
 */
struct blkback_vbd {
	struct compat_bdev open;
	struct blkback_image image;
	dev_t dev;
	bool known;
	bool writable;
	bool cdrom;
	bool discard;
	u8 unit;
	u64 told;
};

/**
 * struct blkback_traits - what a disk or file is like
 * @block: its logical block, bytes
 * @physical: what it writes at once, bytes
 * @cache: it has to be flushed
 * @discard_unit: what it can discard, bytes; 0 if nothing
 * @discard_offset: where the first such unit begins, bytes
 * @erases: what is discarded can be made irrecoverable
 * @readonly: it cannot be written
 * @removable: it can be exchanged
 * @cdrom: it is a CD drive
 */
struct blkback_traits {
	unsigned int block;
	unsigned int physical;
	bool cache;
	unsigned int discard_unit;
	unsigned int discard_offset;
	bool erases;
	bool readonly;
	bool removable;
	bool cdrom;
};

/**
 * struct blkback_caps - how much a frontend may ask for
 * @queues: rings
 * @order: pages of each, as a power of two
 * @indirect: segments of an indirect request, 0 if there may be none
 * @persistent: pages that each keeps mapped; 0 if the feature is not offered
 */
struct blkback_caps {
	unsigned int queues;
	unsigned int order;
	unsigned int indirect;
	unsigned int persistent;
};

/**
 * struct blkback_front - what the frontend asks for
 * @protocol: the text of its "protocol" key
 * @abi: the layout that names
 * @persistent: it uses the same grants again and lets us keep them mapped
 * @large_sectors: it counts in blocks of "sector-size"
 * @multi_page: it numbers its ring references, even if there is only one
 * @order: pages of each ring, as a power of two
 * @queues: how many rings
 */
struct blkback_front {
	char protocol[24];
	const struct blkif_abi *abi;
	bool persistent;
	bool large_sectors;
	bool multi_page;
	unsigned int order;
	unsigned int queues;
};

/**
 * struct blkback_request - a request on its way through the block layer
 * @node: in one of the ring's lists
 * @ring: its ring
 * @id: the guest's
 * @sector: where it starts
 * @nr_sectors: a discard's length
 * @began: when the worker took it, in ns
 * @err: how it went; while bios are under way, what the first to fail says
 * @op: what to do, and to echo
 * @large: which of the ring's free lists it returns to
 * @secure: a discard must make the data irrecoverable
 * @bios_left: bios under way, if it takes more than one
 * @bio: carries it out, unless it is a discard
 * @iocb: carries it out if the disk is a file
 * @work: the same, where that has to wait
 * @more_bios: and these, if it has more pages than one should
 * @vecs: the bios' pages
 * @segs: an indirect request's segments, in private memory
 * @data: the mapped pages of data
 * @table: the mapped pages of an indirect request's segments. They are held
 *	as long as the data: an unmap is never waited for.
 *
 * Belongs to the ring's worker from ring_get_request() to request_run(), then
 * to the block layer, then to who answers it.
 */
struct blkback_request {
	struct llist_node node;
	struct blkback_ring *ring;
	u64 id;
	u64 sector;
	u64 nr_sectors;
	u64 began;
	int err;
	u8 op;
	bool large;
	bool secure;
	atomic_t bios_left;
	union {
		struct bio bio;
		struct {
			struct kiocb iocb;
			struct work_struct work;
		};
	};
	struct bio *more_bios;
	struct bio_vec *vecs;
	struct blkif_seg *segs;
	struct xpv_map_set data;
	struct xpv_map_set table;
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

/* Requests take 2^n to 2^(n+1) us in bucket n of this many; the last is open. */
#define BLKBACK_LATENCIES	20

/* A request that is alone and finds no frames tries so often, so far apart. */
#define SHORT_TRIES	200U
#define SHORT_REST_MS	10

/* Bits of struct blkback_ring.flags. */
#define RING_EVENT	0	/* an event came and was not ended yet */
#define RING_STOPPING	1	/* take no more requests */
#define RING_EXPIRE	2	/* give back what nobody has used for a while */

/**
 * struct blkback_ring - one queue
 * @be: its device
 * @index: its number
 * @mapped: the guest's pages; mem is NULL while it is not connected
 * @shared: the ring in them. The worker takes requests; responses are put
 *	under @lock.
 * @ch: the event channel
 * @pool: frames that data is mapped at
 * @cache: pages of data that stay mapped. Owned by the worker; given back
 *	under @lock.
 * @worker: the worker's thread, while the ring is connected
 * @work: the worker: takes requests. The ring's only consumer.
 * @expire: asks the worker to give back what nobody has used for a while;
 *	pending only while there is something to give back
 * @discard_work: carries out @discards one after the other. A discard may keep
 *	its submitter busy for long, and reads must not wait for that.
 * @flags: RING_* bits; atomic operations only
 *
 * @limits: worker: what the disk can do, refreshed with every run
 * @now: worker: the request it is at
 * @now_err: worker: what is wrong with it, or 0
 * @refs: worker: scratch, the references of a request's data; as many as one
 *	can have
 * @run_ns: worker: when this run began
 * @poll: worker: whether it is worth watching when it is empty
 * @polled: worker: how many polls found a request, read by anyone
 * @polled_vainly: and how many did not
 * @next_log: worker: when the statistics are logged again, in jiffies
 * @logged: worker: the statistics as they were logged
 * @spare: worker: unused requests of up to %BLKIF_SLOT_SEGS segments; and
 *	those with room for an indirect one
 * @made: worker: how many there are of either, busy ones too
 * @made_before: worker: how many had been made when these last expired
 * @hold: worker: how many answers to give together
 * @hold_end: worker: until when they may be held back; 0 while none are
 * @alarm: calls the worker then, if it is @napping; or to look for frames again
 * @napping: worker: it rests while answers are held back, or about to be
 * @naps: worker: how often it did, read by anyone
 * @short_tries: worker: how often in a row a request, alone, found no frames
 * @ended: worker: requests whose bios ended while it submitted them, or that it
 *	took over from @done
 * @nr_ended: how many
 * @taken: worker: requests taken into work so far; under @lock too while @held
 *	is changed
 * @fenced: worker: the last request was a barrier: none may start beside it
 * @eoi_owed: worker: an event is to be ended
 * @worked: worker: there was a request since the last event was ended
 * @stats: worker; see there
 * @task: @worker's thread while it is in a run, or NULL
 * @waiting: the worker sees what is put into @done
 *
 * @done: requests whose bios ended elsewhere, for @done_task
 * @done_task: answers them, in softirq: bios end in hard interrupts as well,
 *	where nothing can be unmapped, and a thread would come later
 * @discards: for @discard_work
 *
 * @unmap_lock: protects @unmaps; taken in process and softirq context, before
 *	@lock
 * @unmaps: scratch, pages that are being unmapped together
 *
 * @lock: protects what follows, and the response side of @shared; taken in
 *	process and softirq context
 * @free: unused requests, as @spare, which is refilled from here. At least one
 *	exists while the ring is connected, so one is free when none is busy.
 * @answered: requests answered so far
 * @held: the worker stopped at @now until no request is busy
 * @notified: events sent
 * @latency: requests by how long they took
 * @idle: woken when the last request that was busy is answered
 */
struct blkback_ring {
	struct blkback *be;
	unsigned int index;
	struct xpv_mapped_ring mapped;
	struct xpv_ring shared;
	struct xpv_evtchn ch;
	struct xpv_map_pool pool;
	struct xpv_map_cache cache;
	struct kthread_worker *worker;
	struct kthread_work work;
	struct delayed_work expire;
	struct work_struct discard_work;
	unsigned long flags;

	struct blkif_limits limits;
	struct blkif_req now;
	int now_err;
	grant_ref_t *refs;
	u64 run_ns;
	struct xpv_poll poll;
	unsigned long polled;
	unsigned long polled_vainly;
	unsigned long next_log;
	struct blkback_stats logged;
	struct llist_node *spare[2];
	unsigned int made[2];
	unsigned long made_before;
	struct hold hold;
	u64 hold_end;
	struct hrtimer alarm;
	bool napping;
	unsigned long naps;
	unsigned int short_tries;
	struct llist_node *ended;
	unsigned int nr_ended;
	unsigned int taken;
	bool fenced;
	bool eoi_owed;
	bool worked;
	struct blkback_stats stats;
	struct task_struct *task;
	bool waiting;

	struct llist_head done ____cacheline_aligned_in_smp;
	struct tasklet_struct done_task;
	struct llist_head discards;

	spinlock_t unmap_lock;
	struct xpv_unmap_group unmaps;

	spinlock_t lock;
	struct llist_node *free[2];
	unsigned int answered;
	bool held;
	unsigned long notified;
	unsigned long latency[BLKBACK_LATENCIES];
	wait_queue_head_t idle;
};

/**
 * struct blkback - a device
 * @xdev: the engine's side of it
 * @vbd: its disk
 * @front: what the frontend of the present life asked for
 * @wq: runs what the rings have to do beside their workers, and what of a
 *	file's requests has to wait. One per device: a disk that blocks its
 *	submitters takes nobody else's.
 * @limits: the toolstack's, for this device; constant
 * @caps: what we offer in this life; written in the lane while no ring runs
 * @squeeze_end: until then no frame is kept unused, in jiffies; any context
 * @resize_link: in the list of those whose disk's size is watched
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
	struct blkback_caps limits;
	struct blkback_caps caps;
	unsigned long squeeze_end;
	struct list_head resize_link;
	unsigned int max_queues;
	struct blkback_ring **rings;
	unsigned int nr_rings;
};

/* main.c */
extern unsigned int blkback_max_ring_order;
extern unsigned int blkback_max_indirect;
extern unsigned int blkback_max_buffer_pages;
extern unsigned int blkback_max_persistent;
extern bool blkback_feature_persistent;
extern unsigned int blkback_unused_seconds;
extern unsigned int blkback_poll_us;
extern bool blkback_large_sectors;
extern int blkback_log_stats;

/* vbd.c */
int vbd_open(struct blkback *be);
void vbd_device_changed(struct blkback *be);
void vbd_size_changed(struct blkback *be);
bool vbd_has_new_size(const struct blkback_vbd *vbd);
int vbd_settle(struct blkback *be);
void vbd_limits(const struct blkback *be, struct blkif_limits *limits);
int vbd_describe(struct xpv_device *xdev, struct xpv_txn *txn);
void vbd_close(struct blkback_vbd *vbd);
bool vbd_is_open(const struct blkback_vbd *vbd);

/* image.c */
int image_open(struct blkback *be, bool writable);
bool image_is_named(struct blkback *be);
bool image_is_other(struct blkback *be);
void image_close(struct blkback_image *image);
u64 image_sectors(const struct blkback_image *image);
void image_traits(const struct blkback_image *image,
		  struct blkback_traits *traits);
void image_submit(struct blkback_request *req, const struct blkif_seg *segs);
int image_discard(struct blkback_request *req);

/* front.c */
int caps_read(struct blkback *be);
void caps_settle(struct blkback *be);
int front_read(struct blkback *be, struct blkback_front *front);
int front_read_ring(struct blkback *be, unsigned int index, grant_ref_t *refs,
		    evtchn_port_t *port);

/* ring.c */
struct blkback_ring *ring_alloc(struct blkback *be, unsigned int index);
int ring_connect(struct blkback_ring *ring, const grant_ref_t *refs,
		 evtchn_port_t port);
void ring_kick(struct blkback_ring *ring);
void ring_stop(struct blkback_ring *ring);
unsigned int ring_keep_limit(const struct blkback_ring *ring);
void ring_drain(struct blkback_ring *ring);
void ring_disconnect(struct blkback_ring *ring);
bool ring_get_request(struct blkback_ring *ring, struct blkback_request **req);
void ring_put_back(struct blkback_ring *ring, struct blkback_request *req);
bool ring_is_alone(const struct blkback_ring *ring);
bool ring_has_surplus(const struct blkback_ring *ring);
void ring_expire_requests(struct blkback_ring *ring);
void ring_queue_discard(struct blkback_request *req);

/* respond.c */
void ring_answer(struct blkback_ring *ring, struct llist_node *chain);
void ring_done(struct tasklet_struct *task);
void ring_complete(struct blkback_request *req);

/* worker.c */
int ring_waiting(struct blkback_ring *ring, unsigned int ask);
void ring_work(struct kthread_work *work);
void ring_expire_work(struct work_struct *work);
void ring_discard_work(struct work_struct *work);

/* linger.c */
void ring_linger_init(struct blkback_ring *ring);
void ring_wake(struct blkback_ring *ring);
void ring_answer_ended(struct blkback_ring *ring);
void ring_answer_enough(struct blkback_ring *ring);
int ring_linger(struct blkback_ring *ring);

/* request.c */
unsigned int request_room(const struct blkback_ring *ring, bool large);
struct blkback_request *request_alloc(struct blkback_ring *ring, bool large);
void request_free(struct blkback_request *req);
bool request_run(struct blkback_request *req, struct blkif_req *what, int err);
void request_finish(struct blkback_request *req, int err);

/* io.c */
void io_submit(struct blkback_request *req, const struct blkif_seg *segs);
void io_discard(struct blkback_request *req);

/* stats.c */
void stats_log(struct blkback_ring *ring);
void stats_show(struct blkback_ring *ring, struct seq_file *to);

/* resize.c */
void resize_watch(struct blkback *be);
void resize_unwatch(struct blkback *be);
void resize_init(void);
void resize_exit(void);

/* sysfs.c */
extern const struct attribute_group *blkback_groups[];

#endif
