/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Byte rings (public header io/ring.h, DEFINE_XEN_FLEX_RING, without its
 * macros): two streams of bytes, one each way, as 9pfs and PV Calls have them.
 *
 * A page of indices, and pages of data: their first half carries the stream
 * "in", to the frontend, their second half the stream "out", to the backend.
 * Indices run freely and are masked when data is touched.
 *
 * All of it is shared with a peer that may write any byte of it at any time.
 * So:
 *  - our own index is private, and only ever written to the shared page;
 *  - the other end's is read once, and checked against what is possible;
 *  - data is copied out once, and only the copy is looked at. What only passes
 *    on to somebody else, such as a file's contents, may be moved straight from
 *    the pages, by xpv_bytes_to_iter() or xpv_bytes_pages().
 *
 * Barriers pair with the peer's, whoever wrote it:
 *  - xpv_bytes_push(): virt_wmb() between data and producer pairs with the
 *    virt_rmb() of xpv_bytes_ready() between producer and data.
 *  - xpv_bytes_release(): virt_mb() between the last look at data and the
 *    consumer pairs with the virt_mb() of xpv_bytes_room() between the consumer
 *    and new data.
 *  - xpv_bytes_push() and xpv_bytes_release(): virt_mb() between writing our
 *    index and reading the other one, on both sides, so that of two ends that
 *    each look once more before they sleep at most one does. The same between
 *    writing a threshold and reading the index, in xpv_bytes_ask().
 *  - xpv_bytes_free(): that virt_mb() also stands between our consumer and how
 *    much the caller believes the producer to wait for. Who makes that more, by
 *    asking for an answer, does so before showing the request (virt_wmb() of
 *    xpv_bytes_push()). So a producer of which we did not know yet that it would
 *    have so much to put, because it had not been asked, sees our consumer: it
 *    has read the request since.
 *
 * None of these sleep, but for copies to and from an iterator over memory of
 * user space. A stream has no lock of its own: the caller serialises all that
 * is done with it, and the two streams of a ring have nothing in common.
 */
#ifndef XPV_BYTERING_H
#define XPV_BYTERING_H

#include <linux/bvec.h>
#include <linux/errno.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/string.h>
#include <linux/types.h>
#include <linux/uio.h>
#include <asm/barrier.h>
#include <xen/interface/grant_table.h>
#include <xen/page.h>

/* The smallest ring has a page each way, the largest 256. */
#define XPV_BYTES_MIN_ORDER	1
#define XPV_BYTES_MAX_ORDER	9
#define XPV_BYTES_MAX_PAGES	512

/**
 * struct xpv_bytes_intf - the shared page of indices, as both ends see it
 * @in_cons: how far the frontend has read
 * @in_prod: how far the backend has written
 * @in_error: why no more will come (PV Calls)
 * @in_prod_event: the frontend wants an event once @in_prod reaches this
 * @in_cons_event: the backend wants an event once @in_cons reaches this
 * @pad1: nothing
 * @out_cons: how far the backend has read
 * @out_prod: how far the frontend has written
 * @out_error: why no more will be read (PV Calls)
 * @out_prod_event: the backend wants an event once @out_prod reaches this
 * @out_cons_event: the frontend wants an event once @out_cons reaches this
 * @pad2: nothing
 * @ring_order: number of data pages as a power of two
 * @ref: a grant reference for each of them
 *
 * The four thresholds lie in what is padding to stock ends, and hold between
 * ends that agreed on them: xpv_bytes_ask().
 */
struct xpv_bytes_intf {
	u32 in_cons;
	u32 in_prod;
	s32 in_error;
	u32 in_prod_event;
	u32 in_cons_event;
	u8 pad1[44];
	u32 out_cons;
	u32 out_prod;
	s32 out_error;
	u32 out_prod_event;
	u32 out_cons_event;
	u8 pad2[44];
	u32 ring_order;
	grant_ref_t ref[];
};

