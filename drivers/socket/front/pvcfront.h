/* SPDX-License-Identifier: GPL-2.0 */
/*
 * PV socket frontend: a protocol of stream sockets whose calls a backend in
 * another domain carries out.
 *
 * What the backend knows as a socket is an "end" here: one that is connected or
 * connecting, one that listens, or one that waits to be what an ACCEPT brings.
 * An end that carries data has a ring, borrowed from the device, which keeps
 * them for later ones. The kernel's socket has an end while it is bound,
 * connected or listening.
 *
 * Data is copied between the ring and the program by whoever calls, under the
 * mutex of its direction, with page faults off: so a mutex is never held while
 * a page is fetched, and the lane, which takes them to take the ring away,
 * never waits for a program. Answers and events come in interrupts, set the
 * socket's state and wake who waits.
 *
 * The socket is the system calls' alone: ends know it as long as it is not
 * closed, under their lock, and hold no reference. So sockets go when they are
 * closed, and with the last of them the module may. An end outlives its socket
 * until the backend took what was sent and has answered its RELEASE, or is gone.
 */
#ifndef PVCFRONT_H
#define PVCFRONT_H

#include <linux/kref.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/ratelimit.h>
#include <linux/spinlock.h>
#include <linux/types.h>
#include <linux/wait.h>
#include <linux/workqueue.h>
#include <net/inet_sock.h>
#include <net/sock.h>
#include <xen/interface/io/pvcalls.h>
#include <xpv/bytering.h>
#include <xpv/device.h>
#include <xpv/evtchn.h>
#include <xpv/grant.h>
#include <xpv/pvcalls.h>
#include <xpv/pvsock.h>
#include <xpv/ring.h>
#include "answer_parse.h"

struct pvcfront;
struct pvcfront_end;
struct pvcfront_ring;

/* The command ring at most: eight pages have room for 256 requests. */
#define PVCFRONT_MAX_COMMAND_ORDER	3
#define PVCFRONT_MAX_CALLS		256

/* Rings of up to 16 pages are small: there may be as many as connections. */
#define PVCFRONT_SMALL_ORDER	4

/* Sockets that a backend has not let go of, at most. */
#define PVCFRONT_MAX_ENDS		65536

/**
 * enum pvcfront_class - requests by how long they may take
 * @PVCFRONT_PROMPT: answered at once
 * @PVCFRONT_CONNECTS: CONNECT
 * @PVCFRONT_ACCEPTS: ACCEPT
 * @PVCFRONT_CLASSES: how many there are
 */
enum pvcfront_class {
	PVCFRONT_PROMPT,
	PVCFRONT_CONNECTS,
	PVCFRONT_ACCEPTS,
	PVCFRONT_CLASSES,
};

/**
 * struct pvcfront_call - a request to the backend
 * @link: in the device's queue while it waits for a slot
 * @end: whose it is; a reference is held while @busy
 * @busy: it waits for a slot or for its answer
 * @slot: of the table, while it waits for its answer
 * @req: the request
 */
struct pvcfront_call {
	struct list_head link;
	struct pvcfront_end *end;
	bool busy;
	int slot;
	struct xpv_pvcalls_request req;
};

/**
 * struct pvcfront_ring - a data ring
 * @pf: the device
 * @all: in the device's list of all
 * @idle: in the list of those that nobody has
 * @mem: the shared pages
 * @ch: the event channel
 * @kept: the backend has it mapped though no socket of it uses it
 * @keeping: the backend was asked to keep it mapped; under the device's lock
 * @bytes: both streams; each under the mutex of its direction of the end
 * @lock: protects from here on; taken in any context
 * @end: who has it
 * @in_prod: the backend's index at the last event
 * @out_cons: likewise
 */
struct pvcfront_ring {
	struct pvcfront *pf;
	struct list_head all;
	struct list_head idle;
	struct xpv_granted_bytes mem;
	struct xpv_evtchn ch;
	bool kept;
	bool keeping;
	struct xpv_byte_ring bytes;

	spinlock_t lock;	/* see above */
	struct pvcfront_end *end;
	u32 in_prod;
	u32 out_cons;
};

/**
 * enum pvcfront_end_state - what an end is
 * @PVCFRONT_NEW: nothing yet, or bound
 * @PVCFRONT_CONNECTING: CONNECT was asked
 * @PVCFRONT_CONNECTED: data flows, or did
 * @PVCFRONT_LISTENING: connections come
 * @PVCFRONT_CLOSING: the socket has closed
 * @PVCFRONT_DEAD: the backend does not know it any more
 */
enum pvcfront_end_state {
	PVCFRONT_NEW,
	PVCFRONT_CONNECTING,
	PVCFRONT_CONNECTED,
	PVCFRONT_LISTENING,
	PVCFRONT_CLOSING,
	PVCFRONT_DEAD,
};

