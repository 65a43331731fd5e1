/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Block frontends of other systems, played from a guest's user space.
 *
 * Grants come from /dev/xen/gntalloc, event channels from /dev/xen/evtchn, the
 * store is spoken to raw over /dev/xen/xenbus. Nothing here shares code with
 * the drivers: the layouts are written down a second time, from the public
 * headers, so that both must be wrong in the same way to pass.
 *
 * What a peer finds out is printed as "ok - PEER: RULE" or "not ok - PEER: RULE",
 * notes behind a "#". What prevents it from finding out ends the program.
 */
#ifndef PEER_H
#define PEER_H

#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>

#define PAGE_BYTES	4096
#define SECTOR_BYTES	512
#define PAGE_SECTORS	(PAGE_BYTES / SECTOR_BYTES)
#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

/* For memory that the backend reads and writes beside us. */
#define READ_ONCE(x)	 __atomic_load_n(&(x), __ATOMIC_RELAXED)
#define WRITE_ONCE(x, v) __atomic_store_n(&(x), (v), __ATOMIC_RELAXED)
#define full_barrier()	 __atomic_thread_fence(__ATOMIC_SEQ_CST)

/* report.c */
void report_as(const char *name);
void note(const char *format, ...) __attribute__((format(printf, 1, 2)));
void rule(const char *what, bool holds);
_Noreturn void give_up(const char *format, ...)
	__attribute__((format(printf, 1, 2)));
bool differs(const char *what, __u64 is, __u64 should);
int any_broken(void);
long long now_ms(void);

/* store.c */
void store_open(void);
int store_fd(void);
bool store_read(const char *path, char *value, size_t size);
__u32 store_begin(void);
bool store_commit(__u32 txn);
bool store_write(__u32 txn, const char *path, const char *value);
void store_remove(__u32 txn, const char *path);
void store_watch(const char *path);
void store_drain(void);

#define PAGES_MAX	256

/**
 * struct pages - granted pages
 * @mem: where they are mapped here, one behind the other; NULL if they are not
 * @index: the device's name for them
 * @held: the device holds them
 * @nr: how many; 0 when there are none
 * @gref: their grant references
 */
struct pages {
	void *mem;
	__u64 index;
	bool held;
	unsigned int nr;
	__u32 gref[PAGES_MAX];
};

/* pages.c */
void pages_open(unsigned int domid);
void pages_grant(struct pages *pages, unsigned int nr, bool writable);
void pages_keep(struct pages *pages, bool mapped);
void pages_end(struct pages *pages);
bool pages_ended(struct pages *pages);
void fill_pattern(void *mem, __u64 sector, unsigned int nr, unsigned int seed);
bool is_pattern(const void *mem, __u64 sector, unsigned int nr,
		unsigned int seed);

/* channel.c */
struct channel {
	int fd;
	unsigned int port;
};

void channel_open(struct channel *ch, unsigned int domid);
void channel_notify(const struct channel *ch);
bool channel_wait(const struct channel *ch, int ms);
void channel_close(struct channel *ch);

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

/**
 * struct ring - one queue
 * @pages: the ring itself
 * @ch: its event channel
 * @abi: its layout
 * @polls: it looks for responses all the time, as firmware does; else it
 *	waits for the event that it asked for
 * @nr: slots
 * @prod: requests put so far
 * @cons: responses taken so far
 */
struct ring {
	struct pages pages;
	struct channel ch;
	const struct abi *abi;
	bool polls;
	unsigned int nr;
	__u32 prod;
	__u32 cons;
};

void ring_open(struct ring *ring, const struct abi *abi, unsigned int order,
	       unsigned int domid);
bool ring_close(struct ring *ring);
__u8 *ring_slot(const struct ring *ring, __u32 index);
__u32 *ring_req_prod(const struct ring *ring);
__u32 *ring_rsp_prod(const struct ring *ring);
void ring_put(struct ring *ring, const void *slot);
void ring_push(struct ring *ring);
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

/* States of io/xenbus.h. */
enum { GONE, INITIALISING, INIT_WAIT, INITIALISED, CONNECTED, CLOSING, CLOSED };

/**
 * struct vbd - a disk, as its frontend sees it
 * @front: path of our end
 * @back: path of the other
 * @domid: the other
 * @seen: states the other end was ever seen in, as bits
 */
struct vbd {
	char front[64];
	char back[128];
	unsigned int domid;
	unsigned int seen;
};

/* vbd.c */
void vbd_open(struct vbd *vbd, const char *number);
void vbd_state(struct vbd *vbd, int state);
int vbd_other(struct vbd *vbd);
bool vbd_wait(struct vbd *vbd, int state, int ms);
long long vbd_number(const struct vbd *vbd, const char *key, long long absent);
void vbd_forget_keys(const struct vbd *vbd);
bool vbd_never_reconfigured(const struct vbd *vbd);

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

void vbd_publish(const struct vbd *vbd, const struct ring *rings,
		 unsigned int nr, const struct style *style);

/* What the hostile peers write goes behind what they write as others do. */
#define AREA_WILD	1024
#define HARM_SEED	6

/* wild.c */
bool wild_requests(struct vbd *vbd, struct ring *ring);
bool changing_slots(struct vbd *vbd, struct ring *ring);

/* The peers. */
void play_windows(struct vbd *vbd);
void play_windows_ejected(struct vbd *vbd);
void play_windows_resized(struct vbd *vbd);
void play_loader(struct vbd *vbd, const struct abi *abi);
void play_firmware(struct vbd *vbd);
void play_unikraft(struct vbd *vbd);
void play_netbsd(struct vbd *vbd);
void play_hostile(struct vbd *vbd);
void play_hostile_queues(struct vbd *vbd);
void play_neighbour(struct vbd *vbd);

#endif