/**
 * struct xpv_byte_stream - one direction, as the end at one of its sides has it
 * @pages: the data, each at the kernel's own address of it
 * @size: bytes that fit, a power of two
 * @at: our index: how far data was put (producer) or taken (consumer)
 * @shown: how much of @at the other end has been shown
 * @seen: the other end's index when it was last read and found possible
 * @own: where ours is shown
 * @other: where the other end's is
 * @error: the stream's error
 * @ask: where we say when we want an event; NULL if nothing was agreed on
 * @asked: where the other end says it; likewise
 */
struct xpv_byte_stream {
	void *const *pages;
	u32 size;
	u32 at;
	u32 shown;
	u32 seen;
	u32 *own;
	u32 *other;
	s32 *error;
	u32 *ask;
	u32 *asked;
};

/**
 * struct xpv_byte_ring - both directions
 * @in: to the frontend, which consumes it
 * @out: to the backend, which consumes it
 */
struct xpv_byte_ring {
	struct xpv_byte_stream in;
	struct xpv_byte_stream out;
};

/**
 * xpv_bytes_size() - how many bytes fit one direction of a ring
 * @order: number of its data pages as a power of two
 */
static inline u32 xpv_bytes_size(unsigned int order)
{
	return (u32)XEN_PAGE_SIZE << order >> 1;
}

static inline void xpv_bytes_lay_out(struct xpv_byte_ring *ring,
				     struct xpv_bytes_intf *intf,
				     void *const *pages, unsigned int order)
{
	ring->in.pages = pages;
	ring->out.pages = pages + (1U << order >> 1);
	ring->in.size = xpv_bytes_size(order);
	ring->out.size = ring->in.size;
	ring->in.error = &intf->in_error;
	ring->out.error = &intf->out_error;
}

static inline void xpv_bytes_begin(struct xpv_byte_stream *s, u32 *own,
				   u32 *other, u32 at, u32 seen)
{
	s->own = own;
	s->other = other;
	s->at = at;
	s->shown = at;
	s->seen = seen;
	s->ask = NULL;
	s->asked = NULL;
}

/**
 * xpv_front_bytes_init() - take up a fresh ring as its frontend
 * @ring: private view to fill
 * @intf: the page of indices, zeroed
 * @pages: the data pages
 * @order: how many, as a power of two, 1 to %XPV_BYTES_MAX_ORDER
 */
static inline void xpv_front_bytes_init(struct xpv_byte_ring *ring,
					struct xpv_bytes_intf *intf,
					void *const *pages, unsigned int order)
{
	xpv_bytes_lay_out(ring, intf, pages, order);
	xpv_bytes_begin(&ring->in, &intf->in_cons, &intf->in_prod, 0, 0);
	xpv_bytes_begin(&ring->out, &intf->out_prod, &intf->out_cons, 0, 0);
}

/**
 * xpv_front_bytes_reset() - make a ring that was used like a fresh one
 * @intf: its page of indices, which nobody uses any more; its data pages and
 *	their references stay
 *
 * xpv_front_bytes_init() is next.
 */
static inline void xpv_front_bytes_reset(struct xpv_bytes_intf *intf)
{
	memset(intf, 0, offsetof(struct xpv_bytes_intf, ring_order));
}

/**
 * xpv_back_bytes_init() - take up a ring as its backend
 * @ring: private view to fill
 * @intf: the page of indices, mapped; untrusted
 * @pages: the data pages, mapped; untrusted
 * @order: how many, as a power of two, 1 to %XPV_BYTES_MAX_ORDER
 *
 * A ring that carried traffic before goes on where it was left. Whether the
 * protocol can do that is the caller's to know.
 *
 * Return: 0, or -EILSEQ if the indices are impossible.
 */
