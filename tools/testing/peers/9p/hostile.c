// SPDX-License-Identifier: GPL-2.0
/*
 * Clients that mean harm: messages that are none, indices that cannot be, tags
 * used twice, a ring whose answers nobody reads; and what is right to flush.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "p9.h"

enum { ROOT = 1, NEW = 2, FILE_ = 3 };

#define STATE_MS 10000

/* A life of its own for each, since most of them end it. */
static void begin(struct share *sh, struct device *dev)
{
	share_open(sh, dev, 4);
	if (!share_begin(sh))
		give_up("not connected");
}

static void begin_attached(struct share *sh, struct device *dev)
{
	begin(sh, dev);
	if (version(sh, MSIZE) || attach(sh, ROOT, 0))
		give_up("not attached");
}

/* The backend closes a device whose ring cannot be gone on with. */
static void is_stopped(struct share *sh, const char *what)
{
	rule(what, device_wait(sh->dev, CLOSED, STATE_MS));
	rule("and lets go", share_close(sh));
}

static void sizes(struct device *dev)
{
	static const struct {
		const char *what;
		__u32 size;
	} cases[] = {
		{ "stops at a message of 0 bytes", 0 },
		{ "stops at a message of 6 bytes", 6 },
		{ "stops at a message of 4 GB", ~0U },
		{ "stops at a message longer than the ring", 32769 },
	};
	struct share sh;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		begin(&sh, dev);
		build(&sh, TVERSION, 1, "ds", MSIZE, "9P2000.L");
		memcpy(sh.msg, &cases[i].size, 4);
		send_built(&sh);
		is_stopped(&sh, cases[i].what);
	}
}

static void indices(struct device *dev)
{
	static const struct {
		const char *what;
		unsigned int at;
		__u32 value;
	} cases[] = {
		{ "stops at requests beyond the ring", OUT_PROD, 0x10000 },
		{ "stops at requests that go back", OUT_PROD, 1 },
		{ "stops at answers read before they came", IN_CONS, 0x4000 },
		{ "stops at answers that were never read", IN_CONS, 0xffff0000 },
	};
	struct share sh;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		begin_attached(&sh, dev);
		build(&sh, TCLUNK, 1, "d", 77);
		share_put(&sh, sh.msg, sh.len);
		*share_index(&sh, cases[i].at) = cases[i].value;
		if (cases[i].at == IN_CONS)
			*share_index(&sh, OUT_PROD) = sh.out_prod;
		full_barrier();
		channel_notify(&sh.ch);
		is_stopped(&sh, cases[i].what);
	}
}

static void orders(struct device *dev)
{
	static const __u32 bad[] = { 0, 10, 31, ~0U };
	struct share sh;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		share_open(&sh, dev, 1);
		*share_index(&sh, RING_ORDER) = bad[i];
		rule("takes no ring of an impossible order", share_refused(&sh));
		share_close(&sh);
	}
	share_open(&sh, dev, 1);
	share_index(&sh, RING_REFS)[1] = 0xfffff;
	rule("takes no ring of pages it does not have", share_refused(&sh));
	share_close(&sh);
}

static void bodies(struct share *sh)
{
	static const __u8 types[] = { 0, 6, 7, 9, 10, 28, 90, 106, 112, 114, 124,
				      126, 128, 255 };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(types); i++)
		refused("knows no such request", call(sh, types[i], "dd", 0, 0), EOPNOTSUPP);
	refused("a request that is cut short", call(sh, TWALK, "d", ROOT), EPROTO);
	refused("a request with more behind it", call(sh, TCLUNK, "dq", 77, 0ULL), EPROTO);
	refused("more names than may be",
		call(sh, TWALK, "ddwss", ROOT, NEW, 17, "a", "b"), EINVAL);
	refused("fewer names than it says",
		call(sh, TWALK, "ddwss", ROOT, NEW, 16, "a", "b"), EPROTO);
	refused("a write of more than it has",
		call(sh, TWRITE, "dqdD", ROOT, 0ULL, 5, "data", 4), EPROTO);
	refused("a write of 4 GB", call(sh, TWRITE, "dqdD", ROOT, 0ULL, ~0U, "data", 4), EPROTO);
	refused("a msize of nothing", version(sh, 64), EINVAL);
}

