// SPDX-License-Identifier: GPL-2.0
/*
 * A client that sends every kind of request, cut at each byte, with one too many, and with
 * each byte wrong. What is not whole is refused as such, and nothing else; what is wrong
 * may be right as something else, and is answered, whatever that does to the folder.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "p9.h"

enum { ROOT = 1, DIR, FILE_, OTHER, CLONE, NEW };

#define TAG		7
#define AUXILIARY	100	/* tags of what stands around it */

/*
 * On the folder, "dir", which is open, "file", which is, another fid of that, and a clone of
 * the folder's.
 */
#define REQUESTS(X)								\
	X(TSTATFS, "d", ROOT)							\
	X(TLOPEN, "dd", OTHER, 2)						\
	X(TLCREATE, "dsddd", CLONE, "made", 0102, 0644, 0)			\
	X(TSYMLINK, "dssd", ROOT, "link", "target", 0)				\
	X(TMKNOD, "dsdddd", ROOT, "pipe", 0010644, 0, 0, 0)			\
	X(TRENAME, "dds", OTHER, ROOT, "renamed")				\
	X(TREADLINK, "d", OTHER)						\
	X(TGETATTR, "dq", OTHER, 0x7ffULL)					\
	X(TSETATTR, "dddddqqqqq", OTHER, 8, 0644, 0, 0, 3ULL, 0ULL, 0ULL, 0ULL, 0ULL) \
	X(TXATTRWALK, "dds", OTHER, NEW, "user.a")				\
	X(TXATTRCREATE, "dsqd", OTHER, "user.a", 4ULL, 0)			\
	X(TREADDIR, "dqd", DIR, 0ULL, 4096)					\
	X(TFSYNC, "dd", FILE_, 0)						\
	X(TLOCK, "dbdqqds", FILE_, 1, 0, 0ULL, 9ULL, 1, "peer")			\
	X(TGETLOCK, "dbqqds", FILE_, 1, 0ULL, 9ULL, 1, "peer")			\
	X(TLINK, "dds", ROOT, OTHER, "linked")					\
	X(TMKDIR, "dsdd", ROOT, "folder", 0755, 0)				\
	X(TRENAMEAT, "dsds", ROOT, "renamed", ROOT, "again")			\
	X(TUNLINKAT, "dsd", ROOT, "folder", 0x200)				\
	X(TVERSION, "ds", MSIZE, "9P2000.L")					\
	X(TAUTH, "dssd", NEW, "user", "", 0)					\
	X(TATTACH, "ddssd", NEW, NOFID, "user", "", 0)				\
	X(TFLUSH, "w", TAG + 1)							\
	X(TWALK, "ddwss", ROOT, NEW, 2, "dir", "x")				\
	X(TREAD, "dqd", FILE_, 0ULL, 64)					\
	X(TWRITE, "dqdD", FILE_, 0ULL, 4, "data", 4)				\
	X(TCLUNK, "d", OTHER)							\
	X(TREMOVE, "d", OTHER)

#define MAKE(type, ...)					\
	static void make_##type(struct share *sh)	\
	{						\
		build(sh, type, TAG, __VA_ARGS__);	\
	}
REQUESTS(MAKE)

#define ROW(type, ...)	{ #type, make_##type },
static const struct {
	const char *name;
	void (*make)(struct share *sh);
} requests[] = { REQUESTS(ROW) };

/* Return: as await_answer(), for one that is no rubbish itself. */
static int ask(struct share *sh)
{
	send_built(sh);
	return await_answer(sh, TAG);
}

static void set_size(struct share *sh, __u32 size)
{
	memcpy(sh->msg, &size, sizeof(size));
	sh->len = size;
}

/* Return: how many of them were not refused as they have to be. */
static unsigned int cut_one(struct share *sh, unsigned int which)
{
	unsigned int wrong = 0;
	__u32 whole, len;
	int err;

	requests[which].make(sh);
	whole = sh->len;
	for (len = HEAD; len <= whole + 1; len++) {
		if (len == whole)
			continue;
		requests[which].make(sh);
		sh->msg[whole] = 0;
		set_size(sh, len);
		err = ask(sh);
		if (err == EPROTO)
			continue;
		note("%s, %u of %u bytes: %d", requests[which].name, len, whole, err);
		wrong++;
	}
	return wrong;
}

static void cut_all(struct share *sh)
{
	unsigned int i, wrong = 0;

	for (i = 0; i < ARRAY_SIZE(requests); i++)
		wrong += cut_one(sh, i);
	rule("refuses whatever is not whole, as such", !wrong);
}

