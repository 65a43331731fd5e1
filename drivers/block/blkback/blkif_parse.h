/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a block frontend may say: ring slots, indirect segments and store
 * texts, as checked values (public header io/blkif.h).
 *
 * Pure: no allocation, no lock, nothing shared. Everything handed in is
 * private memory that was copied out of the peer's, once: slots by xpv/ring.h,
 * indirect segments by blkif_copy_segs(). User space compiles blkif_parse.c for
 * its tests and its fuzz targets.
 */
#ifndef BLKIF_PARSE_H
#define BLKIF_PARSE_H

#include <linux/build_bug.h>
#include <linux/compiler.h>
#include <linux/string.h>
#include <linux/types.h>

/* Operations, as they stand in a slot. */
enum blkif_op {
	BLKIF_READ = 0,
	BLKIF_WRITE = 1,
	BLKIF_BARRIER = 2,
	BLKIF_FLUSH = 3,
	BLKIF_DISCARD = 5,
	BLKIF_INDIRECT = 6,
};

/* Status of a response. */
enum blkif_status {
	BLKIF_OKAY = 0,
	BLKIF_ERROR = -1,
	BLKIF_NOTSUPP = -2,
};

/* What "info" tells about the disk. */
#define BLKIF_INFO_CDROM	0x1
#define BLKIF_INFO_REMOVABLE	0x2
#define BLKIF_INFO_READONLY	0x4

/* A sector on the ring, and in "sectors", whatever "sector-size" says. */
#define BLKIF_SECTOR_SIZE	512
#define BLKIF_PAGE_SECTORS	(4096 / BLKIF_SECTOR_SIZE)

#define BLKIF_SLOT_SEGS		11
#define BLKIF_INDIRECT_PAGES	8
/* Segments that one indirect page holds. */
#define BLKIF_PAGE_SEGS		512
#define BLKIF_MAX_SEGS		(BLKIF_INDIRECT_PAGES * BLKIF_PAGE_SEGS)

/* Room for any ABI's slot and response. */
#define BLKIF_SLOT_MAX		112
#define BLKIF_RESPONSE_MAX	16

/**
 * struct blkif_abi - how a guest lays its slots out
 * @name: its name in the store
 * @slot_size: bytes per slot: a request, the larger of the two
 * @rsp_size: bytes of a response
 * @id: offset of the request's id
 * @sector: offset of its first sector
 * @tail: offset of what follows: segments; a discard's length; or an indirect
 *	request's handle, four bytes before its grant references
 */
struct blkif_abi {
	const char *name;
	u8 slot_size;
	u8 rsp_size;
	u8 id;
	u8 sector;
	u8 tail;
};

/**
 * struct blkif_seg - part of a page, laid out as on the ring and in indirect
 *	pages
 * @gref: the page's grant reference
 * @first: first sector of the page
 * @last: last sector of the page, included
 * @pad: anything
 */
struct blkif_seg {
	u32 gref;
	u8 first;
	u8 last;
	u16 pad;
};

/**
 * struct blkif_limits - what this disk can be asked for
 * @capacity: its size, in ring sectors
 * @block: its logical block, in ring sectors; a power of two, not 0
 * @unit: what the frontend counts in, as a power of two of ring sectors; 0,
 *	but for those few that count in logical blocks
 * @max_indirect: most segments of an indirect request, at most
 *	%BLKIF_MAX_SEGS; 0 if the feature is off
 * @readonly: it cannot be written
 * @discard: it can discard
 * @secure: it can discard beyond recovery
 */
struct blkif_limits {
	u64 capacity;
	u32 block;
	u8 unit;
	u16 max_indirect;
	bool readonly;
	bool discard;
	bool secure;
};

/**
 * struct blkif_req - a request that may be carried out as it stands
 * @id: the guest's, to be echoed
 * @sector: first sector; 0 for a flush
 * @nr_sectors: length in sectors: the sum of the segments, or a discard's; 0
 *	for a flush, and for an indirect request until its segments are read
 * @op: what to do: never %BLKIF_INDIRECT
 * @nr_segs: pages of data
 * @indirect: the segments are in the pages @gref names
 * @secure: a discard that must make the data irrecoverable
 * @nr_grefs: how many those are
 * @segs: a direct request's segments
 * @gref: an indirect request's pages
 * @why: a constant string saying what is wrong; NULL if nothing
 */
