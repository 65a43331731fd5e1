// SPDX-License-Identifier: GPL-2.0
/*
 * A ring: its memory and channel, and its tags.
 *
 * A tag on the wire says which ring its request is on, and which slot there: a
 * backend that answers elsewhere than it was asked does so by the same rule
 * (tag % rings). It is used again only after its answer came, or after the
 * backend said that none will.
 */
#include <linux/jiffies.h>
#include <linux/string.h>
#include "p9front.h"

/* The slot of the one request that has no tag. */
#define NOTAG_SLOT	P9FRONT_SLOTS

/**
 * p9front_ring_init() - set up a ring that is not open
 * @ring: zeroed memory
 * @pf: the share
 * @index: the ring's number
 */
void p9front_ring_init(struct p9front_ring *ring, struct p9front *pf,
		       unsigned int index)
{
	unsigned int i;

	ring->pf = pf;
	ring->index = index;
	mutex_init(&ring->put);
	spin_lock_init(&ring->lock);
	init_waitqueue_head(&ring->room);
	INIT_WORK(&ring->take, p9front_take);
	for (i = 0; i < P9FRONT_SLOTS; i++)
		ring->slots[i].next = i + 1 < P9FRONT_SLOTS ? i + 1 :
							      P9FRONT_NONE;
}

/* By this the backend knows that the ring's frontend is one that asks. */
static void ask_for_events(struct p9front_ring *ring)
{
	xpv_front_bytes_agree(&ring->bytes, ring->mem.index.mem);
	xpv_bytes_ask(&ring->bytes.in, 1);
}

/**
 * p9front_ring_open() - have memory and a channel to publish
 * @ring: a closed ring
 * @order: number of data pages as a power of two
 * @agreed: events are sent when they are asked for; else always
 *
 * Return: 0 or a negative errno.
 */
int p9front_ring_open(struct p9front_ring *ring, unsigned int order,
		      bool agreed)
{
	struct xpv_device *dev = ring->pf->dev;
	int err;

	err = xpv_bytes_grant(&ring->mem, dev, order);
	if (err)
		return err;
	xpv_front_bytes_init(&ring->bytes, ring->mem.index.mem,
			     ring->mem.pages, order);
	if (agreed)
		ask_for_events(ring);
	ring->headed = false;
	ring->early = false;
	ring->cons = 0;
	err = xpv_evtchn_alloc(dev, &ring->ch, p9front_event, ring,
			       ring->index);
	if (err)
		xpv_bytes_revoke(&ring->mem);
	return err;
}

/**
 * p9front_ring_start() - let requests pass
 * @ring: an open ring
 */
void p9front_ring_start(struct p9front_ring *ring)
{
	WRITE_ONCE(ring->answered_at, jiffies);
	mutex_lock(&ring->put);
	ring->live = true;
	mutex_unlock(&ring->put);
	p9front_ring_stir(ring);
}

/*
 * A request that this backend will not answer waits for the next one, if anybody
 * waits for it. A flush is answered: what it was to stop has ended with the
 * backend. So is the end of a fid.
 */
static void lose_request(struct p9front_mount *mount, struct p9_req_t *req,
			 bool wanted)
{
	if (req->tc.id == P9FRONT_TFLUSH) {
		p9front_answer_empty(mount, req);
		return;
	}
	if (req->tc.id == P9FRONT_TCLUNK) {
		p9front_unsent(mount, req, -ESTALE);
		return;
	}
	if (wanted && req->tc.id != P9FRONT_TVERSION &&
	    p9front_hold(mount, req))
		return;
	req->t_err = -EIO;
	p9_client_cb(mount->client, req, REQ_STATUS_ERROR);
}

/**
 * p9front_slot_again() - have whoever waits with data make the request again
 * @ring: the ring
 * @slot: its slot, which is freed before the lock is let go
 */
void p9front_slot_again(struct p9front_ring *ring, struct p9front_slot *slot)
{
	lockdep_assert_held(&ring->lock);
	WRITE_ONCE(slot->data->lost, true);
	wake_up(&slot->req->wq);
}

