// SPDX-License-Identifier: GPL-2.0
/*
 * drivers/xenbus/lane.c on the thread-based work queues of shim/. Built twice:
 * test_lane_tsan.c is the same under the thread sanitizer.
 */
#include "unit.h"
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <linux/kernel.h>
#include <xpv/lane.h>

extern unsigned int *param_lane_cap;

#define LIMIT_MS	20000

#define add(v, n)	__atomic_add_fetch(&(v), (n), __ATOMIC_SEQ_CST)
#define load(v)		__atomic_load_n(&(v), __ATOMIC_SEQ_CST)
#define store(v, n)	__atomic_store_n(&(v), (n), __ATOMIC_SEQ_CST)

#define wait_for(condition) do {					\
		ktime_t start_ = ktime_get();				\
									\
		while (!(condition)) {					\
			if (ktime_get() - start_ > LIMIT_MS * 1000000LL)\
				fail_msg("never: " #condition);		\
			usleep(200);					\
		}							\
	} while (0)

static void pause_ms(unsigned int ms)
{
	usleep(ms * 1000);
}

/* A lane and what its runs saw. */
struct probe {
	struct xpv_lane lane;
	int inside;
	int overlaps;
	int runs;
	unsigned long seen;
	unsigned long last;
	ktime_t ran_at;
	unsigned long posted;
	unsigned long noticed;
	int *gate;		/* closed while 0 */
	int *crowd;		/* lanes inside, of this group */
	int *peak;
	void (*extra)(struct probe *p);
};

static void enter_crowd(struct probe *p)
{
	int now, peak;

	if (!p->crowd)
		return;
	now = add(*p->crowd, 1);
	peak = load(*p->peak);
	while (now > peak &&
	       !__atomic_compare_exchange_n(p->peak, &peak, now, false,
					    __ATOMIC_SEQ_CST,
					    __ATOMIC_SEQ_CST))
		;
}

static void leave_crowd(struct probe *p)
{
	if (p->crowd)
		add(*p->crowd, -1);
}

static void run(struct xpv_lane *lane, unsigned long events)
{
	struct probe *p = container_of(lane, struct probe, lane);

	if (add(p->inside, 1) != 1)
		add(p->overlaps, 1);
	enter_crowd(p);
	store(p->noticed, load(p->posted));
	__atomic_or_fetch(&p->seen, events, __ATOMIC_SEQ_CST);
	store(p->last, events);
	store(p->ran_at, ktime_get());
	while (p->gate && !load(*p->gate))
		pause_ms(1);
	if (p->extra)
		p->extra(p);
	leave_crowd(p);
	add(p->inside, -1);
	add(p->runs, 1);
}

static struct probe *probe_of(enum xpv_side side, const char *class, int domid)
{
	struct probe *p = calloc(1, sizeof(*p));

	assert_int_equal(xpv_lane_init(&p->lane, side, class, domid, run), 0);
	return p;
}

static struct probe *probe_new(enum xpv_side side, int domid)
{
	return probe_of(side, "vbd", domid);
}

static void probe_end(struct probe *p)
{
	xpv_lane_kill(&p->lane);
	xpv_lane_destroy(&p->lane);
	assert_int_equal(p->overlaps, 0);
	assert_int_equal(p->inside, 0);
	free(p);
}

static void runs_with_its_events(void **state)
{
	struct probe *p = probe_new(XPV_BACKEND, 1);
	int bit;

	for (bit = 0; bit < 64; bit++) {
		int runs = load(p->runs);

		xpv_lane_mark(&p->lane, 1UL << bit);
		wait_for(load(p->runs) > runs);
		assert_true(load(p->last) == 1UL << bit);
	}
	assert_true(p->seen == ~0UL);
	probe_end(p);
}

static void keep_once(struct probe *p)
{
	if (load(p->runs))
		return;
	xpv_lane_keep(&p->lane, 4);
	xpv_lane_retry(&p->lane, 50);
}

/* What a run keeps makes none by itself: it waits for the retry. */
static void keeps_for_the_next_run(void **state)
{
	struct probe *p = probe_new(XPV_FRONTEND, 1);
	ktime_t before = ktime_get();

	p->extra = keep_once;
	xpv_lane_mark(&p->lane, 7);
	wait_for(load(p->runs) == 2);
	assert_true(load(p->last) == 4);
	assert_true(load(p->ran_at) - before >= 50 * 1000000LL);
	pause_ms(20);
	assert_int_equal(load(p->runs), 2);
	probe_end(p);
}

static void says_what_it_does(struct probe *p)
{
	ktime_t before = ktime_get();

	assert_null(p->lane.step);
	xpv_lane_step(&p->lane, "testing");
	assert_string_equal(p->lane.step, "testing");
	assert_true(p->lane.since >= before);
}