static void dialects(struct share *sh)
{
	static const __u8 unknown[] = "\7\0unknown";

	allowed("another dialect", call(sh, TVERSION, "ds", MSIZE, "9P2000.u"));
	rule("is unknown", !memcmp(sh->answer + HEAD + 4, unknown, 9));
	refused("and nothing goes on", walk(sh, ROOT, NEW, NULL), EPROTO);
	allowed("the right one", version(sh, ~0U));
	rule("with messages that fit the ring",
	     answer_number(sh, HEAD, 4) <= sh->half);
	allowed("attaches", attach(sh, ROOT, 0));
}

/* A message that comes byte by byte is none before it is whole. */
static void pieces(struct share *sh)
{
	__u32 i;

	build(sh, TWALK, 500, "ddw", ROOT, NEW, 0);
	for (i = 0; i < sh->len; i++) {
		share_put(sh, sh->msg + i, 1);
		share_push(sh);
		if (i + 1 < sh->len && i % 5 == 0)
			rule("waits for all of a message", !share_get(sh, 30));
	}
	allowed("takes it when it is whole", await_answer(sh, 500));
	allowed("clunks", clunk(sh, NEW));
}

/* 300 fids of an unattached sort, many requests at once, in any order. */
static void crowd(struct share *sh)
{
	unsigned int i, answers = 0;

	for (i = 0; i < 200; i++) {
		build(sh, TWALK, 2000 + i, "ddw", ROOT, 100 + i, 0);
		share_put(sh, sh->msg, sh->len);
	}
	share_push(sh);
	while (answers < 200 && share_get(sh, 5000))
		answers++;
	rule("answers 200 requests at once", answers == 200);
	for (i = 0; i < 200; i++) {
		build(sh, TCLUNK, 2000 + i, "d", 100 + i);
		share_put(sh, sh->msg, sh->len);
	}
	share_push(sh);
	for (answers = 0; answers < 200 && share_get(sh, 5000);)
		answers += sh->answer[4] == TCLUNK + 1;
	rule("and as many more", answers == 200);
}

/* The same fid clunked by many at once is clunked by one. */
static void races(struct share *sh)
{
	unsigned int i, clunked = 0;

	allowed("clones", walk(sh, ROOT, NEW, NULL));
	for (i = 0; i < 50; i++) {
		build(sh, TCLUNK, 3000 + i, "d", NEW);
		share_put(sh, sh->msg, sh->len);
	}
	share_push(sh);
	for (i = 0; i < 50 && share_get(sh, 5000); i++)
		clunked += sh->answer[4] == TCLUNK + 1;
	rule("clunks a fid once", i == 50 && clunked == 1);
	for (i = 0; i < 50; i++) {
		build(sh, TWALK, 3000 + i, "ddw", ROOT, NEW, 0);
		share_put(sh, sh->msg, sh->len);
	}
	share_push(sh);
	for (clunked = i = 0; i < 50 && share_get(sh, 5000); i++)
		clunked += sh->answer[4] == TWALK + 1;
	rule("makes a fid once", i == 50 && clunked == 1);
	allowed("clunks it", clunk(sh, NEW));
}

static void ask_attributes(struct share *sh, unsigned int tag, unsigned int nr)
{
	while (nr--) {
		build(sh, TGETATTR, tag++, "dq", NEW, 0x7ffULL);
		share_put(sh, sh->msg, sh->len);
	}
}

/* A file is asked after by many while it is removed by its fid. */
static void removals(struct share *sh)
{
	unsigned int round, i;

	for (round = 0; round < 50; round++) {
		if (call(sh, TMKDIR, "dsdd", ROOT, "gone", 0755, 0) ||
		    walk(sh, ROOT, NEW, "gone"))
			break;
		ask_attributes(sh, 3000, 8);
		build(sh, TREMOVE, 3008, "d", NEW);
		share_put(sh, sh->msg, sh->len);
		ask_attributes(sh, 3009, 8);
		share_push(sh);
		for (i = 0; i < 17 && share_get(sh, 5000); i++)
			;
		if (i < 17)
			break;
	}
	rule("removes a file that others ask after", round == 50);
}