/**
 * struct pvcfront_end - a socket as the backend knows it
 * @ref: held by the socket, by each call that is busy, by @more and @held while
 *	queued, by a listening end for its @child and those that are @ready, and
 *	by the device's list
 * @pf: the device; a reference is held
 * @link: in the device's list, until the backend answered RELEASE or is gone;
 *	under the device's lock
 * @id: its number, never used again
 * @family: that SOCKET was told
 * @told: the backend knows it, so that RELEASE is due
 * @rx: serialises what is taken from the ring
 * @tx: serialises what is put into it
 * @lock: protects from here to @nr_ready; taken in any context
 * @ring: the data ring; it changes with @lock held, and while data may flow
 *	with @rx and @tx too, so that any of them keeps it
 * @state: see &enum pvcfront_end_state
 * @sk: the socket, until it closes
 * @local: its address, if it is known
 * @peer: likewise
 * @releasing: RELEASE was asked
 * @draining: closed, but the backend has not taken all that was sent
 * @until: when it is released nevertheless, in jiffies
 * @child: what the ACCEPT that is out is to bring
 * @ready: connections that wait to be accepted, by @next
 * @next: in the list of @ready
 * @nr_ready: how many
 * @max_ready: how many there may be before no more are taken from the backend
 * @wanted: a program wants connections
 * @more: asks for the next connection
 * @held: shows what was held back, see cork.c
 * @nodelay: the backend was told of TCP_NODELAY; under the socket's lock
 * @sync: calls that are waited for, one at a time
 * @wait: CONNECT or ACCEPT
 * @release: RELEASE
 * @wq: who waits for @sync
 * @answer: to @sync
 * @lost: it will not come
 */
struct pvcfront_end {
	struct kref ref;
	struct pvcfront *pf;
	struct list_head link;
	u64 id;
	u16 family;
	bool told;

	struct mutex rx;	/* see above */
	struct mutex tx;	/* see above */
	spinlock_t lock;	/* see above */
	struct pvcfront_ring *ring;
	enum pvcfront_end_state state;
	struct sock *sk;
	struct pvcfront_addr local;
	struct pvcfront_addr peer;
	bool releasing;
	bool draining;
	unsigned long until;
	struct pvcfront_end *child;
	struct list_head ready;
	struct list_head next;
	unsigned int nr_ready;

	unsigned int max_ready;
	bool wanted;
	struct delayed_work more;
	struct delayed_work held;
	bool nodelay;
	struct pvcfront_call sync;
	struct pvcfront_call wait;
	struct pvcfront_call release;
	wait_queue_head_t wq;
	struct xpv_pvcalls_response answer;
	bool lost;
};

/**
 * struct pvcfront_offer - what the backend can do, and what we make of it
 * @versions: of the protocol
 * @max_order: largest data ring
 * @calls: which commands there are
 * @inet6: it has IPv6
 * @names: it tells addresses
 * @options: it takes options
 * @shutdown: it ends one direction
 * @command_order: how large the command ring may be
 * @kept_rings: how many rings it keeps mapped
 * @events: events only when asked for
 */
struct pvcfront_offer {
	char versions[32];
	unsigned int max_order;
	unsigned int calls;
	bool inet6;
	bool names;
	bool options;
	bool shutdown;
	unsigned int command_order;
	unsigned int kept_rings;
	bool events;
};

/**
 * struct pvcfront - a device
 * @dev: the engine's device; held until the last reference to this goes
 * @ref: held by the device from probe() to remove(), and by each end
 * @link: in the list of all
 * @offer: of the backend that is connected
 * @mem: pages of the command ring; lane only
 * @ch: its channel; opened and closed in the lane
 * @lock: protects from here to @large_out; taken in any context
 * @connected: commands may be asked
 * @ring: the command ring
 * @nr_slots: of the table
 * @asked: what is out
 * @calls: the calls that are
 * @free: slots that are free
 * @nr_free: how many
 * @turn: makes numbers of requests differ
 * @accepts: ACCEPTs that are out
 * @queues: calls that wait for a slot, by &enum pvcfront_class
 * @ends: them
 * @nr_ends: how many
 * @idle: data rings that nobody has
 * @spent: data rings to be given back
 * @nr_idle: how many are in @idle
 * @nr_keeping: how many the backend was asked to keep mapped, and may
 * @large_out: large rings that ends have, but for those
 * @rings_lock: serialises making and giving back data rings; protects @rings,
 *	@nr_rings and @nr_large. Held while memory is had.
 * @rings: all data rings
 * @nr_rings: how many
 * @nr_large: how many of them are large
 * @scarce: when to say that there are no more
 * @tidy: gives back what is @spent
 * @drain: looks whether it is time to release ends nevertheless
 */