static inline int xpv_back_bytes_init(struct xpv_byte_ring *ring,
				      struct xpv_bytes_intf *intf,
				      void *const *pages, unsigned int order)
{
	u32 in_prod = READ_ONCE(intf->in_prod);
	u32 in_cons = READ_ONCE(intf->in_cons);
	u32 out_prod = READ_ONCE(intf->out_prod);
	u32 out_cons = READ_ONCE(intf->out_cons);

	xpv_bytes_lay_out(ring, intf, pages, order);
	xpv_bytes_begin(&ring->in, &intf->in_prod, &intf->in_cons, in_prod,
			in_cons);
	xpv_bytes_begin(&ring->out, &intf->out_cons, &intf->out_prod, out_cons,
			out_prod);
	if (in_prod - in_cons > ring->in.size ||
	    out_prod - out_cons > ring->out.size)
		return -EILSEQ;
	return 0;
}

/**
 * xpv_front_bytes_agree() - events only when asked for, as the frontend
 * @ring: a ring that was just taken up
 * @intf: its page of indices
 *
 * Only where the backend does the same. No event comes before the first
 * xpv_bytes_ask() of a stream.
 */
static inline void xpv_front_bytes_agree(struct xpv_byte_ring *ring,
					 struct xpv_bytes_intf *intf)
{
	ring->in.ask = &intf->in_prod_event;
	ring->in.asked = &intf->in_cons_event;
	ring->out.ask = &intf->out_cons_event;
	ring->out.asked = &intf->out_prod_event;
}

/**
 * xpv_back_bytes_agree() - events only when asked for, as the backend
 * @ring: a ring that was just taken up
 * @intf: its page of indices, mapped; untrusted
 *
 * As xpv_front_bytes_agree().
 */
static inline void xpv_back_bytes_agree(struct xpv_byte_ring *ring,
					struct xpv_bytes_intf *intf)
{
	ring->in.ask = &intf->in_cons_event;
	ring->in.asked = &intf->in_prod_event;
	ring->out.ask = &intf->out_prod_event;
	ring->out.asked = &intf->out_cons_event;
}

/**
 * xpv_back_bytes_asked() - whether the frontend has ever asked for an event
 * @intf: its page of indices, mapped; untrusted
 *
 * One that agreed to ask does so before it tells of a fresh ring, and one that
 * knows nothing of it leaves this alone, whatever another frontend before it left
 * in the store.
 */
static inline bool xpv_back_bytes_asked(const struct xpv_bytes_intf *intf)
{
	return READ_ONCE(intf->in_prod_event);
}

/**
 * xpv_bytes_ask() - ask for an event
 * @s: the stream
 * @after: how many bytes the other end's index has to move for it from where it
 *	was last seen, at least 1. A producer that waits for room best waits for
 *	more than a little.
 *
 * Nothing happens where nothing was agreed on: then events come anyway. The
 * caller has to look once more, by xpv_bytes_ready() or xpv_bytes_room(), before
 * it sleeps: if the index has moved that far by then, no event may come.
 */
static inline void xpv_bytes_ask(struct xpv_byte_stream *s, u32 after)
{
	if (!s->ask)
		return;
	WRITE_ONCE(*s->ask, s->seen + after);
	virt_mb();	/* threshold before the peer's index */
}

/**
 * xpv_bytes_hush() - ask for no event
 * @s: the stream
 *
 * Takes back what xpv_bytes_ask() asked for. The caller is going to look by
 * itself, and has to ask again, and to look once more, before it sleeps. One event
 * may still come. Needs not to be serialised with others: whoever uses it after
 * another one asked answers for looking in that one's place.
 */
static inline void xpv_bytes_hush(const struct xpv_byte_stream *s)
{
	/* Just behind what there is: 4 GB away. */
	if (s->ask)
		WRITE_ONCE(*s->ask, READ_ONCE(*s->other) - 1);
}

/**
 * xpv_bytes_agreed() - whether events are sent only when asked for
 * @s: the stream
 */
static inline bool xpv_bytes_agreed(const struct xpv_byte_stream *s)
{
	return s->asked;
}

/* Whether an index that moved from @from to @to reached what was asked for. */
static inline bool xpv_bytes_passed(const struct xpv_byte_stream *s, u32 from,
				    u32 to)
{
	return (u32)(to - READ_ONCE(*s->asked)) < (u32)(to - from);
}