/* Each flush names the other one: more pairs than a ring has workers. */
static void crossed(struct share *sh)
{
	unsigned int round;

	for (round = 0; round < 64; round++) {
		build(sh, TFLUSH, 3000 + 2 * round, "w", 3001 + 2 * round);
		share_put(sh, sh->msg, sh->len);
		build(sh, TFLUSH, 3001 + 2 * round, "w", 3000 + 2 * round);
		share_put(sh, sh->msg, sh->len);
		share_push(sh);
		share_get(sh, 20);
	}
	while (share_get(sh, 200))
		;
	allowed("goes on after flushes of each other", walk(sh, ROOT, NEW, NULL));
	allowed("clunks", clunk(sh, NEW));
}

void play_hostile(struct device *dev)
{
	struct share sh;

	begin_attached(&sh, dev);
	bodies(&sh);
	dialects(&sh);
	pieces(&sh);
	crowd(&sh);
	races(&sh);
	removals(&sh);
	crossed(&sh);
	rule("is let go of", share_close(&sh));
	sizes(dev);
	indices(dev);
	orders(dev);
	begin_attached(&sh, dev);
	allowed("serves it as before", walk(&sh, ROOT, NEW, NULL));
	rule("is let go of", share_close(&sh));
}

/*
 * Requests to be flushed: in the test of dom0 "slow" is a file whose disk rests
 * until "go" is gone. This client waits until "stuck" is there.
 */
void play_flush(struct device *dev)
{
	struct share sh;
	unsigned int i;

	begin_attached(&sh, dev);
	refused("flushes what there is not", call(&sh, TFLUSH, "w", 4000), 0);
	allowed("walks to a slow file", walk(&sh, ROOT, FILE_, "slow"));
	allowed("opens it", call(&sh, TLOPEN, "dd", FILE_, 0));
	for (i = 0; i < 8; i++) {
		build(&sh, TREAD, 4000 + i, "dqd", FILE_, i * 1048576ULL, 4096);
		send_built(&sh);
	}
	rule("nothing comes of a slow file", !share_get(&sh, 500));
	for (i = 0; i < 20; i++)
		if (walk(&sh, ROOT, NEW, NULL) || clunk(&sh, NEW))
			break;
	rule("others overtake it", i == 20);
	build(&sh, TREAD, 4000, "dqd", FILE_, 0ULL, 16);
	send_built(&sh);
	refused("a tag is not used twice", await_answer(&sh, 4000), EINVAL);
	refused("flushes a slow read at once", call(&sh, TFLUSH, "w", 4001), 0);
	refused("and its tag is free", call(&sh, TFLUSH, "w", 4001), 0);
	/* Seven are left; the test lets the disk go on when it sees this. */
	note("waiting");
	for (i = 0; i < 7; i++) {
		if (!share_get(&sh, 20000) || answer_number(&sh, 5, 2) == 4001)
			break;
	}
	rule("the others are answered, the flushed one is not", i == 7);
	rule("nothing else comes", !share_get(&sh, 500));
	rule("is let go of", share_close(&sh));
}

#define CROWD	40
#define FLUSHES	70
#define LARGE	(512 << 10)

static void read_slowly(struct share *sh)
{
	unsigned int i;

	for (i = 0; i < CROWD; i++) {
		build(sh, TREAD, 4000 + i, "dqd", FILE_, i % 32 * (__u64)LARGE, LARGE);
		send_built(sh);
	}
}

static unsigned int flush_all(struct share *sh)
{
	unsigned int i;

	for (i = 0; i < CROWD; i++)
		if (call(sh, TFLUSH, "w", 4000 + i))
			break;
	return i;
}

static void reads_quickly(struct share *sh, const char *what)
{
	long long began = now_ms();

	allowed(what, call(sh, TREAD, "dqd", NEW, 0ULL, 8192));
	note("after %lld ms", now_ms() - began);
	rule("within a second", now_ms() - began < 1000);
}

