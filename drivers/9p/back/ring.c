// SPDX-License-Identifier: GPL-2.0
/*
 * A ring from being mapped to being unmapped: requests are taken from it, by one
 * worker at a time, and answers put into it, by one at a time.
 *
 * Events. The guest sends one when it has put requests, and when it has read
 * answers; or, if that was agreed on, only where it was asked to: by a worker that
 * has found no more requests, and by one that waits for room. Who asked looks once
 * more, so that either it or the guest sees what the other did last.
 *
 * One that came is ended (RING_EVENT) by a worker that finds no more requests, or
 * by one that has to wait for room; the next one comes only then. Whoever ends it
 * looks once more before it sleeps.
 */
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/seq_file.h>
#include <linux/slab.h>

#include "p9back.h"

static void notify(struct p9back_ring *ring)
{
	atomic_long_inc(&ring->notified);
	xpv_evtchn_notify(&ring->ch);
}

/**
 * p9b_ring_kick() - have an idle worker look for requests
 * @ring: a connected ring
 *
 * If none is idle, those that are not will look before they are. One that was
 * called and has not begun yet will do so as well.
 *
 * Its turn is after that of the worker that runs on this processor, if one does,
 * and as soon as that one has to wait.
 *
 * Context: any.
 */
void p9b_ring_kick(struct p9back_ring *ring)
{
	struct p9back_request *req = NULL;
	unsigned long flags;

	spin_lock_irqsave(&ring->lock, flags);
	if (!ring->coming && !p9b_ring_is_over(ring) &&
	    p9b_ring_threads(ring) < P9BACK_AT_WORK)
		req = list_first_entry_or_null(&ring->idle,
					       struct p9back_request, link);
	if (req) {
		list_del(&req->link);
		req->fresh = true;
		ring->coming = true;
		ring->busy++;
		ring->busy_most = max(ring->busy_most, ring->busy);
		ring->threads_most = max(ring->threads_most,
					 p9b_ring_threads(ring));
	}
	spin_unlock_irqrestore(&ring->lock, flags);
	if (req)
		queue_work(ring->be->wq, &req->work);
}

/**
 * p9b_ring_begin() - a worker that was called is there
 * @req: the worker's
 *
 * From here on another one can be called.
 */
void p9b_ring_begin(struct p9back_request *req)
{
	struct p9back_ring *ring = req->ring;

	spin_lock_irq(&ring->lock);
	ring->coming = false;
	spin_unlock_irq(&ring->lock);
}

/* The channel's event. */
static void ring_event(void *arg)
{
	struct p9back_ring *ring = arg;

	set_bit(RING_EVENT, &ring->flags);
	WRITE_ONCE(ring->events, ring->events + 1);
	wake_up_all(&ring->room);
	p9b_ring_kick(ring);
}

/*
 * End the event that came, if one did. It was for something if there were
 * requests, or if the guest has read answers.
 */
static bool end_event(struct p9back_ring *ring)
{
	u32 seen;
	bool worked;

	if (!test_and_clear_bit(RING_EVENT, &ring->flags))
		return false;
	seen = xpv_bytes_peek(&ring->bytes.in);
	worked = test_and_clear_bit(RING_WORKED, &ring->flags);
	if (seen != READ_ONCE(ring->in_seen))
		worked = true;
	WRITE_ONCE(ring->in_seen, seen);
	xpv_evtchn_eoi(&ring->ch, worked);
	return true;
}

static int broken(struct p9back_ring *ring, const char *why)
{
	if (!test_and_set_bit(RING_BROKEN, &ring->flags))
		xpv_device_fail(ring->be->xdev, -EPROTO, "ring %u: %s",
				ring->index, why);
	wake_up_all(&ring->room);
	return -EPROTO;
}

/**
 * p9b_ring_release() - give the guest the room of what was taken, but what is in place
 * @ring: the ring
 * @taken: bytes that were taken by now, which is the taker's to say
 *
 * Frontends of others are told of room that they may be waiting for.
 *
 * Context: process.
 */
void p9b_ring_release(struct p9back_ring *ring, u32 taken)
{
	struct xpv_byte_stream *out = &ring->bytes.out;
	bool awaited;
	u32 old;

	spin_lock_irq(&ring->lock);
	xpv_bytes_move(out, taken);
	old = xpv_bytes_free_to(out, ring->place.held ? ring->place.from :
							out->at);
	awaited = xpv_bytes_awaited(out, old, p9b_ring_longest(ring));
	spin_unlock_irq(&ring->lock);
	if (awaited)
		notify(ring);
}

