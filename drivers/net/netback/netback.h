/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The network backend: an interface of this domain, vifD.N, whose other end is
 * in a guest.
 *
 * What the guest sends goes
 *
 *	event -> NAPI of the queue: copy slots, parse, copy data, respond
 *	      -> the network stack
 *
 * and what it receives goes
 *
 *	the stack's transmit call: copy data into the guest's pages, respond
 *	      -> NAPI of the queue: one event for all of it
 *
 * All data is copied, once: by us where the guest had us map its pages (staging
 * grants), otherwise by Xen, many pages with one hypercall. So no packet ever
 * holds a guest's page, nothing is unmapped on the way, and nothing that
 * becomes of a packet in this domain keeps a guest or its backend waiting.
 *
 * "tx" and "rx" are the guest's, as in its rings; the interface's own counters
 * have it the other way round.
 */
#ifndef NETBACK_H
#define NETBACK_H

#include <linux/etherdevice.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/netdevice.h>
#include <linux/skbuff.h>
#include <linux/spinlock.h>
#include <linux/timer.h>
#include <linux/types.h>
#include <linux/workqueue.h>
#include <net/xdp.h>
#include <xpv/copy.h>
#include <xpv/device.h>
#include <xpv/evtchn.h>
#include <xpv/fault.h>
#include <xpv/map.h>
#include <xpv/poll.h>
#include <xpv/ring.h>

#include "../netif.h"
#include "../memory.h"
#include "../nap.h"
#include "netif_parse.h"
#include "rate.h"

struct bpf_prog;
struct netback;
struct netback_queue;
struct netdev_bpf;
struct seq_file;

/* What we can hash. */
#define NETBACK_HASH_TYPES \
	(XEN_NETIF_CTRL_HASH_TYPE_IPV4 | XEN_NETIF_CTRL_HASH_TYPE_IPV4_TCP | \
	 XEN_NETIF_CTRL_HASH_TYPE_IPV6 | XEN_NETIF_CTRL_HASH_TYPE_IPV6_TCP)

/* Entries of a frontend's table of queues. */
#define NETBACK_MAPPING_MAX	128

/* Addresses that a frontend may have let through its multicast filter. */
#define NETBACK_MCAST_MAX	64

/**
 * struct netback_front - what the frontend asks for
 * @rx_copy: it takes packets by copy; there is no other way any more
 * @rx_notify: it tells when it gave new buffers
 * @sg: it takes packets of several slots
 * @gso4: and TCP segments that are left to it, of IPv4
 * @gso6: and of IPv6
 * @no_csum4: it wants IPv4 transport checksums complete
 * @csum6: it does not need those of IPv6
 * @queues: how many queues
 * @tx_order: pages of each tx ring, as a power of two
 * @rx_order: and of each rx ring
 * @headroom: bytes it wants free before a packet; may change at any time
 * @ctrl: it has a control ring
 */
struct netback_front {
	bool rx_copy;
	bool rx_notify;
	bool sg;
	bool gso4;
	bool gso6;
	bool no_csum4;
	bool csum6;
	unsigned int queues;
	unsigned int tx_order;
	unsigned int rx_order;
	unsigned int headroom;
	bool ctrl;
};

/**
 * struct netback_offer - what the frontend is offered
 * @queues: most queues
 * @tx_order: largest tx rings, in pages as a power of two
 * @rx_order: and rx rings
 * @news: it was changed since the frontend connected
 * @unsaid: and since it was written to the store
 *
 * Set under RTNL, read in the lane.
 */
struct netback_offer {
	unsigned int queues;
	unsigned int tx_order;
	unsigned int rx_order;
	bool news;
	bool unsaid;
};

/**
 * struct netback_ports - the keys of one queue
 * @tx_refs: grants of its tx ring
 * @rx_refs: grants of its rx ring
 * @tx_port: event channel of the tx ring
 * @rx_port: of the rx ring; 0 if they share one
 */
struct netback_ports {
	grant_ref_t tx_refs[1 << NETIF_MAX_RING_ORDER];
	grant_ref_t rx_refs[1 << NETIF_MAX_RING_ORDER];
	evtchn_port_t tx_port;
	evtchn_port_t rx_port;
};

