// SPDX-License-Identifier: GPL-2.0
/* What a frontend has to know of 9P messages: see wire.h. */
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/string.h>
#include "wire.h"

/* Requests that name more than the one fid that comes first. */
#define TRENAME		20
#define TXATTRWALK	30
#define TLINK		70
#define TRENAMEAT	74
#define TATTACH		104
#define TWALK		110

static u16 get16(const u8 *at)
{
	return at[0] | at[1] << 8;
}

/**
 * p9front_get32() - read a number as 9P writes it
 * @at: four bytes
 */
u32 p9front_get32(const u8 *at)
{
	return at[0] | at[1] << 8 | at[2] << 16 | (u32)at[3] << 24;
}

/**
 * p9front_put32() - write a number as 9P does
 * @at: four bytes
 * @value: the number
 */
void p9front_put32(u8 *at, u32 value)
{
	at[0] = value;
	at[1] = value >> 8;
	at[2] = value >> 16;
	at[3] = value >> 24;
}

/**
 * p9front_put16() - write a short number as 9P does
 * @at: two bytes
 * @value: the number
 */
void p9front_put16(u8 *at, u16 value)
{
	at[0] = value;
	at[1] = value >> 8;
}

int p9front_parse_head(const u8 *msg, u32 max, struct p9front_head *head)
{
	u32 size = p9front_get32(msg);

	if (size < P9FRONT_HEAD || size > max)
		return -EPROTO;
	head->size = size;
	head->type = msg[4];
	head->tag = get16(msg + 5);
	return 0;
}

void p9front_put_head(u8 *msg, const struct p9front_head *head)
{
	p9front_put32(msg, head->size);
	msg[4] = head->type;
	p9front_put16(msg + 5, head->tag);
}

bool p9front_is_answer(u8 asked, u8 type)
{
	return type == asked + 1 || type == P9FRONT_RLERROR ||
	       type == P9FRONT_RERROR;
}

/* Where the second fid of a request is; 0 if it has none. */
static u32 second_fid(const u8 *msg, u32 len)
{
	u32 name = P9FRONT_HEAD + 4;

	switch (msg[4]) {
	case TRENAME:
	case TXATTRWALK:
	case TLINK:
	case TATTACH:
	case TWALK:
		return P9FRONT_HEAD + 4;
	case TRENAMEAT:
		return len < name + 2 ? 0 : name + 2 + get16(msg + name);
	default:
		return 0;
	}
}

unsigned int p9front_find_fids(const u8 *msg, u32 len, u32 at[P9FRONT_FIDS])
{
	u32 second;

	if (len < P9FRONT_HEAD + 4 || msg[4] == P9FRONT_TVERSION ||
	    msg[4] == P9FRONT_TFLUSH)
		return 0;
	at[0] = P9FRONT_HEAD;
	second = second_fid(msg, len);
	if (!second || second + 4 > len)
		return 1;
	at[1] = second;
	return 2;
}

int p9front_parse_read(const struct p9front_head *head, const u8 *count,
		       u32 max)
{
	u32 data = p9front_get32(count);

	if (head->size < P9FRONT_READ_HEAD ||
	    data != head->size - P9FRONT_READ_HEAD || data > max)
		return -EPROTO;
	return data;
}

/* size[4] Rwrite tag[2] count[4] */
int p9front_parse_written(const struct p9front_head *head, const u8 *count,
			  u32 max)
{
	u32 written;

	if (head->size < P9FRONT_HEAD + 4)
		return -EPROTO;
	written = p9front_get32(count);
	return written > max ? -EPROTO : written;
}

/* size[4] Rversion tag[2] msize[4] version[s] */
int p9front_parse_version(const u8 *msg, u32 len,
			  struct p9front_version *version)
{
	const u8 *text = msg + P9FRONT_HEAD + 6;
	u16 chars, i;

	if (len < P9FRONT_HEAD + 6)
		return -EPROTO;
	chars = get16(msg + P9FRONT_HEAD + 4);
	if (chars > len - (P9FRONT_HEAD + 6) || chars >= P9FRONT_DIALECT)
		return -EPROTO;
	for (i = 0; i < chars; i++)
		if (text[i] <= ' ' || text[i] > '~')
			return -EPROTO;
	memset(version, 0, sizeof(*version));
	version->msize = p9front_get32(msg + P9FRONT_HEAD);
	memcpy(version->dialect, text, chars);
	return 0;
}

u32 p9front_fill_version(u8 *msg, u32 max, u16 tag,
			 const struct p9front_version *version)
{
	u32 chars = strlen(version->dialect);
	struct p9front_head head = {
		.size = P9FRONT_HEAD + 6 + chars,
		.type = P9FRONT_RVERSION,
		.tag = tag,
	};

	if (max < head.size)
		return 0;
	p9front_put_head(msg, &head);
	p9front_put32(msg + P9FRONT_HEAD, version->msize);
	p9front_put16(msg + P9FRONT_HEAD + 4, chars);
	memcpy(msg + P9FRONT_HEAD + 6, version->dialect, chars);
	return head.size;
}
