// SPDX-License-Identifier: GPL-2.0
/* drivers/9p/front/{fids,names}.c: where files are, whatever became of them. */
#include "unit.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <linux/kernel.h>
#include <xen/interface/event_channel.h>
#include "shim/fake_xen.h"
#include "../../../drivers/9p/front/fids.h"

#define ID	3
#define WIRE(fid)	((fid) | ID << P9FRONT_FID_BITS)

static struct p9front_table table;

/* Messages */

static u8 msg[1024];
static u32 len;

static void begin(u8 type)
{
	memset(msg, 0, sizeof(msg));
	msg[4] = type;
	len = P9FRONT_HEAD;
}

static void num(u32 value)
{
	p9front_put32(msg + len, value);
	len += 4;
}

static void half(u16 value)
{
	p9front_put16(msg + len, value);
	len += 2;
}

static void text(const char *value)
{
	half(strlen(value));
	memcpy(msg + len, value, strlen(value));
	len += strlen(value);
}

static void qid(u8 file)
{
	memset(msg + len, 0, P9FRONT_QID);
	msg[len + 5] = file;
	len += P9FRONT_QID;
}

static struct p9front_change *plan(void)
{
	struct p9front_change *change;

	assert_int_equal(p9front_change_plan(ID, msg, len, &change), 0);
	return change;
}

static void make(struct p9front_change *change)
{
	p9front_change_make(&table, change, msg, len);
}

/* The answer that has nothing to tell. */
static void make_done(struct p9front_change *change, u8 type)
{
	begin(type + 1);
	make(change);
}

static void attach(u32 fid)
{
	struct p9front_change *change;

	begin(104);
	num(fid);
	num(P9FRONT_NOFID);
	text("root");
	text("");
	num(0);
	change = plan();
	begin(105);
	qid(1);
	make(change);
}

static void walk_to(u32 fid, u32 newfid, const char *const *names,
		    unsigned int nr, unsigned int found)
{
	struct p9front_change *change;
	unsigned int i;

	begin(110);
	num(fid);
	num(newfid);
	half(nr);
	for (i = 0; i < nr; i++)
		text(names[i]);
	change = plan();
	begin(111);
	half(found);
	for (i = 0; i < found; i++)
		qid(10 + i);
	make(change);
}

static void walk(u32 fid, u32 newfid, const char *name)
{
	walk_to(fid, newfid, &name, 1, 1);
}

static void create(u32 fid, const char *name, u32 flags)
{
	struct p9front_change *change;

	begin(14);
	num(fid);
	text(name);
	num(flags);
	num(0644);
	num(0);
	change = plan();
	begin(15);
	qid(20);
	make(change);
}

static void named(u8 type, u32 fid, const char *name, u32 more)
{
	struct p9front_change *change;

	begin(type);
	num(fid);
	text(name);
	num(more);
	change = plan();
	make_done(change, type);
}

static void rename_at(u32 from, const char *old, u32 to, const char *new)
{
	struct p9front_change *change;

	begin(74);
	num(from);
	text(old);
	num(to);
	text(new);
	change = plan();
	make_done(change, 74);
}

static void rename_fid(u32 fid, u32 to, const char *new)
{
	struct p9front_change *change;

	begin(20);
	num(fid);
	num(to);
	text(new);
	change = plan();
	make_done(change, 20);
}

static void simple(u8 type, u32 fid)
{
	struct p9front_change *change;

	begin(type);
	num(fid);
	num(0);
	change = plan();
	make_done(change, type);
}

/* Where a fid is, from its root; "gone" or "none". */
static const char *where(u32 fid)
{
	struct p9front_fid *f = p9front_fid_find(&table, WIRE(fid));
	static char path[600];
	char rest[600];
	struct p9front_name *n;

	if (!f)
		return "none";
	if (!p9front_name_root(f->name))
		return "gone";
	path[0] = 0;
	for (n = f->name; n->parent; n = n->parent) {
		strcpy(rest, path);
		snprintf(path, sizeof(path), "/%.*s%.500s", (int)n->len,
			 n->text, rest);
	}
	return path;
}

