/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The network frontend's own objects.
 *
 *   netfront		a device: what the toolstack attached; the netdev's private part
 *     netfront_queue	a queue of the netdev: one NAPI, two rings to the backend
 *       netfront_tx	packets on their way out
 *       netfront_rx	buffers for packets that come in
 *
 * The netdev lives from probe() to remove(). Backends come and go meanwhile:
 * after a while without one it has no carrier.
 */
#ifndef NETFRONT_H
#define NETFRONT_H

#include <linux/bpf.h>
#include <linux/etherdevice.h>
#include <linux/if_vlan.h>
#include <linux/netdevice.h>
#include <linux/skbuff.h>
#include <linux/spinlock.h>
#include <linux/timer.h>
#include <linux/types.h>
#include <linux/u64_stats_sync.h>
#include <linux/wait.h>
#include <linux/workqueue.h>
#include <net/xdp.h>
#include <xen/interface/grant_table.h>
#include <xen/interface/io/netif.h>
#include <xen/page.h>
#include <xpv/device.h>
#include <xpv/evtchn.h>
#include <xpv/fault.h>
#include <xpv/grant.h>
#include <xpv/grant_cache.h>
#include <xpv/poll.h>
#include <xpv/ring.h>
#include "../netif.h"
#include "../memory.h"
#include "../nap.h"
#include "netfront_parse.h"

/* Slots that every backend takes for a packet, and what goes with them. */
#define NETFRONT_TX_SLOTS	XEN_NETIF_NR_SLOTS_MIN
#define NETFRONT_TX_ROOM	(NETFRONT_TX_SLOTS + 2)

/* A packet, or its head, is copied up to this size; so is a head received. */
#define NETFRONT_COPY		256

#define NETFRONT_NONE		U16_MAX

/* Pages that parts of packets are copied to, and come back. */
#define NETFRONT_COPY_PAGES	NET_PAGES_MAX

/* Most pages of a transmit ring that a backend is asked to keep mapped. */
#define NETFRONT_STAGE_MAX	256U

/* A buffer's note: the backend may have it mapped. */
#define NETFRONT_BUF_STAGED	1

/* Toeplitz: entries of the table that maps hashes to queues, bytes of the key. */
#define NETFRONT_RSS_TABLE	128
#define NETFRONT_RSS_KEY	40

struct netfront;
struct netfront_queue;

/**
 * struct netfront_offer - what a backend says it can do
 * @max_queues: most queues
 * @split: events of the two rings may have channels of their own
 * @ctrl: it has a control ring
 * @max_tx_order: largest transmit ring, as a power of two of pages
 * @max_rx_order: largest receive ring
 * @rx_copy: it copies into our buffers; there is no other way any more
 * @sg: packets may have several slots
 * @gso4: TCP over IPv4 may be larger than the MTU
 * @gso6: TCP over IPv6 may be
 * @no_csum: IPv4 checksums must be complete
 * @csum6: IPv6 checksums need not be
 * @mcast: it filters multicast
 * @dynamic_mcast: and can begin to while connected
 * @headroom: it can leave room in front of what we receive
 */
struct netfront_offer {
	unsigned int max_queues;
	bool split;
	bool ctrl;
	unsigned int max_tx_order;
	unsigned int max_rx_order;
	bool rx_copy;
	bool sg;
	bool gso4;
	bool gso6;
	bool no_csum;
	bool csum6;
	bool mcast;
	bool dynamic_mcast;
	bool headroom;
};

/**
 * struct netfront_tx_slot - what we know of a request while it is out
 * @skb: the packet's, if it waits for the answer; in its first slot
 * @next: the next free one
 * @own: our page that its data was copied to, in &netfront_tx.own; stays with
 *	the slot; or %NETFRONT_NONE
 * @lent: the packet's page, in &netfront_tx.lent; or %NETFRONT_NONE
 * @head: the packet's first slot
 * @left: slots of the packet that were not answered; in its first slot
 * @nth: which request of the ring it is, as far as 16 bits tell
 * @len: bytes of the packet in it
 * @size: and in all, 0 if it is no packet; in its first slot
 * @flags: XEN_NETTXF_*, what the packet leaves to the backend; in its first slot
 * @gso_size: size of its segments, if it is to be cut; in its first slot
 * @out: it was not answered
 */
