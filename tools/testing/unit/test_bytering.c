// SPDX-License-Identifier: GPL-2.0
/* include/xpv/bytering.h: no byte lost, none believed, no sleeper forgotten. */
#include "unit.h"
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <linux/kernel.h>
#include <linux/mm.h>

/* Here pages are pages, and stand for themselves. */
#undef virt_to_page
#define virt_to_page(address) \
	((struct page *)((uintptr_t)(address) & ~(uintptr_t)4095))

#include <xpv/bytering.h>

#define ORDER	2
#define NR	4
#define SIZE	(NR / 2 * 4096)

struct pair {
	struct xpv_bytes_intf *intf;
	void *pages[NR];
	struct xpv_byte_ring front;
	struct xpv_byte_ring back;
};

/* As if so many bytes had gone either way before. */
static void setup_at(struct pair *p, u32 done)
{
	unsigned int i;

	p->intf = aligned_alloc(4096, 4096);
	memset(p->intf, 0, 4096);
	/* Not in a row. */
	for (i = 0; i < NR; i++)
		p->pages[NR - 1 - i] = aligned_alloc(4096, 4096);
	xpv_front_bytes_init(&p->front, p->intf, p->pages, ORDER);
	p->intf->in_prod = done;
	p->intf->in_cons = done;
	p->intf->out_prod = done;
	p->intf->out_cons = done;
	p->front.in.at = done;
	p->front.in.shown = done;
	p->front.in.seen = done;
	p->front.out = (struct xpv_byte_stream) {
		.pages = p->front.out.pages,
		.size = p->front.out.size,
		.at = done,
		.shown = done,
		.seen = done,
		.own = p->front.out.own,
		.other = p->front.out.other,
		.error = p->front.out.error,
	};
	assert_int_equal(xpv_back_bytes_init(&p->back, p->intf, p->pages,
					     ORDER), 0);
}

static void teardown(struct pair *p)
{
	unsigned int i;

	for (i = 0; i < NR; i++)
		free(p->pages[i]);
	free(p->intf);
}

static u8 byte_at(u32 i)
{
	return i % 251;
}

static void fill(u8 *buf, u32 from, u32 len)
{
	u32 i;

	for (i = 0; i < len; i++)
		buf[i] = byte_at(from + i);
}

static void check(const u8 *buf, u32 from, u32 len)
{
	u32 i;

	for (i = 0; i < len; i++)
		assert_int_equal(buf[i], byte_at(from + i));
}

static void layout(void **state)
{
	assert_int_equal(offsetof(struct xpv_bytes_intf, in_cons), 0);
	assert_int_equal(offsetof(struct xpv_bytes_intf, in_prod), 4);
	assert_int_equal(offsetof(struct xpv_bytes_intf, in_error), 8);
	assert_int_equal(offsetof(struct xpv_bytes_intf, out_cons), 64);
	assert_int_equal(offsetof(struct xpv_bytes_intf, out_prod), 68);
	assert_int_equal(offsetof(struct xpv_bytes_intf, out_error), 72);
	assert_int_equal(offsetof(struct xpv_bytes_intf, ring_order), 128);
	assert_int_equal(offsetof(struct xpv_bytes_intf, ref), 132);
	assert_int_equal(xpv_bytes_size(1), 4096);
	assert_int_equal(xpv_bytes_size(9), 1 << 20);
	assert_int_equal(XPV_BYTES_VECS(1), 1);
	assert_int_equal(XPV_BYTES_VECS(2), 2);
	assert_int_equal(XPV_BYTES_VECS(4097), 2);
	assert_int_equal(XPV_BYTES_VECS(4098), 3);
	assert_int_equal(XPV_BYTES_VECS(8192), 3);
}

