/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The backend of PV Calls: the sockets of a guest, carried out in this domain's
 * network.
 *
 * A device (struct pvback) has a policy, which is what the guest may do, and
 * while it is connected a command ring and a table of sockets (struct pvsock).
 * A socket that is connected has a data ring (struct pvring).
 *
 *	event -> the command worker: take a request, check it, carry it out, and
 *	      answer; or leave the answer to the socket's worker, if it is to
 *	      wait for somebody
 *	event, or the network -> the socket's worker: move what there is to move,
 *	      until one side or the other has to go first
 *	event -> the ring's tasklet, if it is about a little to send
 *	data from the network -> the ring, with no worker in between
 *
 * No worker waits for anybody: not for the guest, not for the network.
 *
 * Who may touch what. The command worker finds sockets, and ends them, so what
 * it found stays as long as it looks at it. A socket's worker touches that
 * socket, and a listening one's those that wait in its list for a connection,
 * which nobody else finds. Ending a socket stops its worker first. When the
 * device is disconnected the lane stops the command worker, and then does all
 * that as it would have.
 */
#ifndef PVBACK_H
#define PVBACK_H

#include <linux/atomic.h>
#include <linux/bitops.h>
#include <linux/hashtable.h>
#include <linux/interrupt.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/ratelimit.h>
#include <linux/spinlock.h>
#include <linux/types.h>
#include <linux/workqueue.h>
#include <net/net_namespace.h>
#include <net/sock.h>
#include <xpv/bytering.h>
#include <xpv/device.h>
#include <xpv/evtchn.h>
#include <xpv/map.h>
#include <xpv/pvcalls.h>
#include <xpv/ring.h>

#include "call_parse.h"
#include "policy_parse.h"

struct pvback;
struct pvsock;
struct seq_file;

/* ACCEPT that may wait on a socket. */
#define PVBACK_ACCEPTS		16
/* Frontends of today want 16 pages, and refuse a backend with fewer. */
#define PVBACK_MIN_ORDER	4
/* The largest command ring: 16 pages, of which the requests use 15 and more. */
#define PVBACK_COMMAND_ORDER	4

/* Flags of a device. */
enum {
	PVBACK_STOPPING,	/* the lane is about to disconnect */
	PVBACK_BROKEN,		/* the guest broke the rules */
	PVBACK_EVENT,		/* one came that was not ended yet */
};

/* Flags of a data ring. */
enum {
	PVRING_EVENT,		/* one came that was not ended yet */
	PVRING_KEPT,		/* was mapped for a socket before this one */
	PVRING_CLAIMED,		/* somebody moves what the guest sent */
	PVRING_MISSED,		/* somebody else wanted to, and the worker has to look */
};

/* The most that is sent where the guest's event is; more is a worker's. */
#define PVRING_LITTLE		((u32)XEN_PAGE_SIZE)

/**
 * struct pvring - a data ring
 * @be: the device
 * @link: in its list, under its lock
 * @ref: the reference of the page of indices
 * @port: the guest's event channel
 * @kept: it is mapped and no socket's, under the device's lock
 * @mapped: the memory
 * @bytes: the streams, of who uses it; see stream.c
 * @ch: the channel
 * @lock: protects @sock, and that its work is queued, against the channel's
 *	handler. Taken in any context
 * @sock: who uses it; NULL while it is kept for another one
 * @now: sends a little at once, on the processor of the event
 * @flags: see above
 * @in_seen: where the guest's reading was when its last event was ended
 * @worked: something was taken since
 */
struct pvring {
	struct pvback *be;
	struct list_head link;
	grant_ref_t ref;
	evtchn_port_t port;
	bool kept;
	struct xpv_mapped_bytes mapped;
	struct xpv_byte_ring bytes;
	struct xpv_evtchn ch;
	spinlock_t lock;
	struct pvsock *sock;
	struct tasklet_struct now;
	unsigned long flags;
	u32 in_seen;
	bool worked;
};

