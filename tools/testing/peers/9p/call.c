// SPDX-License-Identifier: GPL-2.0
/* Requests of 9P2000.L, and their answers. */
#include <errno.h>
#include <stdarg.h>
#include <string.h>

#include "p9.h"

#define ANSWER_MS 10000

static void put_number(struct share *sh, __u64 value, unsigned int bytes)
{
	for (; bytes--; value >>= 8)
		sh->msg[sh->len++] = value;
}

static void put_bytes(struct share *sh, const void *from, unsigned int len)
{
	if (sh->len + len > sizeof(sh->msg))
		give_up("a request of %u bytes", sh->len + len);
	memcpy(sh->msg + sh->len, from, len);
	sh->len += len;
}

static void put_string(struct share *sh, const char *s, unsigned int len)
{
	put_number(sh, len, 2);
	put_bytes(sh, s, len);
}

static void put_field(struct share *sh, char kind, va_list *args)
{
	const char *s;

	switch (kind) {
	case 'b':
		put_number(sh, va_arg(*args, unsigned int), 1);
		break;
	case 'w':
		put_number(sh, va_arg(*args, unsigned int), 2);
		break;
	case 'd':
		put_number(sh, va_arg(*args, unsigned int), 4);
		break;
	case 'q':
		put_number(sh, va_arg(*args, unsigned long long), 8);
		break;
	case 's':
		s = va_arg(*args, const char *);
		put_string(sh, s, strlen(s));
		break;
	case 'r':
		s = va_arg(*args, const char *);
		put_string(sh, s, va_arg(*args, int));
		break;
	case 'D':
		s = va_arg(*args, const char *);
		put_bytes(sh, s, va_arg(*args, int));
		break;
	default:
		give_up("no such field: %c", kind);
	}
}

static void build_from(struct share *sh, __u8 type, __u16 tag,
		       const char *format, va_list *args)
{
	__u32 len;

	sh->len = 4;
	put_number(sh, type, 1);
	put_number(sh, tag, 2);
	for (; *format; format++)
		put_field(sh, *format, args);
	len = sh->len;
	sh->len = 0;
	put_number(sh, len, 4);
	sh->len = len;
}

void build(struct share *sh, __u8 type, __u16 tag, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	build_from(sh, type, tag, format, &args);
	va_end(args);
}

void send_built(struct share *sh)
{
	long long end = now_ms() + ANSWER_MS;

	while (share_room(sh) < sh->len) {
		if (now_ms() > end)
			give_up("no room for a request");
		channel_wait(&sh->ch, 100);
	}
	share_put(sh, sh->msg, sh->len);
	share_push(sh);
}

__u64 answer_number(const struct share *sh, unsigned int at,
		    unsigned int bytes)
{
	__u64 value = 0;

	while (bytes--)
		value = value << 8 | sh->answer[at + bytes];
	return value;
}

/* Return: 0, the error that it was answered with, or -1 without an answer. */
int await_answer(struct share *sh, __u16 tag)
{
	while (share_get(sh, ANSWER_MS)) {
		if (answer_number(sh, 5, 2) != tag)
			continue;
		if (sh->answer[4] == RLERROR)
			return answer_number(sh, HEAD, 4);
		return 0;
	}
	note("no answer to tag %u", tag);
	return -1;
}

int call(struct share *sh, __u8 type, const char *format, ...)
{
	__u16 tag = sh->tag++ % 1000;
	va_list args;
	int err;

	va_start(args, format);
	build_from(sh, type, tag, format, &args);
	va_end(args);
	send_built(sh);
	err = await_answer(sh, tag);
	if (!err && sh->answer[4] != type + 1)
		give_up("request %u was answered by %u", type, sh->answer[4]);
	return err;
}

int version(struct share *sh, __u32 msize)
{
	return call(sh, TVERSION, "ds", msize, "9P2000.L");
}

int attach(struct share *sh, __u32 fid, __u32 uid)
{
	return call(sh, TATTACH, "ddssd", fid, NOFID, "user", "", uid);
}

/* A walk that ended half way is answered too; then there is no new fid. */
static int reached(const struct share *sh, unsigned int steps)
{
	return answer_number(sh, HEAD, 2) == steps ? 0 : ENOENT;
}

int walk(struct share *sh, __u32 fid, __u32 newfid, const char *name)
{
	int err;

	if (!name)
		return call(sh, TWALK, "ddw", fid, newfid, 0);
	err = call(sh, TWALK, "ddws", fid, newfid, 1, name);
	return err ?: reached(sh, 1);
}

int walk2(struct share *sh, __u32 fid, __u32 newfid, const char *one,
	  const char *two)
{
	int err = call(sh, TWALK, "ddwss", fid, newfid, 2, one, two);

	return err ?: reached(sh, 2);
}

int clunk(struct share *sh, __u32 fid)
{
	return call(sh, TCLUNK, "d", fid);
}

int get_mode(struct share *sh, __u32 fid, __u32 *mode)
{
	int err = call(sh, TGETATTR, "dq", fid, 0x7ffULL);

	if (!err)
		*mode = answer_number(sh, HEAD + 8 + 13, 4);
	return err;
}

void refused(const char *what, int err, int should)
{
	if (err != should)
		note("%s: error %d, not %d", what, err, should);
	rule(what, err == should);
}

void allowed(const char *what, int err)
{
	if (err)
		note("%s: error %d", what, err);
	rule(what, !err);
}