/* How much there is to take. What is given back meanwhile is not known here yet. */
static int ready(struct p9back_ring *ring)
{
	int bytes;

	lockdep_assert_held(&ring->take_lock);
	spin_lock_irq(&ring->lock);
	bytes = xpv_bytes_ready(&ring->bytes.out);
	spin_unlock_irq(&ring->lock);
	return bytes;
}

/* Of one that is carried out in place, that is what stands before the data. */
static int copy_message(struct p9back_request *req, const u8 *head)
{
	bool stays = p9b_place_fits(req);
	u32 size = stays ? P9W_WRITE_HEAD : req->req.size;
	int err;

	err = stays ? p9b_place_begin(req) : p9b_request_message(req, size);
	if (err)
		return err;
	memcpy(req->message, head, P9W_HEAD);
	xpv_bytes_read(&req->ring->bytes.out, P9W_HEAD, req->message + P9W_HEAD,
		       size - P9W_HEAD);
	return 0;
}

/*
 * Take the whole message, whose head was read already; unless the ring stops
 * before there is memory: then the next backend will hear of it.
 */
static int take_message(struct p9back_request *req, const u8 *head)
{
	struct p9back_ring *ring = req->ring;

	if (copy_message(req, head) == -ESHUTDOWN)
		return 0;
	p9b_ring_release(ring, req->req.size);
	if (!req->placed)
		p9b_place_relieve(ring);
	set_bit(RING_WORKED, &ring->flags);
	WRITE_ONCE(ring->requests, ring->requests + 1);
	p9b_tag_claim(req);
	return 1;
}

/* Return: 1 if there was a request, 0 if there is none, or an error. */
static int take_one(struct p9back_request *req)
{
	struct p9back_ring *ring = req->ring;
	struct xpv_byte_stream *out = &ring->bytes.out;
	u8 head[P9W_HEAD];
	int bytes;

	lockdep_assert_held(&ring->take_lock);
	if (p9b_ring_is_over(ring))
		return 0;
	bytes = ready(ring);
	if (bytes < 0)
		return broken(ring, "impossible indices of requests");
	if (bytes < P9W_HEAD)
		return 0;
	xpv_bytes_read(out, 0, head, P9W_HEAD);
	p9w_head(head, &req->req);
	if (req->req.size < P9W_HEAD || req->req.size > ring->be->msize)
		return broken(ring, "a request of an impossible size");
	if (bytes < req->req.size)
		return 0;
	return take_message(req, head);
}

/* As take_one(); where there is none the guest is asked for an event. */
static int take_or_ask(struct p9back_request *req)
{
	struct xpv_byte_stream *out = &req->ring->bytes.out;
	int got = take_one(req);

	if (got || !xpv_bytes_agreed(out))
		return got;
	xpv_bytes_ask(out, 1);
	return take_one(req);
}

static bool has_more(struct p9back_ring *ring)
{
	struct xpv_byte_stream *out = &ring->bytes.out;

	if (ready(ring) > 0)
		return true;
	xpv_bytes_ask(out, 1);
	return ready(ring) > 0;
}

static int hire(struct p9back_ring *ring, unsigned int nr)
{
	struct p9back_request *crew;
	unsigned int i;

	crew = kvcalloc(P9BACK_CREW, sizeof(*crew), GFP_KERNEL_ACCOUNT);
	if (!crew)
		return -ENOMEM;
	spin_lock_irq(&ring->lock);
	ring->crews[nr] = crew;
	for (i = 0; i < P9BACK_CREW; i++) {
		INIT_WORK(&crew[i].work, p9b_request_work);
		crew[i].ring = ring;
		list_add_tail(&crew[i].link, &ring->idle);
	}
	spin_unlock_irq(&ring->lock);
	return 0;
}

/*
 * Have somebody idle for the next event. Without memory for more workers, those that
 * there are will come to what it tells of.
 */
static void hire_more(struct p9back_ring *ring)
{
	unsigned int nr = 0;

	lockdep_assert_held(&ring->take_lock);
	/* Who is called just now does this too, when it has found a request. */
	if (!list_empty(&ring->idle))
		return;
	while (nr < ARRAY_SIZE(ring->crews) && ring->crews[nr])
		nr++;
	if (nr < ARRAY_SIZE(ring->crews))
		hire(ring, nr);
}