/**
 * struct pvhooks - what the network calls, as it was before us
 * @state_change: of &struct sock
 * @data_ready: likewise
 * @write_space: likewise
 * @error_report: likewise
 */
struct pvhooks {
	void (*state_change)(struct sock *sk);
	void (*data_ready)(struct sock *sk);
	void (*write_space)(struct sock *sk);
	void (*error_report)(struct sock *sk);
};

/**
 * enum pvsock_state - what a socket is
 * @PVSOCK_NEW: no more than a socket
 * @PVSOCK_BOUND: it has an address
 * @PVSOCK_BARRED: it has one that it may not have
 * @PVSOCK_CONNECTING: CONNECT waits for the network
 * @PVSOCK_ACCEPTING: ACCEPT waits for a connection; it is in a list, not in
 *	the table
 * @PVSOCK_CONNECTED: it has a ring
 * @PVSOCK_LISTENING: it takes connections
 * @PVSOCK_LINGERING: it was released, and what it sent has not all arrived
 */
enum pvsock_state {
	PVSOCK_NEW,
	PVSOCK_BOUND,
	PVSOCK_BARRED,
	PVSOCK_CONNECTING,
	PVSOCK_ACCEPTING,
	PVSOCK_CONNECTED,
	PVSOCK_LISTENING,
	PVSOCK_LINGERING,
};

/**
 * struct pvsock - a socket of the guest's
 * @be: the device
 * @node: in its table, under its lock
 * @id: the guest's name for it
 * @state: what it is. The command worker sets it, but for that a connection is
 *	made, or not: that is set, with release semantics, by the worker of the
 *	socket or of the one that listens
 * @sock: the socket; NULL while it waits for a connection
 * @hooks: what the network called before
 * @work: its worker
 * @cpu: where the guest's last event was, or %WORK_CPU_UNBOUND
 * @ring: the data ring, or NULL
 * @req: the request that waits: CONNECT, or ACCEPT
 * @to: where it connects to
 * @accepts: those that wait for a connection, under @lock
 * @nr_accepts: how many, under @lock
 * @link: in the list of the one that listens, under the lock of that; or in the
 *	device's of those that linger
 * @poll: POLL that waits, under @lock
 * @polled: there is one, under @lock
 * @lock: taken in process context
 * @shut: the guest sends no more behind @out_end, set with release semantics
 * @out_end: where that is
 * @shut_in: the guest reads no more
 * @in_over: in_error was set; the worker's
 * @in_full: the guest was asked for room; as the stream in (stream.c)
 * @taking: the worker has the stream in for itself; under the network's lock of
 *	the socket
 * @out_over: nothing is to be sent any more; of who claimed the ring
 * @out_waits: the guest may be waiting for room; likewise
 * @lost: why the connection was lost, when that was found by sending
 * @ending: its worker does nothing any more
 * @released: RELEASE ends it
 * @lingers: it is in the device's list, under the lock of that
 * @acked: how far the peer had acknowledged when that was looked at, as @lingers
 * @until: when it is reset unless that moved, in jiffies, likewise
 */
struct pvsock {
	struct pvback *be;
	struct hlist_node node;
	u64 id;
	enum pvsock_state state;
	struct socket *sock;
	struct pvhooks hooks;
	struct work_struct work;
	int cpu;
	struct pvring *ring;
	struct xpv_pvcalls_request req;
	struct call_addr to;

	struct list_head accepts;
	unsigned int nr_accepts;
	struct list_head link;
	struct xpv_pvcalls_request poll;
	bool polled;
	struct mutex lock;

	bool shut;
	u32 out_end;
	bool shut_in;
	bool in_over;
	bool in_full;
	bool taking;
	bool out_over;
	bool out_waits;
	int lost;
	bool ending;
	bool released;
	bool lingers;
	u32 acked;
	unsigned long until;
};

/**
 * struct pvback_limits - how much a guest may have
 * @sockets: sockets
 * @pages: pages of data rings mapped, those of indices included
 * @kept: rings that stay mapped while no socket uses them
 */
