/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What frontends of networks are made of. What they talk to is a mirror
 * (mirror.c) on the same bridge, which sends each frame back with the metadata
 * that it came with.
 */
#ifndef NET_H
#define NET_H

#include "../peer.h"

/* Flags, statuses and sizes of io/netif.h. */
enum { TX_BLANK = 1, TX_VALIDATED = 2, TX_MORE = 4, TX_EXTRA = 8 };
enum { RX_VALIDATED = 1, RX_BLANK = 2, RX_MORE = 4, RX_EXTRA = 8 };
enum { TXS_DROPPED = -2, TXS_ERROR = -1, TXS_OKAY = 0, TXS_NULL = 1 };
enum { EXTRA_GSO = 1, EXTRA_MCAST_ADD, EXTRA_MCAST_DEL, EXTRA_HASH, EXTRA_XDP };
enum { GSO_NONE, GSO_TCPV4, GSO_TCPV6 };
enum { HASH_IPV4, HASH_IPV4_TCP, HASH_IPV6, HASH_IPV6_TCP };
#define EXTRA_MORE 1
#define SLOTS_MAX 18 /* of a packet */
#define RX_BUFFERS 256

struct tx_request {
	__u32 gref;
	__u16 offset;
	__u16 flags;
	__u16 id;
	__u16 size;
};

struct tx_response {
	__u16 id;
	__s16 status;
};

struct rx_request {
	__u16 id;
	__u16 pad;
	__u32 gref;
};

struct rx_response {
	__u16 id;
	__u16 offset;
	__u16 flags;
	__s16 status;
};

struct extra {
	__u8 type;
	__u8 flags;
	union {
		struct {
			__u16 size;
			__u8 type;
			__u8 pad;
			__u16 features;
		} gso;
		__u8 mcast[6];
		struct {
			__u8 type;
			__u8 algorithm;
			__u8 value[4];
		} hash;
		__u16 headroom;
	};
};

#define MAC_BYTES 6
#define FRAME_MAX 65536

/**
 * struct frame - a packet, and what goes beside it
 * @len: its bytes
 * @flags: TX_BLANK, TX_VALIDATED, as it is sent; RX_* as it came
 * @gso_type: GSO_TCPV4 or another kind; 0 for none
 * @gso_size: bytes of payload of a segment
 * @hash: whether it has a hash extra
 * @hash_type: HASH_IPV4 or another kind, of what came
 * @hash_value: likewise
 * @begin: where its first page had it, of what came
 * @headroom: what it was told to begin at; 0 if nothing was said
 * @data: the bytes
 */
struct frame {
	unsigned int len;
	unsigned int flags;
	unsigned int gso_type;
	unsigned int gso_size;
	bool hash;
	unsigned int hash_type;
	__u32 hash_value;
	unsigned int begin;
	unsigned int headroom;
	__u8 data[FRAME_MAX];
};

/* frame.c */
extern const __u8 mirror_mac[MAC_BYTES];
void frame_raw(struct frame *frame, const __u8 *mac, const __u8 *answer_to, unsigned int len,
	       unsigned int seed);
void frame_udp(struct frame *frame, const __u8 *mac, unsigned int len, unsigned int seed);
void frame_tcp(struct frame *frame, const __u8 *mac, bool v6, unsigned int len,
	       unsigned int gso_size, unsigned int seed);
bool frame_is_mirrored(const struct frame *is, const struct frame *sent);
bool frame_is_hashed(const struct frame *is, unsigned int type);

/**
 * struct queue - one queue
 * @tx: what is sent
 * @rx: what is received; its channel may be that of @tx
 * @split: it is not
 * @mum: the backend is not told of buffers, not even if it asks
 * @buffers: pages to receive into, in turn
 * @nr_buffers: how many
 * @first_id: id of the first buffer
 * @next_id: of the next thing sent
 * @widest: the most slots that a packet came in
 * @torn: packets of which a part was seen before the rest
 * @astray: responses whose id was not that of the request in their slot
 * @spilled: pages that were written to beside what they were said to hold
 * @mirrored: packets that came from the mirror
 */
struct queue {
	struct ring tx;
	struct ring rx;
	bool split;
	bool mum;
	struct pages buffers;
	unsigned int nr_buffers;
	unsigned int first_id;
	__u16 next_id;
	unsigned int widest;
	unsigned int torn;
	unsigned int astray;
	unsigned int spilled;
	unsigned int mirrored;
};

#define QUEUES_MAX 2

