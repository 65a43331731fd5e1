// SPDX-License-Identifier: GPL-2.0
/*
 * The backend that harm.c has do wrong. Else it behaves: it takes every connection,
 * has one for whoever accepts, and sends back what it is sent.
 */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backend.h"

#define NOT_KNOWN	(-524)

/* Where the requests have them, as words behind the id. */
enum { CONNECT_REF = 9, ACCEPT_ID = 0, ACCEPT_REF = 2 };

void backend_answer(struct backend *b, const struct response *rsp)
{
	memcpy(served_slot(&b->ring, b->ring.prod++), rsp, sizeof(*rsp));
}

__u32 *line_word(const struct line *line, unsigned int offset)
{
	return (__u32 *)(line->index.page + offset);
}

/* Connections. */

static void line_close(struct line *line)
{
	channel_close(&line->ch);
	served_unmap(&line->out);
	served_unmap(&line->in);
	served_unmap(&line->index);
	line->used = false;
}

/* What an answer that was spoilt left is of no use any more. */
static void close_ring(struct backend *b, __u32 gref)
{
	unsigned int i;

	for (i = 0; i < LINES; i++)
		if (b->lines[i].used && b->lines[i].gref == gref)
			line_close(&b->lines[i]);
}

static struct line *free_line(struct backend *b)
{
	unsigned int i;

	for (i = 0; i < LINES; i++)
		if (!b->lines[i].used)
			return &b->lines[i];
	give_up("more than %u connections", LINES);
}

static void line_open(struct backend *b, __u64 id, const __u32 *ref_and_port)
{
	struct line *line;

	close_ring(b, ref_and_port[0]);
	line = free_line(b);
	memset(line, 0, sizeof(*line));
	line->id = id;
	line->gref = ref_and_port[0];
	served_map(&line->index, line->gref, SLOT_BYTES);
	if (*line_word(line, RING_ORDER) != 1)
		give_up("a ring of order %u", *line_word(line, RING_ORDER));
	served_map(&line->in, line_word(line, RING_REFS)[0], SLOT_BYTES);
	served_map(&line->out, line_word(line, RING_REFS)[1], SLOT_BYTES);
	channel_bind(&line->ch, b->dev.domid, ref_and_port[1]);
	line->used = true;
}

static void close_all(struct backend *b, __u64 id, bool any)
{
	unsigned int i;

	for (i = 0; i < LINES; i++)
		if (b->lines[i].used && (any || b->lines[i].id == id))
			line_close(&b->lines[i]);
}

/* Return: how many bytes were sent back. */
static __u32 echo(struct line *line)
{
	__u32 cons = *line_word(line, OUT_CONS), prod = *line_word(line, IN_PROD);
	__u32 n = READ_ONCE(*line_word(line, OUT_PROD)) - cons, i;

	full_barrier();
	if (n > LINE_BYTES - (prod - READ_ONCE(*line_word(line, IN_CONS))))
		return 0;
	for (i = 0; i < n; i++)
		line->in.page[(prod + i) % LINE_BYTES] = line->out.page[(cons + i) % LINE_BYTES];
	full_barrier();
	WRITE_ONCE(*line_word(line, OUT_CONS), cons + n);
	WRITE_ONCE(*line_word(line, IN_PROD), prod + n);
	full_barrier();
	if (n)
		channel_notify(&line->ch);
	return n;
}

static void serve_line(struct backend *b, struct line *line)
{
	if (b->order.harm && b->order.cmd == DATA &&
	    READ_ONCE(*line_word(line, OUT_PROD)) != *line_word(line, OUT_CONS)) {
		/* Where it goes on the data is taken: who closes waits for that. */
		if (b->order.harm->then == GOES_ON)
			WRITE_ONCE(*line_word(line, OUT_CONS),
				   READ_ONCE(*line_word(line, OUT_PROD)));
		b->order.harm->data(b, line);
		harm_done(b);
		return;
	}
	echo(line);
}

/* Commands. */

static int carry_out(struct backend *b, const struct request *req)
{
	__u64 id;

	switch (req->cmd) {
	case CONNECT:
		line_open(b, req->id, &req->word[CONNECT_REF]);
		return 0;
	case ACCEPT:
		memcpy(&id, &req->word[ACCEPT_ID], sizeof(id));
		line_open(b, id, &req->word[ACCEPT_REF]);
		return 0;
	case RELEASE:
		close_all(b, req->id, false);
		return 0;
	case SOCKET:
	case BIND:
	case LISTEN:
		return 0;
	}
	return NOT_KNOWN;
}