struct pvback_limits {
	unsigned int sockets;
	unsigned int pages;
	unsigned int kept;
};

/**
 * struct pvback - a device
 * @xdev: the engine's
 * @wq: where the sockets' workers run
 * @commands: where the command worker runs
 * @work: the command worker
 * @mapped: the command ring's memory
 * @ring: the command ring: requests are the command worker's
 * @answer_lock: protects the responses of @ring. Taken in process context
 * @ch: the command ring's channel
 * @flags: see above
 * @worked: a request was taken since the last event was ended
 * @keep: the guest asked for rings to be kept
 * @agreed: the guest asked for events only where asked for
 * @net: whose network the guest acts in; held while connected
 * @policy: what it may do; constant while connected
 * @limits: how much it may have; constant while connected
 * @lock: protects @table, @rings, @nr_kept, @lingering and @nr_lingering. Taken in
 *	process context; nothing is waited for with it
 * @table: sockets by id
 * @seed: of the table's hash, so that no guest can choose ids that collide
 * @rings: data rings
 * @nr_kept: of them, those that no socket uses
 * @lingering: sockets that were released, see linger.c
 * @nr_lingering: how many
 * @linger: resets those of them that get nowhere
 * @nr_socks: sockets, those that wait for a connection and that linger included
 * @nr_pages: pages mapped
 * @refused: when to say what was refused
 * @counts: commands taken, by place in call_name()'s order, the unknown last
 * @refusals: calls that the policy refused
 * @in_bytes: moved to the guest
 * @out_bytes: moved from it
 * @events: sent for data rings
 * @came: events of data rings that came
 * @runs: of sockets' workers
 * @at_once: events that needed none
 */
struct pvback {
	struct xpv_device *xdev;
	struct workqueue_struct *wq;
	struct workqueue_struct *commands;
	struct work_struct work;
	struct xpv_mapped_ring mapped;
	struct xpv_ring ring;
	struct mutex answer_lock;
	struct xpv_evtchn ch;
	unsigned long flags;
	bool worked;
	bool keep;
	bool agreed;

	struct net *net;
	struct policy policy;
	struct pvback_limits limits;

	struct mutex lock;
	DECLARE_HASHTABLE(table, 8);
	u32 seed;
	struct list_head rings;
	unsigned int nr_kept;
	struct list_head lingering;
	unsigned int nr_lingering;
	struct delayed_work linger;
	atomic_t nr_socks;
	atomic_t nr_pages;

	struct ratelimit_state refused;
	atomic_long_t counts[13];
	atomic_long_t refusals;
	atomic64_t in_bytes;
	atomic64_t out_bytes;
	atomic64_t events;
	atomic64_t came;
	atomic64_t runs;
	atomic64_t at_once;
};

/* main.c */
extern unsigned int pvback_max_order;
extern unsigned int pvback_max_sockets;
extern unsigned int pvback_max_pages;
extern unsigned int pvback_max_kept;
extern unsigned int pvback_at_once;
extern unsigned int pvback_linger;

/* front.c: what the frontend asks for */
struct pvback_front {
	unsigned int version;
	evtchn_port_t port;
	unsigned int order;
	bool keep;
	bool events;
	grant_ref_t refs[1 << PVBACK_COMMAND_ORDER];
};

int pvb_front_read(struct pvback *be, struct pvback_front *front);

/* policy.c: what the guest may do */
int pvb_policy_order(struct pvback *be);
int pvb_policy_open(struct pvback *be);
void pvb_policy_close(struct pvback *be);
bool pvb_may_connect(struct pvback *be, const struct call_addr *to,
		     const struct call_addr *from);
bool pvb_may_bind(struct pvback *be, const struct call_addr *addr, bool v6only);

/* command.c: the command ring */
void pvb_commands_init(struct pvback *be);
int pvb_commands_connect(struct pvback *be, const struct pvback_front *front);
void pvb_commands_start(struct pvback *be);
void pvb_commands_stop(struct pvback *be);
void pvb_commands_disconnect(struct pvback *be);
void pvb_answer(struct pvback *be, const struct xpv_pvcalls_request *req,
		int ret);
