// SPDX-License-Identifier: GPL-2.0
/* Slots of a block ring of either ABI, by the layout of io/blkif.h. */
#include <string.h>

#include "blk.h"

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

void blk_ring_open(struct ring *ring, const struct abi *abi, unsigned int order,
		   unsigned int domid)
{
	ring_open(ring, abi->slot, order, domid);
	ring->abi = abi;
}

/* Return: whether there was one within the time. */
bool ring_get(struct ring *ring, struct answer *answer, int ms)
{
	const __u8 *from = ring_slot(ring, ring->cons);

	if (!ring_await(ring, ms))
		return false;
	/* A response has the stride of a request and a layout of its own. */
	memcpy(&answer->id, from, sizeof(answer->id));
	answer->op = from[8];
	memcpy(&answer->status, from + 10, sizeof(answer->status));
	ring->cons++;
	return true;
}
