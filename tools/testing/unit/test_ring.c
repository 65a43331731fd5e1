// SPDX-License-Identifier: GPL-2.0
/* include/xpv/ring.h: indices nobody can bend, events nobody can lose. */
#include "unit.h"
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>
#include <linux/kernel.h>
#include <linux/ktime.h>
#include <xpv/ring.h>

#define BYTES		4096
#define SLOT_SIZE	112
#define SLOTS		32

struct message {
	u32 id;
	u32 check;
	u32 rest[26];
};

struct pair {
	void *mem;
	struct xpv_ring front;
	struct xpv_ring back;
};

static void setup(struct pair *p)
{
	p->mem = aligned_alloc(BYTES, BYTES);
	memset(p->mem, 0, BYTES);
	xpv_front_ring_init(&p->front, p->mem, BYTES, SLOT_SIZE);
	assert_int_equal(xpv_back_ring_init(&p->back, p->mem, BYTES,
					    SLOT_SIZE), 0);
}

/* As if "done" requests had been answered already. */
static void setup_at(struct pair *p, u32 done)
{
	struct xpv_ring_page *page;

	setup(p);
	page = p->mem;
	page->req_prod = done;
	page->rsp_prod = done;
	page->req_event = done + 1;
	page->rsp_event = done + 1;
	p->front.prod = done;
	p->front.pushed = done;
	p->front.cons = done;
	assert_int_equal(xpv_back_ring_init(&p->back, p->mem, BYTES,
					    SLOT_SIZE), 0);
}

static void teardown(struct pair *p)
{
	free(p->mem);
}

static struct message message(u32 id)
{
	struct message m = { .id = id, .check = ~id };

	memset(m.rest, id, sizeof(m.rest));
	return m;
}

static void ask(struct pair *p, u32 id)
{
	struct message m = message(id);

	assert_true(xpv_front_ring_free(&p->front) > 0);
	xpv_front_ring_put(&p->front, &m, sizeof(m));
}

static void answer(struct pair *p)
{
	struct message m;

	assert_true(xpv_back_ring_pending(&p->back) > 0);
	xpv_back_ring_get(&p->back, &m, sizeof(m));
	xpv_back_ring_put(&p->back, &m, sizeof(m));
}

static void collect(struct pair *p, u32 id)
{
	struct message m, want = message(id);

	assert_true(xpv_front_ring_pending(&p->front) > 0);
	xpv_front_ring_get(&p->front, &m, sizeof(m));
	assert_memory_equal(&m, &want, sizeof(m));
}

static void layout(void **state)
{
	assert_int_equal(offsetof(struct xpv_ring_page, req_prod), 0);
	assert_int_equal(offsetof(struct xpv_ring_page, req_event), 4);
	assert_int_equal(offsetof(struct xpv_ring_page, rsp_prod), 8);
	assert_int_equal(offsetof(struct xpv_ring_page, rsp_event), 12);
	assert_int_equal(offsetof(struct xpv_ring_page, slots), 64);
	assert_int_equal(xpv_ring_slots(4096, 112), 32);
	assert_int_equal(xpv_ring_slots(65536, 112), 512);
	assert_int_equal(xpv_ring_slots(4096, 12), 256);
	assert_int_equal(xpv_ring_slots(4096, 8), 256);
}

static void round_trip(struct pair *p)
{
	u32 id = 0;
	u32 n, i;

	for (n = 1; n <= SLOTS; n++) {
		for (i = 0; i < n; i++)
			ask(p, id + i);
		xpv_front_ring_push(&p->front);
		assert_int_equal(xpv_back_ring_pending(&p->back), n);
		for (i = 0; i < n; i++)
			answer(p);
		assert_int_equal(xpv_back_ring_pending(&p->back), 0);
		assert_int_equal(xpv_front_ring_pending(&p->front), 0);
		xpv_back_ring_push(&p->back);
		assert_int_equal(xpv_front_ring_pending(&p->front), n);
		for (i = 0; i < n; i++)
			collect(p, id + i);
		assert_int_equal(xpv_front_ring_pending(&p->front), 0);
		id += n;
	}
}

static void messages_go_round(void **state)
{
	struct pair p;

	setup(&p);
	round_trip(&p);
	teardown(&p);
}

static void indices_wrap(void **state)
{
	u32 start;
	struct pair p;

	for (start = -40U; start != 2; start++) {
		setup_at(&p, start);
		round_trip(&p);
		teardown(&p);
	}
}