void pvb_answer_more(struct pvback *be, const struct xpv_pvcalls_request *req,
		     struct xpv_pvcalls_response *rsp, int ret);

/* sock.c: sockets and what the network calls */
struct pvsock *pvs_alloc(struct pvback *be, u64 id);
void pvs_free(struct pvsock *ps);
int pvs_publish(struct pvsock *ps);
struct pvsock *pvs_find(struct pvback *be, u64 id);
void pvs_hook(struct pvsock *ps, const struct pvhooks *before);
void pvs_unhook(struct pvsock *ps);
void pvs_quiesce(struct pvsock *ps);
bool pvs_end(struct pvsock *ps, bool keep);
void pvs_end_all(struct pvback *be);
int pvs_socket(struct pvback *be, const struct xpv_pvcalls_request *req);
int pvs_release(struct pvback *be, const struct xpv_pvcalls_request *req,
		struct xpv_pvcalls_response *rsp);

/* linger.c: sockets that were released, but have data to send */
void pvs_linger_init(struct pvback *be);
bool pvs_linger(struct pvsock *ps);
void pvs_linger_work(struct pvsock *ps);
void pvs_linger_end(struct pvback *be);

/* name.c: addresses */
int pvs_name(const struct pvsock *ps, bool peer, struct call_addr *addr);
void pvs_tell_name(const struct pvsock *ps, bool peer,
		   struct xpv_pvcalls_response *rsp);
int pvs_kernel_addr(const struct pvsock *ps, const struct call_addr *addr,
		    struct sockaddr_storage *to);

/* connect.c: connections that the guest makes */
int pvs_connect(struct pvsock *ps, const struct xpv_pvcalls_request *req);
void pvs_connect_work(struct pvsock *ps);
void pvs_connect_cancel(struct pvsock *ps);

/* listen.c: connections that are made to it */
int pvs_bind(struct pvsock *ps, const struct xpv_pvcalls_request *req,
	     struct xpv_pvcalls_response *rsp);
int pvs_listen(struct pvsock *ps, const struct xpv_pvcalls_request *req);
int pvs_accept(struct pvsock *ps, const struct xpv_pvcalls_request *req);
int pvs_poll(struct pvsock *ps, const struct xpv_pvcalls_request *req);
void pvs_listen_work(struct pvsock *ps);
void pvs_listen_cancel(struct pvsock *ps);

/* option.c: what else there is to do with a socket */
int pvs_set(struct pvsock *ps, const struct xpv_pvcalls_request *req);
int pvs_get(struct pvsock *ps, const struct xpv_pvcalls_request *req,
	    struct xpv_pvcalls_response *rsp);
int pvs_shut(struct pvsock *ps, const struct xpv_pvcalls_request *req);

/* ring.c: data rings */
struct pvring *pvr_get(struct pvback *be, grant_ref_t ref, evtchn_port_t port);
bool pvr_put(struct pvring *ring, bool keep);
bool pvr_is_kept(struct pvback *be, grant_ref_t ref);
int pvr_forget(struct pvback *be, grant_ref_t ref);
void pvr_forget_all(struct pvback *be);
void pvr_use(struct pvring *ring, struct pvsock *ps);
bool pvr_claim(struct pvring *ring);
void pvr_unclaim(struct pvring *ring, struct pvsock *ps);
void pvr_end_event(struct pvring *ring);
void pvr_notify(struct pvring *ring);

/* stream.c: moving data */
void pvs_stream_work(struct pvsock *ps);
void pvs_stream_now(struct pvsock *ps);
bool pvs_stream_came(struct pvsock *ps);
void pvs_stream_flush(struct pvsock *ps);
void pvs_stream_lose(struct pvsock *ps);

/* The command is answered later: nothing a call returns. */
#define PVBACK_LATER	1

#endif
