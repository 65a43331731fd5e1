// SPDX-License-Identifier: GPL-2.0
/*
 * What a backend does wrong. The key "harm" of its directory says what, at which
 * occasion and with what numbers: "ret connect -512 7" is done twice. What is done is
 * taken out of it, and in the end the key, which is seen by whoever wrote it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "backend.h"

static void unasked(struct backend *b, struct response *rsp)
{
	rsp->req_id += 1 << 16;
	backend_answer(b, rsp);
}

/* As the one before in the same slot was. */
static void late(struct backend *b, struct response *rsp)
{
	rsp->req_id -= 1 << 16;
	backend_answer(b, rsp);
}

static void slot(struct backend *b, struct response *rsp)
{
	rsp->req_id |= 0xffff;
	backend_answer(b, rsp);
}

static void idle_slot(struct backend *b, struct response *rsp)
{
	rsp->req_id ^= 1;
	backend_answer(b, rsp);
}

static void twice(struct backend *b, struct response *rsp)
{
	backend_answer(b, rsp);
	backend_answer(b, rsp);
}

static void command(struct backend *b, struct response *rsp)
{
	rsp->cmd ^= 1;
	backend_answer(b, rsp);
}

static void other_socket(struct backend *b, struct response *rsp)
{
	rsp->id++;
	backend_answer(b, rsp);
}

static void jump(struct backend *b, struct response *rsp)
{
	(void)rsp;
	b->ring.prod += 1000;
}

static void back(struct backend *b, struct response *rsp)
{
	(void)rsp;
	b->ring.prod--;
}

static void result(struct backend *b, struct response *rsp)
{
	rsp->ret = b->order.value;
	backend_answer(b, rsp);
}

/* Whatever is behind the result: a ring that is kept, an address. */
static void rubbish(struct backend *b, struct response *rsp)
{
	rsp->value = b->order.value;
	rsp->addr_len = b->order.value;
	memset(rsp->addr, b->order.value, sizeof(rsp->addr));
	backend_answer(b, rsp);
}

static void nothing(struct backend *b, struct response *rsp)
{
	(void)b;
	(void)rsp;
}

static void go_on_mapping(struct backend *b, struct response *rsp)
{
	if (b->lines[0].used && !b->kept.page)
		served_map(&b->kept, b->lines[0].gref, SLOT_BYTES);
	backend_answer(b, rsp);
}

static void set(struct line *line, unsigned int offset, __u32 value)
{
	WRITE_ONCE(*line_word(line, offset), value);
	full_barrier();
	channel_notify(&line->ch);
}

static void in_prod(struct backend *b, struct line *line)
{
	set(line, IN_PROD, *line_word(line, IN_PROD) + b->order.value);
}

static void in_error(struct backend *b, struct line *line)
{
	set(line, IN_ERROR, b->order.value);
}

static void out_cons(struct backend *b, struct line *line)
{
	set(line, OUT_CONS, *line_word(line, OUT_CONS) + b->order.value);
}

static void out_error(struct backend *b, struct line *line)
{
	set(line, OUT_ERROR, b->order.value);
}

#define WILD_MS	1000

/* All that there is before the references, and they too. */
static void wild(struct backend *b, struct line *line)
{
	long long end = now_ms() + WILD_MS;
	unsigned int i;

	srand(b->order.value);
	while (now_ms() < end) {
		for (i = 0; i < 40; i++)
			WRITE_ONCE(*line_word(line, rand() % 64 * 4),
				   rand() % 3 ? rand() % 9000 : rand() - rand());
		channel_notify(&line->ch);
	}
}

static const struct harm harms[] = {
	{ "unasked", unasked, NULL, IS_STOPPED },
	{ "late", late, NULL, IS_STOPPED },
	{ "slot", slot, NULL, IS_STOPPED },
	{ "idle-slot", idle_slot, NULL, IS_STOPPED },
	{ "twice", twice, NULL, IS_STOPPED },
	{ "command", command, NULL, IS_STOPPED },
	{ "socket", other_socket, NULL, IS_STOPPED },
	{ "jump", jump, NULL, IS_STOPPED },
	{ "back", back, NULL, IS_STOPPED },
	{ "ret", result, NULL, GOES_ON },
	{ "rubbish", rubbish, NULL, GOES_ON },
	{ "mute", nothing, NULL, GOES_ON },
	{ "leave", nothing, NULL, IS_LEFT },
	{ "map", go_on_mapping, NULL, IS_LEFT },
	{ "in-prod", NULL, in_prod, IS_STOPPED },
	{ "out-cons", NULL, out_cons, IS_STOPPED },
	{ "in-error", NULL, in_error, GOES_ON },
	{ "out-error", NULL, out_error, GOES_ON },
	{ "wild", NULL, wild, IS_LEFT },
};

static const char *const occasions[] = {
	"socket", "connect", "release", "bind", "listen", "accept",
};

static __u32 occasion(const char *name)
{
	__u32 i;

	for (i = 0; i < ARRAY_SIZE(occasions); i++)
		if (!strcmp(occasions[i], name))
			return i;
	if (!strcmp(name, "data"))
		return DATA;
	if (!strcmp(name, "now"))
		return NOW;
	give_up("it cannot be done at: %s", name);
}

static void harm_path(const struct backend *b, char *path, size_t size)
{
	snprintf(path, size, "%s/harm", b->dev.front);
}

/* Return: whether there is something to be done. */
bool harm_read(struct backend *b)
{
	char path[128], text[64], name[16], when[16], *rest;
	struct order *order = &b->order;
	unsigned int i;
	int head;

	harm_path(b, path, sizeof(path));
	memset(order, 0, sizeof(*order));
	if (!store_read(path, text, sizeof(text)))
		return false;
	if (sscanf(text, "%15s %15s%n", name, when, &head) < 2)
		give_up("no harm: %s", text);
	order->value = strtol(text + head, &rest, 10);
	snprintf(order->rest, sizeof(order->rest), "%.*s%s", head, text, rest);
	order->more = *rest;
	for (i = 0; i < ARRAY_SIZE(harms); i++)
		if (!strcmp(harms[i].name, name))
			order->harm = &harms[i];
	if (!order->harm)
		give_up("no such harm: %s", name);
	order->cmd = occasion(when);
	if (order->cmd == DATA ? !order->harm->data : !order->harm->answer)
		give_up("%s is not for that: %s", name, when);
	return true;
}

/* Not to be done again, but with the next number. */
void harm_done(struct backend *b)
{
	char path[128];

	b->struck = b->order.harm->then != GOES_ON;
	harm_path(b, path, sizeof(path));
	if (b->struck || !b->order.more)
		store_remove(0, path);
	else
		store_write(0, path, b->order.rest);
	if (!b->struck)
		harm_read(b);
}
