/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Shared folder frontend: a transport of the kernel's 9p client over byte rings
 * (xpv/bytering.h).
 *
 * A device is a share; its rings carry one 9P session, which all mounts of the
 * share have in common. What a mount numbers, its requests by tags and its
 * files by fids, is translated on the way, so that mounts do not meet.
 *
 * A request takes a tag of some ring, is written there by whoever makes it, and
 * waits in the 9p client. The event's handler takes answers out, finds their
 * requests by tag, and wakes who waits. Large data goes between the ring and
 * the pages that it is from or for, with one copy.
 *
 * Losing the backend is a pause. What a mount has at the backend, its fids, is
 * known here too, and a new backend is told of it before anything else: a
 * session like the old one, and each fid, by walking to the file it is of and
 * seeing that it is that one. Then requests that were out are sent again.
 */
#ifndef P9FRONT_H
#define P9FRONT_H

#include <linux/atomic.h>
#include <linux/kref.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/spinlock.h>
#include <linux/types.h>
#include <linux/uidgid.h>
#include <linux/uio.h>
#include <linux/wait.h>
#include <linux/workqueue.h>
#include <net/9p/9p.h>
#include <net/9p/client.h>
#include <net/9p/transport.h>
#include <xpv/bytering.h>
#include <xpv/device.h>
#include <xpv/evtchn.h>
#include <xpv/grant.h>
#include "fids.h"
#include "wire.h"

struct p9front;
struct p9front_data;

/*
 * Backends of others carry out the requests of a ring one after the other. So that
 * not all wait for who reads a lot, there are so many rings for them even with one
 * CPU, as the kernel's own frontend has. QEMU looks at each of its rings whenever it
 * looks at any, so that more of them make every request dearer.
 */
#define P9FRONT_OTHERS_RINGS	2

/* Rings of a device, requests out on a ring, and mounts of a share, at most. */
#define P9FRONT_MAX_RINGS	16
#define P9FRONT_SLOTS		256
#define P9FRONT_MAX_MOUNTS	255

/* What the client may have in messages if the mount does not say. */
#define P9FRONT_DEFAULT_MSIZE	(512 * 1024)

/**
 * struct p9front_mount - a client of the 9p core
 * @pf: the share; a reference is held
 * @link: in its list
 * @client: the client
 * @id: what is above its fids on the wire
 * @dead: its session could not be had again; requests fail
 * @held: requests that were out when the backend was lost; under the share's
 *	lock, as what follows
 * @resending: the one of them that is about to be sent again
 * @unwanted: but nobody waits for it any more
 */
struct p9front_mount {
	struct p9front *pf;
	struct list_head link;
	struct p9_client *client;
	unsigned int id;
	bool dead;
	struct list_head held;
	struct p9_req_t *resending;
	bool unwanted;
};

/**
 * struct p9front_call - a request of the frontend's own
 * @msg: the request
 * @len: its length
 * @answer: what came
 * @answer_len: how much
 * @err: why nothing did
 * @done: it is over; the rest may be looked at
 */
struct p9front_call {
	u8 *msg;
	u32 len;
	u8 answer[256];
	u32 answer_len;
	int err;
	bool done;
};

/**
 * enum p9front_slot_state - what a tag is used for
 * @P9FRONT_FREE: nothing
 * @P9FRONT_OUT: a request that waits for its answer
 * @P9FRONT_TAKEN: a request whose answer is being copied
 * @P9FRONT_ORPHAN: a request that nobody waits for, but whose answer may come
 */
enum p9front_slot_state {
	P9FRONT_FREE,
	P9FRONT_OUT,
	P9FRONT_TAKEN,
	P9FRONT_ORPHAN,
};

/**
 * struct p9front_slot - a tag of a ring, and the request that has it
 * @mount: whose request it is
 * @req: the request; a reference is held while it is out or taken
 * @call: instead of it, the frontend's own
 * @data: what it carries beside its buffer, or NULL
 * @change: what its answer changes, or NULL
 * @tag: as the mount numbers it
 * @state: see &enum p9front_slot_state
 * @type: the request's
 * @deaf: who waited for the data was killed
 * @unwanted: a flush of it went: the next backend is not asked
 * @flushed: the backend will not answer: it answered a flush of it
 * @flushes: of a flush: the slot that it speaks of
 * @due: bytes that its answer may have
 * @since: of a flush: when it was sent, in jiffies
 * @next: the next free one
 */
struct p9front_slot {
	struct p9front_mount *mount;
	struct p9_req_t *req;
	struct p9front_call *call;
	struct p9front_data *data;
	struct p9front_change *change;
	u16 tag;
	u8 state;
	u8 type;
	bool deaf;
	bool unwanted;
	bool flushed;
	u16 flushes;
	u16 next;
	u32 due;
	unsigned long since;
};

#define P9FRONT_NONE	U16_MAX

/* Bytes that the event's handler copies in one go; more is left to a work. */
#define P9FRONT_HANDLER_BYTES	(16 * 1024)

