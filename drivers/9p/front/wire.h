/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a frontend has to know of 9P messages: their heads, where the numbers
 * are that it translates, and what an answer may be (9P2000, .u and .L as the
 * kernel's client speaks them).
 *
 * Pure: no allocation, no lock, nothing shared. Everything handed in is private
 * memory that was copied out of the ring, once. User space compiles wire.c for
 * its tests and its fuzz target.
 */
#ifndef P9FRONT_WIRE_H
#define P9FRONT_WIRE_H

#include <linux/types.h>

/* size[4] type[1] tag[2] */
#define P9FRONT_HEAD		7
/* What comes before the data of an answer to a read: a head and count[4]. */
#define P9FRONT_READ_HEAD	11

#define P9FRONT_NOTAG		0xffff
#define P9FRONT_NOFID		0xffffffff

/* Types that are more to the frontend than a number. */
#define P9FRONT_RLERROR		7
#define P9FRONT_TVERSION	100
#define P9FRONT_RVERSION	101
#define P9FRONT_RERROR		107
#define P9FRONT_TFLUSH		108
#define P9FRONT_RFLUSH		109
#define P9FRONT_TCLUNK		120
#define P9FRONT_TREMOVE		122

/* Fids that one message names, at most. */
#define P9FRONT_FIDS		2

/* The longest name of a dialect that is remembered, with its end. */
#define P9FRONT_DIALECT		16

/**
 * struct p9front_head - a message's head
 * @size: of the whole message, in bytes
 * @type: what it is
 * @tag: which request it is, or answers
 */
struct p9front_head {
	u32 size;
	u8 type;
	u16 tag;
};

/**
 * struct p9front_version - what both ends agreed on
 * @msize: the longest message, in bytes
 * @dialect: by its name
 */
struct p9front_version {
	u32 msize;
	char dialect[P9FRONT_DIALECT];
};

u32 p9front_get32(const u8 *at);
void p9front_put32(u8 *at, u32 value);
void p9front_put16(u8 *at, u16 value);

/**
 * p9front_parse_head() - read the head of an answer
 * @msg: %P9FRONT_HEAD bytes
 * @max: the longest message that may come
 * @head: filled on success
 *
 * Return: 0, or -EPROTO for a size that no message can have.
 */
int p9front_parse_head(const u8 *msg, u32 max, struct p9front_head *head);

/**
 * p9front_put_head() - write a head
 * @msg: where to, %P9FRONT_HEAD bytes
 * @head: what to write
 */
void p9front_put_head(u8 *msg, const struct p9front_head *head);

/**
 * p9front_is_answer() - whether an answer fits its request
 * @asked: the request's type
 * @type: the answer's; untrusted
 *
 * Return: true if it is the one that belongs to it, or an error.
 */
bool p9front_is_answer(u8 asked, u8 type);

/**
 * p9front_find_fids() - where a request names fids
 * @msg: a request
 * @len: bytes of it that are here; what it does not hold is not looked for
 * @at: filled with their offsets
 *
 * Return: how many there are.
 */
unsigned int p9front_find_fids(const u8 *msg, u32 len, u32 at[P9FRONT_FIDS]);

/**
 * p9front_parse_read() - how much data an answer to a read carries
 * @head: the answer's head
 * @count: the four bytes behind it
 * @max: how much was asked for
 *
 * Return: bytes, or -EPROTO if they are not what the answer holds, or more
 * than was asked for.
 */
int p9front_parse_read(const struct p9front_head *head, const u8 *count,
		       u32 max);

/**
 * p9front_parse_written() - how much a write wrote
 * @head: the answer's head
 * @count: the four bytes behind it
 * @max: how much it carried
 *
 * Return: bytes, or -EPROTO if the answer does not hold them, or they are more
 * than there were.
 */
int p9front_parse_written(const struct p9front_head *head, const u8 *count,
			  u32 max);

/**
 * p9front_parse_version() - read an Rversion
 * @msg: the message
 * @len: its length
 * @version: filled on success
 *
 * Return: 0; -EPROTO if it is malformed, or its dialect has no short name of
 * printable characters.
 */
int p9front_parse_version(const u8 *msg, u32 len,
			  struct p9front_version *version);

/**
 * p9front_fill_version() - make an Rversion
 * @msg: where to
 * @max: room there
 * @tag: which request it answers
 * @version: what to say
 *
 * Return: its length, or 0 if there is no room.
 */
u32 p9front_fill_version(u8 *msg, u32 max, u16 tag,
			 const struct p9front_version *version);

#endif