static void serve_one(struct backend *b, const struct request *req)
{
	struct response rsp = { .req_id = req->req_id, .cmd = req->cmd, .id = req->id };

	rsp.ret = carry_out(b, req);
	if (!b->order.harm || b->order.cmd != req->cmd) {
		backend_answer(b, &rsp);
		return;
	}
	b->order.harm->answer(b, &rsp);
	harm_done(b);
}

static void serve_ring(struct backend *b)
{
	struct request req;

	while (!b->struck &&
	       (served_waiting(&b->ring) || served_waiting_at_last(&b->ring))) {
		memcpy(&req, served_slot(&b->ring, b->ring.cons++), sizeof(req));
		serve_one(b, &req);
		served_push(&b->ring, &b->ch);
	}
}

/* What is to be done at no occasion. */
static void strike_now(struct backend *b)
{
	struct response rsp = { .req_id = 3, .cmd = CONNECT, .id = 1 };

	if (!harm_read(b) || b->order.cmd != NOW)
		return;
	b->order.harm->answer(b, &rsp);
	served_push(&b->ring, &b->ch);
	channel_notify(&b->ch);
	harm_done(b);
}

static void serve_lines(struct backend *b, const struct pollfd *ready)
{
	unsigned int i;

	for (i = 0; i < LINES && !b->struck; i++) {
		if (!b->lines[i].used || !ready[i].revents)
			continue;
		channel_wait(&b->lines[i].ch, 0);
		serve_line(b, &b->lines[i]);
	}
}

/* Until the frontend says something else than Connected, or harm is done. */
static void serve_device(struct backend *b)
{
	struct pollfd ready[LINES + 2];
	unsigned int i;

	do {
		strike_now(b);
		serve_ring(b);
		if (b->struck)
			return;
		for (i = 0; i < LINES; i++)
			ready[i] = (struct pollfd){
				.fd = b->lines[i].used ? b->lines[i].ch.fd : -1,
				.events = POLLIN,
			};
		ready[LINES] = (struct pollfd){ .fd = b->ch.fd, .events = POLLIN };
		ready[LINES + 1] = (struct pollfd){ .fd = store_fd(), .events = POLLIN };
		poll(ready, ARRAY_SIZE(ready), 1000);
		if (ready[LINES].revents)
			channel_wait(&b->ch, 0);
		if (ready[LINES + 1].revents)
			store_drain();
		serve_lines(b, ready);
	} while (!b->struck && device_other(&b->dev) == CONNECTED);
}

/* Its life. */

static void begin(struct backend *b)
{
	struct device *dev = &b->dev;

	device_state(dev, INIT_WAIT);
	if (!device_wait(dev, INITIALISED, 20000))
		give_up("the frontend offers no ring");
	served_map(&b->ring, device_number(dev, "ring-ref", 0), SLOT_BYTES);
	channel_bind(&b->ch, dev->domid, device_number(dev, "port", 0));
	b->struck = false;
	device_state(dev, CONNECTED);
	if (!device_wait(dev, CONNECTED, 20000))
		give_up("the frontend does not connect");
}

/* Nobody listens any more; or nobody is to, from now on. */
static void see_it_end(struct backend *b)
{
	char what[64];

	if (b->order.harm->then == IS_LEFT)
		device_state(&b->dev, CLOSING);
	snprintf(what, sizeof(what), "the frontend closes: %s", b->order.harm->name);
	rule(what, device_wait(&b->dev, CLOSED, 10000));
}

static void end(struct backend *b)
{
	static struct served still;

	device_state(&b->dev, CLOSING);
	close_all(b, 0, true);
	channel_close(&b->ch);
	served_unmap(&b->ring);
	if (still.page)
		served_unmap(&still);
	/* What it goes on mapping it does until the next time. */
	still = b->kept;
	b->kept.page = NULL;
	device_state(&b->dev, CLOSED);
}

static bool is_online(const struct backend *b)
{
	char path[128], online[8];

	snprintf(path, sizeof(path), "%s/online", b->dev.front);
	return store_read(path, online, sizeof(online)) && atoi(online);
}

static void offer(struct backend *b)
{
	char path[128];

	device_put(&b->dev, 0, "", "versions=1");
	device_put(&b->dev, 0, "", "max-page-order=1");
	device_put(&b->dev, 0, "", "function-calls=1");
	device_put(&b->dev, 0, "", "feature-names=1");
	snprintf(path, sizeof(path), "%s/harm", b->dev.front);
	store_watch(path);
}

/* Until the toolstack takes it away. */
void hostile_backend(const char *domid, const char *number)
{
	static struct backend b;

	report_as("backend");
	device_serve(&b.dev, "peer", "pvcalls", domid, number);
	offer(&b);
	while (is_online(&b)) {
		begin(&b);
		serve_device(&b);
		if (b.struck)
			see_it_end(&b);
		end(&b);
	}
}