/**
 * struct p9front_ring - a ring of a share
 * @pf: the share
 * @index: its number
 * @put: serialises what goes into the ring; held while a message is copied,
 *	never while anybody waits for the other end
 * @live: connected, under @put
 * @bytes: both streams. "out" is under @put; "in" is the event handler's, then
 *	@take's until that ends the event
 * @stirs: counts events and tags that became free: who waits for room looks
 *	again when it has moved
 * @room: who waits for room, or for a tag
 * @cons: where the backend's consumer was at the last event; of the handler
 * @lock: protects the slots; taken in any context
 * @free: first free slot, or %P9FRONT_NONE
 * @out: how many are out or taken
 * @orphans: how many nobody waits for
 * @due: bytes that the answers of all of them may have, read by anyone
 * @slots: them; the last is for %P9FRONT_NOTAG
 * @headed: the head of the answer at the ring's front was read; as "in"
 * @early: an answer was found whose event is yet to come; likewise
 * @head: that head
 * @take: takes what would keep the handler too long
 * @mem: the shared pages; lane only
 * @ch: the event channel; opened and closed in the lane
 * @answers: how many came
 * @answered_at: when the last of them did, or the connection, in jiffies
 * @waits: how often one waited for room or a tag
 */
struct p9front_ring {
	struct p9front *pf;
	unsigned int index;

	struct mutex put;	/* see above */
	bool live;
	struct xpv_byte_ring bytes;
	atomic_t stirs;
	wait_queue_head_t room;
	u32 cons;

	spinlock_t lock;	/* see above */
	u16 free;
	unsigned int out;
	unsigned int orphans;
	u32 due;
	struct p9front_slot slots[P9FRONT_SLOTS + 1];

	bool headed;
	bool early;
	struct p9front_head head;
	struct work_struct take;
	struct xpv_granted_bytes mem;
	struct xpv_evtchn ch;

	unsigned long answers;
	unsigned long answered_at;
	atomic_long_t waits;
};

/**
 * enum p9front_session - how far the share's session is
 * @P9FRONT_NO_SESSION: none
 * @P9FRONT_ASKING: a mount asks the backend for one
 * @P9FRONT_SESSION: there is one
 */
enum p9front_session {
	P9FRONT_NO_SESSION,
	P9FRONT_ASKING,
	P9FRONT_SESSION,
};

/**
 * struct p9front - a share
 * @dev: the engine's device; held until the last reference to this goes
 * @ref: held by the device from probe() to remove(), and by each mount
 * @link: in the list of all
 * @tag: what the share is called
 * @lock: protects from here to @aborted; taken in any context
 * @session: see &enum p9front_session
 * @asker: the mount that asks for one
 * @version: what it was agreed on, with a session
 * @mounts: them
 * @nr_mounts: how many
 * @busy: the mount that something is being done for, which must not go
 * @last_id: the number that a mount got last
 * @life: counts connections, from 1
 * @connected: rings are live
 * @ready: requests may pass: a new backend was told of what there is
 * @failing: no backend is expected soon: what is asked fails until there is one
 * @aborted: the device goes for good
 * @wait: who waits for any of these, for @session to be decided, or for a call
 * @recover: tells a new backend
 * @watch: looks for flushes that are not answered
 * @table: what the backend knows for the mounts
 * @max_order: largest ring, from the module's parameter
 * @size: the largest message that a ring can hold, of this connection
 * @agreed: its rings' events are sent when they are asked for
 * @max_rings: how many @rings there are
 * @nr_rings: how many this connection has; changes only while none is live
 * @rings: them
 */
struct p9front {
	struct xpv_device *dev;
	struct kref ref;
	struct list_head link;
	char *tag;

	spinlock_t lock;	/* see above */
	enum p9front_session session;
	const struct p9front_mount *asker;
	struct p9front_version version;
	struct list_head mounts;
	unsigned int nr_mounts;
	struct p9front_mount *busy;
	unsigned int last_id;
	unsigned int life;
	bool connected;
	bool ready;
	bool failing;
	bool aborted;

	wait_queue_head_t wait;
	struct work_struct recover;
	struct delayed_work watch;
	struct p9front_table table;
	unsigned int max_order;
	u32 size;
	bool agreed;
	unsigned int max_rings;
	unsigned int nr_rings;
	struct p9front_ring *rings;
};

/**
 * struct p9front_data - what a request carries beside its own buffer
 * @iter: where the data is, or goes; no page of it can be missing
 * @len: how much
 * @out: it goes to the backend
 * @mapped: @pages are mapped in user space, which has to hear of changes
 * @mm: of memory no page of which is held, the reader's page tables; else NULL
 * @small: of @mm, bytes that came and are in the request's buffer, for the reader to copy
 * @missed: of @mm, a page was not there: it has to be held when asked again
 * @pages: those of user space or a pipe that are held for it; NULL if none need
 *	be
 * @vec: them as @iter has them
 * @nr: how many
 * @own: them, as an iterator
 * @start: @iter as it was
 * @lost: the request was out when the backend was lost, or @missed; whoever made it
 *	sends it again
 */