/**
 * struct style - how a frontend connects
 * @queues: how many
 * @always_queues: "multi-queue-num-queues", even for one
 * @split: a channel for each direction
 * @sg: it takes packets of several slots
 * @gso: and large ones
 * @no_csum: it wants checksums complete
 * @mcast: it says which groups it is in
 * @mum: it does not tell of buffers
 * @control: it has a control ring
 * @buffers: to receive into
 * @first_id: of the buffers
 * @headroom: to be left before a packet; 0 if nothing is said
 * @state: that comes in the same transaction; 0 for none
 */
struct style {
	unsigned int queues;
	bool always_queues;
	bool split;
	bool sg;
	bool gso;
	bool no_csum;
	bool mcast;
	bool mum;
	bool control;
	unsigned int buffers;
	unsigned int first_id;
	unsigned int headroom;
	int state;
};

/**
 * struct card - a network card
 * @dev: the device
 * @style: how it is connected
 * @mac: its address
 * @queue: its queues
 * @control: its control ring
 * @sent: frames that were sent for their echoes
 */
struct card {
	struct device *dev;
	const struct style *style;
	__u8 mac[MAC_BYTES];
	struct queue queue[QUEUES_MAX];
	struct ring control;
	unsigned int sent;
};

/* queue.c */
void queue_open(struct queue *queue, const struct style *style, unsigned int domid);
bool queue_close(struct queue *queue);
void queue_post(struct queue *queue);
bool queue_is_tight(const struct queue *queue);
bool queue_take(struct queue *queue, struct frame *frame, int ms);

/**
 * struct sending - a packet on the ring
 * @pages: what it is in
 * @id: its first id
 * @slots: how many have data
 * @extras: how many have not
 * @status: of its first slot
 * @apart: an extra was answered after its packet
 */
struct sending {
	struct pages pages;
	__u16 id;
	unsigned int slots;
	unsigned int extras;
	int status;
	bool apart;
};

/* send.c */
void send_put(struct queue *queue, struct sending *sending, const struct frame *frame,
	      unsigned int slots);
void send_group(struct queue *queue, struct sending *sending, const __u8 *group, bool add);
void send_slot(struct queue *queue, const struct tx_request *request);
void send_extra(struct queue *queue, const struct extra *extra);
bool send_end(struct queue *queue, struct sending *sending);
bool send_settle(struct queue *queue, int ms);

/* Types and statuses of control requests. */
enum { CTRL_GET_FLAGS = 1, CTRL_SET_FLAGS, CTRL_SET_KEY, CTRL_GET_SIZE, CTRL_SET_SIZE };
enum { CTRL_SET_MAPPING = 6, CTRL_SET_ALGORITHM };
enum { CTRL_OKAY, CTRL_NOT_SUPPORTED, CTRL_INVALID, CTRL_OVERFLOW };

struct ctrl_request {
	__u16 id;
	__u16 type;
	__u32 data[3];
};

struct ctrl_response {
	__u16 id;
	__u16 type;
	__u32 status;
	__u32 data;
};

/* control.c */
#define KEY_BYTES 40
extern const __u8 control_key[KEY_BYTES];
void control_open(struct ring *ring, unsigned int domid);
bool control_ask(struct ring *ring, unsigned int type, const __u32 *data,
		 struct ctrl_response *response);
bool control_is(struct ring *ring, unsigned int status, unsigned int type, __u32 a, __u32 b,
		__u32 c);
bool control_sequence(struct ring *ring, unsigned int entries, unsigned int queue, bool zero_key,
		      __u32 flags);

/* card.c */
void card_open(struct card *card, struct device *dev);
void card_mac(struct card *card, const char *dir);
void card_forget_keys(const struct card *card);
void card_prepare(struct card *card, const struct style *style);
void card_publish(struct card *card);
bool card_connect(struct card *card, const struct style *style);
bool card_release(struct card *card);
bool card_closed(struct card *card, int state);
bool card_echo(struct card *card, unsigned int q, const struct frame *frame, unsigned int slots);
bool card_works(struct card *card, unsigned int seed);
bool card_answers_to(struct card *card, const struct frame *frame, struct frame *got, int ms);

/* The peers. */
void play_windows(struct device *dev);
void play_rom(struct device *dev);
void play_bsd(struct device *dev);
void play_simple(struct device *dev);
void play_hostile(struct device *dev);
void play_wild(struct device *dev);
void play_mild(struct device *dev);
void play_neighbour(struct device *dev);
void play_deaf(struct device *dev);
void play_mute(struct device *dev);
void play_miser(struct device *dev);
void play_sulky(struct device *dev);
void play_sulky_mum(struct device *dev);
void play_staging(struct device *dev);

/* In dom0; the last one in guests, too. */
void mirror(const char *interface);
void bare_backend(const char *domid, const char *interface, char **words);
void stream(const char *interface, const char *seconds, const char *rate);
void count_sums(const char *interface, const char *seconds);

#endif