/**
 * p9b_ring_take() - take the next request from a ring
 * @req: a worker's, with nothing in it
 *
 * Has another worker look for the one behind it.
 *
 * Context: the worker; sleeps.
 * Return: whether there was one.
 */
bool p9b_ring_take(struct p9back_request *req)
{
	struct p9back_ring *ring = req->ring;
	bool more = false;
	int got;

	mutex_lock(&ring->take_lock);
	do {
		got = take_or_ask(req);
	} while (!got && end_event(ring));
	if (got > 0) {
		hire_more(ring);
		more = has_more(ring);
	}
	p9b_watch_learn(req, got > 0, more);
	/* This request may take for ever, and others are to be heard of. */
	if (got > 0 && !more)
		end_event(ring);
	mutex_unlock(&ring->take_lock);
	if (more)
		p9b_ring_kick(ring);
	return got > 0;
}

/**
 * p9b_ring_rest() - have no request, for now
 * @req: the worker's
 *
 * Context: the worker, as its last act.
 */
void p9b_ring_rest(struct p9back_request *req)
{
	struct p9back_ring *ring = req->ring;
	unsigned long flags;

	spin_lock_irqsave(&ring->lock, flags);
	list_add(&req->link, &ring->idle);
	ring->busy--;
	if (!ring->busy)
		wake_up_all(&ring->drained);
	spin_unlock_irqrestore(&ring->lock, flags);
	/* One that came while all were busy was left to those. */
	if (test_bit(RING_EVENT, &ring->flags) && !p9b_ring_is_over(ring))
		p9b_ring_kick(ring);
}

/*
 * Wait for an event that came after @events were counted, or for a stir after
 * @stirs. That was before room was looked for: the guest sends one when it has
 * read.
 */
static void wait_for_room(struct p9back_ring *ring, unsigned int events,
			  unsigned int stirs)
{
	end_event(ring);
	wait_event_idle(ring->room,
			p9b_ring_is_over(ring) ||
			READ_ONCE(ring->events) != events ||
			READ_ONCE(ring->stirs) != stirs);
}

/*
 * Where events have to be asked for, who asks last asks for all who wait. If that
 * one need not wait itself, what it asked for may be past, and what the others
 * asked for is overwritten: they have to ask again.
 */
static int look_for_room(struct p9back_ring *ring, u32 len)
{
	struct xpv_byte_stream *in = &ring->bytes.in;
	int room = xpv_bytes_room(in);

	lockdep_assert_held(&ring->in_lock);
	if (room < 0 || room >= len)
		return room;
	xpv_bytes_ask(in, len - room);
	room = xpv_bytes_room(in);
	if (room > 0 && room >= len) {
		WRITE_ONCE(ring->stirs, ring->stirs + 1);
		wake_up_all(&ring->room);
	}
	return room;
}

/*
 * What was done is answered as long as that needs no waiting, even when the ring
 * stops: who hears of nothing asks the next backend to do it once more.
 *
 * Return: 1 if there is room, 0 if the guest has to read first, or an error.
 */
static int has_room(struct p9back_ring *ring, u32 len)
{
	int room;

	lockdep_assert_held(&ring->in_lock);
	if (test_bit(RING_BROKEN, &ring->flags))
		return -ESHUTDOWN;
	room = look_for_room(ring, len);
	if (room < 0)
		return broken(ring, "impossible indices of answers");
	if (room >= len)
		return 1;
	return p9b_ring_is_over(ring) ? -ESHUTDOWN : 0;
}

/* Return: whether the guest has to hear of it. */
static bool put_answer(struct p9back_request *req)
{
	struct p9back_ring *ring = req->ring;
	struct xpv_byte_stream *in = &ring->bytes.in;

	lockdep_assert_held(&ring->in_lock);
	xpv_bytes_write(in, 0, req->out.buf, req->out.pos);
	p9b_pages_put(ring, req);
	xpv_bytes_move(in, req->out.pos + req->out.beside);
	p9b_watch_begin(req);
	WRITE_ONCE(ring->answers, ring->answers + 1);
	/* Frontends of others sleep as they like. */
	return xpv_bytes_push(in) || !xpv_bytes_agreed(in);
}