static void unpublished_is_unseen(void **state)
{
	struct pair p;

	setup(&p);
	ask(&p, 1);
	assert_int_equal(xpv_back_ring_pending(&p.back), 0);
	xpv_front_ring_push(&p.front);
	answer(&p);
	assert_int_equal(xpv_front_ring_pending(&p.front), 0);
	xpv_back_ring_push(&p.back);
	assert_int_equal(xpv_front_ring_pending(&p.front), 1);
	teardown(&p);
}

static void full_and_empty(void **state)
{
	struct pair p;
	u32 i;

	setup(&p);
	assert_int_equal(xpv_front_ring_free(&p.front), SLOTS);
	assert_int_equal(xpv_back_ring_pending(&p.back), 0);
	for (i = 0; i < SLOTS; i++)
		ask(&p, i);
	assert_int_equal(xpv_front_ring_free(&p.front), 0);
	xpv_front_ring_push(&p.front);
	assert_int_equal(xpv_back_ring_pending(&p.back), SLOTS);
	for (i = 0; i < SLOTS; i++)
		answer(&p);
	xpv_back_ring_push(&p.back);
	assert_int_equal(xpv_front_ring_free(&p.front), 0);
	for (i = 0; i < SLOTS; i++) {
		collect(&p, i);
		assert_int_equal(xpv_front_ring_free(&p.front), i + 1);
	}
	teardown(&p);
}

static void owed_until_answered(void **state)
{
	u32 answers = 100;
	struct pair p;

	setup(&p);
	assert_int_equal(xpv_front_ring_owed(&p.front, &answers), 0);
	ask(&p, 1);
	ask(&p, 2);
	xpv_front_ring_push(&p.front);
	assert_int_equal(xpv_front_ring_owed(&p.front, &answers), 2);
	assert_int_equal(answers, 100);
	answer(&p);
	xpv_back_ring_push(&p.back);
	/* Whether or not anybody has taken it. */
	assert_int_equal(xpv_front_ring_owed(&p.front, &answers), 1);
	assert_int_equal(answers, 101);
	collect(&p, 1);
	assert_int_equal(xpv_front_ring_owed(&p.front, &answers), 1);
	assert_int_equal(answers, 102);
	teardown(&p);
}

/* Every producer a backend can claim, with two requests unanswered. */
static void bogus_responses(void **state)
{
	static const u32 far[] = { 33, 1000, 1U << 31, -2U, -1U };
	struct xpv_ring_page *page;
	struct pair p;
	u32 i;

	setup_at(&p, 100);
	page = p.mem;
	ask(&p, 1);
	ask(&p, 2);
	for (i = 0; i <= 2; i++) {
		page->rsp_prod = 100 + i;
		assert_int_equal(xpv_front_ring_pending(&p.front), i);
		assert_int_equal(xpv_front_ring_final_check(&p.front), i);
	}
	for (i = 3; i <= SLOTS + 1; i++) {
		page->rsp_prod = 100 + i;
		assert_int_equal(xpv_front_ring_pending(&p.front), -EILSEQ);
	}
	for (i = 0; i < ARRAY_SIZE(far); i++) {
		page->rsp_prod = 100 + far[i];
		assert_int_equal(xpv_front_ring_pending(&p.front), -EILSEQ);
		assert_int_equal(xpv_front_ring_final_check(&p.front),
				 -EILSEQ);
	}
	teardown(&p);
}

/* Every producer a frontend can claim, with three requests in the works. */
static void bogus_requests(void **state)
{
	static const u32 far[] = { 33, 1000, 1U << 31, -2U, -1U };
	struct xpv_ring_page *page;
	struct message m;
	struct pair p;
	u32 i;

	setup_at(&p, -1U);
	page = p.mem;
	for (i = 0; i < 3; i++)
		ask(&p, i);
	xpv_front_ring_push(&p.front);
	for (i = 0; i < 3; i++) {
		assert_int_equal(xpv_back_ring_pending(&p.back), 3 - i);
		xpv_back_ring_get(&p.back, &m, sizeof(m));
	}
	for (i = 3; i <= SLOTS; i++) {
		page->req_prod = -1U + i;
		assert_int_equal(xpv_back_ring_pending(&p.back), i - 3);
	}
	for (i = 0; i < ARRAY_SIZE(far); i++) {
		page->req_prod = -1U + far[i];
		assert_int_equal(xpv_back_ring_pending(&p.back), -EILSEQ);
		assert_int_equal(xpv_back_ring_final_check(&p.back), -EILSEQ);
	}
	/* Taken back: behind what was consumed, before what was answered. */
	for (i = 0; i < 3; i++) {
		page->req_prod = -1U + i;
		assert_int_equal(xpv_back_ring_pending(&p.back), -EILSEQ);
	}
	teardown(&p);
}