struct netfront_tx_slot {
	struct sk_buff *skb;
	u16 next;
	u16 own;
	u16 lent;
	u16 head;
	u16 left;
	u16 nth;
	u16 len;
	u16 size;
	u16 flags;
	u16 gso_size;
	bool out;
};

/**
 * struct netfront_free - free slots of one kind
 * @head: the first
 * @nr: how many
 */
struct netfront_free {
	u16 head;
	u16 nr;
};

/**
 * struct netfront_tx_stats - counted under the transmit lock
 * @packets: sent
 * @bytes: in them
 * @copied: packets all of which was copied
 * @ring_full: how often the queue stopped for want of slots
 * @dropped: not sent: no backend, no memory, or more than it takes
 * @errors: the backend could not send them
 * @sync: for readers
 */
struct netfront_tx_stats {
	u64 packets;
	u64 bytes;
	u64 copied;
	u64 ring_full;
	u64 dropped;
	u64 errors;
	struct u64_stats_sync sync;
};

/**
 * enum netfront_rest - whether a queue has the pages that sending is made cheap by
 * @NETFRONT_AWAKE: it has, or gets them as it needs them
 * @NETFRONT_RESTING: they went since it sent nothing
 * @NETFRONT_WAKING: they are about to come again
 */
enum netfront_rest {
	NETFRONT_AWAKE,
	NETFRONT_RESTING,
	NETFRONT_WAKING,
};

/**
 * struct netfront_build - a packet that is being put
 * @tx: the ring
 * @skb: the packet
 * @grants: for pages that are lent
 * @nr: how many slots there are
 * @ids: their ids
 * @refs: their grants
 * @offsets: where their data begins
 * @lens: and how much it is
 *
 * On the stack all of it would be cleared for each packet, by kernels that clear what
 * is there.
 */
struct netfront_build {
	struct netfront_tx *tx;
	struct sk_buff *skb;
	struct xpv_grant_chain grants;
	unsigned int nr;
	u16 ids[NETFRONT_TX_SLOTS];
	grant_ref_t refs[NETFRONT_TX_SLOTS];
	u16 offsets[NETFRONT_TX_SLOTS];
	u16 lens[NETFRONT_TX_SLOTS];
};

/**
 * struct netfront_tx - packets on their way out
 * @live: connected and up: packets may be put
 * @staged: all slots have pages that the backend keeps mapped
 * @rest: whether it rests
 * @rest_at: the ring's producer when that began
 * @event: the response the last event was asked for
 * @held: packets that wait for their answer
 * @limit: how many bytes of them byte queue limits allow at least
 * @taken: responses taken, ever
 * @ring: the ring
 * @slots: one for each slot of the ring
 * @nr: how many
 * @bare: free slots without a page of their own
 * @paged: free slots that have one
 * @own: granted pages that are copied to
 * @lent: grants for pages of packets
 * @build: the packet that is being put
 * @stats: what it did
 * @mem: the shared pages; lane only
 *
 * All but @mem is protected by the netdev queue's transmit lock.
 */
struct netfront_tx {
	bool live;
	bool staged;
	u8 rest;
	u32 rest_at;
	u32 event;
	u32 held;
	u32 limit;
	u32 taken;
	struct xpv_ring ring;
	struct netfront_tx_slot *slots;
	unsigned int nr;
	struct netfront_free bare;
	struct netfront_free paged;
	struct xpv_grant_cache own;
	struct xpv_grant_cache lent;
	struct netfront_build build;
	struct netfront_tx_stats stats;
	struct xpv_granted_ring mem;
};

