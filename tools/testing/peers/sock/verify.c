// SPDX-License-Identifier: GPL-2.0
/* A client that means well: everything that sockets are for. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "sock.h"

#define BULK	3000000
#define ORDER	4

static struct guest g;
static struct conn c;
static __u8 *buf;

static void open_to(char what, const char *ip)
{
	int err;

	conn_open(&c, &g, 0x1000, ORDER);
	err = sock_open(&g, c.id, strchr(ip, ':') ? AF_INET6 : AF_INET);
	if (!err)
		err = sock_connect(&g, &c, ip, SERVER_PORT);
	if (err)
		give_up("cannot connect to %s: %d", ip, err);
	if (what)
		conn_send(&c, &what, 1, OK_TIME);
}

static void end(const char *what)
{
	gives(what, sock_release(&g, c.id), 0);
	rule("and the ring was let go of", conn_free(&c));
}

static bool compare(unsigned int at, unsigned int len)
{
	unsigned int i;

	for (i = 0; i < len; i++)
		if (buf[i] != pattern(at + i))
			return false;
	return true;
}

static void fill(unsigned int len)
{
	unsigned int i;

	for (i = 0; i < len; i++)
		buf[i] = pattern(i);
}

/* Return: how many bytes came before the end, all of them right. */
static unsigned int take_all(int *err)
{
	unsigned int got = 0;
	int n;

	while ((n = conn_receive(&c, buf, 65536, OK_TIME)) > 0) {
		if (!compare(got, n))
			return 0;
		got += n;
	}
	*err = n;
	return got;
}

static void echoes(const char *ip, const char *what)
{
	unsigned int got = 0;
	int n = 1;

	open_to('e', ip);
	fill(50000);
	conn_send(&c, buf, 20000, OK_TIME);
	while (got < 20000 && n > 0) {
		n = conn_receive(&c, buf + 50000, 20000 - got, OK_TIME);
		if (n > 0 && memcmp(buf + 50000, buf + got, n))
			break;
		got += n > 0 ? n : 0;
	}
	rule(what, got == 20000);
	end("it is released");
}

static void receives(void)
{
	__u32 count = BULK;
	unsigned int got;
	int err = NONE;

	open_to('g', SERVER);
	conn_send(&c, &count, sizeof(count), OK_TIME);
	got = take_all(&err);
	rule("3 MB come whole", got == BULK);
	gives("and then the orderly end", err, -ENOTCONN);
	end("it is released");
}

/* As a program receives that does not ask for urgent bytes. */
static void leaves_urgent(void)
{
	int err = NONE;

	open_to('u', SERVER);
	rule("an urgent byte is left out, and nothing else",
	     take_all(&err) == 2 * URGENT_AT);
	gives("and then the orderly end", err, -ENOTCONN);
	end("it is released");
}

static bool sums_right(unsigned int len)
{
	__u32 sums[2], sum = 0;
	unsigned int i, got = 0;
	int n;

	for (i = 0; i < len; i++)
		sum += pattern(i) ^ i;
	while (got < 8 && (n = conn_receive(&c, (char *)sums + got, 8 - got, OK_TIME)) > 0)
		got += n;
	if (got == 8 && sums[0] == len && sums[1] == sum)
		return true;
	note("%u bytes of sums; %u sent, %u counted", got, len, sums[0]);
	return false;
}

static void sends(void)
{
	open_to('s', SERVER);
	fill(BULK);
	rule("3 MB are sent", conn_send(&c, buf, BULK, OK_TIME) == BULK);
	gives("the sending half is shut", sock_shut(&g, c.id, 1), 0);
	rule("all came before that end, and the answer after it",
	     sums_right(BULK));
	rule("and then the orderly end", conn_ended(&c, -ENOTCONN, OK_TIME));
	end("it is released");
}