static void tells_its_step(void **state)
{
	struct probe *p = probe_new(XPV_FRONTEND, 0);

	p->extra = says_what_it_does;
	xpv_lane_mark(&p->lane, 1);
	wait_for(load(p->runs) == 1);
	xpv_lane_kill(&p->lane);
	xpv_lane_destroy(&p->lane);
	assert_null(p->lane.step);
	assert_int_equal(p->lane.runs, 1);
	free(p);
}

/* What is marked during a run makes one more, whatever its number. */
static void marked_while_running(void **state)
{
	struct probe *p = probe_new(XPV_BACKEND, 1);
	int gate = 0, bit;

	p->gate = &gate;
	xpv_lane_mark(&p->lane, 1);
	wait_for(load(p->inside) == 1);
	for (bit = 1; bit < 64; bit++)
		xpv_lane_mark(&p->lane, 1UL << bit);
	assert_true(load(p->last) == 1);
	store(gate, 1);
	wait_for(load(p->runs) == 2);
	pause_ms(20);
	assert_int_equal(load(p->runs), 2);
	assert_true(load(p->last) == (~0UL ^ 1));
	probe_end(p);
}

#define MARKERS	2
#define MARKS	500000

static void *mark_many(void *arg)
{
	struct probe *p = arg;
	int i;

	for (i = 0; i < MARKS; i++) {
		add(p->posted, 1);
		xpv_lane_mark(&p->lane, 1UL << (i & 31));
	}
	return NULL;
}

static void linger(struct probe *p)
{
	pause_ms(1);
}

/* A million marks are few runs, and the last of them is noticed. */
static void marks_coalesce(void **state)
{
	struct probe *p = probe_new(XPV_BACKEND, 1);
	pthread_t threads[MARKERS];
	int i;

	p->extra = linger;
	for (i = 0; i < MARKERS; i++)
		pthread_create(&threads[i], NULL, mark_many, p);
	for (i = 0; i < MARKERS; i++)
		pthread_join(threads[i], NULL);
	wait_for(load(p->noticed) == MARKERS * MARKS);
	assert_true(load(p->seen) == U32_MAX);
	assert_in_range(load(p->runs), 1, MARKERS * MARKS / 20);
	probe_end(p);
}

/* Each mark comes right after a run took the ones before it. */
static void no_mark_is_lost(void **state)
{
	struct probe *p = probe_new(XPV_BACKEND, 1);
	unsigned long i;

	for (i = 1; i <= 5000; i++) {
		add(p->posted, 1);
		xpv_lane_mark(&p->lane, 2);
		while (i % 16 == 0 && load(p->noticed) != i)
			;
	}
	wait_for(load(p->noticed) == 5000);
	probe_end(p);
}

#define CROWD	12

struct crowd {
	struct probe *lanes[CROWD];
	int gate;
	int inside;
	int peak;
};

static void gather(struct crowd *c, enum xpv_side side, int domid)
{
	int i;

	memset(c, 0, sizeof(*c));
	for (i = 0; i < CROWD; i++) {
		c->lanes[i] = probe_new(side, domid);
		c->lanes[i]->gate = &c->gate;
		c->lanes[i]->crowd = &c->inside;
		c->lanes[i]->peak = &c->peak;
	}
}

static void mark_crowd(struct crowd *c)
{
	int i;

	for (i = 0; i < CROWD; i++)
		xpv_lane_mark(&c->lanes[i]->lane, 1);
}

static void disperse(struct crowd *c)
{
	int i;

	for (i = 0; i < CROWD; i++)
		probe_end(c->lanes[i]);
}

static bool all_ran(struct crowd *c, int runs)
{
	int i;

	for (i = 0; i < CROWD; i++)
		if (load(c->lanes[i]->runs) < runs)
			return false;
	return true;
}

static void check_cap(unsigned int param, int cap)
{
	unsigned int was = *param_lane_cap;
	struct probe *other, *reverse, *vif;
	struct crowd c;

	*param_lane_cap = param;
	gather(&c, XPV_BACKEND, 1);
	other = probe_new(XPV_BACKEND, 2);
	reverse = probe_new(XPV_FRONTEND, 1);
	vif = probe_of(XPV_BACKEND, "vif", 1);
	*param_lane_cap = was;

	mark_crowd(&c);
	wait_for(load(c.inside) == cap);
	pause_ms(20);
	assert_int_equal(load(c.inside), cap);

	xpv_lane_mark(&other->lane, 1);
	xpv_lane_mark(&reverse->lane, 1);
	xpv_lane_mark(&vif->lane, 1);
	wait_for(load(other->runs) == 1 && load(reverse->runs) == 1 && load(vif->runs) == 1);

	store(c.gate, 1);
	wait_for(all_ran(&c, 1));
	assert_int_equal(load(c.peak), cap);
	disperse(&c);
	probe_end(vif);
	probe_end(reverse);
	probe_end(other);
}