/**
 * xpv_bytes_room() - how much may be put (producer)
 * @s: the stream
 *
 * Return: bytes; or -EILSEQ if the consumer went back, or claims to have read
 * more than it was shown: the ring must not be used any more.
 */
static inline int xpv_bytes_room(struct xpv_byte_stream *s)
{
	u32 cons = READ_ONCE(*s->other);

	if (cons - s->seen > s->shown - s->seen)
		return -EILSEQ;
	s->seen = cons;
	virt_mb();	/* consumer before new data */
	return s->size - (s->at - cons);
}

/**
 * xpv_bytes_ready() - how much may be taken (consumer)
 * @s: the stream
 *
 * Return: bytes; or -EILSEQ if the producer went back, or claims to have
 * written more than there was room for: the ring must not be used any more.
 */
static inline int xpv_bytes_ready(struct xpv_byte_stream *s)
{
	u32 prod = READ_ONCE(*s->other);

	if (prod - s->seen > s->shown + s->size - s->seen)
		return -EILSEQ;
	s->seen = prod;
	virt_rmb();	/* producer before the data */
	return prod - s->at;
}

/**
 * xpv_bytes_peek() - where the other end's index is
 * @s: the stream
 *
 * To see whether it moved; nothing else may be made of it.
 */
static inline u32 xpv_bytes_peek(const struct xpv_byte_stream *s)
{
	return READ_ONCE(*s->other);
}

/*
 * The longest piece from @offset behind our index that lies in one page, at
 * most @len bytes of it. So who copies to or from an iterator needs not have the
 * kernel look up what object that is in (__check_object_size()).
 */
static inline void *xpv_bytes_piece(const struct xpv_byte_stream *s,
				    u32 offset, u32 *len)
{
	u32 at = (s->at + offset) & (s->size - 1);
	u32 within = at % (u32)XEN_PAGE_SIZE;

	*len = min(*len, (u32)XEN_PAGE_SIZE - within);
	return s->pages[at / XEN_PAGE_SIZE] + within;
}

/**
 * xpv_bytes_write() - copy into a stream, moving no index (producer)
 * @s: the stream
 * @offset: how far behind our index
 * @from: the data
 * @len: how many bytes; @offset + @len is at most xpv_bytes_room()
 */
static inline void xpv_bytes_write(const struct xpv_byte_stream *s, u32 offset,
				   const void *from, u32 len)
{
	u32 done, n;

	for (done = 0; done < len; done += n) {
		void *to;

		n = len - done;
		to = xpv_bytes_piece(s, offset + done, &n);
		memcpy(to, from + done, n);
	}
}

/**
 * xpv_bytes_read() - copy out of a stream, moving no index (consumer)
 * @s: the stream
 * @offset: how far behind our index
 * @to: private memory for the copy
 * @len: how many bytes; @offset + @len is at most xpv_bytes_ready()
 *
 * Nothing of what was read may be read again, but by its copy.
 */
static inline void xpv_bytes_read(const struct xpv_byte_stream *s, u32 offset,
				  void *to, u32 len)
{
	u32 done, n;

	for (done = 0; done < len; done += n) {
		const void *from;

		n = len - done;
		from = xpv_bytes_piece(s, offset + done, &n);
		memcpy(to + done, from, n);
	}
	/* The compiler may not go back to the shared memory either. */
	barrier();
}

/**
 * xpv_bytes_from_iter() - copy from an iterator, moving no index (producer)
 * @s: the stream
 * @offset: how far behind our index
 * @from: what to copy; advanced by what was
 * @len: how many bytes; @offset + @len is at most xpv_bytes_room()
 *
 * Context: any, or process if @from is over memory of user space.
 * Return: how many bytes were copied: less than @len if there were no more, or
 * a page of user space could not be had.
 */