/* A lock is waited for by those who flush it, since it changes something. */
static void flush_often(struct share *sh)
{
	unsigned int i;

	build(sh, TLOCK, 5000, "dbdqqds", FILE_, 0, 0, 0ULL, 0ULL, 1, "peer");
	send_built(sh);
	for (i = 1; i <= FLUSHES; i++) {
		build(sh, TFLUSH, 5000 + i, "w", 5000);
		send_built(sh);
	}
	rule("nothing comes of flushing a lock", !share_get(sh, 500));
}

static void is_flushed(struct share *sh)
{
	unsigned int i;

	rule("the lock is answered in the end", !await_answer(sh, 5000));
	for (i = 0; i < FLUSHES && share_get(sh, 5000); i++)
		if (sh->answer[4] != TFLUSH + 1)
			break;
	rule("and then those who flushed it", i == FLUSHES);
}

/*
 * Many large requests of a slow file, and many flushes: in the test of dom0 the disk of
 * "slow" rests until this client says that it is waiting. Of "quick" all is in dom0's
 * memory.
 */
void play_crowd(struct device *dev)
{
	struct share sh;

	share_open(&sh, dev, 8);
	if (!share_begin(&sh) || version(&sh, LARGE) || attach(&sh, ROOT, 0))
		give_up("not attached");
	allowed("walks to a slow file", walk(&sh, ROOT, FILE_, "slow"));
	allowed("opens it", call(&sh, TLOPEN, "dd", FILE_, 0));
	allowed("walks to a quick one", walk(&sh, ROOT, NEW, "quick"));
	allowed("opens it", call(&sh, TLOPEN, "dd", NEW, 0));
	read_slowly(&sh);
	rule("nothing comes of a slow file", !share_get(&sh, 500));
	reads_quickly(&sh, "reads a quick file behind 40 large reads of a slow one");
	rule("flushes all the slow reads at once", flush_all(&sh) == CROWD);
	flush_often(&sh);
	reads_quickly(&sh, "reads a quick file behind 70 flushes that wait");
	note("waiting");
	is_flushed(&sh);
	allowed("the slow file is read in the end", call(&sh, TREAD, "dqd", FILE_, 0ULL, 4096));
	rule("nothing else comes", !share_get(&sh, 500));
	rule("is let go of", share_close(&sh));
}

/* dom0 looks at its end meanwhile. */
static void await_stop(void)
{
	long long end = now_ms() + 30000;

	note("done");
	while (access("/tmp/stop", F_OK) && now_ms() < end)
		usleep(50000);
}

#define FILES	6
#define READS	20

static bool open_one(struct share *sh, unsigned int i)
{
	char name[16];

	snprintf(name, sizeof(name), "many%u", i);
	return !walk(sh, ROOT, NEW + i, name) && !call(sh, TLOPEN, "dd", NEW + i, 0);
}

/*
 * More requests than may have threads, of several slow files: some of each have to wait
 * for others, and go on all at once when the disk does.
 */
void play_many(struct device *dev)
{
	struct share sh;
	unsigned int i;

	share_open(&sh, dev, 8);
	if (!share_begin(&sh) || version(&sh, MSIZE) || attach(&sh, ROOT, 0))
		give_up("not attached");
	for (i = 0; i < FILES; i++)
		if (!open_one(&sh, i))
			give_up("not opened");
	for (i = 0; i < FILES * READS; i++) {
		build(&sh, TREAD, 4000 + i, "dqd", NEW + i / READS, i % READS * 4096ULL, 4096);
		send_built(&sh);
	}
	rule("nothing comes of six slow files", !share_get(&sh, 500));
	note("waiting");
	for (i = 0; i < FILES * READS && share_get(&sh, 5000); i++)
		if (sh.answer[4] != TREAD + 1 || answer_number(&sh, HEAD, 4) != 4096)
			break;
	note("%u answers", i);
	rule("all of them are read in the end", i == FILES * READS);
	await_stop();
	rule("is let go of", share_close(&sh));
}

#define LONG	12000

/*
 * Writes as long as are carried out in place, where that cannot be: to a file system
 * that is not known to copy at once, and to an attribute.
 */
