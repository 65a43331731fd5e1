/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The backend of 9pfs: a folder of this domain, served to a guest.
 *
 * A device (struct p9back) has an export (struct p9back_export), which is what
 * may be seen and by whom, and while it is connected a number of rings (struct
 * p9back_ring) and a session (struct p9back_session) with the fids that the
 * client has. A request (struct p9back_request) goes
 *
 *	event -> a worker: copy it out of the ring, have another worker look for
 *	      the next one, take it apart, carry it out as the user it is from
 *	      -> answer it, and look for the next
 *
 * so that one that waits for a disk is overtaken by those behind it. There are
 * as many workers of a ring as it may have requests in flight. Of those of one
 * file some are carried out, and the others are parked meanwhile: share.c.
 */
#ifndef P9BACK_H
#define P9BACK_H

#include <linux/atomic.h>
#include <linux/bitops.h>
#include <linux/bvec.h>
#include <linux/cred.h>
#include <linux/fs.h>
#include <linux/kref.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/path.h>
#include <linux/rcupdate.h>
#include <linux/refcount.h>
#include <linux/spinlock.h>
#include <linux/types.h>
#include <linux/wait.h>
#include <linux/workqueue.h>
#include <linux/xarray.h>
#include <compat/fs.h>
#include <xpv/bytering.h>
#include <xpv/device.h>
#include <xpv/evtchn.h>
#include <xpv/fault.h>
#include <xpv/map.h>
#include <xpv/poll.h>

#include "ids_parse.h"
#include "p9_wire.h"

struct p9back;
struct p9back_ring;
struct p9back_session;
struct seq_file;

/*
 * Requests that a ring may have in flight, which is what frontends have out on one,
 * and how many there is memory for at first, and more at a time.
 */
#define P9BACK_IN_FLIGHT	256
#define P9BACK_CREW		32
/*
 * Of those, how many may have a thread, and how many for one file.
 */
#define P9BACK_AT_WORK		64
#define P9BACK_FILE_AT_WORK	16
/* Memory that a request has for itself; what is larger is allocated for it. */
#define P9BACK_SMALL		1024
/* Pages of a file that it holds without memory for that. */
#define P9BACK_FEW_PAGES	3
/*
 * Memory for large messages of a device's rings together, and as much for large
 * answers; a ring has at least that of a few.
 */
#define P9BACK_LARGE_BYTES	(32U << 20)
#define P9BACK_LEAST_LARGE	4
#define P9BACK_MAX_RINGS	16

/**
 * enum p9back_model - how owners and permissions of the guest's are kept
 * @P9BACK_NONE: as those of the files, as far as that works
 * @P9BACK_PASSTHROUGH: as those of the files
 * @P9BACK_MAPPED: in attributes of the files, which have one owner
 */
enum p9back_model {
	P9BACK_NONE,
	P9BACK_PASSTHROUGH,
	P9BACK_MAPPED,
};

/**
 * struct p9back_limits - how much a guest may have
 * @fids: names for files at a time
 * @open: files open at a time
 * @files: files in the folder; 0 for any number
 * @space: MiB of them; 0 for any
 */
struct p9back_limits {
	unsigned int fids;
	unsigned int open;
	unsigned int files;
	unsigned int space;
};

/**
 * struct p9back_export - what is served, and how
 * @root: the folder, by a mount of its own that has nothing mounted below it;
 *	its dentry is NULL while the device is not connected
 * @model: how owners are kept
 * @readonly: nothing can be changed
 * @devices: device nodes can be made
 * @setuid: files can be made that run as their owner
 * @ids: who of the guest is who here
 * @limits: how much the guest may have
 * @text: what debugfs says of it
 *
 * Constant while any request runs.
 */
struct p9back_export {
	struct path root;
	enum p9back_model model;
	bool readonly;
	bool devices;
	bool setuid;
	struct ids ids;
	struct p9back_limits limits;
	char text[PATH_MAX];
};

/**
 * struct p9back_xattr - an attribute that is read or written by a fid
 * @name: its name, empty for the list of all names
 * @value: its value, or the list; of @size bytes
 * @size: bytes of it
 * @room: bytes that are counted for it
 * @flags: of setxattr()
 * @write: it is set when the fid is clunked
 */