static void a_domain_has_a_cap(void **state)
{
	check_cap(5, 5);
	check_cap(8, 8);
}

static void the_cap_is_never_one(void **state)
{
	check_cap(0, 2);
	check_cap(1, 2);
	check_cap(2, 2);
}

static void a_hung_lane_delays_no_other(void **state)
{
	struct probe *hung = probe_new(XPV_BACKEND, 1);
	struct probe *other = probe_new(XPV_BACKEND, 1);
	int gate = 0, i;

	hung->gate = &gate;
	xpv_lane_mark(&hung->lane, 1);
	wait_for(load(hung->inside) == 1);
	for (i = 1; i <= 100; i++) {
		xpv_lane_mark(&other->lane, 1);
		wait_for(load(other->runs) >= i);
	}
	assert_int_equal(load(hung->runs), 0);
	store(gate, 1);
	wait_for(load(hung->runs) == 1);
	probe_end(other);
	probe_end(hung);
}

static void retries_later(void **state)
{
	struct probe *p = probe_new(XPV_BACKEND, 1);
	ktime_t asked = ktime_get();

	xpv_lane_retry(&p->lane, 30);
	wait_for(load(p->runs) == 1);
	assert_true(load(p->ran_at) - asked >= 30 * 1000000LL);
	assert_true(load(p->last) == 0);
	probe_end(p);
}

static void an_event_overtakes_a_retry(void **state)
{
	struct probe *p = probe_new(XPV_BACKEND, 1);
	ktime_t asked = ktime_get();

	xpv_lane_retry(&p->lane, LIMIT_MS);
	xpv_lane_mark(&p->lane, 4);
	wait_for(load(p->runs) == 1);
	assert_true(load(p->ran_at) - asked < LIMIT_MS * 1000000LL);
	assert_true(load(p->last) == 4);
	pause_ms(10);
	assert_int_equal(load(p->runs), 1);
	probe_end(p);
}

static void a_retry_does_not_delay_an_event(void **state)
{
	struct probe *p = probe_new(XPV_BACKEND, 1);
	int gate = 0;

	p->gate = &gate;
	xpv_lane_mark(&p->lane, 1);
	wait_for(load(p->inside) == 1);
	xpv_lane_mark(&p->lane, 2);
	xpv_lane_retry(&p->lane, LIMIT_MS);
	store(gate, 1);
	wait_for(load(p->runs) == 2);
	assert_true(load(p->last) == 2);
	probe_end(p);
}

static void retry_thrice(struct probe *p)
{
	if (load(p->runs) < 3)
		xpv_lane_retry(&p->lane, 2);
}

static void retries_from_its_run(void **state)
{
	struct probe *p = probe_new(XPV_BACKEND, 1);

	p->extra = retry_thrice;
	xpv_lane_mark(&p->lane, 1);
	wait_for(load(p->runs) == 4);
	pause_ms(20);
	assert_int_equal(load(p->runs), 4);
	probe_end(p);
}

static void retries_while_others_block(void **state)
{
	struct probe *p = probe_new(XPV_BACKEND, 1);
	struct probe *hung = probe_new(XPV_BACKEND, 1);
	int gate = 0;

	hung->gate = &gate;
	xpv_lane_retry(&p->lane, 30);
	xpv_lane_mark(&hung->lane, 1);
	wait_for(load(p->runs) == 1);
	assert_int_equal(load(hung->runs), 0);
	store(gate, 1);
	probe_end(hung);
	probe_end(p);
}

static void dead_lanes_rest(void **state)
{
	struct probe *p = probe_new(XPV_BACKEND, 1);

	xpv_lane_retry(&p->lane, 5);
	xpv_lane_kill(&p->lane);
	xpv_lane_mark(&p->lane, 1);
	xpv_lane_retry(&p->lane, 1);
	pause_ms(30);
	assert_int_equal(load(p->runs), 0);
	probe_end(p);
}

static void kill_itself(struct probe *p)
{
	xpv_lane_mark(&p->lane, 1);
	xpv_lane_kill(&p->lane);
	xpv_lane_mark(&p->lane, 2);
}

static void a_lane_kills_itself(void **state)
{
	struct probe *p = probe_new(XPV_BACKEND, 1);

	p->extra = kill_itself;
	xpv_lane_mark(&p->lane, 1);
	wait_for(load(p->runs) == 1);
	pause_ms(20);
	assert_int_equal(load(p->runs), 1);
	probe_end(p);
}

static void *open_later(void *arg)
{
	pause_ms(30);
	store(*(int *)arg, 1);
	return NULL;
}

