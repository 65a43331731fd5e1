/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Frontends of other systems, played from a guest's user space: what those of
 * disks and of networks have in common.
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

/* channel.c */
struct channel {
	int fd;
	unsigned int port;
};

void channel_open(struct channel *ch, unsigned int domid);
void channel_notify(const struct channel *ch);
bool channel_wait(const struct channel *ch, int ms);
void channel_close(struct channel *ch);
void channel_bind(struct channel *ch, unsigned int domid, unsigned int port);

struct abi;

/* ring.c */
/**
 * struct ring - one queue
 * @pages: the ring itself
 * @ch: its event channel
 * @stride: bytes of a slot
 * @abi: of a block ring, what its slots are like
 * @polls: it looks for responses all the time, as firmware does; else it
 *	waits for the event that it asked for
 * @nr: slots
 * @prod: requests put so far
 * @cons: responses taken so far
 */
struct ring {
	struct pages pages;
	struct channel ch;
	unsigned int stride;
	const struct abi *abi;
	bool polls;
	unsigned int nr;
	__u32 prod;
	__u32 cons;
};

void ring_open(struct ring *ring, unsigned int stride, unsigned int order,
	       unsigned int domid);
bool ring_close(struct ring *ring);
__u8 *ring_slot(const struct ring *ring, __u32 index);
__u32 *ring_req_prod(const struct ring *ring);
__u32 *ring_rsp_prod(const struct ring *ring);
void ring_put(struct ring *ring, const void *slot);
void ring_show(struct ring *ring);
void ring_push(struct ring *ring);
__u32 ring_waiting(struct ring *ring);
bool ring_await(struct ring *ring, int ms);

/**
 * struct served - a ring, from the backend's end
 * @page: where it is mapped
 * @index: the device's name for it
 * @stride: bytes of a slot
 * @nr: slots
 * @cons: requests taken so far
 * @prod: responses put so far
 */
struct served {
	__u8 *page;
	__u64 index;
	unsigned int stride;
	unsigned int nr;
	__u32 cons;
	__u32 prod;
};

/* served.c */
void served_begin(unsigned int domid);
void served_map(struct served *ring, __u32 gref, unsigned int stride);
void served_unmap(struct served *ring);
__u8 *served_slot(const struct served *ring, __u32 index);
__u32 served_waiting(const struct served *ring);
__u32 served_waiting_at_last(const struct served *ring);
void served_push(struct served *ring, const struct channel *ch);
bool served_copy(void *data, unsigned int len, __u32 gref, __u16 offset, bool out);

/* States of io/xenbus.h. */
enum { GONE, INITIALISING, INIT_WAIT, INITIALISED, CONNECTED, CLOSING, CLOSED };
enum { RECONFIGURING = CLOSED + 1, RECONFIGURED };

/**
 * struct device - as its frontend sees it; or its backend, for which the ends are
 *	the other way round
 * @front: path of our end
 * @back: path of the other
 * @domid: the other
 * @seen: states the other end was ever seen in, as bits
 */
struct device {
	char front[64];
	char back[128];
	unsigned int domid;
	unsigned int seen;
};

/* device.c */
void device_open(struct device *dev, const char *class, const char *number);
void device_serve(struct device *dev, const char *dir, const char *class, const char *domid,
		  const char *number);
void device_state(struct device *dev, int state);
int device_other(struct device *dev);
int device_wait_any(struct device *dev, unsigned int states, int ms);
bool device_wait(struct device *dev, int state, int ms);
long long device_number(const struct device *dev, const char *key,
			long long absent);
void device_forget(const struct device *dev, const char *const keys[],
		   unsigned int nr);
void device_put(const struct device *dev, __u32 txn, const char *dir,
		const char *format, ...) __attribute__((format(printf, 4, 5)));
bool device_never_reconfigured(const struct device *dev);

/**
 * struct peer - one that can be played; an array of them ends with one without a
 *	name
 * @name: what it is called
 * @play: plays it on a device
 */
struct peer {
	const char *name;
	void (*play)(struct device *dev);
};

/* peer.c */
void peer_play(const struct peer *peers, const char *class, const char *name,
	       const char *number);

#endif