/* Every length, through one stream, so that pieces end everywhere. */
static void go_round(struct xpv_byte_stream *prod, struct xpv_byte_stream *cons)
{
	static u8 buf[SIZE], got[SIZE];
	u32 len, at = 0;

	for (len = 1; len <= SIZE; len += len < 40 || len > SIZE - 9 ? 1 : 331) {
		fill(buf, at, len);
		assert_int_equal(xpv_bytes_room(prod), SIZE);
		xpv_bytes_put(prod, buf, len);
		assert_int_equal(xpv_bytes_room(prod), SIZE - len);
		assert_int_equal(xpv_bytes_ready(cons), 0);
		assert_true(xpv_bytes_push(prod));
		assert_int_equal(xpv_bytes_ready(cons), len);
		xpv_bytes_get(cons, got, len);
		check(got, at, len);
		assert_int_equal(xpv_bytes_ready(cons), 0);
		assert_int_equal(xpv_bytes_room(prod), SIZE - len);
		xpv_bytes_release(cons, SIZE);
		at += len;
	}
}

static void bytes_go_round(void **state)
{
	static const u32 starts[] = { 0, 1, SIZE - 1, -1U, -SIZE, -4097U };
	struct pair p;
	u32 i;

	for (i = 0; i < ARRAY_SIZE(starts); i++) {
		setup_at(&p, starts[i]);
		go_round(&p.front.out, &p.back.out);
		go_round(&p.back.in, &p.front.in);
		teardown(&p);
	}
}

static void in_first_half_out_second(void **state)
{
	struct pair p;

	setup_at(&p, 0);
	xpv_bytes_put(&p.front.out, "out", 4);
	xpv_bytes_put(&p.back.in, "in", 3);
	assert_string_equal(p.pages[0], "in");
	assert_string_equal(p.pages[NR / 2], "out");
	teardown(&p);
}

static void from_and_to_iterators(void **state)
{
	static u8 buf[SIZE], got[SIZE + 1];
	struct iov_iter from, to;
	u32 start, len = SIZE - 3;
	struct pair p;

	for (start = 0; start < 3 * 4096; start += 1021) {
		setup_at(&p, start);
		fill(buf, start, len);
		from = (struct iov_iter) { (char *)buf, len };
		assert_int_equal(xpv_bytes_from_iter(&p.front.out, 3, &from,
						     len), len);
		assert_int_equal(from.count, 0);
		xpv_bytes_write(&p.front.out, 0, "abc", 3);
		xpv_bytes_move(&p.front.out, len + 3);
		xpv_bytes_push(&p.front.out);

		assert_int_equal(xpv_bytes_ready(&p.back.out), SIZE);
		xpv_bytes_read(&p.back.out, 0, got, 3);
		assert_memory_equal(got, "abc", 3);
		memset(got, 0, sizeof(got));
		to = (struct iov_iter) { (char *)got, len };
		assert_int_equal(xpv_bytes_to_iter(&p.back.out, 3, &to, len),
				 len);
		check(got, start, len);
		assert_int_equal(got[len], 0);
		teardown(&p);
	}
}

/* What cannot be had of an iterator is not said to be there. */
static void iterators_that_end(void **state)
{
	static u8 buf[SIZE];
	struct iov_iter iter;
	struct pair p;

	setup_at(&p, 4000);
	iter = (struct iov_iter) { (char *)buf, 50 };
	assert_int_equal(xpv_bytes_from_iter(&p.front.out, 0, &iter, 60), 50);
	iter = (struct iov_iter) { (char *)buf, 5000 };
	assert_int_equal(xpv_bytes_from_iter(&p.front.out, 0, &iter, 8000),
			 5000);
	iter = (struct iov_iter) { (char *)buf, 100 };
	assert_int_equal(xpv_bytes_to_iter(&p.back.out, 0, &iter, 8000), 100);
	assert_int_equal(xpv_bytes_from_iter(&p.front.out, 0, &iter, 0), 0);
	teardown(&p);
}

static void as_pages(void **state)
{
	struct bio_vec vec[XPV_BYTES_VECS(SIZE)];
	u32 start, len, done, i, nr;
	struct pair p;

	for (start = 0; start < 2 * SIZE; start += 511) {
		setup_at(&p, start);
		for (len = 1; len <= SIZE - 7; len += 997) {
			nr = xpv_bytes_pages(&p.front.out, 7, len, vec,
					     ARRAY_SIZE(vec));
			assert_true(nr <= XPV_BYTES_VECS(len));
			for (i = 0, done = 0; i < nr; done += vec[i++].bv_len) {
				u32 at = (start + 7 + done) % SIZE;

				assert_ptr_equal(vec[i].bv_page,
						 p.pages[NR / 2 + at / 4096]);
				assert_int_equal(vec[i].bv_offset, at % 4096);
				assert_true(vec[i].bv_offset + vec[i].bv_len <=
					    4096);
			}
			assert_int_equal(done, len);
		}
		assert_int_equal(xpv_bytes_pages(&p.front.out, 0, SIZE, vec, 1),
				 1);
		teardown(&p);
	}
}