struct p9back_xattr {
	char *name;
	u8 *value;
	u32 size;
	u32 room;
	int flags;
	bool write;
};

/**
 * struct p9back_fid - the client's name for a file
 * @ref: held by the session's table, and by each request that uses it
 * @session: whose it is; it outlives its fids
 * @path: the file; constant
 * @cred: who the client's user is here; constant
 * @uid: who it is in the guest; constant
 * @weight: fids it counts for; constant
 * @counted: the quota's note of the file, held; constant
 * @lock: protects the change of what follows, the position in an open folder,
 *	and @xattr->value. Taken in process context, held across calls of the
 *	file system.
 * @file: the file while it is open; set once, with release semantics
 * @xattr: the attribute it is about instead; set once, likewise
 * @lockers: those who have locks by it, under @lock
 * @nr_lockers: how many
 * @nr_locks: locks that the file had when one was last taken by it, likewise
 * @rcu: frees it
 */
struct p9back_fid {
	refcount_t ref;
	struct p9back_session *session;
	struct path path;
	const struct cred *cred;
	u32 uid;
	int weight;
	struct p9back_counted *counted;
	struct mutex lock;
	struct file *file;
	struct p9back_xattr *xattr;
	u32 *lockers;
	unsigned int nr_lockers;
	unsigned int nr_locks;
	struct rcu_head rcu;
};

/**
 * struct p9back_session - what a client has since its Tversion
 * @ref: held by the device while it is the present one, and by each request
 * @be: the device
 * @msize: the longest message
 * @fids: number to &struct p9back_fid
 * @nr_fids: how many, by their weight
 * @nr_open: how many of them are open, or hold an attribute
 * @xattr_bytes: bytes of attributes' values that they hold
 * @lockers: number of a process to the owner of its locks, which is the
 *	address of an entry; see lock.c
 * @nr_lockers: how many
 * @nr_locks: locks of all fids' files
 */
struct p9back_session {
	struct kref ref;
	struct p9back *be;
	u32 msize;
	struct xarray fids;
	atomic_t nr_fids;
	atomic_t nr_open;
	atomic_t xattr_bytes;
	struct xarray lockers;
	atomic_t nr_lockers;
	atomic_t nr_locks;
};

/**
 * enum p9back_held - what a ring has memory for
 * @P9BACK_MESSAGES: large requests
 * @P9BACK_ANSWERS: large answers
 * @P9BACK_MEMORIES: how many kinds there are
 */
enum p9back_held {
	P9BACK_MESSAGES,
	P9BACK_ANSWERS,
	P9BACK_MEMORIES
};

/**
 * struct p9back_memory - memory of a large request
 * @at: it; NULL for none
 * @size: bytes
 */
struct p9back_memory {
	u8 *at;
	u32 size;
};

/**
 * struct p9back_pages - pages of a file, held for an answer
 * @vec: them
 * @nr: how many
 * @max: room in @vec
 * @few: @vec, if that is enough
 */
struct p9back_pages {
	struct bio_vec *vec;
	unsigned int nr;
	unsigned int max;
	struct bio_vec few[P9BACK_FEW_PAGES];
};

/**
 * struct p9back_request - a worker, and the request it is at
 * @work: takes requests, carries them out and answers them
 * @link: in the ring's list of idle workers, of those at work, or of those parked;
 *	or in the device's of flushes
 * @turn: in the ring's list of those that are due
 * @ring: its ring
 * @session: the session it belongs to, held; NULL before the first Tversion
 * @req: the request, taken apart
 * @out: its answer
 * @fid: the fid it is about, held; or NULL
 * @fid2: and the second one
 * @file: what that fid is of, from when it may be carried out, or is parked for
 *	that, until it has been; a name, that is not followed
 * @err: what is wrong with it, known before it is carried out
 * @parked: it was, and what comes before that is behind it
 * @awaits: of a flush, the serial of what it waits for; under the device's lock
 * @stopped: the ring stopped before it could be done, and it has no answer
 * @serial: which request this is, of all that the device ever had
 * @fresh: its worker was called for, and has not looked since
 * @watch: the worker is to watch the ring, if it is the only one at work, when
 *	this request has been answered
 * @watched: it does, from the answer on: the guest was told to send no event
 * @seen: how far the guest had put requests when this one was taken
 * @changes: it may change something; for those who flush it, who cannot look at
 *	@req, which belongs to the worker
 * @tagged: it is in the device's table of tags
 * @answering: its answer is on its way: its tag may come again
 * @forgotten: flushed: it has no answer
 * @placed: its data is where the ring's place says; @message has what is before that
 * @warm: it has the ring's @in_lock, and what stands beside its answer is in the ring
 * @message: the message, @small or @large_message
 * @held: bytes it has of the ring's; under the ring's lock
 * @large_message: memory for a large message
 * @large_out: and for a large answer
 * @pages: what stands beside its answer
 * @small: room for a message, with the byte behind it
 * @small_out: and for an answer
 */