static void put(struct share *sh)
{
	share_put(sh, sh->msg, sh->len);
}

/* What was put is carried out side by side, however it ends. */
static void await_all(struct share *sh, unsigned int nr)
{
	share_push(sh);
	while (nr--)
		if (!share_get(sh, 10000))
			give_up("no answer to what is right");
}

static void clunk_all(struct share *sh)
{
	__u32 fid;

	for (fid = DIR; fid <= NEW; fid++) {
		build(sh, TCLUNK, AUXILIARY + fid, "d", fid);
		put(sh);
	}
	await_all(sh, NEW - DIR + 1);
}

static void make_names(struct share *sh)
{
	build(sh, TMKDIR, AUXILIARY, "dsdd", ROOT, "dir", 0755, 0);
	put(sh);
	build(sh, TMKNOD, AUXILIARY + 1, "dsdddd", ROOT, "file", 0100644, 0, 0, 0);
	put(sh);
	await_all(sh, 2);
}

static void walk_all(struct share *sh)
{
	build(sh, TWALK, AUXILIARY, "ddws", ROOT, DIR, 1, "dir");
	put(sh);
	build(sh, TWALK, AUXILIARY + 1, "ddws", ROOT, FILE_, 1, "file");
	put(sh);
	build(sh, TWALK, AUXILIARY + 2, "ddws", ROOT, OTHER, 1, "file");
	put(sh);
	build(sh, TWALK, AUXILIARY + 3, "ddw", ROOT, CLONE, 0);
	put(sh);
	await_all(sh, 4);
}

static void open_all(struct share *sh)
{
	build(sh, TLOPEN, AUXILIARY, "dd", DIR, 0);
	put(sh);
	build(sh, TLOPEN, AUXILIARY + 1, "dd", FILE_, 2);
	put(sh);
	await_all(sh, 2);
}

/* As it has to be for the next one, whatever the one before did. */
static void restore(struct share *sh)
{
	__u32 mode;

	if (get_mode(sh, ROOT, &mode) && (version(sh, MSIZE) || attach(sh, ROOT, 0)))
		give_up("not attached again");
	clunk_all(sh);
	make_names(sh);
	walk_all(sh);
	open_all(sh);
}

/* An answer is of the kind that was asked for, or a known error. */
static bool is_sound(const struct share *sh, __u8 type)
{
	__u64 err;

	if (sh->answer[4] == (__u8)(type + 1))
		return true;
	err = answer_number(sh, HEAD, 4);
	return sh->answer[4] == RLERROR && sh->answer_len == HEAD + 4 && err && err <= 133;
}

/* Return: whether it was answered, and well. */
static bool survives(struct share *sh, unsigned int which, __u32 at, __u8 value)
{
	restore(sh);
	requests[which].make(sh);
	sh->msg[at] = value;
	if (ask(sh) >= 0 && is_sound(sh, sh->msg[4]))
		return true;
	note("%s, byte %u is %#x", requests[which].name, at, value);
	return false;
}

/* All but its size and its tag. */
static bool spoil_one(struct share *sh, unsigned int which)
{
	__u32 len, at;
	__u8 value;

	requests[which].make(sh);
	len = sh->len;
	for (at = 4; at < len; at++) {
		if (at == 5 || at == 6)
			continue;
		requests[which].make(sh);
		value = sh->msg[at];
		if (!survives(sh, which, at, value + 1) || !survives(sh, which, at, ~value))
			return false;
	}
	return true;
}

static void spoil_all(struct share *sh)
{
	unsigned int i = 0;

	while (i < ARRAY_SIZE(requests) && spoil_one(sh, i))
		i++;
	rule("answers whatever else is wrong", i == ARRAY_SIZE(requests));
}

static void send_all(struct share *sh)
{
	unsigned int i, wrong = 0;
	int err;

	for (i = 0; i < ARRAY_SIZE(requests); i++) {
		restore(sh);
		requests[i].make(sh);
		err = ask(sh);
		if (err >= 0 && is_sound(sh, sh->msg[4]))
			continue;
		note("%s: %d", requests[i].name, err);
		wrong++;
	}
	rule("answers every kind of request", !wrong);
}

void play_rubbish(struct device *dev)
{
	struct share sh;

	share_open(&sh, dev, 4);
	if (!share_begin(&sh) || version(&sh, MSIZE) || attach(&sh, ROOT, 0))
		give_up("not attached");
	send_all(&sh);
	cut_all(&sh);
	spoil_all(&sh);
	restore(&sh);
	allowed("serves it as before", walk(&sh, ROOT, NEW, "file"));
	rule("is let go of", share_close(&sh));
}