/* Every consumer that a peer can claim, with some bytes out and some taken. */
static void bogus_consumers(void **state)
{
	static const u32 far[] = { 301, 1000, SIZE, SIZE + 1, 1U << 31, -101U,
				   -1U };
	struct pair p;
	u32 i;

	setup_at(&p, -200U);
	xpv_bytes_move(&p.front.out, 300);
	xpv_bytes_push(&p.front.out);
	xpv_bytes_move(&p.front.out, 50);
	for (i = 0; i <= 100; i++) {
		p.intf->out_cons = -200U + i;
		assert_int_equal(xpv_bytes_room(&p.front.out), SIZE - 350 + i);
	}
	/* Not shown yet, long past, or behind what was seen. */
	for (i = 0; i < ARRAY_SIZE(far); i++) {
		p.intf->out_cons = -200U + far[i];
		assert_int_equal(xpv_bytes_room(&p.front.out), -EILSEQ);
	}
	p.intf->out_cons = -200U + 99;
	assert_int_equal(xpv_bytes_room(&p.front.out), -EILSEQ);
	p.intf->out_cons = -200U + 300;
	assert_int_equal(xpv_bytes_room(&p.front.out), SIZE - 50);
	teardown(&p);
}

/* Every producer that a peer can claim, with bytes taken and not given back. */
static void bogus_producers(void **state)
{
	static const u32 far[] = { SIZE + 1, 2 * SIZE, 1U << 31, -1U, -5000U };
	struct pair p;
	u32 i;

	setup_at(&p, -100U);
	p.intf->in_prod = -100U + 40;
	assert_int_equal(xpv_bytes_ready(&p.front.in), 40);
	xpv_bytes_move(&p.front.in, 30);
	for (i = 40; i <= SIZE; i++) {
		p.intf->in_prod = -100U + i;
		assert_int_equal(xpv_bytes_ready(&p.front.in), i - 30);
	}
	for (i = 0; i < ARRAY_SIZE(far); i++) {
		p.intf->in_prod = -100U + far[i];
		assert_int_equal(xpv_bytes_ready(&p.front.in), -EILSEQ);
	}
	p.intf->in_prod = -100U + SIZE - 1;
	assert_int_equal(xpv_bytes_ready(&p.front.in), -EILSEQ);
	p.intf->in_prod = -100U + SIZE;
	xpv_bytes_release(&p.front.in, SIZE);
	p.intf->in_prod = -100U + SIZE + 30;
	assert_int_equal(xpv_bytes_ready(&p.front.in), SIZE);
	teardown(&p);
}

static void backend_takes_up(void **state)
{
	struct xpv_byte_ring again;
	u8 got[20];
	struct pair p;

	setup_at(&p, 77);
	xpv_bytes_put(&p.front.out, "left for the next", 18);
	xpv_bytes_push(&p.front.out);
	assert_int_equal(xpv_back_bytes_init(&again, p.intf, p.pages, ORDER),
			 0);
	assert_int_equal(xpv_bytes_ready(&again.out), 18);
	xpv_bytes_get(&again.out, got, 18);
	assert_string_equal(got, "left for the next");
	assert_int_equal(xpv_bytes_room(&again.in), SIZE);

	p.intf->out_prod = 77 + SIZE + 1;
	assert_int_equal(xpv_back_bytes_init(&again, p.intf, p.pages, ORDER),
			 -EILSEQ);
	p.intf->out_prod = 77 + SIZE;
	p.intf->in_cons = 78;
	assert_int_equal(xpv_back_bytes_init(&again, p.intf, p.pages, ORDER),
			 -EILSEQ);
	teardown(&p);
}