/**
 * p9b_ring_answer() - put a request's answer into its ring
 * @req: the request, its answer ended
 *
 * Context: a worker; sleeps until the guest has read so much that there is
 * room, or the ring is stopped. After p9b_warm_read() there is room, and the lock
 * is held.
 */
void p9b_ring_answer(struct p9back_request *req)
{
	struct p9back_ring *ring = req->ring;
	bool tell = false;
	unsigned int events, stirs;
	int room;

	if (!req->warm)
		mutex_lock(&ring->in_lock);
	for (;;) {
		events = READ_ONCE(ring->events);
		stirs = ring->stirs;
		room = has_room(ring, req->out.pos + req->out.beside);
		if (room)
			break;
		WRITE_ONCE(ring->waits, ring->waits + 1);
		mutex_unlock(&ring->in_lock);
		wait_for_room(ring, events, stirs);
		mutex_lock(&ring->in_lock);
	}
	if (room > 0)
		tell = put_answer(req);
	mutex_unlock(&ring->in_lock);
	req->warm = false;
	if (tell)
		notify(ring);
}

/**
 * p9b_ring_init() - set up a ring that is not connected
 * @ring: zeroed memory
 * @be: its device
 * @index: its number
 */
void p9b_ring_init(struct p9back_ring *ring, struct p9back *be,
		   unsigned int index)
{
	ring->be = be;
	ring->index = index;
	mutex_init(&ring->take_lock);
	mutex_init(&ring->in_lock);
	init_waitqueue_head(&ring->room);
	spin_lock_init(&ring->lock);
	INIT_LIST_HEAD(&ring->idle);
	INIT_LIST_HEAD(&ring->at_work);
	INIT_LIST_HEAD(&ring->parked);
	INIT_LIST_HEAD(&ring->due);
	init_waitqueue_head(&ring->freed);
	init_waitqueue_head(&ring->drained);
	p9b_place_init(&ring->place);
}

static int ring_map(struct p9back_ring *ring, grant_ref_t ref)
{
	struct xpv_device *xdev = ring->be->xdev;
	int err;

	err = xpv_bytes_map(&ring->mapped, xdev, ref, p9back_max_order);
	if (err)
		return xpv_device_fail(xdev, err,
				       "%s/ring-ref%u: the ring it names cannot be mapped",
				       xdev->otherend, ring->index);
	err = xpv_back_bytes_init(&ring->bytes, ring->mapped.intf,
				  ring->mapped.pages, ring->mapped.order);
	if (err) {
		xpv_bytes_unmap(&ring->mapped);
		return xpv_device_fail(xdev, err,
				       "ring %u has impossible indices",
				       ring->index);
	}
	if (ring->be->events && xpv_back_bytes_asked(ring->mapped.intf))
		xpv_back_bytes_agree(&ring->bytes, ring->mapped.intf);
	return 0;
}

static int ring_staff(struct p9back_ring *ring)
{
	INIT_LIST_HEAD(&ring->idle);
	ring->coming = false;
	xpv_poll_init(&ring->poll);
	if (!xpv_fault(ring->be->xdev, "requests") && !hire(ring, 0))
		return 0;
	return xpv_device_fail(ring->be->xdev, -ENOMEM,
			       "no memory for the requests of ring %u",
			       ring->index);
}

/* All of them: nobody has a request, nor looks for one. */
static void ring_dismiss(struct p9back_ring *ring)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(ring->crews); i++) {
		kvfree(ring->crews[i]);
		ring->crews[i] = NULL;
	}
}

static int ring_bind(struct p9back_ring *ring, evtchn_port_t port)
{
	struct xpv_device *xdev = ring->be->xdev;
	int err = xpv_evtchn_bind(xdev, &ring->ch, port, ring_event, ring,
				  ring->index);

	if (!err)
		return 0;
	return xpv_device_fail(xdev, err == -EAGAIN ? -EIO : err,
			       "%s/event-channel-%u: %u cannot be bound",
			       xdev->otherend, ring->index, port);
}

/**
 * p9b_ring_connect() - take up a ring
 * @ring: a ring that is not connected
 * @ref: the reference of its page of indices; untrusted
 * @port: the frontend's event channel; untrusted
 *
 * Context: the lane; sleeps.
 * Return: 0, or an error, already reported and cleaned up after.
 */