/* Whoever waits in this module is told, and is gone when the lock is. */
static bool tell_waiter(struct p9front_ring *ring, struct p9front_slot *slot)
{
	lockdep_assert_held(&ring->lock);
	if (slot->call) {
		slot->call->err = -ENOTCONN;
		/* Pairs with call_done(). */
		smp_store_release(&slot->call->done, true);
		wake_up_all(&ring->pf->wait);
		return true;
	}
	if (slot->data) {
		p9front_slot_again(ring, slot);
		return true;
	}
	return false;
}

static void lose_slot(struct p9front_ring *ring, struct p9front_slot *slot)
{
	spin_lock_irq(&ring->lock);
	if (slot->state == P9FRONT_FREE) {
		spin_unlock_irq(&ring->lock);
		return;
	}
	if (slot->state == P9FRONT_OUT && !tell_waiter(ring, slot)) {
		/* So that the mount stays. */
		slot->state = P9FRONT_TAKEN;
		spin_unlock_irq(&ring->lock);
		lose_request(slot->mount, slot->req,
			     !slot->deaf && !slot->unwanted);
		spin_lock_irq(&ring->lock);
	}
	p9front_slot_free(ring, slot);
	spin_unlock_irq(&ring->lock);
}

/**
 * p9front_ring_stop() - let none pass, keep those that are out, and close
 * @ring: the ring; nothing happens if it is closed
 *
 * Context: the lane.
 */
void p9front_ring_stop(struct p9front_ring *ring)
{
	unsigned int i;

	mutex_lock(&ring->put);
	ring->live = false;
	mutex_unlock(&ring->put);
	p9front_ring_stir(ring);

	xpv_evtchn_close(&ring->ch);
	cancel_work_sync(&ring->take);
	for (i = 0; i <= P9FRONT_SLOTS; i++)
		lose_slot(ring, &ring->slots[i]);
	xpv_bytes_revoke(&ring->mem);
}

/**
 * p9front_ring_stir() - have who waits for room look again
 * @ring: the ring
 *
 * Context: any.
 */
void p9front_ring_stir(struct p9front_ring *ring)
{
	atomic_inc(&ring->stirs);
	if (wq_has_sleeper(&ring->room))
		wake_up_all(&ring->room);
}

/**
 * p9front_ring_break() - the backend did what none may do
 * @ring: the ring
 * @err: a negative errno
 * @what: what it did
 *
 * The lane closes the device. Until then nobody sends any more.
 *
 * Context: any.
 */
void p9front_ring_break(struct p9front_ring *ring, int err, const char *what)
{
	struct p9front *pf = ring->pf;
	unsigned long flags;

	spin_lock_irqsave(&pf->lock, flags);
	pf->connected = false;
	pf->ready = false;
	spin_unlock_irqrestore(&pf->lock, flags);
	xpv_device_fail(pf->dev, err, "ring %u: %s", ring->index, what);
}

/**
 * p9front_ring_tag() - a slot's tag on the wire
 * @ring: the ring
 * @slot: the slot
 */
u16 p9front_ring_tag(const struct p9front_ring *ring,
		     const struct p9front_slot *slot)
{
	unsigned int i = slot - ring->slots;

	if (i == NOTAG_SLOT)
		return P9FRONT_NOTAG;
	return i * ring->pf->nr_rings + ring->index;
}

/**
 * p9front_slot_of() - which slot has a tag
 * @ring: the ring that the tag came on
 * @tag: on the wire; untrusted
 *
 * Return: the slot, in whatever state, or NULL if no such tag is of this ring.
 */
struct p9front_slot *p9front_slot_of(struct p9front_ring *ring, u16 tag)
{
	unsigned int nr = READ_ONCE(ring->pf->nr_rings);

	lockdep_assert_held(&ring->lock);
	/* There are events as soon as there is a channel. */
	if (!nr || tag % nr != ring->index)
		return NULL;
	if (tag == P9FRONT_NOTAG)
		return &ring->slots[NOTAG_SLOT];
	return tag / nr < P9FRONT_SLOTS ? &ring->slots[tag / nr] : NULL;
}

/**
 * p9front_slot_find() - where a mount's request is out
 * @ring: the ring that such requests go to
 * @mount: the mount
 * @tag: as the mount numbers it
 *
 * The client may use a tag again before an answer is wholly taken: then what is
 * out is what is looked for.
 *
 * Return: the slot, or NULL if it is not out.
 */