/**
 * struct netfront_rx_stats - counted in NAPI
 * @packets: received
 * @bytes: in them
 * @errors: not as they should be
 * @no_buffer: how often there was no memory for a buffer
 * @dropped: no memory for the packet itself
 * @copied: parts of packets that were copied, not handed up in place
 * @refilled: buffers that came back from the stack and were posted again
 * @evicted: buffers that did not come back in time
 * @xdp_drop: a program dropped them
 * @xdp_tx: a program sent them back
 * @xdp_redirect: a program sent them elsewhere
 * @xdp_errors: a program's wish could not be done
 * @polled: how often something came while the empty ring was watched
 * @polled_vainly: and how often nothing did
 * @napped: how often there was a batch after a nap
 * @napped_vainly: and how often too little for one
 * @sync: for readers
 */
struct netfront_rx_stats {
	u64 packets;
	u64 bytes;
	u64 errors;
	u64 no_buffer;
	u64 dropped;
	u64 copied;
	u64 refilled;
	u64 evicted;
	u64 xdp_drop;
	u64 xdp_tx;
	u64 xdp_redirect;
	u64 xdp_errors;
	u64 polled;
	u64 polled_vainly;
	u64 napped;
	u64 napped_vainly;
	struct u64_stats_sync sync;
};

/**
 * struct netfront_rx - buffers for packets that come in
 * @broken: the backend did what no backend may: nothing is taken any more
 * @staged: buffers that say so may be mapped
 * @lend_most: how many buffers the stack may have before packets are copied;
 *	written by the control work
 * @taken: responses taken, ever
 * @whole: packets taken, ever
 * @ring: the ring
 * @posted: which buffer is in each of its slots, or %NETFRONT_NONE
 * @bufs: all buffers; they stay granted
 * @spare: buffers ready to be posted
 * @out: buffers that the stack has or had, oldest first
 * @out_head: of @out, the oldest
 * @out_tail: of @out, behind the youngest
 * @out_mask: of @out
 * @pkt: the packet that is being received
 * @parts: its buffers
 * @poll: whether the ring is worth watching when it is empty
 * @stay: it is to be, at once
 * @nap: what is done instead
 * @heads: memory of small packets, and of the beginnings of large ones
 * @copies: memory of parts that are copied
 * @retry: looks for memory again while there is hardly any buffer posted
 * @page: what a program gets its next packet in, or NULL
 * @flush_tx: programs have put packets into the transmit ring
 * @flush_redirect: programs have sent packets elsewhere
 * @program_info: what programs may know of the queue
 * @stats: what it did
 * @mem: the shared pages; lane only
 *
 * All but @mem is NAPI's alone, or the lane's while NAPI is disabled.
 */
struct netfront_rx {
	bool broken;
	bool staged;
	u32 lend_most;
	u32 taken;
	u32 whole;
	struct xpv_ring ring;
	u16 *posted;
	struct xpv_grant_cache bufs;
	struct xpv_grant_chain spare;
	u16 *out;
	u32 out_head;
	u32 out_tail;
	u32 out_mask;
	struct netfront_packet pkt;
	u16 parts[NETFRONT_RX_FRAGS];
	struct xpv_poll poll;
	bool stay;
	struct net_nap nap;
	struct net_pages heads;
	struct net_pages copies;
	struct timer_list retry;
	struct page *page;
	bool flush_tx;
	bool flush_redirect;
	struct xdp_rxq_info program_info;
	struct netfront_rx_stats stats;
	struct xpv_granted_ring mem;
};

/* Count one more of @what, of @rx's statistics; in NAPI. */
static inline void netfront_rx_count(struct netfront_rx *rx, u64 *what)
{
	u64_stats_update_begin(&rx->stats.sync);
	++*what;
	u64_stats_update_end(&rx->stats.sync);
}

/* Bits of &netfront_queue.events: channels that wait for their EOI. */
#define NETFRONT_EVENT_TX	0
#define NETFRONT_EVENT_RX	1

