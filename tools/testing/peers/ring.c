// SPDX-License-Identifier: GPL-2.0
/* A block ring of either ABI, by the layout of io/ring.h and io/blkif.h. */
#include <string.h>

#include "peer.h"

struct request64 {
	__u8 op;
	__u8 nr_segs;
	__u16 handle;
	__u64 id;
	__u64 sector;
	struct segment seg[SLOT_SEGS];
};

struct indirect64 {
	__u8 op;
	__u8 inner_op;
	__u16 nr_segs;
	__u64 id;
	__u64 sector;
	__u16 handle;
	__u16 pad;
	__u32 gref[8];
};

/* A 32-bit guest aligns 64 bits to 4 bytes. */
#pragma pack(push, 4)
struct request32 {
	__u8 op;
	__u8 nr_segs;
	__u16 handle;
	__u64 id;
	__u64 sector;
	struct segment seg[SLOT_SEGS];
};

struct indirect32 {
	__u8 op;
	__u8 inner_op;
	__u16 nr_segs;
	__u64 id;
	__u64 sector;
	__u16 handle;
	__u16 pad;
	__u32 gref[8];
};

#pragma pack(pop)

_Static_assert(sizeof(struct request64) == 112, "x86_64 slot");
_Static_assert(sizeof(struct request32) == 108, "x86_32 slot");

const struct abi abi64 = {
	"x86_64-abi", sizeof(struct request64), 16,
	offsetof(struct request64, id), offsetof(struct request64, sector),
	offsetof(struct request64, seg), offsetof(struct indirect64, gref),
};

const struct abi abi32 = {
	"x86_32-abi", sizeof(struct request32), 12,
	offsetof(struct request32, id), offsetof(struct request32, sector),
	offsetof(struct request32, seg), offsetof(struct indirect32, gref),
};

/* The head of the shared page. */
struct shared {
	__u32 req_prod;
	__u32 req_event;
	__u32 rsp_prod;
	__u32 rsp_event;
	__u8 pad[48];
	__u8 slots[];
};

static struct shared *shared(const struct ring *ring)
{
	return ring->pages.mem;
}

__u32 *ring_req_prod(const struct ring *ring)
{
	return &shared(ring)->req_prod;
}

__u32 *ring_rsp_prod(const struct ring *ring)
{
	return &shared(ring)->rsp_prod;
}

__u8 *ring_slot(const struct ring *ring, __u32 index)
{
	return shared(ring)->slots +
	       (index & (ring->nr - 1)) * ring->abi->slot;
}

void ring_open(struct ring *ring, const struct abi *abi, unsigned int order,
	       unsigned int domid)
{
	unsigned int bytes = PAGE_BYTES << order;

	memset(ring, 0, sizeof(*ring));
	ring->abi = abi;
	pages_grant(&ring->pages, 1 << order, true);
	channel_open(&ring->ch, domid);
	for (ring->nr = 1; 64 + 2 * ring->nr * abi->slot <= bytes;)
		ring->nr *= 2;
	shared(ring)->req_event = 1;
	shared(ring)->rsp_event = 1;
}

/* Return: whether the backend had unmapped it. */
bool ring_close(struct ring *ring)
{
	pages_end(&ring->pages);
	channel_close(&ring->ch);
	return pages_ended(&ring->pages);
}

void ring_put(struct ring *ring, const void *slot)
{
	memcpy(ring_slot(ring, ring->prod++), slot, ring->abi->slot);
}

void ring_push(struct ring *ring)
{
	__u32 old = READ_ONCE(shared(ring)->req_prod);

	full_barrier();
	WRITE_ONCE(shared(ring)->req_prod, ring->prod);
	full_barrier();
	if (ring->prod - READ_ONCE(shared(ring)->req_event) < ring->prod - old)
		channel_notify(&ring->ch);
}

static bool waiting(struct ring *ring)
{
	__u32 nr = READ_ONCE(shared(ring)->rsp_prod) - ring->cons;

	full_barrier();
	if (nr > ring->prod - ring->cons)
		give_up("%u answers to %u requests", nr,
			ring->prod - ring->cons);
	return nr;
}

/* As fast as it can be seen. */
static bool poll_once(struct ring *ring)
{
	unsigned int spins;

	for (spins = 0; spins < 1000; spins++)
		if (waiting(ring))
			return true;
	return false;
}

static bool await_event(struct ring *ring, int ms)
{
	WRITE_ONCE(shared(ring)->rsp_event, ring->cons + 1);
	full_barrier();
	if (waiting(ring))
		return true;
	if (!channel_wait(&ring->ch, ms) && waiting(ring))
		give_up("an answer came without the event asked for");
	return waiting(ring);
}

static bool await(struct ring *ring, int ms)
{
	long long end = now_ms() + ms;
	bool came = waiting(ring);

	while (!came && now_ms() < end)
		came = ring->polls ? poll_once(ring) :
				     await_event(ring, end - now_ms());
	return came;
}

/* Return: whether there was one within the time. */
bool ring_get(struct ring *ring, struct answer *answer, int ms)
{
	const __u8 *from = ring_slot(ring, ring->cons);

	if (!await(ring, ms))
		return false;
	/* A response has the stride of a request and a layout of its own. */
	memcpy(&answer->id, from, sizeof(answer->id));
	answer->op = from[8];
	memcpy(&answer->status, from + 10, sizeof(answer->status));
	ring->cons++;
	return true;
}

/* Slots, field by field, in private memory of SLOT_BYTES. */

void slot_head(const struct abi *abi, void *slot, __u8 op, __u8 nr_segs,
	       __u64 id, __u64 sector)
{
	__u8 *to = slot;

	memset(to, 0, SLOT_BYTES);
	to[0] = op;
	to[1] = nr_segs;
	memcpy(to + abi->id, &id, sizeof(id));
	memcpy(to + abi->sector, &sector, sizeof(sector));
}

void slot_segment(const struct abi *abi, void *slot, unsigned int i,
		  __u32 gref, __u8 first, __u8 last)
{
	struct segment seg = { .gref = gref, .first = first, .last = last };

	memcpy((__u8 *)slot + abi->tail + i * sizeof(seg), &seg, sizeof(seg));
}

void slot_indirect(const struct abi *abi, void *slot, __u8 op, __u16 nr_segs,
		   __u64 id, __u64 sector)
{
	slot_head(abi, slot, OP_INDIRECT, op, id, sector);
	memcpy((__u8 *)slot + 2, &nr_segs, sizeof(nr_segs));
	/* The handle, which some leave as it was. */
	memset((__u8 *)slot + abi->tail, 0xa5, 2);
}

void slot_table(const struct abi *abi, void *slot, unsigned int i, __u32 gref)
{
	memcpy((__u8 *)slot + abi->indirect_gref + i * sizeof(gref), &gref,
	       sizeof(gref));
}
