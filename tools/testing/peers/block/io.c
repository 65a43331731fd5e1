// SPDX-License-Identifier: GPL-2.0
/*
 * Requests with their pages: granted for one request, and revoked as soon as
 * its answer is there.
 */
#include <string.h>

#include "blk.h"

#define ANSWER_MS	10000

static void put_direct(struct io *io, struct ring *ring)
{
	__u8 slot[SLOT_BYTES];
	unsigned int i;

	slot_head(ring->abi, slot, io->op, io->nr, io->id, io->sector);
	for (i = 0; i < io->nr; i++)
		slot_segment(ring->abi, slot, i, io->data.gref[i], 0,
			     PAGE_SECTORS - 1);
	ring_put(ring, slot);
}

static void put_indirect(struct io *io, struct ring *ring)
{
	__u8 slot[SLOT_BYTES];
	struct segment *seg;
	unsigned int i;

	pages_grant(&io->table, 1, false);
	seg = io->table.mem;
	for (i = 0; i < io->nr; i++) {
		seg[i].gref = io->data.gref[i];
		seg[i].last = PAGE_SECTORS - 1;
	}
	slot_indirect(ring->abi, slot, io->op, io->nr, io->id, io->sector);
	pages_keep(&io->table, false);
	slot_table(ring->abi, slot, 0, io->table.gref[0]);
	ring_put(ring, slot);
}

/* What is written may be read only, and nothing else is granted. */
void io_put(struct io *io, struct ring *ring, __u8 op, __u64 id, __u64 sector,
	    unsigned int nr, unsigned int seed)
{
	memset(io, 0, sizeof(*io));
	io->op = op;
	io->id = id;
	io->sector = sector;
	io->nr = nr;
	io->seed = seed;
	pages_grant(&io->data, nr, op == OP_READ);
	if (op != OP_READ)
		fill_pattern(io->data.mem, sector, nr * PAGE_SECTORS, seed);
	pages_keep(&io->data, op == OP_READ);
	if (nr > SLOT_SEGS)
		put_indirect(io, ring);
	else
		put_direct(io, ring);
}

/* Return: whether the answer is right, and the pages were free with it. */
bool io_end(struct io *io, const struct answer *answer)
{
	static __u8 copy[PAGES_MAX * PAGE_BYTES];
	bool bad;

	if (io->op == OP_READ)
		memcpy(copy, io->data.mem, io->nr * PAGE_BYTES);
	pages_end(&io->data);
	pages_end(&io->table);
	bad = !pages_ended(&io->data);
	bad |= !pages_ended(&io->table);

	bad |= differs("the answer's id", answer->id, io->id);
	bad |= differs("the answer's operation", answer->op, io->op);
	bad |= differs("the status", answer->status, RSP_OKAY);
	if (io->op == OP_READ)
		bad |= !is_pattern(copy, io->sector, io->nr * PAGE_SECTORS,
				   io->seed);
	return !bad;
}

bool io_run(struct ring *ring, __u8 op, __u64 id, __u64 sector,
	    unsigned int nr, unsigned int seed)
{
	struct answer answer;
	struct io io;

	io_put(&io, ring, op, id, sector, nr, seed);
	ring_push(ring);
	if (!ring_get(ring, &answer, ANSWER_MS))
		give_up("request %#llx is not answered", (unsigned long long)id);
	return io_end(&io, &answer);
}

#define BURST_MAX	256

/*
 * As many requests of a page as NR says at once, which the ring must hold.
 * Each must be answered once, in any order.
 */
bool io_burst(struct ring *ring, __u8 op, __u64 id, __u64 sector,
	      unsigned int nr, unsigned int seed)
{
	static struct io io[BURST_MAX];
	struct answer answer;
	unsigned int i;
	bool good = true;

	for (i = 0; i < nr; i++)
		io_put(&io[i], ring, op, id + i, sector + i * PAGE_SECTORS, 1,
		       seed);
	ring_push(ring);
	for (i = 0; i < nr; i++) {
		if (!ring_get(ring, &answer, ANSWER_MS))
			give_up("%u of %u are not answered", nr - i, nr);
		if (answer.id - id >= nr || !io[answer.id - id].nr)
			give_up("the answer's id %#llx was not asked for",
				(unsigned long long)answer.id);
		good &= io_end(&io[answer.id - id], &answer);
		io[answer.id - id].nr = 0;
	}
	return good;
}

/* A slot as it is. Return: whether the answer echoes it. */
bool command(struct ring *ring, const void *slot, struct answer *answer)
{
	const __u8 *bytes = slot;
	__u64 id;

	memcpy(&id, bytes + ring->abi->id, sizeof(id));
	ring_put(ring, slot);
	ring_push(ring);
	if (!ring_get(ring, answer, ANSWER_MS))
		give_up("operation %u is not answered", bytes[0]);
	return !differs("the answer's id", answer->id, id) &
	       !differs("the answer's operation", answer->op,
			bytes[bytes[0] == OP_INDIRECT]);
}

/* Whatever else its slot holds, a flush flushes; a disk may have no cache. */
bool flush(struct ring *ring, __u64 id, __u8 stale_segs, __u64 stale_sector)
{
	struct answer answer;
	__u8 slot[SLOT_BYTES];

	slot_head(ring->abi, slot, OP_FLUSH, stale_segs, id, stale_sector);
	memset(slot + ring->abi->tail, 0x5a, ring->abi->slot - ring->abi->tail);
	return command(ring, slot, &answer) &&
	       (answer.status == RSP_NOTSUPP ||
		!differs("the status", answer.status, RSP_OKAY));
}