struct p9back_request {
	struct work_struct work;
	struct list_head link;
	struct list_head turn;
	struct p9back_ring *ring;
	struct p9back_session *session;
	struct p9w_req req;
	struct p9w_out out;
	struct p9back_fid *fid;
	struct p9back_fid *fid2;
	const struct inode *file;
	int err;
	bool parked;
	u64 awaits;
	bool stopped;
	u64 serial;
	bool fresh;
	bool watch;
	bool watched;
	u32 seen;
	bool changes;
	bool tagged;
	bool answering;
	bool forgotten;
	bool placed;
	bool warm;
	u8 *message;
	u32 held[P9BACK_MEMORIES];
	struct p9back_memory large_message;
	struct p9back_memory large_out;
	struct p9back_pages pages;
	u8 small[P9BACK_SMALL + 1];
	u8 small_out[P9BACK_SMALL];
};

/**
 * struct p9back_place - of a ring, a request whose data stays in it
 * @lock: protects what follows, but for @held and @from. Taken in process context,
 *	within the ring's take_lock; the ring's lock within it.
 * @window: pages of the ring, twice: where the data begins, or a copy of it
 * @ok: the window has them; constant while the ring is connected
 * @req: the request, NULL for none
 * @begin: where in the window its data begins
 * @len: bytes of that; both constant while there is a request
 * @moved: the window has copies there
 * @settling: it has had them for less than a grace period, maybe
 * @settle: ends that
 * @late: moves it when the guest may have been short of room for a while
 * @held: what is in the ring behind @from cannot be given back; under the ring's lock
 * @from: index of the request; likewise
 * @writes: how many there were; read by anyone
 * @moves: of those, how many were moved; likewise
 */
struct p9back_place {
	struct mutex lock;
	struct xarray window;
	bool ok;
	struct p9back_request *req;
	u32 begin;
	u32 len;
	bool moved;
	bool settling;
	struct rcu_work settle;
	struct delayed_work late;
	bool held;
	u32 from;
	unsigned long writes;
	unsigned long moves;
};

/* Bits of struct p9back_ring.flags. */
#define RING_EVENT	0	/* an event came and was not ended yet */
#define RING_STOPPING	1	/* take no more requests, wait for no room */
#define RING_BROKEN	2	/* the client did what cannot be: as stopping */
#define RING_WORKED	3	/* a request was taken since an event was ended */