/**
 * struct netfront_queue - a queue of the netdev
 * @nf: the device
 * @index: its number
 * @napi: takes responses of both rings
 * @events: NETFRONT_EVENT_* bits
 * @due: those of @events that NAPI has looked into, or is about to
 * @tx_seen: of @tx's @taken, at the last EOI
 * @rx_seen: of @rx's @taken
 * @started: NAPI is enabled; under RTNL
 * @tx: packets out
 * @rx: packets in
 * @kept: packets that the last backend did not answer, under the transmit lock
 * @stage: pages the backend is asked to keep mapped, those of @tx first; lane
 *	only, but for the control work while that runs
 * @nr_stage_tx: how many of @tx
 * @nr_stage_rx: how many of @rx
 * @tx_share: how many of @tx the backend has room for; as @stage
 * @tx_mapped: how many it has mapped now; as @stage
 * @rest_seen: how far @tx's ring was at the last look for queues that rest
 * @tx_ch: the channel of @tx; closed if both use @rx_ch
 * @rx_ch: the channel of @rx
 */
struct netfront_queue {
	struct netfront *nf;
	unsigned int index;
	struct napi_struct napi;
	unsigned long events;
	unsigned long due;
	u32 tx_seen;
	u32 rx_seen;
	bool started;
	struct netfront_tx tx ____cacheline_aligned_in_smp;
	struct netfront_rx rx ____cacheline_aligned_in_smp;
	struct sk_buff_head kept;
	grant_ref_t *stage;
	unsigned int nr_stage_tx;
	unsigned int nr_stage_rx;
	unsigned int tx_share;
	unsigned int tx_mapped;
	u32 rest_seen;
	struct xpv_evtchn tx_ch;
	struct xpv_evtchn rx_ch;
};

/**
 * struct netfront_ctrl - the control ring
 * @busy: protects all but @stop, @answer and @asked, while connected, and @list's
 *	page: one work asks at a time
 * @ring: the ring; the work's alone
 * @id: of the last request
 * @asked: since the last event; exchanged only
 * @dead: the backend is asked no more in this connection; the work's alone
 * @staged: it was asked to keep pages mapped
 * @chosen: there are pages for that
 * @stop: there is no connection, or it ends; set under RTNL
 * @answer: woken by events
 * @work: asks for what is to be asked for
 * @mem: the shared page
 * @list: a page to hand lists over in
 * @ch: the channel
 */
struct netfront_ctrl {
	struct mutex busy;
	struct xpv_ring ring;
	u16 id;
	u32 asked;
	bool dead;
	bool staged;
	bool chosen;
	bool stop;
	wait_queue_head_t answer;
	struct work_struct work;
	struct xpv_granted_ring mem;
	struct xpv_granted_ring list;
	struct xpv_evtchn ch;
};

/**
 * struct netfront_rss_set - how received packets are shared between queues
 * @on: by a hash and the rest of this
 * @key: of the hash
 * @table: the queue for each hash, modulo its size
 */
struct netfront_rss_set {
	bool on;
	u8 key[NETFRONT_RSS_KEY];
	u32 table[NETFRONT_RSS_TABLE];
};

/**
 * struct netfront_rss - the same, and whether the backend knows
 * @lock: protects the rest; process context
 * @changed: it is to be told
 * @set: what ethtool has set
 */
struct netfront_rss {
	spinlock_t lock;	/* see above */
	bool changed;
	struct netfront_rss_set set;
};

/* Addresses that backends take. */
#define NETFRONT_MCAST_MAX	64

/**
 * struct netfront_mcast - multicast addresses
 * @nr: how many
 * @addresses: them
 */
struct netfront_mcast {
	unsigned int nr;
	u8 addresses[NETFRONT_MCAST_MAX][ETH_ALEN];
};

/**
 * struct netfront - a network device
 * @dev: the engine's device
 * @netdev: what users see of it
 * @registered: they do; lane only
 * @connected: there is a backend; under RTNL
 * @offer: what it said; written in the lane, under RTNL while @netdev is seen
 * @bounce: it may see nothing but packets
 * @mtu_told: the MTU the toolstack last asked for, 0 if none; lane only
 * @tx_order: largest transmit rings, as a power of two of pages; under RTNL
 * @rx_order: largest receive rings
 * @max_queues: how many @queues there are
 * @nr_queues: how many this connection has; lane only
 * @want_queues: how many it is to have; under RTNL
 * @mcast_wanted: the backend is to filter multicast if it can
 * @mcast_on: it is told to; lane only
 * @mcast: the addresses it knows; lane only
 * @program: looks at received packets first; written under RTNL, read under RCU
 * @ctrl: the control ring
 * @rest: looks for queues that send nothing
 * @settle: takes the carrier away if no backend comes, or tells others that one did
 * @rss: which queue gets what
 * @gso_fixups: packets to be cut that came without a checksum to be made
 * @queues: them
 */
