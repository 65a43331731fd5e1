// SPDX-License-Identifier: GPL-2.0
/*
 * Clients that mean harm: commands that are none, ids used twice, rings that are
 * none or change, indices that cannot be, floods.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "sock.h"

#define ENOTSUP_	-524

static struct guest g;
static struct conn c;

static int raw(__u32 cmd, __u64 id, __u32 one, __u32 two, __u32 three)
{
	struct request req = {
		.cmd = cmd, .id = id, .word = { one, two, three },
	};
	struct response rsp;

	return guest_call(&g, &req, &rsp);
}

static void strangers(void)
{
	static const __u32 cmds[] = { 7, 8, 255, 261, 0x80000000, ~0U };
	static const __u32 ours[] = { RELEASE, LISTEN, POLL, SET, GET, NAME, SHUT };
	unsigned int i;
	int good = 0;

	for (i = 0; i < ARRAY_SIZE(cmds); i++)
		good += raw(cmds[i], 1, 1, 1, 1) == ENOTSUP_;
	gives("unknown commands are not supported", good, ARRAY_SIZE(cmds));
	for (good = 0, i = 0; i < ARRAY_SIZE(ours); i++)
		good += raw(ours[i], 999, 1, 1, 1) == -EBADF;
	gives("others need a socket", good, ARRAY_SIZE(ours));
	gives("families are few", raw(SOCKET, 1, AF_UNIX, 1, 0), ENOTSUP_);
	gives("kinds too", raw(SOCKET, 1, AF_INET, 2, 0), ENOTSUP_);
	gives("protocols too", raw(SOCKET, 1, AF_INET, 1, 132), ENOTSUP_);
}

static void ids(void)
{
	gives("an id is taken", sock_open(&g, 1, AF_INET), 0);
	gives("not twice", sock_open(&g, 1, AF_INET), -EEXIST);
	gives("it is no listening one", sock_listen(&g, 1, 1), -EINVAL);
	gives("no accept", raw(ACCEPT, 1, 2, 0, 8), -EINVAL);
	gives("no poll", raw(POLL, 1, 0, 0, 0), -EINVAL);
	gives("no shutdown", raw(SHUT, 1, 1, 0, 0), -ENOTCONN);
	gives("it is released", sock_release(&g, 1), 0);
	gives("once", sock_release(&g, 1), -EBADF);
}

static int connect_with(unsigned int word, __u32 value)
{
	struct response rsp;
	struct request req;

	fill_connect(&req, &c, SERVER, SERVER_PORT);
	if (word < 12)
		req.word[word] = value;
	return guest_call(&g, &req, &rsp);
}

/* Return: what a ring is refused with whose page says so. */
static int connect_page(unsigned int at, __u32 value)
{
	__u32 was = *conn_index(&c, at);
	int err;

	*conn_index(&c, at) = value;
	err = connect_with(99, 0);
	*conn_index(&c, at) = was;
	return err;
}

static void rings(void)
{
	sock_open(&g, 1, AF_INET);
	conn_open(&c, &g, 1, 2);
	gives("no address", connect_with(7, 0), -EINVAL);
	gives("a long one", connect_with(7, 29), -EINVAL);
	gives("a very long one", connect_with(7, ~0U), -EINVAL);
	gives("one of no family", connect_with(0, 0), ENOTSUP_);
	gives("one of another family", connect_with(0, AF_INET6), -EINVAL);
	gives("no ring", connect_with(9, 0), -EINVAL);
	gives("one that is not there", connect_with(9, 60000), -EINVAL);
	gives("no channel", connect_with(10, 0), -EINVAL);
	gives("one that is not there", connect_with(10, 3999), -EINVAL);
	gives("a ring of half a page", connect_page(RING_ORDER, 0), -EINVAL);
	gives("one of 1024 pages", connect_page(RING_ORDER, 10), -EINVAL);
	gives("one of order -1", connect_page(RING_ORDER, ~0U), -EINVAL);
	gives("pages that are not there", connect_page(RING_REFS + 4, 60000),
	      -EINVAL);
	gives("indices that cannot be", connect_page(IN_CONS, 5), -EINVAL);
	gives("after all that it connects", connect_with(99, 0), 0);
	gives("and not again", connect_with(99, 0), -EISCONN);
	gives("and binds not", sock_bind(&g, 1, "0.0.0.0", 7080), -EINVAL);
}