/**
 * struct p9back_ring - one ring
 * @be: its device
 * @index: its number
 * @mapped: the guest's pages
 * @bytes: the ring in them
 * @ch: the event channel
 * @flags: RING_* bits; atomic operations only
 * @take_lock: serialises taking requests: the "out" stream. Held while a request
 *	is copied, and while memory for it is waited for.
 * @in_lock: serialises answers: the "in" stream. Never held while the guest is
 *	waited for, but across a read of what is in memory, until that is answered.
 * @poll: whether the ring is worth watching when it is empty; under @take_lock,
 *	which is not held while it is watched
 * @place: a request that is carried out in place
 * @in_seen: how far the guest had read when an event was last ended; a hint
 * @events: how many came; written in the interrupt
 * @stirs: how often those who wait for room had to ask for it again; under
 *	@in_lock, read by them without
 * @room: woken by events and stirs, for those who wait for room
 * @lock: protects what follows up to @spare, but not @freed, and how far the "out"
 *	stream was taken and given back; taken in any context
 * @idle: workers without a request
 * @at_work: those whose request is of a file, and carried out
 * @parked: those whose request has to wait for others of its file
 * @due: those parked that have to wait for a thread only
 * @nr_parked: how many have one that waits without a thread: those parked, flushes,
 *	and those that are due
 * @coming: a worker was called that has not begun to look yet
 * @busy: how many workers have a request
 * @held: bytes of memory that large requests have
 * @budget: how many they may have, of each kind; constant while it is connected
 * @freed: woken when there are less
 * @drained: woken when none has
 * @spare: the last large request's memory, for the next one
 * @crews: all workers; those that were not needed yet are NULL. Under @take_lock
 *	while it is connected.
 * @requests: taken so far; under @take_lock, read by anyone
 * @answers: given so far; under @in_lock, read by anyone
 * @waits: how often an answer had to wait for room; likewise
 * @warm: how many were read into it by the file system; likewise
 * @notified: events sent
 * @polled: how often watching found a request; under @take_lock, read by anyone
 * @polled_vainly: and how often it did not; likewise
 * @busy_most: the most that had one at a time; under @lock
 * @threads_most: the most that had a thread; likewise
 * @parkings: how often one was parked; likewise
 */
struct p9back_ring {
	struct p9back *be;
	unsigned int index;
	struct xpv_mapped_bytes mapped;
	struct xpv_byte_ring bytes;
	struct xpv_evtchn ch;
	unsigned long flags;
	struct mutex take_lock;
	struct mutex in_lock;
	struct xpv_poll poll;
	struct p9back_place place;
	u32 in_seen;
	unsigned int events;
	unsigned int stirs;
	wait_queue_head_t room;
	spinlock_t lock;
	struct list_head idle;
	struct list_head at_work;
	struct list_head parked;
	struct list_head due;
	unsigned int nr_parked;
	bool coming;
	unsigned int busy;
	u32 held[P9BACK_MEMORIES];
	u32 budget;
	wait_queue_head_t freed;
	wait_queue_head_t drained;
	struct p9back_memory spare;
	struct p9back_request *crews[P9BACK_IN_FLIGHT / P9BACK_CREW];
	unsigned long requests;
	unsigned long answers;
	unsigned long waits;
	unsigned long warm;
	atomic_long_t notified;
	unsigned long polled;
	unsigned long polled_vainly;
	unsigned int busy_most;
	unsigned int threads_most;
	unsigned long parkings;
};

#define P9BACK_QUOTA_BITS	8

/**
 * struct p9back_counted - a note of a file, for as long as anybody needs it
 * @link: in the quota's table
 * @inode: the file; whoever uses the note holds it
 * @users: fids that are of it, and requests that change its size or remove a name
 * @gone: it has no name any more, and is counted until the last of those ends
 * @change: held while its size changes. Taken in process context; the file
 *	system's own locks and its protection from being frozen within it.
 */
struct p9back_counted {
	struct hlist_node link;
	struct inode *inode;
	unsigned int users;
	bool gone;
	struct mutex change;
};

/**
 * struct p9back_growth - a change of a file's size under way
 * @counted: the file; NULL if nothing is limited
 * @size: what is counted for it
 */
struct p9back_growth {
	struct p9back_counted *counted;
	u64 size;
};

/**
 * struct p9back_quota - what an export has, if that is limited
 * @files: files of all sorts
 * @bytes: in regular ones
 * @lock: protects @counted, and the users and gone of what is in it. Taken in
 *	process context.
 * @counted: by inode
 */
struct p9back_quota {
	atomic64_t files;
	atomic64_t bytes;
	spinlock_t lock;
	struct hlist_head counted[1 << P9BACK_QUOTA_BITS];
};

/**
 * struct p9back_front - what the frontend asks for
 * @version: of the protocol
 * @rings: how many it has
 * @events: it sends and expects events where the rings' thresholds say so
 */
struct p9back_front {
	unsigned int version;
	unsigned int rings;
	bool events;
};