/**
 * struct netback_staged - a page of the guest that stays mapped
 * @next: the next of its bucket
 * @chain: the next of those that are taken out
 * @ref: the grant
 * @handle: Xen's
 * @page: the frame it is mapped at
 * @at: the same as an address
 * @readonly: mapped for reading only
 */
struct netback_staged {
	struct netback_staged __rcu *next;
	struct netback_staged *chain;
	grant_ref_t ref;
	grant_handle_t handle;
	struct page *page;
	void *at;
	bool readonly;
};

/**
 * struct netback_stage - the pages that a queue keeps mapped
 * @pool: frames they are mapped at
 * @max: most pages; constant while connected
 * @nr: how many; written by the control worker, read by anyone
 * @mask: buckets, less one
 * @buckets: by reference. Written by the control worker, and by the lane once
 *	that has ended; read in softirq, under RCU.
 * @last: what unmaps them in the end, which must not want memory
 */
struct netback_stage {
	struct xpv_map_pool pool;
	unsigned int max;
	unsigned int nr;
	unsigned int mask;
	struct netback_staged __rcu **buckets;
	struct xpv_map_batch last;
};

/**
 * struct netback_tx_stats - what a queue's tx ring has carried
 * @packets: given to the stack
 * @bytes: of them
 * @staged: slots whose data was in pages that stay mapped
 * @copied: slots whose data Xen copied
 * @rx_gso_checksum_fixup: segments without the checksum flag that they need
 * @tx_frag_overflow: packets of more slots than the protocol knows
 * @errors: packets that were refused
 * @nomem: packets for which there was no memory
 * @throttled: how often the rate limit stopped it
 * @events: events that came
 * @notified: events sent
 * @polled: how often something came while an empty ring was watched
 * @polled_vainly: and how often nothing did
 * @napped: how often there was a batch after a nap
 * @napped_vainly: and how often too little for one
 * @xdp_drop: packets that programs dropped
 * @xdp_tx: and sent back
 * @xdp_redirect: and sent elsewhere
 * @xdp_errors: and that went nowhere since that failed, or they were too large
 *
 * Written by the queue's NAPI, read by anyone with READ_ONCE().
 */
struct netback_tx_stats {
	unsigned long packets;
	unsigned long bytes;
	unsigned long staged;
	unsigned long copied;
	unsigned long rx_gso_checksum_fixup;
	unsigned long tx_frag_overflow;
	unsigned long errors;
	unsigned long nomem;
	unsigned long throttled;
	unsigned long events;
	unsigned long notified;
	unsigned long polled;
	unsigned long polled_vainly;
	unsigned long napped;
	unsigned long napped_vainly;
	unsigned long xdp_drop;
	unsigned long xdp_tx;
	unsigned long xdp_redirect;
	unsigned long xdp_errors;
};

/**
 * struct netback_rx_stats - what a queue's rx ring has carried
 * @packets: given to the guest
 * @bytes: of them
 * @staged: slots whose data was put into pages that stay mapped
 * @copied: slots whose data Xen copied
 * @ring_full: how often there were too few buffers
 * @stalls: how often there were for so long that packets were dropped
 * @drop_stalled: packets dropped then
 * @drop_excess: packets dropped before, since too much waited
 * @drop_filter: packets that the multicast filter held back
 * @drop_large: packets that would not fit the ring
 * @drop_gone: packets for a guest that is not connected
 * @xdp_sent: packets among @packets that programs sent
 * @xdp_full: how often there was no room for one
 * @errors: slots that Xen could not copy
 * @events: events that came
 * @notified: events sent
 * @gathered: how often packets were gathered before Xen copied them
 * @gathered_vainly: and how often it was too few
 *
 * Written under the transmit queue's lock, but @events by NAPI; read by anyone
 * with READ_ONCE().
 */
struct netback_rx_stats {
	unsigned long packets;
	unsigned long bytes;
	unsigned long staged;
	unsigned long copied;
	unsigned long ring_full;
	unsigned long stalls;
	unsigned long drop_stalled;
	unsigned long drop_excess;
	unsigned long drop_filter;
	unsigned long drop_large;
	unsigned long drop_gone;
	unsigned long xdp_sent;
	unsigned long xdp_full;
	unsigned long errors;
	unsigned long events;
	unsigned long notified;
	unsigned long gathered;
	unsigned long gathered_vainly;
};

