/* SPDX-License-Identifier: GPL-2.0 */
/* What frontends of disks are made of. */
#ifndef BLK_H
#define BLK_H

#include "../peer.h"

#define SECTOR_BYTES	512
#define PAGE_SECTORS	(PAGE_BYTES / SECTOR_BYTES)

/* pattern.c */
void fill_pattern(void *mem, __u64 sector, unsigned int nr, unsigned int seed);
bool is_pattern(const void *mem, __u64 sector, unsigned int nr,
		unsigned int seed);

/* Operations, status and sizes of io/blkif.h. */
enum { OP_READ, OP_WRITE, OP_BARRIER, OP_FLUSH, OP_DISCARD = 5, OP_INDIRECT };
enum { RSP_OKAY = 0, RSP_ERROR = -1, RSP_NOTSUPP = -2 };
#define SLOT_SEGS	11
#define SLOT_BYTES	112
#define TABLE_SEGS	512

struct segment {
	__u32 gref;
	__u8 first;
	__u8 last;
	__u16 pad;
};

/* ring.c */
extern const struct abi abi64, abi32;

/**
 * struct abi - how a slot is laid out
 */
struct abi {
	const char *name;
	unsigned int slot, rsp, id, sector, tail, indirect_gref;
};

/* A response, as it stood on the ring. */
struct answer {
	__u64 id;
	__u8 op;
	__s16 status;
};

void blk_ring_open(struct ring *ring, const struct abi *abi, unsigned int order,
		   unsigned int domid);
bool ring_get(struct ring *ring, struct answer *answer, int ms);

void slot_head(const struct abi *abi, void *slot, __u8 op, __u8 nr_segs,
	       __u64 id, __u64 sector);
void slot_segment(const struct abi *abi, void *slot, unsigned int i,
		  __u32 gref, __u8 first, __u8 last);
void slot_indirect(const struct abi *abi, void *slot, __u8 op, __u16 nr_segs,
		   __u64 id, __u64 sector);
void slot_table(const struct abi *abi, void *slot, unsigned int i, __u32 gref);

/**
 * struct io - a read or write of whole pages
 */
struct io {
	__u64 id;
	__u64 sector;
	__u8 op;
	unsigned int nr;
	unsigned int seed;
	struct pages data;
	struct pages table;
};

/* io.c */
void io_put(struct io *io, struct ring *ring, __u8 op, __u64 id, __u64 sector,
	    unsigned int nr, unsigned int seed);
bool io_end(struct io *io, const struct answer *answer);
bool io_run(struct ring *ring, __u8 op, __u64 id, __u64 sector,
	    unsigned int nr, unsigned int seed);
bool command(struct ring *ring, const void *slot, struct answer *answer);
bool flush(struct ring *ring, __u64 id, __u8 stale_segs, __u64 stale_sector);
bool io_burst(struct ring *ring, __u8 op, __u64 id, __u64 sector,
	      unsigned int nr, unsigned int seed);

/* vbd.c */
void vbd_forget_keys(const struct device *dev);

/**
 * struct style - what a frontend writes when it connects
 * @protocol: the "protocol" key: whether there is one
 * @numbered: "ring-page-order" and "ring-ref0" and so on
 * @num_queues: "multi-queue-num-queues", even for one
 * @order: pages of a ring, as a power of two
 * @state: the state that comes in the same transaction; 0 for none
 */
struct style {
	bool protocol;
	bool numbered;
	bool num_queues;
	unsigned int order;
	int state;
};

void vbd_publish(const struct device *dev, const struct ring *rings,
		 unsigned int nr, const struct style *style);

/* What the hostile peers write goes behind what they write as others do. */
#define AREA_WILD	1024
#define HARM_SEED	6

/* wild.c */
bool wild_requests(struct device *dev, struct ring *ring);
bool changing_slots(struct device *dev, struct ring *ring);

/* The peers. */
void play_windows(struct device *dev);
void play_windows_ejected(struct device *dev);
void play_windows_resized(struct device *dev);
void play_loader(struct device *dev, const struct abi *abi);
void play_firmware(struct device *dev);
void play_unikraft(struct device *dev);
void play_netbsd(struct device *dev);
void play_freebsd(struct device *dev);
void play_hostile(struct device *dev);
void play_hostile_queues(struct device *dev);
void play_neighbour(struct device *dev);

/* backend.c */
void hostile_backend(const char *domid, const char *number);

#endif
