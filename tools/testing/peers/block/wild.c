// SPDX-License-Identifier: GPL-2.0
/*
 * Requests of random bytes, many of them nearly right, and requests that change
 * while the backend reads them. Attacks of hostile.c.
 */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "blk.h"

static __u32 any(__u32 below)
{
	return (__u32)random() % below;
}

static __u32 any_gref(const struct pages *pool)
{
	return any(4) ? pool->gref[any(pool->nr)] : (__u32)random();
}

static void wild_segment(const struct pages *pool, struct segment *seg)
{
	seg->gref = any_gref(pool);
	seg->first = any(8) ? any(4) : any(256);
	seg->last = any(8) ? 4 + any(4) : any(256);
}

static void wild_slot(const struct abi *abi, const struct pages *pool,
		      void *slot, __u64 id)
{
	__u64 sector = any(4) ? AREA_WILD + any(8192) : (__u64)random() << 20;
	struct segment seg;
	unsigned int i;

	if (any(3)) {
		slot_head(abi, slot, any(8) ? any(7) : any(256),
			  any(8) ? any(SLOT_SEGS + 2) : any(256), id, sector);
		for (i = 0; i < SLOT_SEGS; i++) {
			wild_segment(pool, &seg);
			slot_segment(abi, slot, i, seg.gref, seg.first,
				     seg.last);
		}
		return;
	}
	slot_indirect(abi, slot, any(3), any(8) ? any(300) : any(65536), id,
		      sector);
	for (i = 0; i < 8; i++)
		slot_table(abi, slot, i, any_gref(pool));
}

static void wild_tables(const struct pages *pool)
{
	struct segment *seg = pool->mem;
	unsigned int i;

	for (i = 0; i < pool->nr * TABLE_SEGS; i++)
		wild_segment(pool, &seg[i]);
}

static bool each_answered_once(struct ring *ring)
{
	bool seen[64] = {};
	struct answer answer;
	unsigned int i;

	for (i = 0; i < ring->nr; i++) {
		if (!ring_get(ring, &answer, 10000))
			give_up("%u of %u are not answered", ring->nr - i,
				ring->nr);
		if (answer.id >= ring->nr || seen[answer.id])
			return !differs("an unasked answer's id", answer.id, 0);
		seen[answer.id] = true;
	}
	return true;
}

#define WILD_ROUNDS	60

bool wild_requests(struct device *dev, struct ring *ring)
{
	__u8 slot[SLOT_BYTES];
	unsigned int i, round;
	struct pages pool;
	bool good = true;

	(void)dev;
	pages_grant(&pool, 16, true);
	for (round = 0; round < WILD_ROUNDS && good; round++) {
		wild_tables(&pool);
		for (i = 0; i < ring->nr; i++) {
			wild_slot(ring->abi, &pool, slot, i);
			ring_put(ring, slot);
		}
		ring_push(ring);
		good = each_answered_once(ring);
	}
	pages_end(&pool);
	return pages_ended(&pool) & good;
}

/* What the backend reads changes while it does. */

struct scribble {
	struct ring *ring;
	struct pages *pool;
	bool stop;
};

static void *scribbler(void *arg)
{
	struct scribble *scribble = arg;
	const struct abi *abi = scribble->ring->abi;
	struct segment *seg = scribble->pool->mem, one;
	__u8 slot[SLOT_BYTES];
	unsigned int i = 0, at;

	while (!READ_ONCE(scribble->stop)) {
		wild_slot(abi, scribble->pool, slot, i);
		/* Half a grant might be that of a neighbour's page. */
		at = any(abi->slot) & ~3U;
		memcpy(ring_slot(scribble->ring, i) + at, slot + at,
		       abi->slot - at);
		memcpy(ring_slot(scribble->ring, i), slot, any(4));
		wild_segment(scribble->pool, &one);
		seg[any(scribble->pool->nr * TABLE_SEGS)] = one;
		i++;
	}
	return NULL;
}

/* The answers' number is all that can still be told. */
static bool count_answers(struct ring *ring)
{
	long long end = now_ms() + 10000;

	while (READ_ONCE(*ring_rsp_prod(ring)) != ring->prod) {
		if (now_ms() > end)
			give_up("%u requests are not answered", ring->prod -
				READ_ONCE(*ring_rsp_prod(ring)));
		usleep(300);
	}
	ring->cons = ring->prod;
	return true;
}

bool changing_slots(struct device *dev, struct ring *ring)
{
	long long end = now_ms() + 2000;
	struct scribble scribble = { .ring = ring };
	unsigned int i, rounds;
	__u8 slot[SLOT_BYTES];
	pthread_t thread;
	struct pages pool;

	(void)dev;
	pages_grant(&pool, 16, true);
	wild_tables(&pool);
	scribble.pool = &pool;
	if (pthread_create(&thread, NULL, scribbler, &scribble))
		give_up("no thread");
	for (rounds = 0; now_ms() < end; rounds++) {
		for (i = 0; i < ring->nr; i++) {
			wild_slot(ring->abi, &pool, slot, i);
			ring_put(ring, slot);
		}
		ring_push(ring);
		count_answers(ring);
	}
	WRITE_ONCE(scribble.stop, true);
	pthread_join(thread, NULL);
	note("%u requests", rounds * ring->nr);
	pages_end(&pool);
	return pages_ended(&pool) && rounds;
}