void play_copied(struct device *dev)
{
	static __u8 data[LONG];
	struct share sh;
	unsigned int i;

	for (i = 0; i < LONG; i++)
		data[i] = i % 253;
	begin_attached(&sh, dev);
	if (walk(&sh, ROOT, FILE_, NULL) || walk(&sh, ROOT, NEW, NULL))
		give_up("no fids");
	allowed("creates a file", call(&sh, TLCREATE, "dsddd", FILE_, "long", 0102, 0644, 0));
	allowed("writes it", call(&sh, TWRITE, "dqdD", FILE_, 5ULL, LONG, data, LONG));
	rule("all of it", answer_number(&sh, HEAD, 4) == LONG);
	allowed("reads it", call(&sh, TREAD, "dqd", FILE_, 5ULL, LONG));
	rule("as it was written",
	     answer_number(&sh, HEAD, 4) == LONG && !memcmp(sh.answer + HEAD + 4, data, LONG));
	allowed("begins an attribute",
		call(&sh, TXATTRCREATE, "dsqd", NEW, "user.long", (__u64)LONG, 0));
	allowed("writes its value", call(&sh, TWRITE, "dqdD", NEW, 0ULL, LONG, data, LONG));
	rule("all of that", answer_number(&sh, HEAD, 4) == LONG);
	refused("more than it has", call(&sh, TWRITE, "dqdD", NEW, 1ULL, LONG, data, LONG), ENOSPC);
	rule("is let go of", share_close(&sh));
}

#define HELD	30000
#define PASSING	12

static unsigned int pass_by(struct share *sh, const __u8 *data)
{
	unsigned int i;

	for (i = 0; i < PASSING; i++)
		if (call(sh, TWRITE, "dqdD", 999, 0ULL, 8000, data, 8000) != EBADF)
			break;
	return i;
}

static bool reads_back(struct share *sh, const __u8 *data)
{
	return !call(sh, TREAD, "dqd", FILE_, 100ULL, HELD) && answer_number(sh, HEAD, 4) == HELD &&
	       !memcmp(sh->answer + HEAD + 4, data, HELD);
}

/*
 * A write that waits for its disk, as above, and fills the ring: others that need three
 * times the ring pass by it.
 */
void play_held(struct device *dev)
{
	static __u8 data[HELD];
	struct share sh;
	unsigned int i;

	for (i = 0; i < HELD; i++)
		data[i] = i % 251;
	begin(&sh, dev);
	if (version(&sh, 2 * MSIZE) || attach(&sh, ROOT, 0))
		give_up("not attached");
	allowed("walks to a slow file", walk(&sh, ROOT, FILE_, "slow"));
	allowed("opens it", call(&sh, TLOPEN, "dd", FILE_, 2));
	build(&sh, TWRITE, 4000, "dqdD", FILE_, 100ULL, HELD, data, HELD);
	send_built(&sh);
	rule("nothing comes of a slow write", !share_get(&sh, 500));
	rule("what the ring cannot hold at once passes by it", pass_by(&sh, data) == PASSING);
	note("waiting");
	rule("the slow write is answered in the end",
	     !await_answer(&sh, 4000) && answer_number(&sh, HEAD, 4) == HELD);
	rule("and what was written is right", reads_back(&sh, data));
	await_stop();
	rule("is let go of", share_close(&sh));
}

/* Reads much, and takes no answer, until it goes. */
void play_deaf(struct device *dev)
{
	struct share sh;
	unsigned int sent = 0, i;

	begin_attached(&sh, dev);
	if (walk(&sh, ROOT, FILE_, "file") || call(&sh, TLOPEN, "dd", FILE_, 0))
		give_up("no file");
	for (i = 0; i < 200; i++) {
		build(&sh, TREAD, i, "dqd", FILE_, 0ULL, MSIZE);
		if (share_room(&sh) < sh.len) {
			channel_wait(&sh.ch, 20);
			continue;
		}
		share_put(&sh, sh.msg, sh.len);
		share_push(&sh);
		sent++;
	}
	note("sent %u reads, took no answer", sent);
	rule("is let go of", share_close(&sh));
}