/* An event is due when the other end may sleep, and may be spared else. */
static void who_may_sleep(void **state)
{
	struct pair p;

	setup_at(&p, 0);
	xpv_bytes_move(&p.front.out, 10);
	assert_true(xpv_bytes_push(&p.front.out));
	xpv_bytes_move(&p.front.out, 10);
	assert_false(xpv_bytes_push(&p.front.out));
	assert_int_equal(xpv_bytes_ready(&p.back.out), 20);
	xpv_bytes_move(&p.back.out, 20);
	/* The producer had room for all but the last 20. */
	assert_false(xpv_bytes_release(&p.back.out, SIZE - 20));
	xpv_bytes_move(&p.front.out, 20);
	assert_true(xpv_bytes_push(&p.front.out));
	xpv_bytes_ready(&p.back.out);
	assert_false(xpv_bytes_release(&p.back.out, SIZE));
	xpv_bytes_move(&p.back.out, 1);
	assert_true(xpv_bytes_release(&p.back.out, SIZE - 19));
	xpv_bytes_move(&p.back.out, 1);
	assert_true(xpv_bytes_release(&p.back.out, 10 * SIZE));
	teardown(&p);
}

/* Thresholds, between ends that agreed on them: each asks for itself. */
static void events_as_asked(void **state)
{
	struct pair p;

	setup_at(&p, -30);
	/* Nothing was agreed on: asking does nothing. */
	xpv_bytes_ask(&p.back.out, 1);
	assert_int_equal(p.intf->out_prod_event, 0);
	xpv_front_bytes_agree(&p.front, p.intf);
	xpv_back_bytes_agree(&p.back, p.intf);

	/* Nobody asked. */
	xpv_bytes_move(&p.front.out, 10);
	assert_false(xpv_bytes_push(&p.front.out));
	assert_int_equal(xpv_bytes_ready(&p.back.out), 10);
	/* The consumer has 10, and wants to hear of 20 more. */
	xpv_bytes_ask(&p.back.out, 20);
	xpv_bytes_move(&p.front.out, 19);
	assert_false(xpv_bytes_push(&p.front.out));
	xpv_bytes_move(&p.front.out, 1);
	assert_true(xpv_bytes_push(&p.front.out));
	xpv_bytes_move(&p.front.out, 1);
	assert_false(xpv_bytes_push(&p.front.out));
	assert_int_equal(p.intf->out_prod_event, 0);

	/* The producer wants to hear of room, whatever was there before. */
	xpv_bytes_room(&p.front.out);
	xpv_bytes_ask(&p.front.out, 12);
	xpv_bytes_ready(&p.back.out);
	xpv_bytes_move(&p.back.out, 11);
	assert_false(xpv_bytes_release(&p.back.out, SIZE));
	xpv_bytes_move(&p.back.out, 20);
	assert_true(xpv_bytes_release(&p.back.out, 0));

	/* The other way, in words of their own. */
	xpv_bytes_ready(&p.front.in);
	xpv_bytes_ask(&p.front.in, 1);
	xpv_bytes_move(&p.back.in, 5);
	assert_true(xpv_bytes_push(&p.back.in));
	xpv_bytes_room(&p.back.in);
	xpv_bytes_ask(&p.back.in, 5);
	xpv_bytes_ready(&p.front.in);
	xpv_bytes_move(&p.front.in, 5);
	assert_true(xpv_bytes_release(&p.front.in, 1));
	teardown(&p);
}

static void errors_come_last(void **state)
{
	struct pair p;

	setup_at(&p, 0);
	assert_int_equal(xpv_bytes_error(&p.front.in), 0);
	xpv_bytes_end(&p.back.in, -107);
	assert_int_equal(xpv_bytes_error(&p.front.in), -107);
	assert_int_equal(p.intf->in_error, -107);
	xpv_bytes_end(&p.back.out, -32);
	assert_int_equal(p.intf->out_error, -32);
	teardown(&p);
}

/*
 * Two threads, that send an event only when they are told to, and sleep when
 * there is nothing to do. Messages are as large as the ring, and smaller.
 */
#define STREAM_BYTES	(64 << 20)
#define MOST		(SIZE / 2)