static inline u32 xpv_bytes_from_iter(const struct xpv_byte_stream *s,
				      u32 offset, struct iov_iter *from,
				      u32 len)
{
	u32 done = 0, n, copied;

	while (done < len) {
		void *to;

		n = len - done;
		to = xpv_bytes_piece(s, offset + done, &n);
		copied = _copy_from_iter(to, n, from);
		done += copied;
		if (copied < n)
			break;
	}
	return done;
}

/**
 * xpv_bytes_to_iter() - copy to an iterator, moving no index (consumer)
 * @s: the stream
 * @offset: how far behind our index
 * @to: where to; advanced by what was copied
 * @len: how many bytes; @offset + @len is at most xpv_bytes_ready()
 *
 * Context: any, or process if @to is over memory of user space.
 * Return: how many bytes were copied: less than @len if there was no more
 * room, or a page of user space could not be had.
 */
static inline u32 xpv_bytes_to_iter(const struct xpv_byte_stream *s,
				    u32 offset, struct iov_iter *to, u32 len)
{
	u32 done = 0, n, copied;

	while (done < len) {
		const void *from;

		n = len - done;
		from = xpv_bytes_piece(s, offset + done, &n);
		copied = _copy_to_iter(from, n, to);
		done += copied;
		if (copied < n)
			break;
	}
	return done;
}

/**
 * xpv_bytes_pages() - a part of a stream as pages
 * @s: the stream
 * @offset: how far behind our index
 * @len: how many bytes; @offset + @len is at most xpv_bytes_room() or
 *	xpv_bytes_ready()
 * @vec: filled, a piece of a page each
 * @max: room in @vec; XPV_BYTES_VECS(@len) is always enough
 *
 * For moving data between the ring and somebody who takes pages, with one copy
 * or none. The peer may change them all the while.
 *
 * Return: how many of @vec were filled; with a small @max, not to the end.
 */
static inline unsigned int xpv_bytes_pages(const struct xpv_byte_stream *s,
					   u32 offset, u32 len,
					   struct bio_vec *vec,
					   unsigned int max)
{
	unsigned int nr;
	u32 done, n;

	for (nr = 0, done = 0; done < len && nr < max; done += n, nr++) {
		void *piece;

		n = len - done;
		piece = xpv_bytes_piece(s, offset + done, &n);
		vec[nr].bv_page = virt_to_page(piece);
		vec[nr].bv_len = n;
		vec[nr].bv_offset = offset_in_page(piece);
	}
	return nr;
}

/* Pieces that so many bytes can lie in, wherever they begin. */
#define XPV_BYTES_VECS(len)	(((len) + XEN_PAGE_SIZE - 2) / XEN_PAGE_SIZE + 1)

/**
 * xpv_bytes_page() - a page of a stream's memory
 * @s: the stream
 * @nr: which, counted round and round from where index 0 is
 *
 * To be handed on, as in xpv_bytes_pages(), where the kernel's pages are as large as
 * Xen's.
 *
 * Return: the page.
 */
static inline struct page *xpv_bytes_page(const struct xpv_byte_stream *s,
					  unsigned int nr)
{
	return virt_to_page(s->pages[nr % (s->size / XEN_PAGE_SIZE)]);
}

/**
 * xpv_bytes_move() - move our index: so much was put, or taken
 * @s: the stream
 * @len: bytes, at most xpv_bytes_room() or xpv_bytes_ready()
 *
 * The other end sees it with the next xpv_bytes_push() or xpv_bytes_release().
 */
static inline void xpv_bytes_move(struct xpv_byte_stream *s, u32 len)
{
	s->at += len;
}

/**
 * xpv_bytes_put() - copy into a stream (producer)
 * @s: the stream
 * @from: the data
 * @len: how many bytes, at most xpv_bytes_room()
 */
static inline void xpv_bytes_put(struct xpv_byte_stream *s, const void *from,
				 u32 len)
{
	xpv_bytes_write(s, 0, from, len);
	xpv_bytes_move(s, len);
}

/**
 * xpv_bytes_get() - copy out of a stream (consumer)
 * @s: the stream
 * @to: private memory for the copy
 * @len: how many bytes, at most xpv_bytes_ready()
 */