/* The rule by counting: the event lies among the indices that were passed. */
static void event_threshold(void **state)
{
	static const u32 bases[] = { 0, 7, 1U << 31, -8U };
	u32 b, count, event, i;

	for (b = 0; b < ARRAY_SIZE(bases); b++)
		for (count = 0; count < 12; count++)
			for (event = 0; event < 24; event++) {
				u32 from = bases[b], at = from + event - 6;
				bool passed = false, wants;

				for (i = 1; i <= count; i++)
					passed |= from + i == at;
				wants = xpv_ring_wants_event(from, from + count,
							     at);
				assert_int_equal(wants, passed);
			}
}

static void events_only_when_asked(void **state)
{
	struct pair p;

	setup(&p);
	ask(&p, 0);
	assert_true(xpv_front_ring_push(&p.front));
	ask(&p, 1);
	assert_false(xpv_front_ring_push(&p.front));
	assert_false(xpv_front_ring_push(&p.front));
	answer(&p);
	assert_int_equal(xpv_back_ring_final_check(&p.back), 1);
	answer(&p);
	assert_int_equal(xpv_back_ring_final_check(&p.back), 0);
	ask(&p, 2);
	ask(&p, 3);
	assert_true(xpv_front_ring_push(&p.front));

	assert_true(xpv_back_ring_push(&p.back));
	answer(&p);
	assert_false(xpv_back_ring_push(&p.back));
	collect(&p, 0);
	collect(&p, 1);
	assert_int_equal(xpv_front_ring_final_check(&p.front), 1);
	collect(&p, 2);
	assert_int_equal(xpv_front_ring_final_check(&p.front), 0);
	answer(&p);
	assert_true(xpv_back_ring_push(&p.back));
	teardown(&p);
}

/* An event that is to wait for several responses comes with the last of them. */
static void event_comes_after(void **state)
{
	struct pair p;
	u32 i;

	(void)state;
	setup(&p);
	for (i = 0; i < 4; i++)
		ask(&p, i);
	xpv_front_ring_push(&p.front);
	assert_false(xpv_front_ring_check_after(&p.front, 3));
	for (i = 0; i < 3; i++) {
		answer(&p);
		assert_int_equal(xpv_back_ring_push(&p.back), i == 2);
	}
	assert_true(xpv_front_ring_check_after(&p.front, 3));
	assert_false(xpv_front_ring_check_after(&p.front, 4));
	collect(&p, 0);
	assert_true(xpv_front_ring_check_after(&p.front, 2));
	assert_false(xpv_front_ring_check_after(&p.front, 3));
	answer(&p);
	assert_true(xpv_back_ring_push(&p.back));
	p.front.page->rsp_prod = 1000;	/* impossible: to be looked at */
	assert_true(xpv_front_ring_check_after(&p.front, 1));
	teardown(&p);
}

/* A backend that starts anew answers what the one before left, in order. */
/*
 * Shown in several steps, told of once: the push answers for all of them,
 * whenever between them the frontend fell asleep.
 */
static void shown_before_told(void **state)
{
	struct pair p;
	u32 slept;

	for (slept = 0; slept <= 3; slept++) {
		u32 i;

		setup(&p);
		for (i = 0; i < 3; i++)
			ask(&p, i);
		xpv_front_ring_push(&p.front);
		/* The first threshold of a ring is past. */
		p.front.page->rsp_event = 0;
		for (i = 0; i <= 3; i++) {
			if (i == slept)
				xpv_front_ring_final_check(&p.front);
			if (i == 3)
				break;
			answer(&p);
			xpv_back_ring_show(&p.back);
			assert_int_equal(xpv_front_ring_pending(&p.front), 1);
			collect(&p, i);
		}
		assert_int_equal(xpv_back_ring_push(&p.back), slept < 3);
		assert_false(xpv_back_ring_push(&p.back));
		teardown(&p);
	}
}