/* One more, of a counter with one writer. */
#define netback_count(counter, nr) \
	WRITE_ONCE(counter, (counter) + (nr))

/**
 * struct netback_tx - the tx ring of a queue, from the guest to the world
 * @mapped: the guest's pages
 * @ring: the ring in them
 * @waiting: requests known to be there
 * @ready: how far responses are prepared, as the ring's index
 * @answers: responses that are not in the ring yet, by slot
 * @copy: data that Xen is to copy
 * @frag: memory that data of large packets goes to
 * @heads: memory of small packets, and of the beginnings of large ones
 * @built: packets whose data is not there yet
 * @pkt: the packet that is being taken
 * @held: it has to wait for the rate limit
 * @credit_timer: ends that wait
 * @poll: whether the ring is worth watching when it is empty
 * @nap: what is done instead
 * @program_info: the queue as programs know it
 * @flush_redirect: a program sent packets to where they may still wait
 * @stats: see there
 *
 * All of it is NAPI's, and the lane's while that is disabled.
 */
struct netback_tx {
	struct xpv_mapped_ring mapped;
	struct xpv_ring ring;
	unsigned int waiting;
	u32 ready;
	struct xen_netif_tx_response *answers;
	struct xpv_copy copy;
	struct page_frag frag;
	struct net_pages heads;
	struct sk_buff_head built;
	struct netif_tx_pkt pkt;
	bool held;
	struct timer_list credit_timer;
	struct xpv_poll poll;
	struct net_nap nap;
	struct xdp_rxq_info program_info;
	bool flush_redirect;
	struct netback_tx_stats stats;
};

/**
 * struct netback_rx - the rx ring of a queue, from the world to the guest
 * @mapped: the guest's pages
 * @ring: the ring in them
 * @known: requests known to be there, as the ring's index
 * @answers: responses that are not in the ring yet, by slot
 * @copy: data that Xen is to copy
 * @waiting: packets that it is copied from
 * @put_off: how many of them there were, ever
 * @nap: whether more packets are to join them first
 * @running: packets may be put into it, and taken from the tx ring
 * @shown: responses were published that the guest may have to be told of
 * @notify: and has to
 * @need: buffers that the next packet needs; 0 while there are enough
 * @ask: and how many the guest was asked for
 * @most: most buffers seen at once
 * @full_since: when there were too few first, in jiffies
 * @shedding: too much waits for them: packets are dropped until it does not
 * @draining: there were too few for too long: packets are dropped
 * @stalled: and for longer still: counts for the carrier
 * @kick: the queue's NAPI has something to finish
 * @timer: looks again while there are too few buffers
 * @given: bytes given to the guest
 * @sums: what that was after the packet of each slot, by slot
 * @taken: packets that the guest has taken for all we know, as the ring's index
 * @counted: and bytes
 * @limit_asked: the guest was asked to tell when it has taken more
 * @limit_timer: ends the waiting for a guest that takes none
 * @limit_from: what @taken was when that began
 * @stats: see there
 *
 * All but timers and @kick is under the lock of the interface's transmit queue
 * of the same number, and the lane's while @running is not set, which NAPI
 * reads without it.
 */
struct netback_rx {
	struct xpv_mapped_ring mapped;
	struct xpv_ring ring;
	u32 known;
	struct xen_netif_rx_response *answers;
	struct xpv_copy copy;
	struct sk_buff_head waiting;
	u32 put_off;
	struct net_nap nap;
	bool running;
	bool shown;
	bool notify;
	unsigned int need;
	unsigned int ask;
	unsigned int most;
	unsigned long full_since;
	bool shedding;
	bool draining;
	bool stalled;
	bool kick;
	struct timer_list timer;
	u32 given;
	u32 *sums;
	u32 taken;
	u32 counted;
	bool limit_asked;
	struct timer_list limit_timer;
	u32 limit_from;
	struct netback_rx_stats stats;
};

/**
 * struct netback_cb - what a packet from the guest carries on its way to the
 *	stack
 * @slot: index of its first slot
 * @nr_frags: its slots of data
 * @nr_extras: its extras, between the first slot and the other ones
 * @blank: its checksum is to be filled in
 * @valid: its data was checked against it
 */