/* Destroyed while it runs, with one more run due: the first ends, no other. */
static void destroy_waits(void **state)
{
	struct probe *p = probe_new(XPV_BACKEND, 1);
	pthread_t opener;
	int gate = 0;

	p->gate = &gate;
	xpv_lane_mark(&p->lane, 1);
	wait_for(load(p->inside) == 1);
	xpv_lane_mark(&p->lane, 2);
	pthread_create(&opener, NULL, open_later, &gate);
	xpv_lane_kill(&p->lane);
	xpv_lane_destroy(&p->lane);
	assert_int_equal(p->inside, 0);
	assert_int_equal(p->runs, 1);
	assert_int_equal(p->lane.runs, 1);
	free(p);
	pthread_join(opener, NULL);
}

/* Lanes of one side towards one domain share a queue; the last frees it. */
static void groups_come_and_go(void **state)
{
	struct probe *a, *b, *front, *other;

	assert_int_equal(shim_workqueues, 0);
	a = probe_new(XPV_BACKEND, 1);
	b = probe_new(XPV_BACKEND, 1);
	assert_int_equal(shim_workqueues, 1);
	front = probe_new(XPV_FRONTEND, 1);
	other = probe_new(XPV_BACKEND, 2);
	assert_int_equal(shim_workqueues, 3);
	probe_end(a);
	assert_int_equal(shim_workqueues, 3);
	xpv_lane_mark(&b->lane, 1);
	wait_for(load(b->runs) == 1);
	probe_end(b);
	assert_int_equal(shim_workqueues, 2);
	b = probe_new(XPV_BACKEND, 1);
	assert_int_equal(shim_workqueues, 3);
	probe_end(b);
	probe_end(front);
	probe_end(other);
	assert_int_equal(shim_workqueues, 0);
}

/* Lanes that come, are marked from several threads, and go, all at once. */
#define PLACES	8
#define LIVES	60

struct place {
	pthread_rwlock_t lock;	/* nobody marks a lane that is being destroyed */
	struct probe *p;
};

static struct place places[PLACES];
static int churning;

static void *mark_any(void *arg)
{
	unsigned int seed = (uintptr_t)arg;

	while (load(churning)) {
		struct place *at = &places[rand_r(&seed) % PLACES];

		pthread_rwlock_rdlock(&at->lock);
		if (at->p && rand_r(&seed) % 8)
			xpv_lane_mark(&at->p->lane, 1);
		else if (at->p)
			xpv_lane_retry(&at->p->lane, rand_r(&seed) % 3);
		pthread_rwlock_unlock(&at->lock);
	}
	return NULL;
}

static void *live_and_die(void *arg)
{
	struct place *at = arg;
	int domid = (at - places) % 3, i;
	struct probe *p;

	for (i = 0; i < LIVES; i++) {
		p = probe_new(XPV_BACKEND, domid);
		pthread_rwlock_wrlock(&at->lock);
		at->p = p;
		pthread_rwlock_unlock(&at->lock);
		usleep(rand() % 3000);
		pthread_rwlock_wrlock(&at->lock);
		at->p = NULL;
		pthread_rwlock_unlock(&at->lock);
		probe_end(p);
	}
	return NULL;
}

static void lanes_come_and_go(void **state)
{
	pthread_t markers[3], lives[PLACES];
	uintptr_t i;

	store(churning, 1);
	for (i = 0; i < PLACES; i++) {
		pthread_rwlock_init(&places[i].lock, NULL);
		pthread_create(&lives[i], NULL, live_and_die, &places[i]);
	}
	for (i = 0; i < ARRAY_SIZE(markers); i++)
		pthread_create(&markers[i], NULL, mark_any, (void *)i);
	for (i = 0; i < PLACES; i++)
		pthread_join(lives[i], NULL);
	store(churning, 0);
	for (i = 0; i < ARRAY_SIZE(markers); i++)
		pthread_join(markers[i], NULL);
	assert_int_equal(shim_workqueues, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(runs_with_its_events),
		cmocka_unit_test(keeps_for_the_next_run),
		cmocka_unit_test(tells_its_step),
		cmocka_unit_test(marked_while_running),
		cmocka_unit_test(marks_coalesce),
		cmocka_unit_test(no_mark_is_lost),
		cmocka_unit_test(a_domain_has_a_cap),
		cmocka_unit_test(the_cap_is_never_one),
		cmocka_unit_test(a_hung_lane_delays_no_other),
		cmocka_unit_test(retries_later),
		cmocka_unit_test(an_event_overtakes_a_retry),
		cmocka_unit_test(a_retry_does_not_delay_an_event),
		cmocka_unit_test(retries_from_its_run),
		cmocka_unit_test(retries_while_others_block),
		cmocka_unit_test(dead_lanes_rest),
		cmocka_unit_test(a_lane_kills_itself),
		cmocka_unit_test(destroy_waits),
		cmocka_unit_test(groups_come_and_go),
		cmocka_unit_test(lanes_come_and_go),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