static void backend_reattaches(void **state)
{
	struct pair p;
	u32 i;

	setup_at(&p, -3U);
	for (i = 0; i < 10; i++)
		ask(&p, i);
	xpv_front_ring_push(&p.front);
	for (i = 0; i < 4; i++)
		answer(&p);
	xpv_back_ring_push(&p.back);
	answer(&p);

	assert_int_equal(xpv_back_ring_init(&p.back, p.mem, BYTES, SLOT_SIZE),
			 0);
	assert_int_equal(xpv_back_ring_pending(&p.back), 6);
	for (i = 0; i < 6; i++)
		answer(&p);
	xpv_back_ring_push(&p.back);
	for (i = 0; i < 10; i++)
		collect(&p, i);
	assert_int_equal(xpv_front_ring_pending(&p.front), 0);
	teardown(&p);
}

static void attach_checks_indices(void **state)
{
	static const u32 asked[] = { 33, 34, 1U << 31, -1U, -32U };
	struct xpv_ring_page *page;
	struct pair p;
	u32 i;

	setup(&p);
	page = p.mem;
	page->rsp_prod = 77;
	for (i = 0; i <= SLOTS; i++) {
		page->req_prod = 77 + i;
		assert_int_equal(xpv_back_ring_init(&p.back, p.mem, BYTES,
						    SLOT_SIZE), 0);
	}
	for (i = 0; i < ARRAY_SIZE(asked); i++) {
		page->req_prod = 77 + asked[i];
		assert_int_equal(xpv_back_ring_init(&p.back, p.mem, BYTES,
						    SLOT_SIZE), -EILSEQ);
	}
	teardown(&p);
}

struct scribbler {
	u32 *slot;
	bool stop;
};

/* Both halves of a word always agree, in any word, at any time. */
static void *scribble(void *arg)
{
	struct scribbler *s = arg;
	u32 n = 0;

	while (!READ_ONCE(s->stop)) {
		u32 i, half = ++n & 0xffff;

		for (i = 0; i < SLOT_SIZE / 4; i++)
			WRITE_ONCE(s->slot[i], half << 16 | half);
	}
	return NULL;
}

/*
 * A peer that rewrites a request while it is copied: no word of the copy is
 * torn, and none changes once it was copied.
 */
static void copied_once(void **state)
{
	struct message copy, later;
	struct scribbler s = {};
	pthread_t peer;
	struct pair p;
	u32 n, i;

	setup(&p);
	ask(&p, 0);
	xpv_front_ring_push(&p.front);
	s.slot = xpv_ring_slot(&p.back, 0);
	memset(s.slot, 0, SLOT_SIZE);
	pthread_create(&peer, NULL, scribble, &s);

	for (n = 0; n < 200000; n++) {
		const u32 *words = (const u32 *)&copy;

		p.back.cons = 0;
		xpv_back_ring_get(&p.back, &copy, sizeof(copy));
		memcpy(&later, &copy, sizeof(copy));
		for (i = 0; i < sizeof(copy) / 4; i++)
			assert_int_equal(words[i] >> 16, words[i] & 0xffff);
		assert_memory_equal(&later, &copy, sizeof(copy));
	}

	WRITE_ONCE(s.stop, true);
	pthread_join(peer, NULL);
	teardown(&p);
}

/*
 * Two threads, each asleep whenever the ring has nothing for it, woken by the
 * peer's events alone. An event that is missing shows as a timeout.
 */
#define MESSAGES	1000000
#define LOST_MS		10000

struct end {
	struct pair *p;
	int events;
	int peer;
	u32 burst;	/* most messages between two pushes */
	u32 seed;
	u32 slept;
	const char *wrong;
};

static void notify(struct end *e)
{
	u64 one = 1;

	if (write(e->peer, &one, sizeof(one)) != sizeof(one))
		e->wrong = "event not sent";
}

static bool wait_event(struct end *e)
{
	struct pollfd pfd = { .fd = e->events, .events = POLLIN };
	u64 count;

	e->slept++;
	if (poll(&pfd, 1, LOST_MS) == 1 &&
	    read(e->events, &count, sizeof(count)) == sizeof(count))
		return true;
	e->wrong = "event lost";
	return false;
}

