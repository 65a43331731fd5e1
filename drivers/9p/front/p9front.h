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
 * A session ends with its connection. What was out then, and what its mounts
 * ask later, fails; a new mount begins a new session.
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
#include "wire.h"

struct p9front;

/* Rings of a device, requests out on a ring, and mounts of a share, at most. */
#define P9FRONT_MAX_RINGS	16
#define P9FRONT_SLOTS		256
#define P9FRONT_MAX_MOUNTS	255

/* A fid on the wire is that of a mount, and the mount's number above it. */
#define P9FRONT_FID_BITS	24

/* What the client may have in messages if the mount does not say. */
#define P9FRONT_DEFAULT_MSIZE	(512 * 1024)

/**
 * struct p9front_mount - a client of the 9p core
 * @pf: the share; a reference is held
 * @link: in its list
 * @client: the client
 * @id: what is above its fids on the wire
 * @life: the connection its session is of; it is dead when that is over
 */
struct p9front_mount {
	struct p9front *pf;
	struct list_head link;
	struct p9_client *client;
	unsigned int id;
	unsigned int life;
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
 * @to: where the data of a read goes; NULL if into the request's own buffer
 * @len: how much fits there
 * @tag: as the mount numbers it
 * @state: see &enum p9front_slot_state
 * @type: the request's
 * @deaf: who waited for the data was killed
 * @next: the next free one
 */
struct p9front_slot {
	struct p9front_mount *mount;
	struct p9_req_t *req;
	struct iov_iter *to;
	u32 len;
	u16 tag;
	u8 state;
	u8 type;
	bool deaf;
	u16 next;
};

#define P9FRONT_NONE	U16_MAX

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
 * @slots: them; the last is for %P9FRONT_NOTAG
 * @headed: the head of the answer at the ring's front was read; as "in"
 * @head: that head
 * @take: takes what would keep the handler too long
 * @mem: the shared pages; lane only
 * @ch: the event channel; opened and closed in the lane
 * @answers: how many came
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
	struct p9front_slot slots[P9FRONT_SLOTS + 1];

	bool headed;
	struct p9front_head head;
	struct work_struct take;
	struct xpv_granted_bytes mem;
	struct xpv_evtchn ch;

	unsigned long answers;
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
 * @version: what it was agreed on, with a session
 * @mounts: them
 * @nr_mounts: how many
 * @last_id: the number that a mount got last
 * @life: counts connections
 * @connected: requests may pass
 * @aborted: the device goes for good
 * @wait: who waits for @connected, or for @session to be decided
 * @max_order: largest ring, from the module's parameter
 * @size: the largest message that a ring can hold, of this connection
 * @max_rings: how many @rings there are
 * @nr_rings: how many this connection has; changes only while not connected
 * @rings: them
 */
struct p9front {
	struct xpv_device *dev;
	struct kref ref;
	struct list_head link;
	char *tag;

	spinlock_t lock;	/* see above */
	enum p9front_session session;
	struct p9front_version version;
	struct list_head mounts;
	unsigned int nr_mounts;
	unsigned int last_id;
	unsigned int life;
	bool connected;
	bool aborted;

	wait_queue_head_t wait;
	unsigned int max_order;
	u32 size;
	unsigned int max_rings;
	unsigned int nr_rings;
	struct p9front_ring *rings;
};

/**
 * struct p9front_data - what a request carries beside its own buffer
 * @iter: where the data is, or goes; no page of it can be missing
 * @len: how much
 * @out: it goes to the backend
 * @pages: those of user space that are held for it; NULL if none need be
 * @vec: them as @iter has them
 * @nr: how many
 */
struct p9front_data {
	struct iov_iter *iter;
	u32 len;
	bool out;
	struct page **pages;
	struct bio_vec *vec;
	unsigned int nr;
	struct iov_iter own;
};

/* main.c */
extern struct workqueue_struct *p9front_queue;
struct p9front *p9front_find(const char *tag);
void p9front_put(struct p9front *pf);

/* connect.c */
int p9front_publish(struct xpv_device *dev, struct xpv_txn *txn);
int p9front_connect(struct xpv_device *dev);
void p9front_connected(struct xpv_device *dev);
void p9front_disconnect(struct xpv_device *dev);

/* mount.c */
int p9front_create(struct p9_client *client, const char *addr, char *args);
void p9front_close(struct p9_client *client);

/* session.c */
bool p9front_alive(const struct p9front_mount *mount);
int p9front_ask_version(struct p9front_mount *mount, struct p9_req_t *req);
int p9front_take_version(struct p9front_mount *mount, struct p9_req_t *req);
void p9front_lose_session(struct p9front *pf);

/* request.c */
int p9front_request(struct p9_client *client, struct p9_req_t *req);
int p9front_zc_request(struct p9_client *client, struct p9_req_t *req,
		       struct iov_iter *in, struct iov_iter *out, int in_len,
		       int out_len, int in_head);
int p9front_cancel(struct p9_client *client, struct p9_req_t *req);
int p9front_cancelled(struct p9_client *client, struct p9_req_t *req);
int p9front_send(struct p9front_mount *mount, struct p9_req_t *req,
		 struct p9front_data *data);
void p9front_answer_self(struct p9front_mount *mount, struct p9_req_t *req);

/* payload.c */
int p9front_data_take(struct p9front_data *data, struct p9_req_t *req,
		      struct iov_iter *iter, u32 len, bool out);
void p9front_data_drop(struct p9front_data *data);

/* answer.c */
void p9front_event(void *arg);
void p9front_take(struct work_struct *work);

/* ring.c */
void p9front_ring_init(struct p9front_ring *ring, struct p9front *pf,
		       unsigned int index);
int p9front_ring_open(struct p9front_ring *ring, unsigned int order);
void p9front_ring_start(struct p9front_ring *ring);
void p9front_ring_stop(struct p9front_ring *ring);
void p9front_ring_stir(struct p9front_ring *ring);
u16 p9front_ring_tag(const struct p9front_ring *ring,
		     const struct p9front_slot *slot);
struct p9front_slot *p9front_slot_get(struct p9front_ring *ring, u8 type);
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