struct pvcfront {
	struct xpv_device *dev;
	struct kref ref;
	struct list_head link;
	struct pvcfront_offer offer;
	struct xpv_granted_ring mem;
	struct xpv_evtchn ch;

	spinlock_t lock;	/* see above */
	bool connected;
	struct xpv_ring ring;
	unsigned int nr_slots;
	struct pvcfront_asked asked[PVCFRONT_MAX_CALLS];
	struct pvcfront_call *calls[PVCFRONT_MAX_CALLS];
	u16 free[PVCFRONT_MAX_CALLS];
	unsigned int nr_free;
	u16 turn;
	unsigned int accepts;
	struct list_head queues[PVCFRONT_CLASSES];
	struct list_head ends;
	unsigned int nr_ends;
	struct list_head idle;
	struct list_head spent;
	unsigned int nr_idle;
	unsigned int nr_keeping;
	unsigned int large_out;

	struct mutex rings_lock;	/* see above */
	struct list_head rings;
	unsigned int nr_rings;
	unsigned int nr_large;
	struct ratelimit_state scarce;
	struct work_struct tidy;
	struct delayed_work drain;
};

/**
 * enum pvcfront_own_option - options that the backend is not told of
 * @PVCFRONT_TOS: IP_TOS
 * @PVCFRONT_TCLASS: IPV6_TCLASS
 * @PVCFRONT_QUICKACK: TCP_QUICKACK
 * @PVCFRONT_DEFER_ACCEPT: TCP_DEFER_ACCEPT
 * @PVCFRONT_OPTIONS: how many numbers options have
 */
enum pvcfront_own_option {
	PVCFRONT_TOS = XPV_PVCALLS_UNSENT + 1,
	PVCFRONT_TCLASS,
	PVCFRONT_QUICKACK,
	PVCFRONT_DEFER_ACCEPT,
	PVCFRONT_OPTIONS,
};

/**
 * struct pvcfront_options - what programs set on a socket before there is an end
 * @set: which, a bit for each &enum xpv_pvcalls_option or pvcfront_own_option
 * @value: of each
 */
struct pvcfront_options {
	u32 set;
	s32 value[PVCFRONT_OPTIONS];
};

/**
 * struct pvcfront_sock - the kernel's socket
 * @inet: the core's; comes first
 * @lock: protects @end
 * @end: its end, or NULL; changes under the socket's lock too
 * @local: what it was bound to
 * @options: under the socket's lock
 */
struct pvcfront_sock {
	struct inet_sock inet;
	spinlock_t lock;	/* see above */
	struct pvcfront_end *end;
	struct pvcfront_addr local;
	struct pvcfront_options options;
};

static inline struct pvcfront_sock *pvcfront_sk(const struct sock *sk)
{
	return (struct pvcfront_sock *)sk;
}

/* main.c */
extern struct workqueue_struct *pvcfront_queue;
extern unsigned int pvcfront_max_rings;
extern unsigned int pvcfront_idle_rings;
extern unsigned int pvcfront_max_order;
extern unsigned int pvcfront_large_rings;
struct pvcfront *pvcfront_find(bool wait);
void pvcfront_get(struct pvcfront *pf);
void pvcfront_put(struct pvcfront *pf);
void pvcfront_stir(void);

/* connect.c */
int pvcfront_publish(struct xpv_device *dev, struct xpv_txn *txn);
int pvcfront_connect_device(struct xpv_device *dev);
void pvcfront_connected(struct xpv_device *dev);
bool pvcfront_is_served(struct xpv_device *dev);
bool pvcfront_owes(struct xpv_device *dev, u32 *answers);
void pvcfront_disconnect(struct xpv_device *dev);

/* command.c */
void pvcfront_commands_init(struct pvcfront *pf);
void pvcfront_commands_lose(struct pvcfront *pf);
bool pvcfront_prompt_out(const struct pvcfront *pf)
	__must_hold(&pf->lock);
void pvcfront_event(void *arg);
int pvcfront_call(struct pvcfront_call *call);
void pvcfront_call_cancel(struct pvcfront_call *call);
void pvcfront_call_forget(struct pvcfront_call *call);
int pvcfront_ask(struct pvcfront_end *end,
		 const struct xpv_pvcalls_request *req);
int pvcfront_tell(struct pvcfront_end *end,
		  const struct xpv_pvcalls_request *req);

/* ring.c */
int pvcfront_ring_get(struct pvcfront_end *end);
struct pvcfront_ring *pvcfront_ring_detach(struct pvcfront_end *end);
void pvcfront_ring_put(struct pvcfront_ring *ring, bool usable, bool kept);
bool pvcfront_ring_keep(struct pvcfront_ring *ring);
void pvcfront_rings_tidy(struct work_struct *work);
void pvcfront_rings_quiet(struct pvcfront *pf);
void pvcfront_rings_close(struct pvcfront *pf);