struct netfront {
	struct xpv_device *dev;
	struct net_device *netdev;
	bool registered;
	bool connected;
	struct netfront_offer offer;
	bool bounce;
	unsigned int mtu_told;
	unsigned int tx_order;
	unsigned int rx_order;
	unsigned int max_queues;
	unsigned int nr_queues;
	unsigned int want_queues;
	bool mcast_wanted;
	bool mcast_on;
	struct netfront_mcast mcast;
	struct bpf_prog __rcu *program;
	struct netfront_ctrl ctrl;
	struct delayed_work rest;
	struct delayed_work settle;
	struct netfront_rss rss;
	atomic_t gso_fixups;
	struct netfront_queue *queues;
};

static inline struct netdev_queue *
netfront_txq(const struct netfront_queue *queue)
{
	return netdev_get_tx_queue(queue->nf->netdev, queue->index);
}

/* main.c */
extern struct workqueue_struct *netfront_ctrl_queue;
extern unsigned int netfront_poll_us;
extern unsigned int netfront_carrier_ms;

/* connect.c */
int netfront_publish(struct xpv_device *dev, struct xpv_txn *txn);
int netfront_connect(struct xpv_device *dev);
void netfront_connected(struct xpv_device *dev);
void netfront_own_changed(struct xpv_device *dev);
bool netfront_is_served(struct xpv_device *dev);
bool netfront_owes(struct xpv_device *dev, u32 *answers);
void netfront_no_backend(struct xpv_device *dev);
void netfront_disconnect(struct xpv_device *dev);

/* netdev.c */
struct netfront *netfront_netdev_alloc(struct xpv_device *dev,
				       unsigned int max_queues);
int netfront_netdev_show(struct netfront *nf, const char *mac);
void netfront_netdev_free(struct netfront *nf);
void netfront_netdev_up(struct netfront *nf);
void netfront_netdev_down(struct netfront *nf);
void netfront_netdev_settle(struct netfront *nf, unsigned int ms);
void netfront_netdev_mtu(struct netfront *nf, unsigned int mtu);

/* ethtool.c */
extern const struct ethtool_ops netfront_ethtool_ops;

/* sysfs.c */
extern const struct attribute_group netfront_group;

/* queue.c */
int netfront_queues_alloc(struct netfront *nf, unsigned int nr);
void netfront_queues_free(struct netfront *nf);
int netfront_queue_open(struct netfront_queue *queue, unsigned int tx_order,
			unsigned int rx_order);
int netfront_queue_prepare(struct netfront_queue *queue);
void netfront_queue_start(struct netfront_queue *queue);
void netfront_queue_stop(struct netfront_queue *queue);
bool netfront_queue_drain(struct netfront_queue *queue);
void netfront_queue_close(struct netfront_queue *queue);
unsigned int netfront_queue_mapped(struct netfront_queue *queue);

/* ctrl.c */
void netfront_ctrl_init(struct netfront *nf);
int netfront_ctrl_open(struct netfront *nf);
void netfront_ctrl_put(struct netfront *nf, struct xpv_txn *txn);
void netfront_ctrl_start(struct netfront *nf);
void netfront_ctrl_kick(struct netfront *nf);
void netfront_ctrl_stop(struct netfront *nf);
void netfront_ctrl_close(struct netfront *nf);
int netfront_ctrl_call(struct netfront *nf, u16 type, const u32 *args,
		       u32 *data);

/* stage.c */
void netfront_stage_choose(struct netfront *nf);
void netfront_stage_forget(struct netfront_queue *queue);
void netfront_stage(struct netfront *nf);
void netfront_stage_end(struct netfront_queue *queue);
void netfront_stage_again(struct netfront_queue *queue);

/* rest.c */
void netfront_rest_init(struct netfront *nf);
void netfront_rest_start(struct netfront *nf);
void netfront_rest_stop(struct netfront *nf);
void netfront_rest_end(struct netfront_queue *queue);