static u32 random_burst(struct end *e)
{
	e->seed = e->seed * 1103515245 + 12345;
	return 1 + (e->seed >> 16) % e->burst;
}

static u32 send_some(struct end *e, u32 sent)
{
	struct xpv_ring *ring = &e->p->front;
	u32 n = min(random_burst(e), xpv_front_ring_free(ring));
	struct message m;

	for (; n && sent < MESSAGES; n--, sent++) {
		m.id = sent;
		m.check = ~sent;
		xpv_front_ring_put(ring, &m, sizeof(m));
	}
	if (xpv_front_ring_push(ring))
		notify(e);
	return sent;
}

static u32 receive_some(struct end *e, u32 got, int pending)
{
	struct message m;

	for (; pending; pending--, got++) {
		xpv_front_ring_get(&e->p->front, &m, sizeof(m));
		if (m.id != got || m.check != ~got)
			e->wrong = "wrong response";
	}
	return got;
}

static void *front_main(void *arg)
{
	struct end *e = arg;
	struct xpv_ring *ring = &e->p->front;
	u32 sent = 0, got = 0;
	int pending;

	while (got < MESSAGES && !e->wrong) {
		if (sent < MESSAGES && xpv_front_ring_free(ring))
			sent = send_some(e, sent);
		pending = xpv_front_ring_pending(ring);
		if (!pending && (sent == MESSAGES ||
				 !xpv_front_ring_free(ring))) {
			pending = xpv_front_ring_final_check(ring);
			if (!pending && !wait_event(e))
				break;
		}
		if (pending < 0)
			e->wrong = "responses out of bounds";
		else
			got = receive_some(e, got, pending);
	}
	return NULL;
}

static u32 serve_some(struct end *e, u32 served, int pending)
{
	struct xpv_ring *ring = &e->p->back;
	u32 n = min_t(u32, random_burst(e), pending);
	struct message m;

	for (; n; n--, served++) {
		xpv_back_ring_get(ring, &m, sizeof(m));
		xpv_back_ring_put(ring, &m, sizeof(m));
	}
	if (xpv_back_ring_push(ring))
		notify(e);
	return served;
}

static void *back_main(void *arg)
{
	struct end *e = arg;
	struct xpv_ring *ring = &e->p->back;
	u32 served = 0;
	int pending;

	while (served < MESSAGES && !e->wrong) {
		pending = xpv_back_ring_pending(ring);
		if (!pending) {
			pending = xpv_back_ring_final_check(ring);
			if (!pending && !wait_event(e))
				break;
		}
		if (pending < 0)
			e->wrong = "requests out of bounds";
		else if (pending)
			served = serve_some(e, served, pending);
	}
	return NULL;
}

static void pass_a_million(u32 front_burst, u32 back_burst)
{
	int to_front = eventfd(0, 0), to_back = eventfd(0, 0);
	struct end front = { .events = to_front, .peer = to_back,
			     .burst = front_burst, .seed = 1 };
	struct end back = { .events = to_back, .peer = to_front,
			    .burst = back_burst, .seed = 2 };
	pthread_t front_thread, back_thread;
	struct pair p;

	setup_at(&p, -500000U);
	front.p = &p;
	back.p = &p;
	pthread_create(&back_thread, NULL, back_main, &back);
	pthread_create(&front_thread, NULL, front_main, &front);
	pthread_join(front_thread, NULL);
	pthread_join(back_thread, NULL);
	close(to_front);
	close(to_back);
	teardown(&p);
	if (front.wrong)
		fail_msg("front: %s", front.wrong);
	if (back.wrong)
		fail_msg("back: %s", back.wrong);
	assert_true(front.slept > 0);
	assert_true(back.slept > 0);
}

static void no_wakeup_is_lost(void **state)
{
	pass_a_million(SLOTS, SLOTS);
}

static void no_wakeup_is_lost_in_trickles(void **state)
{
	pass_a_million(3, 2);
}

/*
 * The instant at which an event can get lost, again and again: one end
 * publishes while the other goes to sleep. Either the first sees that an event
 * is wanted, or the second sees that there is something to do. Both ends spin,
 * so that they meet within a store buffer's time.
 */
#define DUELS		300000
#define DUEL_MS		1000

struct duel {
	bool (*push)(struct xpv_ring *ring);
	int (*final_check)(struct xpv_ring *ring);
	struct xpv_ring *pusher;
	struct xpv_ring *sleeper;
	u32 *event;
	u32 here;
	u32 there;
	bool over;
	int seen;
	u32 lost;
};