/* What was sent before RELEASE gets there. */
static void release_sends(void)
{
	char got;
	unsigned int sent;

	open_to('h', SERVER);
	fill(BULK);
	sent = conn_send(&c, buf, BULK, 1000);
	note("%u bytes sent to one that reads nothing", sent);
	rule("a peer that reads nothing fills the ring", sent < BULK);
	rule("and the backend is not held up",
	     !sock_open(&g, 0x77, AF_INET) && !sock_release(&g, 0x77));
	rule("nothing comes", conn_receive(&c, &got, 1, 100) == 0);
	end("it is released at once");
}

static void is_reset(void)
{
	open_to('r', SERVER);
	rule("a reset is told as such", conn_ended(&c, -ECONNRESET, OK_TIME));
	gives("for sending too", READ_ONCE(*conn_index(&c, OUT_ERROR)),
	      -ECONNRESET);
	end("it is released");
}

static void refused(void)
{
	conn_open(&c, &g, 0x1000, ORDER);
	sock_open(&g, c.id, AF_INET);
	gives("a port where nobody listens refuses",
	      sock_connect(&g, &c, SERVER, 7999), -ECONNREFUSED);
	rule("and its ring was let go of", conn_free(&c));
	conn_open(&c, &g, 0x1000, ORDER);
	gives("the socket connects elsewhere then",
	      sock_connect(&g, &c, SERVER, SERVER_PORT), 0);
	end("it is released");
}

/* Nobody has that address: the network never answers. */
static void waits(void)
{
	struct response rsp;
	struct request req;
	__u32 id;

	conn_open(&c, &g, 0x1000, ORDER);
	sock_open(&g, c.id, AF_INET);
	fill_connect(&req, &c, "10.77.9.200", 7000);
	id = guest_send(&g, &req);
	rule("a connection that takes long holds up nobody",
	     !sock_open(&g, 0x77, AF_INET) && !sock_release(&g, 0x77));
	rule("and is not answered", !guest_get(&g, id, &rsp, 300));
	gives("its socket is released", sock_release(&g, c.id), 0);
	rule("and it is answered", guest_get(&g, id, &rsp, 0));
	gives("as given up", rsp.ret, -ECONNABORTED);
	rule("the ring was let go of", conn_free(&c));
}

static void options(void)
{
	int value = -1;

	sock_open(&g, 0x2000, AF_INET);
	gives("nodelay is set", sock_set(&g, 0x2000, 4, 1), 0);
	gives("nodelay is read", sock_get(&g, 0x2000, 4, &value), 0);
	gives("as it was set", value, 1);
	gives("keepidle is set", sock_set(&g, 0x2000, 6, 77), 0);
	sock_get(&g, 0x2000, 6, &value);
	gives("keepidle is read", value, 77);
	gives("lingering is refused", sock_set(&g, 0x2000, 3, 10), -EINVAL);
	gives("an unknown option is refused", sock_set(&g, 0x2000, 99, 1),
	      -ENOPROTOOPT);
	sock_release(&g, 0x2000);
}

/* The client that the server is asked for, to a port of ours. */
static void call_for(struct conn *ask, __u64 id, unsigned int port)
{
	__u16 word = port;

	conn_open(ask, &g, id, 1);
	sock_open(&g, id, AF_INET);
	if (sock_connect(&g, ask, SERVER, SERVER_PORT))
		give_up("cannot ask for a client");
	conn_send(ask, "c", 1, OK_TIME);
	conn_send(ask, &word, 2, OK_TIME);
}

/* Send back what comes, until its end. */
static void echo_back(struct conn *to)
{
	int n;

	while ((n = conn_receive(to, buf, 65536, OK_TIME)) > 0)
		conn_send(to, buf, n, OK_TIME);
	gives("it ends orderly", n, -ENOTCONN);
}

static void poll_says(__u32 id)
{
	struct response rsp = { .ret = NONE };

	rule("poll says that there is one", guest_get(&g, id, &rsp, OK_TIME));
	gives("without an error", rsp.ret, 0);
}