int p9b_ring_connect(struct p9back_ring *ring, grant_ref_t ref,
		     evtchn_port_t port)
{
	int err;

	/* Nothing is taken before all rings are known: see p9b_ring_start(). */
	ring->flags = BIT(RING_STOPPING);
	err = ring_map(ring, ref);
	if (err)
		return err;
	err = ring_staff(ring);
	if (err)
		goto err_unmap;
	err = ring_bind(ring, port);
	if (err)
		goto err_dismiss;
	p9b_place_open(ring);
	return 0;

err_dismiss:
	ring_dismiss(ring);
err_unmap:
	xpv_bytes_unmap(&ring->mapped);
	return err;
}

/**
 * p9b_ring_start() - begin to take requests
 * @ring: a connected ring; so are all others, and the device's msize is settled
 *
 * What a guest asked for before it will not ask for again.
 *
 * Context: process.
 */
void p9b_ring_start(struct p9back_ring *ring)
{
	struct p9back *be = ring->be;

	ring->budget = max(P9BACK_LARGE_BYTES / be->nr_rings,
			   P9BACK_LEAST_LARGE * be->msize);
	clear_bit(RING_STOPPING, &ring->flags);
	p9b_ring_kick(ring);
}

/**
 * p9b_ring_stop() - take no more requests, and wait for no room
 * @ring: a connected ring
 *
 * Context: process.
 */
void p9b_ring_stop(struct p9back_ring *ring)
{
	/* Who was called before is waited for, and nobody is called after. */
	spin_lock_irq(&ring->lock);
	set_bit(RING_STOPPING, &ring->flags);
	spin_unlock_irq(&ring->lock);
	wake_up_all(&ring->room);
	wake_up_all(&ring->freed);
}

static bool is_idle(struct p9back_ring *ring)
{
	bool idle;

	spin_lock_irq(&ring->lock);
	idle = !ring->busy;
	spin_unlock_irq(&ring->lock);
	return idle;
}

/**
 * p9b_ring_drain() - wait until all that was taken from a ring is done
 * @ring: a stopped ring
 *
 * Context: the lane; sleeps as long as the file system takes.
 */
void p9b_ring_drain(struct p9back_ring *ring)
{
	wait_event_idle(ring->drained, is_idle(ring));
}

/**
 * p9b_ring_disconnect() - give a ring back
 * @ring: a drained ring
 *
 * Context: the lane; sleeps.
 */
void p9b_ring_disconnect(struct p9back_ring *ring)
{
	p9b_place_close(ring);
	xpv_evtchn_close(&ring->ch);
	/* A late event may have had a worker look: it sees RING_STOPPING. */
	flush_workqueue(ring->be->wq);
	ring_dismiss(ring);
	xpv_bytes_unmap(&ring->mapped);
}

/**
 * p9b_ring_show() - tell debugfs about a ring
 * @ring: the ring
 * @to: where
 */
void p9b_ring_show(const struct p9back_ring *ring, struct seq_file *to)
{
	seq_printf(to, "ring %u: %lu requests, %lu answers, %lu waits for room, %u in flight, %u at most\n",
		   ring->index, READ_ONCE(ring->requests),
		   READ_ONCE(ring->answers), READ_ONCE(ring->waits),
		   READ_ONCE(ring->busy), READ_ONCE(ring->busy_most));
	seq_printf(to, "  %u parked, %lu were; %u threads at most; memory of messages %u, of answers %u\n",
		   READ_ONCE(ring->nr_parked), READ_ONCE(ring->parkings),
		   READ_ONCE(ring->threads_most),
		   READ_ONCE(ring->held[P9BACK_MESSAGES]),
		   READ_ONCE(ring->held[P9BACK_ANSWERS]));
	seq_printf(to, "  %lu reads into the ring, %lu writes in place, %lu moved\n",
		   READ_ONCE(ring->warm), READ_ONCE(ring->place.writes),
		   READ_ONCE(ring->place.moves));
	seq_printf(to, "  events %s: %u came, %ld sent; polls won %lu lost %lu\n",
		   xpv_bytes_agreed(&ring->bytes.in) ? "as asked for" :
						       "of each message",
		   READ_ONCE(ring->events), atomic_long_read(&ring->notified),
		   READ_ONCE(ring->polled), READ_ONCE(ring->polled_vainly));
}