static int setup(void **state)
{
	fake_reset();
	memset(&table, 0, sizeof(table));
	spin_lock_init(&table.lock);
	INIT_LIST_HEAD(&table.locks);
	attach(0);
	return 0;
}

/* Nothing is kept for nobody; the sanitizer sees what is lost. */
static int teardown(void **state)
{
	unsigned int i;

	p9front_fids_drop(&table, ID);
	for (i = 0; i < P9FRONT_HASH_SIZE; i++) {
		assert_null(table.fids[i].first);
		assert_null(table.names[i].first);
	}
	assert_true(list_empty(&table.locks));
	assert_int_equal(table.nr_locks, 0);
	return 0;
}

static void walks(void **state)
{
	static const char *const deep[] = { "a", "b", "c" };
	struct p9front_fid *f;

	assert_string_equal(where(0), "");
	walk_to(0, 1, deep, 3, 3);
	assert_string_equal(where(1), "/a/b/c");
	f = p9front_fid_find(&table, WIRE(1));
	assert_int_equal(f->qid[5], 12);
	walk_to(1, 2, NULL, 0, 0);
	assert_string_equal(where(2), "/a/b/c");
	assert_int_equal(p9front_fid_find(&table, WIRE(2))->qid[5], 12);
	walk(2, 2, "d");
	assert_string_equal(where(2), "/a/b/c/d");
	/* Half way is nowhere. */
	walk_to(0, 3, deep, 3, 2);
	assert_string_equal(where(3), "none");
	assert_string_equal(where(4), "none");
	walk(4, 5, "x");
	assert_string_equal(where(5), "none");
}

static void walks_up(void **state)
{
	static const char *const names[] = { "a", "..", "b" };

	walk_to(0, 1, names, 3, 3);
	assert_string_equal(where(1), "gone");
}

static void creates_and_opens(void **state)
{
	struct p9front_fid *f;

	walk(0, 1, "dir");
	create(1, "file", 0x8042);
	assert_string_equal(where(1), "/dir/file");
	f = p9front_fid_find(&table, WIRE(1));
	assert_int_equal(f->open, 12);
	assert_int_equal(f->flags, 0x8042);
	assert_int_equal(f->qid[5], 20);

	walk(0, 2, "other");
	begin(12);
	num(2);
	num(0x8001);
	make_done(plan(), 12);
	f = p9front_fid_find(&table, WIRE(2));
	assert_int_equal(f->open, 12);
	assert_int_equal(f->flags, 0x8001);
}

static void clunks(void **state)
{
	walk(0, 1, "a");
	simple(120, 1);
	assert_string_equal(where(1), "none");
	walk(0, 1, "b");
	assert_string_equal(where(1), "/b");
	/* Also one that the backend calls a failure. */
	begin(120);
	num(1);
	{
		struct p9front_change *change = plan();

		begin(7);
		num(5);
		make(change);
	}
	assert_string_equal(where(1), "none");
}

static void renames(void **state)
{
	walk(0, 1, "a");
	walk(1, 2, "x");
	walk(0, 3, "b");
	rename_at(0, "a", 3, "c");
	assert_string_equal(where(1), "/b/c");
	assert_string_equal(where(2), "/b/c/x");
	rename_fid(2, 0, "y");
	assert_string_equal(where(2), "/y");
	/* What is not known may move all the same. */
	rename_at(0, "unknown", 0, "new");
	rename_at(0, "unknown", 0, "y");
	assert_string_equal(where(2), "gone");
}

static void renames_over(void **state)
{
	walk(0, 1, "a");
	walk(0, 2, "b");
	rename_at(0, "a", 0, "b");
	assert_string_equal(where(1), "/b");
	assert_string_equal(where(2), "gone");
	rename_at(0, "b", 0, "b");
	assert_string_equal(where(1), "/b");
	walk(0, 3, "b");
	assert_string_equal(where(3), "/b");
}

/* A backend agrees to what cannot be. */
static void folder_in_itself(void **state)
{
	walk(0, 1, "a");
	walk(1, 2, "b");
	rename_at(0, "a", 2, "c");
	assert_string_equal(where(1), "gone");
	assert_string_equal(where(2), "gone");
	rename_fid(0, 0, "root");
	assert_string_equal(where(0), "");
}