struct netback_cb {
	u32 slot;
	u8 nr_frags;
	u8 nr_extras;
	bool blank;
	bool valid;
};

static inline struct netback_cb *netback_cb(struct sk_buff *skb)
{
	BUILD_BUG_ON(sizeof(struct netback_cb) > sizeof(skb->cb));
	return (struct netback_cb *)skb->cb;
}

/* Bits of struct netback_queue.flags. */
#define QUEUE_TX_EVENT	0	/* an event came and was not ended yet */
#define QUEUE_RX_EVENT	1	/* the same of a channel of its own */

/**
 * struct netback_queue - a pair of rings
 * @vif: its device
 * @index: its number
 * @flags: QUEUE_* bits; atomic operations only
 * @napi: takes packets from the guest, and finishes what was given to it
 * @tx_ch: the event channel of the tx ring, or of both
 * @rx_ch: that of the rx ring, if it has one
 * @split: whether it has
 * @tx_worked: NAPI: something came on the tx ring since its last event ended
 * @tx_foreseen: NAPI: some of that came just as an event was asked for
 * @rx_worked: NAPI: the same of the rx ring
 * @tx: see there
 * @rx: see there
 * @stage: pages that stay mapped
 *
 * Made when it is first needed, and freed with the interface, so that its
 * statistics can be read at any time.
 */
struct netback_queue {
	struct netback *vif;
	unsigned int index;
	unsigned long flags;
	struct napi_struct napi;
	struct xpv_evtchn tx_ch;
	struct xpv_evtchn rx_ch;
	bool split;
	bool tx_worked;
	bool tx_foreseen;
	bool rx_worked;
	struct netback_tx tx;
	struct netback_rx rx ____cacheline_aligned_in_smp;
	struct netback_stage stage;
};

/**
 * struct netback_hash - how packets are hashed, and queues found for them
 * @alg: XEN_NETIF_CTRL_HASH_ALGORITHM_*
 * @types: XEN_NETIF_CTRL_HASH_TYPE_* bits
 * @key: the frontend's
 * @table: the same, made ready
 * @size: entries of @mapping; 0 to divide by the number of queues
 * @mapping: the queue of each
 *
 * Never changed once it is in use: a new one takes its place.
 */
struct netback_hash {
	u32 alg;
	u32 types;
	u8 key[NETIF_HASH_KEY];
	struct netif_hash_table table;
	u32 size;
	u32 mapping[NETBACK_MAPPING_MAX];
};

/**
 * struct netback_credit - the rate limit
 * @lock: protects the rest; taken in softirq and process context
 * @rate: what it is
 * @left: what may be sent at once
 * @since: when that was, in ns
 */
struct netback_credit {
	spinlock_t lock;
	struct rate rate;
	u64 left;
	u64 since;
};

/**
 * struct netback_ctrl - the control ring
 * @mapped: the guest's page
 * @ring: the ring in it
 * @ch: its event channel
 * @work: answers requests; the only consumer
 * @copy: what Xen copies for it
 * @buf: a page of private memory for that
 * @eoi_owed: an event is to be ended
 * @off: it is being given back: no further request is looked at
 */
struct netback_ctrl {
	struct xpv_mapped_ring mapped;
	struct xpv_ring ring;
	struct xpv_evtchn ch;
	struct work_struct work;
	struct xpv_copy copy;
	void *buf;
	bool eoi_owed;
	bool off;
};

/**
 * struct netback_mcast - an address let through the multicast filter
 * @link: in the device's list
 * @rcu: frees it
 * @addr: the address
 */
struct netback_mcast {
	struct list_head link;
	struct rcu_head rcu;
	u8 addr[ETH_ALEN];
};

