// SPDX-License-Identifier: GPL-2.0
/*
 * The store, by the messages of io/xs_wire.h. One request at a time; watch
 * events that come in between only say that something changed.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "peer.h"

enum {
	MSG_READ = 2,
	MSG_WATCH = 4,
	MSG_BEGIN = 6,
	MSG_COMMIT = 7,
	MSG_WRITE = 11,
	MSG_REMOVE = 13,
	MSG_EVENT = 15,
	MSG_ERROR = 16,
};

struct message {
	__u32 type;
	__u32 request;
	__u32 txn;
	__u32 len;
	char body[4096];
};

#define HEAD	offsetof(struct message, body)

static int store = -1;

void store_open(void)
{
	store = open("/dev/xen/xenbus", O_RDWR);
	if (store < 0)
		give_up("/dev/xen/xenbus: %s", strerror(errno));
}

int store_fd(void)
{
	return store;
}

static void receive(struct message *msg)
{
	size_t have = 0, want = HEAD;
	ssize_t got;

	while (have < want) {
		got = read(store, (char *)msg + have, want - have);
		if (got <= 0)
			give_up("the store does not answer: %s",
				strerror(errno));
		have += got;
		if (have == HEAD)
			want = HEAD + msg->len;
		if (want > sizeof(*msg))
			give_up("the store answers %u bytes", msg->len);
	}
}

/* The answer replaces the question. Return: whether it is no error. */
static bool ask(struct message *msg)
{
	static __u32 request;

	msg->request = ++request;
	if (write(store, msg, HEAD + msg->len) != (ssize_t)(HEAD + msg->len))
		give_up("the store takes no message: %s", strerror(errno));
	do
		receive(msg);
	while (msg->type == MSG_EVENT);
	return msg->type != MSG_ERROR;
}

static void begin_message(struct message *msg, __u32 type, __u32 txn,
			  const char *path)
{
	msg->type = type;
	msg->txn = txn;
	msg->len = strlen(path) + 1;
	memcpy(msg->body, path, msg->len);
}

static void append(struct message *msg, const char *text, size_t len)
{
	memcpy(msg->body + msg->len, text, len);
	msg->len += len;
}

bool store_read(const char *path, char *value, size_t size)
{
	struct message msg;

	begin_message(&msg, MSG_READ, 0, path);
	if (!ask(&msg) || msg.len >= size)
		return false;
	memcpy(value, msg.body, msg.len);
	value[msg.len] = '\0';
	return true;
}

__u32 store_begin(void)
{
	struct message msg;

	begin_message(&msg, MSG_BEGIN, 0, "");
	if (!ask(&msg))
		give_up("no transaction: %.16s", msg.body);
	msg.body[msg.len] = '\0';
	return strtoul(msg.body, NULL, 10);
}

/* Return: whether it succeeded; if not it is to be tried again. */
bool store_commit(__u32 txn)
{
	static unsigned int failed;
	struct message msg;

	begin_message(&msg, MSG_COMMIT, txn, "T");
	if (ask(&msg)) {
		failed = 0;
		return true;
	}
	if (++failed == 100)
		give_up("the transaction never succeeds");
	return false;
}

bool store_write(__u32 txn, const char *path, const char *value)
{
	struct message msg;

	begin_message(&msg, MSG_WRITE, txn, path);
	append(&msg, value, strlen(value));
	return ask(&msg);
}

void store_remove(__u32 txn, const char *path)
{
	struct message msg;

	begin_message(&msg, MSG_REMOVE, txn, path);
	ask(&msg);
}

void store_watch(const char *path)
{
	struct message msg;

	begin_message(&msg, MSG_WATCH, 0, path);
	append(&msg, "peer", 5);
	if (!ask(&msg))
		give_up("%s cannot be watched: %.16s", path, msg.body);
}

/* Forget the events that came so far. */
void store_drain(void)
{
	struct pollfd ready = { .fd = store, .events = POLLIN };
	struct message msg;

	while (poll(&ready, 1, 0) > 0)
		receive(&msg);
}