static void removes(void **state)
{
	walk(0, 1, "a");
	walk(1, 2, "b");
	walk(1, 3, "c");
	named(76, 1, "b", 0);
	assert_string_equal(where(2), "gone");
	assert_string_equal(where(3), "/a/c");
	named(76, 0, "nobody", 0);
	walk(1, 4, "b");
	assert_string_equal(where(4), "/a/b");
	assert_string_equal(where(2), "gone");
	simple(122, 3);
	assert_string_equal(where(3), "none");
	named(76, 0, "a", 0);
	assert_string_equal(where(4), "gone");
}

static void attributes(void **state)
{
	walk(0, 1, "a");
	begin(30);
	num(1);
	num(2);
	text("user.x");
	make_done(plan(), 30);
	assert_string_equal(where(2), "gone");
	assert_string_equal(where(1), "/a");
	begin(32);
	num(1);
	text("user.x");
	make_done(plan(), 32);
	assert_string_equal(where(1), "gone");
}

static void stale(void **state)
{
	walk(0, 1, "a");
	begin(24);
	num(1);
	assert_false(p9front_fids_stale(&table, ID, msg, len));
	p9front_fid_find(&table, WIRE(1))->stale = true;
	table.any_stale = true;
	assert_true(p9front_fids_stale(&table, ID, msg, len));
	assert_false(p9front_fids_stale(&table, ID + 1, msg, len));
	begin(110);
	num(0);
	num(1);
	assert_true(p9front_fids_stale(&table, ID, msg, len));
	begin(110);
	num(0);
	num(2);
	assert_false(p9front_fids_stale(&table, ID, msg, len));
}

static void wide(u64 value)
{
	num(value);
	num(value >> 32);
}

static void lock_answered(u32 fid, u8 type, u64 start, u64 length, u32 owner, u8 status)
{
	struct p9front_change *change;

	begin(52);
	num(fid);
	msg[len++] = type;
	num(1);
	wide(start);
	wide(length);
	num(owner);
	text("guest");
	change = plan();
	begin(53);
	msg[len++] = status;
	make(change);
}

static void lock(u32 fid, u8 type, u64 start, u64 length, u32 owner)
{
	lock_answered(fid, type, start, length, owner, 0);
}

/* What the next backend is asked for: "FID:TYPE:START+LENGTH:OWNER ", each. */
static const char *locked(void)
{
	static unsigned int life = 100;
	static char found[200];
	u8 request[512];

	life++;
	found[0] = 0;
	while (p9front_lock_next(&table, life, request, sizeof(request))) {
		assert_int_equal(p9front_get32(request) >> 24, 0);
		assert_int_equal(request[4], 52);
		/* That nobody waits. */
		assert_int_equal(p9front_get32(request + 12), 0);
		snprintf(found + strlen(found), sizeof(found) - strlen(found), "%u:%u:%u+%u:%u ",
			 p9front_get32(request + 7) & 0xffffff, request[11],
			 p9front_get32(request + 16), p9front_get32(request + 24),
			 p9front_get32(request + 32));
	}
	return found;
}

/* As one file: names of unlike numbers would be others. */
static void walk_to_file(u32 fid, u8 file)
{
	walk(0, fid, "file");
	p9front_fid_find(&table, WIRE(fid))->qid[5] = file;
}

static void locks(void **state)
{
	walk_to_file(1, 1);
	walk_to_file(2, 2);
	lock(1, 1, 10, 10, 7);
	lock(1, 0, 50, 10, 7);
	lock(2, 1, 10, 10, 7);
	lock_answered(1, 1, 0, 100, 8, 1);
	assert_string_equal(locked(), "1:1:10+10:7 1:0:50+10:7 2:1:10+10:7 ");
	/* Each is asked for once by each backend. */
	assert_string_equal(locked(), "1:1:10+10:7 1:0:50+10:7 2:1:10+10:7 ");
	lock(1, 2, 10, 10, 7);
	assert_string_equal(locked(), "1:0:50+10:7 2:1:10+10:7 ");
	lock(1, 2, 0, 0, 9);
	lock(1, 2, 0, 0, 7);
	assert_string_equal(locked(), "2:1:10+10:7 ");
	simple(120, 2);
	assert_string_equal(locked(), "");
}