/* Yields now and then: the other may have no processor. */
static void meet(u32 *mine, u32 *other, u32 round)
{
	u32 spins = 0;

	__atomic_store_n(mine, round, __ATOMIC_SEQ_CST);
	while (__atomic_load_n(other, __ATOMIC_SEQ_CST) < round)
		if (++spins % 4096 == 0)
			sched_yield();
}

static void *doze_off(void *arg)
{
	struct duel *d = arg;
	u32 round;

	for (round = 1;; round += 2) {
		meet(&d->there, &d->here, round);
		if (d->over)
			break;
		d->seen = d->final_check(d->sleeper);
		meet(&d->there, &d->here, round + 1);
	}
	return NULL;
}

/* One message is placed already; put the ring back to that afterwards. */
static void duel(struct duel *d, u32 round)
{
	bool wanted;

	/* The threshold was passed before: no event unless a new one is set. */
	*d->event = d->pusher->pushed;
	meet(&d->here, &d->there, round);
	wanted = d->push(d->pusher);
	meet(&d->here, &d->there, round + 1);
	d->lost += !wanted && !d->seen;
}

static void fight(struct duel *d, void (*reset)(struct pair *p),
		  struct pair *p)
{
	ktime_t end = ktime_get() + DUEL_MS * 1000000LL;
	pthread_t thread;
	u32 round;

	pthread_create(&thread, NULL, doze_off, d);
	for (round = 1; round < 2 * DUELS && ktime_get() < end; round += 2) {
		reset(p);
		duel(d, round);
	}
	d->over = true;
	meet(&d->here, &d->there, round);
	pthread_join(thread, NULL);
	teardown(p);
	assert_int_equal(d->lost, 0);
}

/* Nothing asked so far; a request placed but not pushed. */
static void reset_asking(struct pair *p)
{
	u32 at = p->front.pushed;
	struct message m = {};

	p->front.cons = at;
	p->front.prod = at;
	p->back.prod = at;
	p->back.pushed = at;
	p->back.cons = at;
	p->front.page->rsp_prod = at;
	xpv_front_ring_put(&p->front, &m, 8);
}

static void asking_meets_falling_asleep(void **state)
{
	struct pair p;
	struct duel d = {
		.push = xpv_front_ring_push,
		.final_check = xpv_back_ring_final_check,
		.pusher = &p.front,
		.sleeper = &p.back,
	};

	setup(&p);
	d.event = &p.front.page->req_event;
	fight(&d, reset_asking, &p);
}

/* One request asked and taken; its response placed but not pushed. */
static void reset_answering(struct pair *p)
{
	u32 at = p->back.pushed;
	struct message m = {};

	p->front.cons = at;
	p->front.prod = at + 1;
	p->front.pushed = at + 1;
	p->back.prod = at;
	p->back.cons = at + 1;
	p->front.page->req_prod = at + 1;
	xpv_back_ring_put(&p->back, &m, 8);
}

static void answering_meets_falling_asleep(void **state)
{
	struct pair p;
	struct duel d = {
		.push = xpv_back_ring_push,
		.final_check = xpv_front_ring_final_check,
		.pusher = &p.back,
		.sleeper = &p.front,
	};

	setup(&p);
	d.event = &p.front.page->rsp_event;
	fight(&d, reset_answering, &p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(layout),
		cmocka_unit_test(messages_go_round),
		cmocka_unit_test(indices_wrap),
		cmocka_unit_test(unpublished_is_unseen),
		cmocka_unit_test(full_and_empty),
		cmocka_unit_test(owed_until_answered),
		cmocka_unit_test(bogus_responses),
		cmocka_unit_test(bogus_requests),
		cmocka_unit_test(event_threshold),
		cmocka_unit_test(events_only_when_asked),
		cmocka_unit_test(event_comes_after),
		cmocka_unit_test(shown_before_told),
		cmocka_unit_test(backend_reattaches),
		cmocka_unit_test(attach_checks_indices),
		cmocka_unit_test(copied_once),
		cmocka_unit_test(asking_meets_falling_asleep),
		cmocka_unit_test(answering_meets_falling_asleep),
		cmocka_unit_test(no_wakeup_is_lost),
		cmocka_unit_test(no_wakeup_is_lost_in_trickles),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