struct blkif_req {
	u64 id;
	u64 sector;
	u64 nr_sectors;
	u8 op;
	bool indirect;
	bool secure;
	u16 nr_segs;
	u16 nr_grefs;
	union {
		struct blkif_seg segs[BLKIF_SLOT_SEGS];
		u32 gref[BLKIF_INDIRECT_PAGES];
	};
	const char *why;
};

/**
 * blkif_find_abi() - the ABI that a "protocol" key names
 * @protocol: the key's text; empty if the key is absent
 *
 * A guest that does not say is a 32-bit one: so it was before the key was
 * invented, and so every backend takes it.
 *
 * Context: any; pure.
 * Return: the ABI, or NULL if there is none of that name.
 */
const struct blkif_abi *blkif_find_abi(const char *protocol);

/**
 * blkif_parse_req() - read and check a request
 * @abi: the guest's
 * @slot: a private copy of the slot, @abi->slot_size bytes
 * @limits: the disk's
 * @req: the request. Whatever is returned, the id, the operation to echo and
 *	@req->why are set.
 *
 * The guest's handle is ignored, and of a flush everything but the id:
 * several frontends leave rubbish there.
 *
 * Context: any; pure.
 * Return: 0: it may be carried out, once blkif_parse_segs() has seen the
 * segments of an indirect one; or
 * * -EOPNOTSUPP: no such operation, or one that this disk does not offer
 * * -EROFS: it would change a read-only disk
 * * -EINVAL: the number of segments, a segment, or the alignment is wrong
 * * -ERANGE: it lies outside the disk
 */
int blkif_parse_req(const struct blkif_abi *abi, const void *slot,
		    const struct blkif_limits *limits, struct blkif_req *req);

/**
 * blkif_copy_segs() - take the segments that a page of an indirect request has
 * @segs: private memory for all of the request's segments
 * @nr: how many those are
 * @index: which of the request's pages it is
 * @page: the page, which the guest can write to at any time
 *
 * Each segment is a word, and read once.
 *
 * Context: any; pure.
 */
static inline void blkif_copy_segs(struct blkif_seg *segs, unsigned int nr,
				   unsigned int index, const void *page)
{
	const u64 *from = page;
	unsigned int i;
	u64 seg;

	BUILD_BUG_ON(sizeof(seg) != sizeof(*segs));
	segs += index * BLKIF_PAGE_SEGS;
	nr -= index * BLKIF_PAGE_SEGS;
	for (i = 0; i < nr && i < BLKIF_PAGE_SEGS; i++) {
		seg = READ_ONCE(from[i]);
		memcpy(&segs[i], &seg, sizeof(seg));
	}
}

/**
 * blkif_parse_segs() - check the segments of an indirect request
 * @segs: a private copy of them, @req->nr_segs long; afterwards they count in
 *	ring sectors
 * @limits: the disk's
 * @req: the request, as blkif_parse_req() left it; its length is filled in
 *
 * Context: any; pure.
 * Return: 0, -EINVAL or -ERANGE, as blkif_parse_req().
 */
int blkif_parse_segs(struct blkif_seg *segs,
		     const struct blkif_limits *limits, struct blkif_req *req);

/**
 * blkif_status() - the response that an error makes
 * @op: the operation
 * @err: 0 or a negative errno
 *
 * Some frontends take "not supported" for success and never ask again, so
 * reads and writes do not get that answer.
 *
 * Context: any; pure.
 */
enum blkif_status blkif_status(u8 op, int err);

/**
 * blkif_fill_response() - lay a response out
 * @abi: the guest's
 * @id: the request's
 * @op: the operation to echo
 * @status: how it went
 * @to: private memory, %BLKIF_RESPONSE_MAX bytes; wholly written, padding too
 *
 * Context: any; pure.
 * Return: how many bytes to put on the ring.
 */
u32 blkif_fill_response(const struct blkif_abi *abi, u64 id, u8 op,
			enum blkif_status status, void *to);

/**
 * blkif_parse_device() - read a "physical-device" key
 * @text: the key's text: major and minor number, hexadecimal, with a colon
 * @major: the major number
 * @minor: the minor number
 *
 * Context: any; pure.
 * Return: 0; -EINVAL if it is something else; -ERANGE if there can be no such
 * device.
 */
int blkif_parse_device(const char *text, u32 *major, u32 *minor);

#endif