/* end.c */
struct pvcfront_end *pvcfront_end_new(struct pvcfront *pf, struct sock *sk);
void pvcfront_end_put(struct pvcfront_end *end);
int pvcfront_end_create(struct pvcfront_end *end, u16 family, bool wait);
int pvcfront_end_connect(struct pvcfront_end *end,
			 const struct pvcfront_addr *addr);
void pvcfront_end_connected(struct pvcfront_end *end,
			    const struct xpv_pvcalls_response *rsp);
void pvcfront_end_released(struct pvcfront_end *end,
			   const struct xpv_pvcalls_response *rsp);
void pvcfront_end_drop(struct pvcfront_end *end, bool kept);
void pvcfront_end_stir(struct pvcfront_end *end, struct pvcfront_ring *ring,
		       bool in, bool out);
void pvcfront_end_adopt(struct pvcfront_end *end, struct sock *sk);
void pvcfront_end_shut(struct pvcfront_end *end, u8 how);
void pvcfront_end_discard(struct pvcfront_end *end);
void pvcfront_end_finish(struct pvcfront_end *end);
void pvcfront_end_close(struct pvcfront_end *end, bool abort);
void pvcfront_end_lose(struct pvcfront_end *end);
void pvcfront_drain(struct work_struct *work);

/* listen.c */
int pvcfront_listen_start(struct pvcfront_end *end, unsigned int backlog);
void pvcfront_listen_more(struct work_struct *work);
void pvcfront_listen_accepted(struct pvcfront_end *end,
			      const struct xpv_pvcalls_response *rsp);
void pvcfront_listen_want(struct pvcfront_end *end);
struct pvcfront_end *pvcfront_listen_take(struct pvcfront_end *end);
void pvcfront_listen_stop(struct pvcfront_end *end);
void pvcfront_listen_forget(struct pvcfront_end *end);
void pvcfront_listen_lost(struct pvcfront_end *end);

/* stream.c */
typedef bool pvcfront_ready_fn(struct sock *sk, struct pvcfront_end *end,
			       u32 mark);
int pvcfront_wait(struct sock *sk, long *timeo, pvcfront_ready_fn *ready,
		  struct pvcfront_end *end, u32 mark);
int pvcfront_sendmsg(struct socket *sock, struct msghdr *msg, size_t len);
int pvcfront_recvmsg(struct socket *sock, struct msghdr *msg, size_t len,
		     int flags);
u32 pvcfront_ready(struct pvcfront_end *end);
u32 pvcfront_used(struct pvcfront_end *end);
bool pvcfront_roomy(struct pvcfront_end *end);
void pvcfront_ask_taken(struct pvcfront_end *end);
void pvcfront_show(struct pvcfront_end *end);

/* cork.c */
void pvcfront_cork_init(struct pvcfront_end *end);
bool pvcfront_cork_holds(struct pvcfront_end *end,
			 const struct xpv_byte_stream *s);
void pvcfront_cork_pull(struct pvcfront_end *end);
void pvcfront_splice_eof(struct socket *sock);
void pvcfront_cork_end(struct pvcfront_end *end);

/* name.c */
int pvcfront_name_take(struct sock *sk, const struct sockaddr *uaddr, int len,
		       struct pvcfront_addr *addr);
int pvcfront_getname(struct socket *sock, struct sockaddr *uaddr, int peer);

/* socket.c */
struct pvcfront_end *pvcfront_sock_end(struct sock *sk);
int pvcfront_bind(struct socket *sock, struct sockaddr *uaddr, int len);
int pvcfront_connect(struct socket *sock, struct sockaddr *uaddr, int len,
		     int flags);
int pvcfront_listen(struct socket *sock, int backlog);
int pvcfront_accept(struct socket *sock, struct socket *newsock, int flags,
		    bool kern);
int pvcfront_shutdown(struct socket *sock, int how);
void pvcfront_close(struct sock *sk, long timeout);

/* poll.c */
__poll_t pvcfront_poll(struct file *file, struct socket *sock,
		       struct poll_table_struct *wait);
int pvcfront_ioctl(struct socket *sock, unsigned int cmd, unsigned long arg);

/* option.c */
int pvcfront_setsockopt(struct socket *sock, int level, int name,
			sockptr_t value, unsigned int len);
int pvcfront_getsockopt(struct socket *sock, int level, int name,
			char __user *value, int __user *len);
void pvcfront_keepalive(struct sock *sk, int on);
int pvcfront_options_tell(struct pvcfront_end *end, const struct sock *sk);

/* proto.c */
int pvcfront_proto_register(void);
void pvcfront_proto_unregister(void);

#endif
