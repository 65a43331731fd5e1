// SPDX-License-Identifier: GPL-2.0
/* A data ring, from the frontend's side, as stock frontends use it. */
#include <errno.h>
#include <string.h>

#include "sock.h"

__u32 *conn_index(struct conn *c, unsigned int offset)
{
	return (__u32 *)((char *)c->index.mem + offset);
}

static void lay_out(struct conn *c, unsigned int order)
{
	unsigned int i;

	memset(c->index.mem, 0, PAGE_BYTES);
	*conn_index(c, RING_ORDER) = order;
	for (i = 0; i < c->data.nr; i++)
		conn_index(c, RING_REFS)[i] = c->data.gref[i];
	c->half = PAGE_BYTES << order >> 1;
}

void conn_open(struct conn *c, struct guest *g, __u64 id, unsigned int order)
{
	memset(c, 0, sizeof(*c));
	c->id = id;
	pages_grant(&c->index, 1, true);
	pages_grant(&c->data, 1U << order, true);
	lay_out(c, order);
	channel_open(&c->ch, g->dev->domid);
}

/* As new, for a ring that was kept. What is not looked at again is spoiled. */
void conn_reset(struct conn *c, __u64 id)
{
	memset(c->index.mem, 0, RING_ORDER);
	*conn_index(c, RING_ORDER) = 77;
	*conn_index(c, RING_REFS) = 0;
	c->id = id;
	c->out_prod = 0;
	c->in_cons = 0;
}

/* Return: whether the backend had let go of it. */
bool conn_free(struct conn *c)
{
	bool ended;

	channel_close(&c->ch);
	pages_end(&c->data);
	pages_end(&c->index);
	ended = pages_ended(&c->data);
	ended &= pages_ended(&c->index);
	return ended;
}

static __u32 room(struct conn *c)
{
	__u32 cons = READ_ONCE(*conn_index(c, OUT_CONS));

	full_barrier();
	return c->half - (c->out_prod - cons);
}

static void put(struct conn *c, const __u8 *from, unsigned int len)
{
	__u8 *out = (__u8 *)c->data.mem + c->half;
	unsigned int i;

	for (i = 0; i < len; i++)
		out[(c->out_prod + i) & (c->half - 1)] = from[i];
	c->out_prod += len;
	full_barrier();
	WRITE_ONCE(*conn_index(c, OUT_PROD), c->out_prod);
	full_barrier();
	channel_notify(&c->ch);
}

/* Return: how many bytes there was room for in time, or before an error. */
unsigned int conn_send(struct conn *c, const void *from, unsigned int len,
		       int ms)
{
	long long end = now_ms() + ms;
	unsigned int done = 0, n;

	while (done < len && !READ_ONCE(*conn_index(c, OUT_ERROR))) {
		n = room(c);
		if (n > c->half)
			give_up("out_cons went wrong");
		if (n > len - done)
			n = len - done;
		if (!n && now_ms() >= end)
			break;
		if (n)
			put(c, (const __u8 *)from + done, n);
		else
			channel_wait(&c->ch, end - now_ms());
		done += n;
	}
	return done;
}

static unsigned int ready(struct conn *c)
{
	__u32 nr = READ_ONCE(*conn_index(c, IN_PROD)) - c->in_cons;

	full_barrier();
	if (nr > c->half)
		give_up("in_prod went wrong");
	return nr;
}

static void get(struct conn *c, __u8 *to, unsigned int len)
{
	const __u8 *in = c->data.mem;
	unsigned int i;

	for (i = 0; i < len; i++)
		to[i] = in[(c->in_cons + i) & (c->half - 1)];
	c->in_cons += len;
	full_barrier();
	WRITE_ONCE(*conn_index(c, IN_CONS), c->in_cons);
	full_barrier();
	channel_notify(&c->ch);
}

/*
 * Return: how many bytes came, up to @len of them; 0 if none came in time; the
 * error if there is one and no byte.
 */
int conn_receive(struct conn *c, void *to, unsigned int len, int ms)
{
	long long end = now_ms() + ms;
	unsigned int n;
	int err;

	for (;;) {
		err = READ_ONCE(*conn_index(c, IN_ERROR));
		full_barrier();
		n = ready(c);
		if (n || err || now_ms() >= end)
			break;
		channel_wait(&c->ch, end - now_ms());
	}
	if (!n)
		return err;
	if (n > len)
		n = len;
	get(c, to, n);
	return n;
}

/* Return: whether no byte comes any more, but this error. */
bool conn_ended(struct conn *c, int err, int ms)
{
	char byte;
	int is = conn_receive(c, &byte, 1, ms);

	if (is == err)
		return true;
	note("in_error is %d, not %d (%u bytes)", is, err, ready(c));
	return false;
}

/* Return: whether the backend took all that was sent. */
bool conn_drained(struct conn *c, int ms)
{
	long long end = now_ms() + ms;

	while (room(c) != c->half && now_ms() < end)
		channel_wait(&c->ch, 20);
	return room(c) == c->half;
}