static inline void xpv_bytes_get(struct xpv_byte_stream *s, void *to, u32 len)
{
	xpv_bytes_read(s, 0, to, len);
	xpv_bytes_move(s, len);
}

/**
 * xpv_bytes_push() - show the consumer what was put (producer)
 * @s: the stream
 *
 * Byte rings have no threshold for events: after something was shown an event
 * is sent. One that is known to look again before it sleeps, as ours are, needs
 * none unless it had read all that it knew of. Where it was agreed on, the
 * consumer says.
 *
 * Return: true if an event has to be sent.
 */
static inline bool xpv_bytes_push(struct xpv_byte_stream *s)
{
	u32 old = s->shown;

	virt_wmb();	/* data before the producer */
	s->shown = s->at;
	WRITE_ONCE(*s->own, s->shown);
	virt_mb();	/* producer before the peer's consumer, or threshold */
	if (s->asked)
		return xpv_bytes_passed(s, old, s->shown);
	return READ_ONCE(*s->other) == old;
}

/**
 * xpv_bytes_free_to() - give the producer the room of a part of what was taken
 *	(consumer)
 * @s: the stream
 * @to: up to where, not before what was given back already, nor behind our index
 *
 * What is behind that can still be looked at. The other end's index is checked against
 * what it was shown: xpv_bytes_ready() has to be serialised with this, too.
 * xpv_bytes_awaited() is next.
 *
 * Return: where the consumer was before.
 */
static inline u32 xpv_bytes_free_to(struct xpv_byte_stream *s, u32 to)
{
	u32 old = s->shown;

	virt_mb();	/* the last look at data before the consumer */
	s->shown = to;
	WRITE_ONCE(*s->own, s->shown);
	virt_mb();	/* consumer before the peer's producer, or threshold */
	return old;
}

/**
 * xpv_bytes_free() - give the producer the room of what was taken (consumer)
 * @s: the stream
 *
 * As xpv_bytes_free_to(), of all of it.
 */
static inline u32 xpv_bytes_free(struct xpv_byte_stream *s)
{
	return xpv_bytes_free_to(s, s->at);
}

/**
 * xpv_bytes_awaited() - whether the producer may be waiting for room (consumer)
 * @s: the stream, after xpv_bytes_free()
 * @old: what that returned
 * @most: the most bytes that the producer may be waiting to put, read after
 *	xpv_bytes_free() if it can become more; where it was agreed on, the
 *	producer says itself what it waits for
 *
 * Return: true if it may be, so that an event has to be sent: there was less
 * room than that.
 */
static inline bool xpv_bytes_awaited(const struct xpv_byte_stream *s, u32 old,
				     u32 most)
{
	if (s->asked)
		return xpv_bytes_passed(s, old, s->shown);
	return s->shown != old &&
	       READ_ONCE(*s->other) - old > s->size - min(most, s->size);
}

/**
 * xpv_bytes_release() - xpv_bytes_free() and xpv_bytes_awaited() in one
 * @s: the stream
 * @most: see there; it never becomes more
 *
 * Return: true if an event has to be sent.
 */
static inline bool xpv_bytes_release(struct xpv_byte_stream *s, u32 most)
{
	return xpv_bytes_awaited(s, xpv_bytes_free(s), most);
}

/**
 * xpv_bytes_error() - the error that the other end set, if it did
 * @s: the stream
 *
 * Return: what the page says, 0 for none; untrusted.
 */
static inline s32 xpv_bytes_error(const struct xpv_byte_stream *s)
{
	s32 err = READ_ONCE(*s->error);

	virt_rmb();	/* error before the indices: the last bytes count */
	return err;
}

/**
 * xpv_bytes_end() - set a stream's error
 * @s: the stream, of which all is shown that will be
 * @err: as the protocol has it
 */
static inline void xpv_bytes_end(struct xpv_byte_stream *s, s32 err)
{
	virt_wmb();	/* indices before the error */
	WRITE_ONCE(*s->error, err);
}

#endif