struct p9front_data {
	struct iov_iter *iter;
	u32 len;
	bool out;
	bool mapped;
	struct mm_struct *mm;
	u32 small;
	bool missed;
	struct page **pages;
	struct bio_vec *vec;
	unsigned int nr;
	struct iov_iter own;
	struct iov_iter start;
	bool lost;
};

/* main.c */
extern struct workqueue_struct *p9front_queue;
extern struct workqueue_struct *p9front_slow_queue;
struct p9front *p9front_find(const char *tag);
void p9front_put(struct p9front *pf);

/* connect.c */
int p9front_publish(struct xpv_device *dev, struct xpv_txn *txn);
int p9front_connect(struct xpv_device *dev);
void p9front_connected(struct xpv_device *dev);
void p9front_disconnect(struct xpv_device *dev);
bool p9front_is_served(struct xpv_device *dev);
bool p9front_owes(struct xpv_device *dev, u32 *answers);
void p9front_give_up(struct xpv_device *dev);

/* mount.c */
int p9front_create(struct p9_client *client, const char *addr, char *args);
void p9front_close(struct p9_client *client);
void p9front_each_mount(struct p9front *pf,
			void (*act)(struct p9front_mount *mount));

/* session.c */
int p9front_ask_version(struct p9front_mount *mount, struct p9_req_t *req);
int p9front_take_version(struct p9front_mount *mount, struct p9_req_t *req);
bool p9front_may_ask(const struct p9front_mount *mount);
void p9front_lose_session(struct p9front *pf);

/* recover.c */
void p9front_recover(struct work_struct *work);

/* hold.c */
bool p9front_hold(struct p9front_mount *mount, struct p9_req_t *req);
bool p9front_unhold(struct p9front_mount *mount, struct p9_req_t *req);
struct p9_req_t *p9front_resend_next(struct p9front_mount *mount);
bool p9front_may_go(struct p9front_mount *mount, const struct p9_req_t *req);
bool p9front_resend_end(struct p9front_mount *mount);
void p9front_held_fail(struct p9front_mount *mount);

/* request.c */
int p9front_request(struct p9_client *client, struct p9_req_t *req);
int p9front_zc_request(struct p9_client *client, struct p9_req_t *req,
		       struct iov_iter *in, struct iov_iter *out, int in_len,
		       int out_len, int in_head);
int p9front_cancel(struct p9_client *client, struct p9_req_t *req);
int p9front_cancelled(struct p9_client *client, struct p9_req_t *req);
int p9front_send(struct p9front_mount *mount, struct p9_req_t *req,
		 struct p9front_data *data, bool again);
int p9front_wait_backend(struct p9front_mount *mount);
int p9front_make_call(struct p9front *pf, struct p9front_call *call);
void p9front_answer_self(struct p9front_mount *mount, struct p9_req_t *req);
void p9front_answer_empty(struct p9front_mount *mount, struct p9_req_t *req);
void p9front_unsent(struct p9front_mount *mount, struct p9_req_t *req,
		    int err);

/* flush.c */
void p9front_flush_sent(struct p9front *pf, struct p9front_slot *slot);
void p9front_watch(struct work_struct *work);

/* payload.c */
int p9front_data_take(struct p9front_data *data, struct p9_req_t *req,
		      struct iov_iter *iter, u32 len, bool out);
int p9front_data_rewind(struct p9front_data *data, struct p9_req_t *req);
int p9front_data_end(struct p9front_data *data, const struct p9_req_t *req);
void p9front_data_drop(struct p9front_data *data);

/* answer.c */
void p9front_event(void *arg);
void p9front_take(struct work_struct *work);

/* ring.c */
void p9front_ring_init(struct p9front_ring *ring, struct p9front *pf,
		       unsigned int index);
int p9front_ring_open(struct p9front_ring *ring, unsigned int order,
		      bool agreed);
void p9front_ring_start(struct p9front_ring *ring);
void p9front_ring_stop(struct p9front_ring *ring);
void p9front_ring_stir(struct p9front_ring *ring);
void p9front_ring_break(struct p9front_ring *ring, int err, const char *what);
u16 p9front_ring_tag(const struct p9front_ring *ring,
		     const struct p9front_slot *slot);
struct p9front_slot *p9front_slot_get(struct p9front_ring *ring, u8 type);
void p9front_slot_expect(struct p9front_ring *ring, struct p9front_slot *slot,
			 u32 due)
	__must_hold(&ring->lock);
void p9front_slot_again(struct p9front_ring *ring, struct p9front_slot *slot)
	__must_hold(&ring->lock);
struct p9_req_t *p9front_slot_orphan(struct p9front_ring *ring,
				     struct p9front_slot *slot)
	__must_hold(&ring->lock);
void p9front_slot_free(struct p9front_ring *ring, struct p9front_slot *slot)
	__must_hold(&ring->lock);
struct p9front_slot *p9front_slot_of(struct p9front_ring *ring, u16 tag)
	__must_hold(&ring->lock);
struct p9front_slot *p9front_slot_find(struct p9front_ring *ring,
				       const struct p9front_mount *mount,
				       u16 tag)
	__must_hold(&ring->lock);
bool p9front_ring_forget(struct p9front_ring *ring,
			 const struct p9front_mount *mount);

#endif