/**
 * struct netback - a device; the private part of its interface
 * @xdev: the engine's side of it
 * @dev: the interface
 * @script: the hotplug script, for uevents
 * @rate_key: the toolstack's "rate" as it was last, or NULL
 * @mtu_key: the same of "mtu"; both are the lane's
 * @offer: what frontends are offered
 * @front: what the frontend of the present life asked for
 * @max_queues: most queues that can be offered; constant
 * @queues: @max_queues pointers
 * @nr_queues: how many of them are connected; written in the lane
 * @stalled: how many of them are stalled; any context
 * @heard: the interface is up and whoever has it, such as a bridge, was told so; written
 *	under RTNL, read in softirq
 * @complete: no checksum is left to others, on either way; written in the lane
 * @rogue: the frontend did what no frontend may: do nothing for it
 * @rings_lock: protects the mapping of all rings against debugfs
 * @ctrl: the control ring
 * @hash: replaced by the control worker, and by the lane without one
 * @credit: the rate limit
 * @program: looks at what the guest sends first; set under RTNL, read in softirq
 * @mcast_on: the multicast filter is on
 * @mcast_lock: protects writing of @mcast; taken in softirq and process context
 * @mcast: what it lets through; read under RCU
 * @nr_mcast: how many
 * @debugfs: its folder
 */
struct netback {
	struct xpv_device *xdev;
	struct net_device *dev;
	char *script;
	char *rate_key;
	char *mtu_key;
	struct netback_offer offer;
	struct netback_front front;
	unsigned int max_queues;
	struct netback_queue **queues;
	unsigned int nr_queues;
	atomic_t stalled;
	bool heard;
	bool complete;
	bool rogue;
	struct mutex rings_lock;
	struct netback_ctrl ctrl;
	struct netback_hash __rcu *hash;
	struct netback_credit credit;
	struct bpf_prog __rcu *program;
	bool mcast_on;
	spinlock_t mcast_lock;
	struct list_head mcast;
	unsigned int nr_mcast;
	struct dentry *debugfs;
};

/* The stack's queue of a queue. */
static inline struct netdev_queue *netback_txq(const struct netback_queue *queue)
{
	return netdev_get_tx_queue(queue->vif->dev, queue->index);
}

static inline void rx_lock(struct netback_queue *queue)
	__acquires(&queue->rx)
{
	__netif_tx_lock_bh(netback_txq(queue));
}

static inline void rx_unlock(struct netback_queue *queue)
	__releases(&queue->rx)
{
	__netif_tx_unlock_bh(netback_txq(queue));
}

/* Whether the stack waits until the guest has taken more. */
static inline bool limit_is_reached(const struct netback_queue *queue)
{
	return test_bit(__QUEUE_STATE_STACK_XOFF, &netback_txq(queue)->state);
}

/* main.c */
extern bool netback_split;
extern unsigned int netback_drain_ms;
extern unsigned int netback_stall_ms;
extern unsigned int netback_fatal_slots;
extern unsigned int netback_staging;
extern unsigned int netback_max_order;
extern bool netback_headroom;
extern unsigned int netback_poll_us;

/* vif.c */
struct netback *vif_create(struct xpv_device *xdev, unsigned int handle,
			   unsigned int max_queues);
void vif_free(struct netback *vif);
struct netback_queue *vif_queue(const struct netback *vif, unsigned int index);
int vif_set_up(struct netback *vif);
bool vif_read_key(struct netback *vif, const char *name, char **text);
void vif_read_mtu(struct netback *vif);
void vif_read_complete(struct netback *vif);
void vif_connected(struct netback *vif);
void vif_carrier(struct netback *vif, bool on);
int vif_listen(void);
void vif_unlisten(void);

/* ethtool.c */
extern const struct ethtool_ops netback_ethtool_ops;

/* front.c */
int front_read(struct netback *vif);
int front_read_headroom(struct netback *vif);
int front_read_queue(struct netback *vif, unsigned int index,
		     struct netback_ports *ports);
int front_read_ctrl(struct netback *vif, grant_ref_t *ref,
		    evtchn_port_t *port);

/* queue.c */
struct netback_queue *queue_alloc(struct netback *vif, unsigned int index);
void queue_free(struct netback_queue *queue);
int queue_connect(struct netback_queue *queue,
		  const struct netback_ports *ports);
void queue_start(struct netback_queue *queue);
void queue_kick(struct netback_queue *queue);
void queue_stop(struct netback_queue *queue);
void queue_disconnect(struct netback_queue *queue);

/* tx.c */
int tx_run(struct netback_queue *queue, int budget);
int tx_rest(struct netback_queue *queue);

/* poll.c */
void poll_learn(struct netback_queue *queue);
void poll_rest(struct netback_queue *queue);
bool poll_more(struct netback_queue *queue);
enum hrtimer_restart poll_nap_over(struct hrtimer *timer);
bool poll_nap(struct netback_queue *queue);