struct bell {
	pthread_mutex_t lock;
	pthread_cond_t rung;
	bool waiting;
};

static void ring_it(struct bell *bell)
{
	pthread_mutex_lock(&bell->lock);
	bell->waiting = true;
	pthread_cond_signal(&bell->rung);
	pthread_mutex_unlock(&bell->lock);
}

static void sleep_on(struct bell *bell)
{
	pthread_mutex_lock(&bell->lock);
	while (!bell->waiting)
		pthread_cond_wait(&bell->rung, &bell->lock);
	bell->waiting = false;
	pthread_mutex_unlock(&bell->lock);
}

struct flow {
	struct pair p;
	struct bell to_prod;
	struct bell to_cons;
};

static u32 next_len(u32 *seed)
{
	*seed = *seed * 1664525 + 1013904223;
	return *seed % MOST + 1;
}

static void *produce(void *arg)
{
	struct flow *f = arg;
	struct xpv_byte_stream *s = &f->p.front.out;
	static u8 buf[MOST];
	u32 seed = 1, at, len;
	int room;

	for (at = 0; at < STREAM_BYTES; at += len) {
		len = next_len(&seed);
		while ((room = xpv_bytes_room(s)) < (int)len) {
			xpv_bytes_ask(s, len - room);
			if (!s->ask || xpv_bytes_room(s) < (int)len)
				sleep_on(&f->to_prod);
		}
		fill(buf, at, len);
		xpv_bytes_put(s, buf, len);
		if (xpv_bytes_push(s))
			ring_it(&f->to_cons);
	}
	return NULL;
}

/* As one that watches for a moment before it sleeps. */
static bool watch(struct xpv_byte_stream *s, unsigned int looks)
{
	u32 seen = s->seen;

	while (looks--)
		if (xpv_bytes_peek(s) != seen)
			return true;
	return false;
}

/* With @looks, who consumes tells that it looks by itself before it gives room. */
static void run_flow(bool agreed, unsigned int looks)
{
	static struct flow f = {
		.to_prod = { .lock = PTHREAD_MUTEX_INITIALIZER,
			     .rung = PTHREAD_COND_INITIALIZER },
		.to_cons = { .lock = PTHREAD_MUTEX_INITIALIZER,
			     .rung = PTHREAD_COND_INITIALIZER },
	};
	struct xpv_byte_stream *s = &f.p.back.out;
	static u8 buf[SIZE];
	pthread_t thread;
	u32 at = 0;
	int n;

	setup_at(&f.p, -STREAM_BYTES / 2);
	if (agreed) {
		xpv_front_bytes_agree(&f.p.front, f.p.intf);
		xpv_back_bytes_agree(&f.p.back, f.p.intf);
	}
	pthread_create(&thread, NULL, produce, &f);
	while (at < STREAM_BYTES) {
		n = xpv_bytes_ready(s);
		assert_true(n >= 0);
		if (!n) {
			xpv_bytes_ask(s, 1);
			if (!s->ask || !xpv_bytes_ready(s))
				sleep_on(&f.to_cons);
			continue;
		}
		xpv_bytes_get(s, buf, n);
		check(buf, at, n);
		at += n;
		if (looks)
			xpv_bytes_hush(s);
		if (xpv_bytes_release(s, MOST))
			ring_it(&f.to_prod);
		watch(s, looks);
	}
	pthread_join(thread, NULL);
	teardown(&f.p);
}

static void no_wakeup_is_lost(void **state)
{
	run_flow(false, 0);
}

static void none_that_was_asked_for(void **state)
{
	run_flow(true, 0);
	run_flow(true, 1);
	run_flow(true, 200);
}

/*
 * A backend that nothing was agreed on with: it answers one request after the
 * other, and sleeps until an event when there is no room. The frontend tells it of
 * room only if it may be waiting for that: if what may still be answered is more
 * than there was room for.
 */
#define ASKED		200000
#define ROUND		6

struct service {
	struct pair p;
	struct bell to_back;
	struct bell to_front;
	u32 due;
	unsigned int out;
};