static void is_accepted(__u32 req_id, struct conn *from)
{
	struct response rsp = { .ret = NONE };
	const __u8 loopback[4] = { 127, 0, 0, 1 };

	rule("it is accepted", guest_get(&g, req_id, &rsp, OK_TIME));
	gives("without an error", rsp.ret, 0);
	rule("and its address is told", rsp.addr_len == 16 &&
	     !memcmp(rsp.addr + 4, loopback, 4));
	echo_back(from);
	gives("it is released", sock_release(&g, from->id), 0);
	rule("and the ring was let go of", conn_free(from));
}

static void accepts(void)
{
	struct request poll = { .cmd = POLL, .id = 0x3000 };
	struct conn ask, from;
	struct response rsp;
	char said = '-';
	__u32 id;

	sock_open(&g, 0x3000, AF_INET);
	sock_set(&g, 0x3000, 1, 1);
	gives("a port is bound", sock_bind(&g, 0x3000, "0.0.0.0", 7070), 0);
	gives("and listened at", sock_listen(&g, 0x3000, 10), 0);
	id = guest_send(&g, &poll);
	rule("poll waits", !guest_get(&g, id, &rsp, 200));
	call_for(&ask, 0x3001, 7070);
	poll_says(id);
	conn_open(&from, &g, 0x3002, ORDER);
	is_accepted(sock_accept_start(&g, 0x3000, &from), &from);
	conn_receive(&ask, &said, 1, OK_TIME);
	rule("the client had all bytes back", said == 'y');
	sock_release(&g, ask.id);
	conn_free(&ask);
	conn_open(&from, &g, 0x3002, ORDER);
	id = sock_accept_start(&g, 0x3000, &from);
	rule("accept waits", !guest_get(&g, id, &rsp, 200));
	gives("what listens is released", sock_release(&g, 0x3000), 0);
	rule("accept is answered", guest_get(&g, id, &rsp, 0));
	gives("as given up", rsp.ret, -ECONNABORTED);
	rule("and its ring was let go of", conn_free(&from));
}

static void keeps(void)
{
	int kept, i, good = 0;
	struct response rsp;
	struct request req;

	open_to('e', SERVER);
	gives("it is released", sock_release_keep(&g, c.id, &kept), 0);
	gives("and its ring kept", kept, 1);
	for (i = 0; i < 20; i++) {
		char byte = i, back = -1;

		conn_reset(&c, 0x4000 + i);
		sock_open(&g, c.id, AF_INET);
		if (sock_connect(&g, &c, SERVER, SERVER_PORT))
			break;
		conn_send(&c, "e", 1, OK_TIME);
		conn_send(&c, &byte, 1, OK_TIME);
		conn_receive(&c, &back, 1, OK_TIME);
		sock_release_keep(&g, c.id, &kept);
		good += back == byte && kept == 1;
	}
	gives("20 connections use it again", good, 20);
	conn_reset(&c, 0x4100);
	sock_open(&g, c.id, AF_INET);
	fill_connect(&req, &c, "127.0.0.1", SERVER_PORT);
	gives("where it may not go it does not", guest_call(&g, &req, &rsp),
	      -EACCES);
	gives("and its ring stays", rsp.value, 1);
	sock_release(&g, c.id);
	gives("it is forgotten", sock_forget(&g, c.index.gref[0]), 0);
	gives("once", sock_forget(&g, c.index.gref[0]), -ENOENT);
	rule("and let go of", conn_free(&c));
}

void play_verify(struct device *dev)
{
	buf = malloc(BULK + 65536);
	guest_open(&g, dev, true);
	rule("the backend connects", guest_begin(&g));
	gives("names its version", device_number(dev, "versions", -1), 1);
	gives("and its calls", device_number(dev, "function-calls", -1), 1);
	echoes(SERVER, "bytes come back");
	echoes(SERVER6, "bytes come back by IPv6");
	receives();
	leaves_urgent();
	sends();
	release_sends();
	is_reset();
	refused();
	waits();
	options();
	accepts();
	keeps();
	rule("it closes and lets go of all", guest_close(&g));
}