/* tx_skb.c */
struct sk_buff *tx_build(struct netback_queue *queue, u32 slot);
struct sk_buff *tx_finish(struct netback_queue *queue, struct sk_buff *skb);

/* rx.c */
bool rx_refresh(struct netback_queue *queue);
netdev_tx_t rx_send(struct netback_queue *queue, struct sk_buff *skb);
bool rx_send_back(struct netback_queue *queue, struct sk_buff *skb);
int rx_send_frames(struct netback_queue *queue, int nr,
		   struct xdp_frame **frames, bool flush);
bool rx_look(struct netback_queue *queue);
void rx_start(struct netback_queue *queue);
void rx_stop(struct netback_queue *queue);
void rx_timer(struct timer_list *timer);

/* gather.c */
void gather_init(struct netback_queue *queue);
bool gather_more(const struct netback_queue *queue);
bool gather_learn(struct netback_queue *queue);
void gather_rest(struct netback_queue *queue);

/* limit.c */
void limit_init(struct netback_queue *queue);
void limit_reset(struct netback_queue *queue);
void limit_add(struct netback_queue *queue, u32 first, unsigned int len);
void limit_count(struct netback_queue *queue);
void limit_wait(struct netback_queue *queue);
void limit_timer(struct timer_list *timer);

/* backlog.c */
void backlog_look(const struct netback_queue *queue, u32 *packets,
		  u32 *bytes);
bool backlog_is_large(const struct netback_queue *queue);
bool backlog_is_small(const struct netback_queue *queue);

/* stage.c */
int stage_init(struct netback_queue *queue);
void stage_exit(struct netback_stage *stage);
int stage_add(struct netback_stage *stage, const struct netif_gref *list,
	      unsigned int nr);
void stage_del(struct netback_stage *stage, struct netif_gref *list,
	       unsigned int nr);
void *stage_find(const struct netback_stage *stage, grant_ref_t ref,
		 bool write);

/* ctrl.c */
int ctrl_connect(struct netback *vif, grant_ref_t ref, evtchn_port_t port);
void ctrl_kick(struct netback *vif);
void ctrl_disconnect(struct netback *vif);

/* hash.c */
int hash_set_alg(struct netback *vif, u32 alg);
int hash_set_types(struct netback *vif, u32 types);
int hash_set_key(struct netback *vif, const u8 *key, unsigned int len);
int hash_set_size(struct netback *vif, u32 size);
int hash_set_mapping(struct netback *vif, const u32 *part, u32 offset, u32 nr);
void hash_clear(struct netback *vif);
void hash_show(struct netback *vif, struct seq_file *to);
void hash_skb(const struct netback_hash *hash, struct sk_buff *skb);
int hash_type(const struct sk_buff *skb);
u16 hash_queue(const struct netback_hash *hash, struct sk_buff *skb,
	       unsigned int queues);

/* credit.c */
void credit_read(struct netback *vif);
bool credit_take(struct netback_queue *queue, unsigned int size);
void credit_timer(struct timer_list *timer);

/* mcast.c */
int mcast_add(struct netback *vif, const u8 *addr);
void mcast_del(struct netback *vif, const u8 *addr);
void mcast_clear(struct netback *vif);
bool mcast_passes(struct netback *vif, const u8 *addr);

/* xdp.c */
int netback_xdp_mtu(void);
struct sk_buff *netback_xdp_alloc(struct netback_queue *queue,
				  unsigned int len);
void netback_xdp_run(struct netback_queue *queue, struct bpf_prog *program,
		     struct sk_buff *skb);
void netback_xdp_flush(struct netback_queue *queue);
int netback_xdp_xmit(struct net_device *dev, int nr,
		     struct xdp_frame **frames, u32 flags);
int netback_xdp_bpf(struct net_device *dev, struct netdev_bpf *bpf);
int netback_xdp_init(struct netback_queue *queue);
void netback_xdp_exit(struct netback_queue *queue);

/* debugfs.c */
void netback_debugfs_init(void);
void netback_debugfs_exit(void);
void netback_debugfs_add(struct netback *vif);
void netback_debugfs_add_queue(struct netback_queue *queue);
void netback_debugfs_del(struct netback *vif);

#endif