static void *serve(void *arg)
{
	struct service *v = arg;
	struct xpv_byte_stream *in = &v->p.back.in, *out = &v->p.back.out;
	static u8 buf[MOST];
	u32 at = 0, len;
	unsigned int i;

	for (i = 0; i < ASKED; i++, at += len) {
		while (xpv_bytes_ready(out) < (int)sizeof(len))
			sleep_on(&v->to_back);
		xpv_bytes_get(out, &len, sizeof(len));
		xpv_bytes_free(out);
		while (xpv_bytes_room(in) < (int)len)
			sleep_on(&v->to_back);
		fill(buf, at, len);
		xpv_bytes_put(in, buf, len);
		xpv_bytes_push(in);
		ring_it(&v->to_front);
	}
	return NULL;
}

static void *ask(void *arg)
{
	struct service *v = arg;
	struct xpv_byte_stream *out = &v->p.front.out;
	u32 seed = 1, len;
	unsigned int i;

	for (i = 0; i < ASKED; i++) {
		len = next_len(&seed);
		/* In rounds, so that no request's event stands in for another. */
		while (i % ROUND == 0 &&
		       __atomic_load_n(&v->out, __ATOMIC_ACQUIRE))
			sched_yield();
		__atomic_add_fetch(&v->out, 1, __ATOMIC_RELAXED);
		__atomic_add_fetch(&v->due, len, __ATOMIC_RELAXED);
		assert_true(xpv_bytes_room(out) >= (int)sizeof(len));
		xpv_bytes_put(out, &len, sizeof(len));
		xpv_bytes_push(out);
		ring_it(&v->to_back);
	}
	return NULL;
}

static void none_for_room_that_is_needed(void **state)
{
	static struct service v = {
		.to_back = { .lock = PTHREAD_MUTEX_INITIALIZER,
			     .rung = PTHREAD_COND_INITIALIZER },
		.to_front = { .lock = PTHREAD_MUTEX_INITIALIZER,
			      .rung = PTHREAD_COND_INITIALIZER },
	};
	struct xpv_byte_stream *in = &v.p.front.in;
	u32 seed = 1, at = 0, len, old;
	unsigned int i, told = 0;
	static u8 buf[MOST];
	pthread_t threads[2];

	setup_at(&v.p, -STREAM_BYTES);
	pthread_create(&threads[0], NULL, serve, &v);
	pthread_create(&threads[1], NULL, ask, &v);
	for (i = 0; i < ASKED; i++, at += len) {
		len = next_len(&seed);
		while (xpv_bytes_ready(in) < (int)len)
			sleep_on(&v.to_front);
		xpv_bytes_get(in, buf, len);
		check(buf, at, len);
		__atomic_sub_fetch(&v.due, len, __ATOMIC_RELAXED);
		old = xpv_bytes_free(in);
		if (xpv_bytes_awaited(in, old, READ_ONCE(v.due))) {
			ring_it(&v.to_back);
			told++;
		}
		__atomic_sub_fetch(&v.out, 1, __ATOMIC_RELEASE);
	}
	pthread_join(threads[0], NULL);
	pthread_join(threads[1], NULL);
	assert_true(told > 0 && told < ASKED);
	teardown(&v.p);
}

/* Who looks by itself is sent none, until it asks again. */
static void none_that_was_not_wanted(void **state)
{
	static const u8 buf[20];
	struct pair p;

	setup_at(&p, -8);
	xpv_front_bytes_agree(&p.front, p.intf);
	xpv_back_bytes_agree(&p.back, p.intf);
	xpv_bytes_ask(&p.back.out, 1);
	xpv_bytes_hush(&p.back.out);
	xpv_bytes_put(&p.front.out, buf, 5);
	assert_false(xpv_bytes_push(&p.front.out));
	xpv_bytes_put(&p.front.out, buf, sizeof(buf));
	assert_false(xpv_bytes_push(&p.front.out));
	assert_int_equal(xpv_bytes_ready(&p.back.out), 25);
	xpv_bytes_ask(&p.back.out, 1);
	xpv_bytes_put(&p.front.out, buf, 1);
	assert_true(xpv_bytes_push(&p.front.out));
	teardown(&p);
}