/**
 * struct p9back - a device
 * @xdev: the engine's side of it
 * @export: what it serves
 * @quota: how much that is
 * @wq: the workers'. One per device: a file system that blocks them blocks
 *	nobody else's.
 * @rings: its rings
 * @nr_rings: how many of them are connected; lane only, read by debugfs
 * @offered: how many the frontend may use in this life; lane only
 * @events: the frontend asks for events; constant while rings are connected
 * @msize: the longest message that the rings can carry; constant while they
 *	are connected
 * @longest: the longest message that a session of these rings may have; 0 before
 *	the first; under @lock, read by anyone
 * @tidy: frees the memory that rings keep for the next large request
 * @lock: protects @session, @longest, @tags, @flushes, @serial, and the requests'
 *	changes, awaits, tagged, answering and forgotten. Taken in process context.
 * @session: the present one, or NULL
 * @tags: tag to &struct p9back_request
 * @serial: number of the last request
 * @flushes: parked requests that flush one, and wait for it; under @lock
 * @counts: requests by type, since the device was found
 * @errors: of those, answered with an error
 */
struct p9back {
	struct xpv_device *xdev;
	struct p9back_export export;
	struct p9back_quota quota;
	struct workqueue_struct *wq;
	struct p9back_ring rings[P9BACK_MAX_RINGS];
	unsigned int nr_rings;
	unsigned int offered;
	bool events;
	u32 msize;
	u32 longest;
	struct delayed_work tidy;
	spinlock_t lock;
	struct p9back_session *session;
	struct xarray tags;
	u64 serial;
	struct list_head flushes;
	atomic_long_t counts[P9W_TYPES];
	atomic_long_t errors;
};

/* Whether no more requests are taken from a ring. */
static inline bool p9b_ring_is_over(const struct p9back_ring *ring)
{
	return test_bit(RING_STOPPING, &ring->flags) ||
	       test_bit(RING_BROKEN, &ring->flags);
}

/* The longest message that the guest may want to put into a ring. */
static inline u32 p9b_ring_longest(const struct p9back_ring *ring)
{
	return READ_ONCE(ring->be->longest) ?: ring->be->msize;
}

/* How many have a thread; under the ring's lock. */
static inline unsigned int p9b_ring_threads(const struct p9back_ring *ring)
{
	return ring->busy - ring->nr_parked;
}

/* The file that a fid has open, or NULL. */
static inline struct file *p9b_fid_file(const struct p9back_fid *fid)
{
	/* Pairs with the smp_store_release() of who opened it. */
	return smp_load_acquire(&fid->file);
}

/* The attribute that a fid is about, or NULL. */
static inline struct p9back_xattr *p9b_fid_xattr(const struct p9back_fid *fid)
{
	/* Pairs with the smp_store_release() of who made it so. */
	return smp_load_acquire(&fid->xattr);
}

/* main.c */
extern unsigned int p9back_max_order;
extern unsigned int p9back_max_fids;
extern unsigned int p9back_max_open;
extern unsigned int p9back_poll_us;

/* front.c */
int p9b_front_read(struct p9back *be, struct p9back_front *front);
int p9b_front_read_ring(struct p9back *be, unsigned int index,
			grant_ref_t *ref, evtchn_port_t *port);

/* export.c */
int p9b_export_open(struct p9back *be);
void p9b_export_close(struct p9back_export *export);
bool p9b_export_has(const struct p9back_export *export,
		    const struct dentry *dentry);

/* quota.c */
int p9b_quota_open(struct p9back *be);
int p9b_quota_add_file(struct p9back *be);
void p9b_quota_drop_file(struct p9back *be);
struct p9back_counted *p9b_quota_hold(struct p9back *be, struct inode *inode);
void p9b_quota_put(struct p9back *be, struct p9back_counted *one);
void p9b_quota_unlinked(struct p9back *be, struct p9back_counted *one);
int p9b_quota_grow(struct p9back *be, struct inode *inode, u64 size,
		   bool append, struct p9back_growth *growth);
void p9b_quota_grown(struct p9back *be, const struct p9back_growth *growth);