struct p9front_slot *p9front_slot_find(struct p9front_ring *ring,
				       const struct p9front_mount *mount,
				       u16 tag)
{
	struct p9front_slot *taken = NULL;
	unsigned int i;

	lockdep_assert_held(&ring->lock);
	for (i = 0; i <= P9FRONT_SLOTS; i++) {
		struct p9front_slot *slot = &ring->slots[i];

		if (slot->mount != mount || slot->tag != tag)
			continue;
		if (slot->state == P9FRONT_OUT)
			return slot;
		if (slot->state == P9FRONT_TAKEN)
			taken = slot;
	}
	return taken;
}

/**
 * p9front_slot_get() - take a tag
 * @ring: the ring
 * @type: of the request it is for
 *
 * Return: a slot that is still free for all others to see, or NULL if there is
 * none.
 */
struct p9front_slot *p9front_slot_get(struct p9front_ring *ring, u8 type)
{
	struct p9front_slot *slot = NULL;

	spin_lock_irq(&ring->lock);
	if (type == P9FRONT_TVERSION) {
		if (ring->slots[NOTAG_SLOT].state == P9FRONT_FREE)
			slot = &ring->slots[NOTAG_SLOT];
	} else if (ring->free != P9FRONT_NONE) {
		slot = &ring->slots[ring->free];
		ring->free = slot->next;
	}
	if (slot)
		ring->out++;
	spin_unlock_irq(&ring->lock);
	return slot;
}

/**
 * p9front_slot_expect() - say how long an answer may be
 * @ring: the ring
 * @slot: a slot that is not out yet
 * @due: bytes
 *
 * A backend that nothing is due from is not waiting for room.
 */
void p9front_slot_expect(struct p9front_ring *ring, struct p9front_slot *slot,
			 u32 due)
{
	lockdep_assert_held(&ring->lock);
	slot->due = due;
	WRITE_ONCE(ring->due, ring->due + due);
}

/**
 * p9front_slot_free() - give a tag back
 * @ring: the ring
 * @slot: the slot
 */
void p9front_slot_free(struct p9front_ring *ring, struct p9front_slot *slot)
{
	unsigned int i = slot - ring->slots;

	lockdep_assert_held(&ring->lock);
	if (slot->state == P9FRONT_ORPHAN)
		ring->orphans--;
	else
		ring->out--;
	WRITE_ONCE(ring->due, ring->due - slot->due);
	slot->due = 0;
	p9front_change_drop(slot->change);
	slot->change = NULL;
	slot->state = P9FRONT_FREE;
	slot->req = NULL;
	slot->call = NULL;
	slot->mount = NULL;
	slot->data = NULL;
	if (i == NOTAG_SLOT)
		return;
	slot->next = ring->free;
	ring->free = i;
}

/**
 * p9front_slot_orphan() - have nobody wait for an answer that may still come
 * @ring: the ring
 * @slot: a slot that is out
 *
 * Return: the request that it had, with its reference, or NULL.
 */
struct p9_req_t *p9front_slot_orphan(struct p9front_ring *ring,
				     struct p9front_slot *slot)
{
	struct p9_req_t *req = slot->req;

	lockdep_assert_held(&ring->lock);
	p9front_change_drop(slot->change);
	slot->change = NULL;
	slot->state = P9FRONT_ORPHAN;
	slot->req = NULL;
	slot->call = NULL;
	slot->mount = NULL;
	slot->data = NULL;
	ring->out--;
	ring->orphans++;
	return req;
}

/**
 * p9front_ring_forget() - have nobody wait for a mount's answers
 * @ring: the ring
 * @mount: the mount, whose users are gone
 *
 * Return: true if an answer is being copied, so that it has to be done again.
 */
bool p9front_ring_forget(struct p9front_ring *ring,
			 const struct p9front_mount *mount)
{
	struct p9_req_t *req;
	bool busy = false;
	unsigned int i;

	for (i = 0; i <= P9FRONT_SLOTS; i++) {
		struct p9front_slot *slot = &ring->slots[i];

		req = NULL;
		spin_lock_irq(&ring->lock);
		if (slot->mount == mount && slot->state == P9FRONT_TAKEN) {
			busy = true;
		} else if (slot->mount == mount &&
			   slot->state == P9FRONT_OUT) {
			req = p9front_slot_orphan(ring, slot);
		}
		spin_unlock_irq(&ring->lock);
		if (req)
			p9_req_put(mount->client, req);
	}
	return busy;
}