/* The page of a frontend that does not know of asking is zero. */
static void who_asks(void **state)
{
	struct pair p;

	setup_at(&p, 0);
	assert_false(xpv_bytes_agreed(&p.front.in));
	assert_false(xpv_back_bytes_asked(p.intf));
	xpv_front_bytes_agree(&p.front, p.intf);
	assert_true(xpv_bytes_agreed(&p.front.in));
	assert_false(xpv_back_bytes_asked(p.intf));
	xpv_bytes_ask(&p.front.in, 1);
	assert_true(xpv_back_bytes_asked(p.intf));
	teardown(&p);
}

/* What may be waited for is known only when the room has been given. */
static void who_waits_for_room(void **state)
{
	static u8 buf[SIZE];
	struct pair p;
	u32 old;

	setup_at(&p, -30);
	xpv_bytes_put(&p.back.in, buf, 100);
	xpv_bytes_push(&p.back.in);
	assert_int_equal(xpv_bytes_ready(&p.front.in), 100);
	xpv_bytes_get(&p.front.in, buf, 60);
	old = xpv_bytes_free(&p.front.in);
	assert_false(xpv_bytes_awaited(&p.front.in, old, 0));
	assert_false(xpv_bytes_awaited(&p.front.in, old, SIZE - 100));
	assert_true(xpv_bytes_awaited(&p.front.in, old, SIZE - 99));
	old = xpv_bytes_free(&p.front.in);
	assert_false(xpv_bytes_awaited(&p.front.in, old, SIZE));
	teardown(&p);
}

/* What was taken and not given back stays as it is, however much is taken behind it. */
static void room_of_a_part(void **state)
{
	static u8 buf[SIZE], got[SIZE];
	struct pair p;
	u32 from, old;

	setup_at(&p, -30);
	assert_ptr_equal(xpv_bytes_page(&p.back.out, NR + 1),
			 virt_to_page(p.back.out.pages[1]));
	fill(buf, 0, SIZE);
	xpv_bytes_put(&p.front.out, buf, SIZE);
	xpv_bytes_push(&p.front.out);
	assert_int_equal(xpv_bytes_ready(&p.back.out), SIZE);
	xpv_bytes_move(&p.back.out, 100);
	from = p.back.out.at;
	xpv_bytes_move(&p.back.out, 1000);
	old = xpv_bytes_free_to(&p.back.out, from);
	assert_true(xpv_bytes_awaited(&p.back.out, old, 100));
	assert_int_equal(xpv_bytes_room(&p.front.out), 100);
	xpv_bytes_put(&p.front.out, buf, 100);
	xpv_bytes_push(&p.front.out);
	assert_int_equal(xpv_bytes_ready(&p.back.out), SIZE - 1000);
	xpv_bytes_move(&p.back.out, SIZE - 1000);
	old = xpv_bytes_free_to(&p.back.out, from);
	assert_false(xpv_bytes_awaited(&p.back.out, old, SIZE));
	assert_int_equal(xpv_bytes_room(&p.front.out), 0);
	xpv_bytes_read(&p.back.out, -SIZE, got, 1000);
	check(got, 100, 1000);
	old = xpv_bytes_free(&p.back.out);
	assert_true(xpv_bytes_awaited(&p.back.out, old, 1));
	assert_int_equal(xpv_bytes_room(&p.front.out), SIZE);
	teardown(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(layout),
		cmocka_unit_test(room_of_a_part),
		cmocka_unit_test(bytes_go_round),
		cmocka_unit_test(in_first_half_out_second),
		cmocka_unit_test(from_and_to_iterators),
		cmocka_unit_test(iterators_that_end),
		cmocka_unit_test(as_pages),
		cmocka_unit_test(bogus_consumers),
		cmocka_unit_test(bogus_producers),
		cmocka_unit_test(backend_takes_up),
		cmocka_unit_test(who_may_sleep),
		cmocka_unit_test(events_as_asked),
		cmocka_unit_test(errors_come_last),
		cmocka_unit_test(no_wakeup_is_lost),
		cmocka_unit_test(none_that_was_asked_for),
		cmocka_unit_test(none_for_room_that_is_needed),
		cmocka_unit_test(none_that_was_not_wanted),
		cmocka_unit_test(who_asks),
		cmocka_unit_test(who_waits_for_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
