/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A client of shared folders that speaks raw 9P2000.L: what a kernel's client
 * would never send. The layouts are written down a second time.
 */
#ifndef P9_H
#define P9_H

#include "../peer.h"

#define MSIZE		16384
#define HEAD		7
#define NOFID		0xffffffffU

enum {
	RLERROR = 7, TSTATFS = 8, TLOPEN = 12, TLCREATE = 14, TSYMLINK = 16,
	TMKNOD = 18, TRENAME = 20, TREADLINK = 22, TGETATTR = 24,
	TSETATTR = 26, TXATTRWALK = 30, TXATTRCREATE = 32, TREADDIR = 40,
	TFSYNC = 50, TLOCK = 52, TGETLOCK = 54, TLINK = 70, TMKDIR = 72,
	TRENAMEAT = 74, TUNLINKAT = 76, TVERSION = 100, TAUTH = 102,
	TATTACH = 104, TFLUSH = 108, TWALK = 110, TOPEN = 112, TREAD = 116,
	TWRITE = 118, TCLUNK = 120, TREMOVE = 122,
};

/**
 * struct share - a device, and the one ring that is used of it
 * @dev: the device
 * @index: the page of indices
 * @data: the data
 * @half: bytes of each direction
 * @ch: the event channel
 * @out_prod: how far we have written
 * @in_cons: how far we have read
 * @tag: of the next request
 * @msg: the request that was made last
 * @len: of that
 * @answer: the answer that was read last
 * @answer_len: of that
 */
struct share {
	struct device *dev;
	struct pages index;
	struct pages data;
	__u32 half;
	struct channel ch;
	__u32 out_prod;
	__u32 in_cons;
	__u16 tag;
	__u8 msg[2 * MSIZE];
	__u32 len;
	__u8 answer[2 * MSIZE];
	__u32 answer_len;
};

/* share.c: the ring */
void share_open(struct share *sh, struct device *dev, unsigned int order);
bool share_begin(struct share *sh);
bool share_refused(struct share *sh);
bool share_close(struct share *sh);
__u32 *share_index(struct share *sh, unsigned int offset);
__u32 share_room(struct share *sh);
void share_put(struct share *sh, const void *from, __u32 len);
void share_push(struct share *sh);
bool share_get(struct share *sh, int ms);

#define IN_CONS		0
#define IN_PROD		4
#define OUT_CONS	64
#define OUT_PROD	68
#define RING_ORDER	128
#define RING_REFS	132

/*
 * call.c: requests. A format has a letter for each field: b, w, d, q numbers of
 * 1, 2, 4 and 8 bytes, s a string, r a string of given length (char *, int),
 * D bytes (void *, int).
 */
void build(struct share *sh, __u8 type, __u16 tag, const char *format, ...);
void send_built(struct share *sh);
int await_answer(struct share *sh, __u16 tag);
int call(struct share *sh, __u8 type, const char *format, ...);
__u64 answer_number(const struct share *sh, unsigned int at,
		    unsigned int bytes);
int version(struct share *sh, __u32 msize);
int attach(struct share *sh, __u32 fid, __u32 uid);
int walk(struct share *sh, __u32 fid, __u32 newfid, const char *name);
int walk2(struct share *sh, __u32 fid, __u32 newfid, const char *one,
	  const char *two);
int clunk(struct share *sh, __u32 fid);
int get_mode(struct share *sh, __u32 fid, __u32 *mode);

/* The result of a call that has to be refused with one of some errors. */
void refused(const char *what, int err, int should);
void allowed(const char *what, int err);

void play_escape(struct device *dev);
void play_moved(struct device *dev);
void play_limits(struct device *dev);
void play_hostile(struct device *dev);
void play_flush(struct device *dev);
void play_crowd(struct device *dev);
void play_many(struct device *dev);
void play_held(struct device *dev);
void play_copied(struct device *dev);
void play_deaf(struct device *dev);
void play_rubbish(struct device *dev);

#endif
