/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A guest's end of PV Calls that speaks the raw protocol: also what a kernel's
 * would never say. The layouts are written down a second time.
 */
#ifndef SOCK_H
#define SOCK_H

#include "../peer.h"

enum {
	SOCKET, CONNECT, RELEASE, BIND, LISTEN, ACCEPT, POLL,
	SET = 256, GET, NAME, SHUT, FORGET,
};

#define OK_TIME		10000
#define NONE		12345	/* no error at all */

/**
 * struct request - a slot
 * @id: whose name, always
 * @word: the rest of the command's own, from byte 16 of the slot
 */
struct request {
	__u32 req_id;
	__u32 cmd;
	__u64 id;
	__u32 word[12];
};

struct response {
	__u32 req_id;
	__u32 cmd;
	__s32 ret;
	__u32 pad;
	__u64 id;
	__s32 value;
	__u32 addr_len;
	__u8 addr[28];
	__u32 pad2;
};

#define SLOTS	32
#define SLOT_BYTES	64

/**
 * struct guest - a device and its command ring
 * @dev: the device
 * @ring: the ring
 * @keep: it asked for rings to be kept
 * @next: of request ids
 * @early: responses that nobody has asked for yet
 * @nr_early: how many
 */
struct guest {
	struct device *dev;
	struct ring ring;
	bool keep;
	__u32 next;
	struct response early[SLOTS];
	unsigned int nr_early;
};

/* guest.c: the command ring */
void guest_open(struct guest *g, struct device *dev, bool keep);
bool guest_begin(struct guest *g);
bool guest_close(struct guest *g);
__u32 guest_send(struct guest *g, struct request *req);
bool guest_get(struct guest *g, __u32 req_id, struct response *rsp, int ms);
int guest_call(struct guest *g, struct request *req, struct response *rsp);

/**
 * struct conn - a data ring
 * @id: the socket's
 * @index: the page of indices
 * @data: the data
 * @half: bytes of each direction
 * @ch: the event channel
 * @out_prod: how far we have written
 * @in_cons: how far we have read
 */
struct conn {
	__u64 id;
	struct pages index;
	struct pages data;
	__u32 half;
	struct channel ch;
	__u32 out_prod;
	__u32 in_cons;
};

/* conn.c: data rings */
void conn_open(struct conn *c, struct guest *g, __u64 id, unsigned int order);
void conn_reset(struct conn *c, __u64 id);
bool conn_free(struct conn *c);
__u32 *conn_index(struct conn *c, unsigned int offset);
unsigned int conn_send(struct conn *c, const void *from, unsigned int len,
		       int ms);
int conn_receive(struct conn *c, void *to, unsigned int len, int ms);
bool conn_ended(struct conn *c, int err, int ms);
bool conn_drained(struct conn *c, int ms);

#define IN_CONS		0
#define IN_PROD		4
#define IN_ERROR	8
#define OUT_CONS	64
#define OUT_PROD	68
#define OUT_ERROR	72
#define RING_ORDER	128
#define RING_REFS	132

/* call.c: commands. All return the result. */
int sock_open(struct guest *g, __u64 id, int domain);
int sock_release(struct guest *g, __u64 id);
int sock_release_keep(struct guest *g, __u64 id, int *kept);
void put_addr(__u32 *words, const char *ip, unsigned int port);
void fill_connect(struct request *req, struct conn *c, const char *ip,
		  unsigned int port);
int sock_connect(struct guest *g, struct conn *c, const char *ip,
		 unsigned int port);
int sock_bind(struct guest *g, __u64 id, const char *ip, unsigned int port);
int sock_listen(struct guest *g, __u64 id, unsigned int backlog);
__u32 sock_accept_start(struct guest *g, __u64 id, struct conn *c);
int sock_set(struct guest *g, __u64 id, __u32 option, int value);
int sock_get(struct guest *g, __u64 id, __u32 option, int *value);
int sock_shut(struct guest *g, __u64 id, __u32 how);
int sock_forget(struct guest *g, __u32 ref);

/* The result of a call, said if it is another one. */
void gives(const char *what, int is, int should);

/* server.c: who is at the other end, in the backend's domain */
#define SERVER		"10.77.9.1"
#define SERVER6		"fd77:9::1"
#define SERVER_PORT	7000
#define URGENT_AT	1000

int serve(void);
__u8 pattern(unsigned int at);

/* backend.c */
void hostile_backend(const char *domid, const char *number);

/* program.c */
int try_steps(int nr, char **steps);

void play_verify(struct device *dev);
void play_policy(struct device *dev);
void play_many(struct device *dev);
void play_hostile(struct device *dev);
void play_dies(struct device *dev);
void play_elsewhere(struct device *dev);

#endif