/* What was read once is not read again. */
static void spoil(void)
{
	char got = '-';

	*conn_index(&c, RING_ORDER) = 9;
	memset(conn_index(&c, RING_REFS), 0xff, 64);
	conn_send(&c, "ex", 2, OK_TIME);
	conn_receive(&c, &got, 1, OK_TIME);
	rule("a page that is changed changes nothing", got == 'x');
	gives("it is released", sock_release(&g, 1), 0);
	rule("and let go of", conn_free(&c));
}

#define FLOOD	17

static void floods(void)
{
	static struct conn flood[FLOOD];
	struct request poll = { .cmd = POLL, .id = 1 };
	struct response rsp = { .ret = NONE };
	__u32 id[FLOOD], polled;
	int i, good = 0, freed = 0;

	sock_open(&g, 1, AF_INET);
	sock_bind(&g, 1, "0.0.0.0", 7081);
	sock_listen(&g, 1, ~0U);
	polled = guest_send(&g, &poll);
	gives("a second poll is refused", raw(POLL, 1, 0, 0, 0), -EBUSY);
	for (i = 0; i < FLOOD; i++) {
		conn_open(&flood[i], &g, 100 + i, 1);
		id[i] = sock_accept_start(&g, 1, &flood[i]);
	}
	guest_get(&g, id[FLOOD - 1], &rsp, OK_TIME);
	gives("accepts are limited", rsp.ret, -EBUSY);
	gives("what listens is released", sock_release(&g, 1), 0);
	for (i = 0; i < FLOOD - 1; i++)
		good += guest_get(&g, id[i], &rsp, 0) && rsp.ret == -ECONNABORTED;
	gives("and all accepts are answered", good, FLOOD - 1);
	rule("and the poll", guest_get(&g, polled, &rsp, 0));
	for (i = 0; i < FLOOD; i++)
		freed += conn_free(&flood[i]);
	gives("and their rings let go of", freed, FLOOD);
}

static void begin(struct device *dev)
{
	guest_open(&g, dev, false);
	if (!guest_begin(&g))
		give_up("not connected");
}

/* The backend closes a device whose rings cannot be gone on with. */
static void is_stopped(struct device *dev, const char *what)
{
	rule(what, device_wait(dev, CLOSED, OK_TIME));
	rule("and lets go", guest_close(&g));
}

static void indices(struct device *dev)
{
	static const struct {
		const char *what;
		unsigned int at;
		__u32 value;
	} cases[] = {
		{ "stops at data beyond the ring", OUT_PROD, 0x10000 },
		{ "stops at data read before it came", IN_CONS, 0x100 },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		begin(dev);
		conn_open(&c, &g, 1, 2);
		sock_open(&g, 1, AF_INET);
		sock_connect(&g, &c, SERVER, SERVER_PORT);
		*conn_index(&c, cases[i].at) = cases[i].value;
		channel_notify(&c.ch);
		is_stopped(dev, cases[i].what);
		rule("of the data too", conn_free(&c));
	}
}

static void overrun(struct device *dev)
{
	begin(dev);
	WRITE_ONCE(*ring_req_prod(&g.ring), 1000);
	channel_notify(&g.ring.ch);
	is_stopped(dev, "stops at requests beyond the ring");
}

void play_hostile(struct device *dev)
{
	begin(dev);
	strangers();
	ids();
	rings();
	spoil();
	floods();
	rule("it closes and lets go of all", guest_close(&g));
	indices(dev);
	overrun(dev);
}