/* user.c */
const struct cred *p9b_user_cred(const struct p9back_export *export, u32 uid);
const struct cred *p9b_user_as_group(const struct p9back_export *export,
				     const struct cred *cred, u32 gid);
int p9b_user_uid(const struct p9back_export *export, u32 uid, kuid_t *kuid);
int p9b_user_gid(const struct p9back_export *export, u32 gid, kgid_t *kgid);
u32 p9b_user_show_uid(const struct p9back_export *export, kuid_t kuid);
u32 p9b_user_show_gid(const struct p9back_export *export, kgid_t kgid);

/* ring.c */
void p9b_ring_init(struct p9back_ring *ring, struct p9back *be,
		   unsigned int index);
int p9b_ring_connect(struct p9back_ring *ring, grant_ref_t ref,
		     evtchn_port_t port);
void p9b_ring_kick(struct p9back_ring *ring);
void p9b_ring_start(struct p9back_ring *ring);
void p9b_ring_stop(struct p9back_ring *ring);
void p9b_ring_drain(struct p9back_ring *ring);
void p9b_ring_disconnect(struct p9back_ring *ring);
bool p9b_ring_take(struct p9back_request *req);
void p9b_ring_begin(struct p9back_request *req);
void p9b_ring_rest(struct p9back_request *req);
void p9b_ring_release(struct p9back_ring *ring, u32 taken);
void p9b_ring_answer(struct p9back_request *req);
void p9b_ring_show(const struct p9back_ring *ring, struct seq_file *to);

/* watch.c */
void p9b_watch_learn(struct p9back_request *req, bool got, bool more);
void p9b_watch_begin(struct p9back_request *req);
void p9b_watch(struct p9back_request *req);

/* request.c */
void p9b_request_work(struct work_struct *work);
int p9b_request_room(struct p9back_request *req, u32 size);
int p9b_request_message(struct p9back_request *req, u32 size);
void p9b_request_tidy(struct work_struct *work);

/* share.c */
void p9b_share_park(struct p9back_request *req);
void p9b_share_resume(struct p9back_request *req);
bool p9b_share_hand_over(struct p9back_ring *ring);
bool p9b_share_enter(struct p9back_request *req);
void p9b_share_leave(struct p9back_request *req);
int p9b_share_charge(struct p9back_request *req, enum p9back_held what,
		     u32 size);
void p9b_share_add(struct p9back_request *req, enum p9back_held what, u32 size);
void p9b_share_uncharge(struct p9back_request *req, enum p9back_held what);

/* pages.c */
ssize_t p9b_pages_read(struct p9back_request *req, struct file *file,
		       loff_t pos, u32 count);
void p9b_pages_put(struct p9back_ring *ring,
		   const struct p9back_request *req);
void p9b_pages_drop(struct p9back_request *req);

/* warm.c */
ssize_t p9b_warm_read(struct p9back_request *req, struct file *file,
		      loff_t pos, u32 count);
void p9b_warm_end(struct p9back_request *req);

/* place.c */
void p9b_place_init(struct p9back_place *place);
void p9b_place_open(struct p9back_ring *ring);
void p9b_place_close(struct p9back_ring *ring);
bool p9b_place_fits(const struct p9back_request *req);
int p9b_place_begin(struct p9back_request *req);
void p9b_place_relieve(struct p9back_ring *ring);
void p9b_place_iter(const struct p9back_request *req, struct iov_iter *from);
bool p9b_place_suits(const struct file *file);
int p9b_place_prepare(struct p9back_request *req, const struct file *file);
void p9b_place_end(struct p9back_request *req);

/* serve.c */
void p9b_serve_begin(struct p9back_request *req);
void p9b_serve(struct p9back_request *req);

/* session.c */
struct p9back_session *p9b_session_get(struct p9back *be);
void p9b_session_put(struct p9back_session *session);
void p9b_session_end(struct p9back *be);
int p9b_op_version(struct p9back_request *req);
int p9b_op_auth(struct p9back_request *req);
int p9b_op_attach(struct p9back_request *req);

/* tag.c */
bool p9b_tag_claim(struct p9back_request *req);
bool p9b_tag_flush(struct p9back_request *req);
bool p9b_tag_answer(struct p9back_request *req);
void p9b_tag_release(struct p9back_request *req);
int p9b_op_flush(struct p9back_request *req);