/* mcast.c */
void netfront_mcast_update(struct netfront *nf);
void netfront_mcast_put(struct netfront *nf, struct xpv_txn *txn);
void netfront_set_rx_mode(struct net_device *netdev);

/* rss.c */
void netfront_rss_init(struct netfront *nf);
void netfront_rss_spread(struct netfront *nf, unsigned int queues);
void netfront_rss_apply(struct netfront *nf);

/* tx.c */
netdev_tx_t netfront_xmit(struct sk_buff *skb, struct net_device *netdev);
bool netfront_tx_frame(struct netfront_queue *queue, const void *data,
		       unsigned int len);
bool netfront_tx_mcast(struct netfront_queue *queue, u8 type,
		       const u8 *address);
int netfront_tx_push(struct netfront_queue *queue);
void netfront_tx_send(struct netfront_queue *queue, struct sk_buff *skb);

/* tx_slot.c */
int netfront_tx_init(struct netfront_tx *tx, struct xpv_device *dev,
		     unsigned int nr);
void netfront_tx_exit(struct netfront_tx *tx);
int netfront_tx_take_page(struct netfront_tx *tx);
int netfront_tx_take_bare(struct netfront_tx *tx);
int netfront_tx_equip_bare(struct netfront_tx *tx);
struct xpv_grant_chain netfront_tx_strip(struct netfront_tx *tx);
void netfront_tx_give(struct netfront_tx *tx, u16 id);
void netfront_tx_drop_all(struct netfront_queue *queue);
void netfront_tx_limit(struct netfront_queue *queue);

/* Whether any packet fits the ring, which is locked. */
static inline bool netfront_tx_has_room(const struct netfront_tx *tx)
{
	return xpv_front_ring_free(&tx->ring) >= NETFRONT_TX_ROOM &&
	       tx->bare.nr + tx->paged.nr >= NETFRONT_TX_SLOTS;
}

/* tx_done.c */
void netfront_tx_take(struct netfront_queue *queue, int budget);
bool netfront_tx_arm(struct netfront_queue *queue);
void netfront_tx_poll(struct netfront_queue *queue, int budget);

/* kept.c */
void netfront_kept_add(struct netfront_queue *queue);
void netfront_kept_gather(struct netfront *nf);
bool netfront_kept_send(struct netfront_queue *queue);
void netfront_kept_drop(struct netfront *nf);

/* rx.c */
int netfront_rx_poll(struct netfront_queue *queue, int budget);
bool netfront_rx_arm(struct netfront_queue *queue);

/* nap.c */
void netfront_nap_init(struct netfront_rx *rx);
bool netfront_nap(struct netfront_rx *rx);

/* rx_buf.c */
int netfront_rx_init(struct netfront_rx *rx, struct xpv_device *dev,
		     unsigned int nr);
void netfront_rx_exit(struct netfront_rx *rx);
bool netfront_rx_may_lend(struct netfront_queue *queue);
void netfront_rx_fill(struct netfront_queue *queue);
void netfront_rx_spare(struct netfront_rx *rx, u16 buf);
void netfront_rx_handed(struct netfront_rx *rx, u16 buf);
void netfront_rx_drop_all(struct netfront_queue *queue);

static inline struct page *netfront_rx_page(const struct netfront_rx *rx,
					    u16 buf)
{
	return rx->bufs.entries[buf].page;
}

/* xdp.c */
int netfront_xdp_mtu(void);
int netfront_xdp_init(struct netfront_queue *queue);
void netfront_xdp_exit(struct netfront_queue *queue);
struct sk_buff *netfront_xdp_run(struct netfront_queue *queue,
				 struct bpf_prog *program);
void netfront_xdp_flush(struct netfront_queue *queue);
int netfront_xdp_xmit(struct net_device *netdev, int nr,
		      struct xdp_frame **frames, u32 flags);
int netfront_bpf(struct net_device *netdev, struct netdev_bpf *bpf);

/* skb.c */
void netfront_rx_packet(struct netfront_queue *queue);

#endif