static void locks_in_part(void **state)
{
	walk_to_file(1, 1);
	lock(1, 1, 0, 0, 7);
	lock(1, 1, 5, 5, 8);
	lock(1, 2, 100, 50, 7);
	lock(1, 2, 500, 50, 8);
	assert_string_equal(locked(), "1:1:0+0:7 1:1:5+5:8 1:2:100+50:7 ");
	lock(1, 0, 0, 0, 7);
	assert_string_equal(locked(), "1:1:5+5:8 1:0:0+0:7 ");
	p9front_fid_find(&table, WIRE(1))->stale = true;
	assert_string_equal(locked(), "");
}

/* Who closes one of two open files has no lock left of the other. */
static void locks_of_a_file(void **state)
{
	walk_to_file(1, 1);
	walk_to_file(2, 1);
	lock(1, 1, 0, 10, 7);
	lock(1, 1, 20, 10, 7);
	lock(2, 2, 0, 5, 7);
	assert_string_equal(locked(), "1:1:0+10:7 1:1:20+10:7 1:2:0+5:7 ");
	lock(2, 2, 0, 0, 7);
	assert_string_equal(locked(), "");
}

static void locks_too_many(void **state)
{
	unsigned int i;

	walk_to_file(1, 1);
	for (i = 0; i < 1024; i++)
		lock(1, 1, i * 2, 1, 7);
	assert_false(p9front_fid_find(&table, WIRE(1))->locks_lost);
	lock(1, 1, 9999, 1, 7);
	assert_true(p9front_fid_find(&table, WIRE(1))->locks_lost);
	assert_int_equal(table.nr_locks, 1024);
}

static bool ends_untold(u32 fid, unsigned int life)
{
	begin(120);
	num(fid);
	return p9front_fid_end_untold(&table, ID, msg, life);
}

/* While there is no backend: what none was told of, none has to hear of. */
static void ends_without_backend(void **state)
{
	assert_true(ends_untold(1, 7));
	walk(0, 1, "a");
	assert_true(ends_untold(1, 7));
	assert_string_equal(where(1), "none");

	walk(0, 1, "a");
	p9front_fid_find(&table, WIRE(1))->told = 7;
	assert_false(ends_untold(1, 7));
	assert_string_equal(where(1), "/a");
	/* Who asked believed that the one before was the last. */
	assert_false(ends_untold(1, 6));
	assert_true(ends_untold(1, 8));
	assert_string_equal(where(1), "none");

	walk(0, 1, "a");
	p9front_fid_find(&table, WIRE(1))->told = 7;
	p9front_fid_find(&table, WIRE(1))->stale = true;
	assert_true(ends_untold(1, 7));
	assert_string_equal(where(1), "none");
}

/* Answers that are too short, and requests without memory. */
static void cut_answers(void **state)
{
	struct p9front_change *change;
	u32 cut;

	for (cut = P9FRONT_HEAD; cut < P9FRONT_HEAD + 2 + P9FRONT_QID; cut++) {
		begin(110);
		num(0);
		num(1);
		half(1);
		text("a");
		change = plan();
		begin(111);
		half(1);
		len = cut;
		make(change);
		assert_string_equal(where(1), "none");
	}
	begin(110);
	num(0);
	num(1);
	half(1);
	text("a");
	fake_xen.allocs_left = 0;
	assert_int_equal(p9front_change_plan(ID, msg, len, &change), -ENOMEM);
	fake_xen.allocs_left = -1;
	len -= 1;
	assert_int_equal(p9front_change_plan(ID, msg, len, &change), -EINVAL);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(walks),
		TEST(walks_up),
		TEST(creates_and_opens),
		TEST(clunks),
		TEST(renames),
		TEST(renames_over),
		TEST(folder_in_itself),
		TEST(removes),
		TEST(attributes),
		TEST(stale),
		TEST(locks),
		TEST(locks_in_part),
		TEST(locks_of_a_file),
		TEST(locks_too_many),
		TEST(ends_without_backend),
		TEST(cut_answers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