/* fid.c */
struct p9back_fid *p9b_fid_new(struct p9back_session *session,
			       const struct path *path,
			       const struct cred *cred, u32 uid);
struct p9back_fid *p9b_fid_get(struct p9back_session *session, u32 id);
void p9b_fid_put(struct p9back_fid *fid);
int p9b_fid_add(struct p9back_fid *fid, u32 id);
int p9b_fid_replace(struct p9back_fid *fid, u32 id, struct p9back_fid *old);
int p9b_fid_replace_open(struct p9back_fid *fid, u32 id,
			 struct p9back_fid *old, struct file *file);
struct p9back_fid *p9b_fid_remove(struct p9back_session *session, u32 id);
void p9b_fid_remove_all(struct p9back_session *session);
int p9b_fid_count_open(struct p9back_session *session);
void p9b_fid_uncount_open(struct p9back_session *session);
bool p9b_fid_is_folder(const struct p9back_fid *fid);
int p9b_op_clunk(struct p9back_request *req);

/* walk.c */
struct dentry *p9b_lookup(const struct path *folder, const struct p9w_str *name);
struct dentry *p9b_lookup_locked(const struct path *folder,
				 const struct p9w_str *name);
int p9b_op_walk(struct p9back_request *req);

/* file.c */
int p9b_op_lopen(struct p9back_request *req);
int p9b_op_lcreate(struct p9back_request *req);
int p9b_op_read(struct p9back_request *req);
int p9b_op_write(struct p9back_request *req);
int p9b_op_fsync(struct p9back_request *req);

/* make.c */
struct dentry *p9b_make_begin(struct p9back_request *req);
umode_t p9b_make_real(const struct p9back_export *export, umode_t mode);
int p9b_make_end(struct p9back_request *req, struct dentry *dentry, int err);
umode_t p9b_make_mode(const struct p9back_export *export, u32 mode);
int p9b_make_settle(struct p9back_request *req, struct dentry *dentry,
		    umode_t mode);
int p9b_op_mkdir(struct p9back_request *req);
int p9b_op_mknod(struct p9back_request *req);
int p9b_op_symlink(struct p9back_request *req);
int p9b_op_link(struct p9back_request *req);

/* dir.c */
int p9b_op_readdir(struct p9back_request *req);

/* rename.c */
int p9b_op_rename(struct p9back_request *req);
int p9b_op_renameat(struct p9back_request *req);
int p9b_op_unlinkat(struct p9back_request *req);
int p9b_op_remove(struct p9back_request *req);

/* attr.c */
int p9b_qid(const struct p9back_export *export, const struct path *path,
	    struct p9w_qid *qid);
int p9b_op_getattr(struct p9back_request *req);
int p9b_op_setattr(struct p9back_request *req);
int p9b_op_statfs(struct p9back_request *req);
int p9b_op_readlink(struct p9back_request *req);

/* mapped.c */
struct p9back_mapped {
	bool has_mode;
	bool has_uid;
	bool has_gid;
	bool has_rdev;
	u32 mode;
	u32 uid;
	u32 gid;
	u32 major;
	u32 minor;
};

void p9b_mapped_read(const struct path *path, struct p9back_mapped *mapped);
int p9b_mapped_write(const struct path *path, const struct p9back_mapped *mapped);
bool p9b_mapped_is_ours(const char *name);

/* xattr.c */
int p9b_op_xattrwalk(struct p9back_request *req);
int p9b_op_xattrcreate(struct p9back_request *req);
int p9b_xattr_read(struct p9back_request *req, struct p9back_xattr *xattr);
int p9b_xattr_write(struct p9back_request *req, struct p9back_xattr *xattr);
int p9b_xattr_clunk(struct p9back_fid *fid);
void p9b_xattr_free(struct p9back_session *session, struct p9back_xattr *xattr);

/* lock.c */
int p9b_op_lock(struct p9back_request *req);
int p9b_op_getlock(struct p9back_request *req);
void p9b_locks_drop(struct p9back_fid *fid);

#endif
