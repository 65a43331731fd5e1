// SPDX-License-Identifier: GPL-2.0
/* A share's ring, from the frontend's side. */
#include <string.h>

#include "p9.h"

#define STATE_MS 10000

__u32 *share_index(struct share *sh, unsigned int offset)
{
	return (__u32 *)((char *)sh->index.mem + offset);
}

static void lay_out(struct share *sh, unsigned int order)
{
	unsigned int i;

	memset(sh->index.mem, 0, PAGE_BYTES);
	*share_index(sh, RING_ORDER) = order;
	for (i = 0; i < sh->data.nr; i++)
		share_index(sh, RING_REFS)[i] = sh->data.gref[i];
	sh->half = PAGE_BYTES << order >> 1;
	sh->out_prod = 0;
	sh->in_cons = 0;
}

static void publish(struct share *sh)
{
	__u32 txn = store_begin();

	device_put(sh->dev, txn, "", "version=1");
	device_put(sh->dev, txn, "", "num-rings=1");
	device_put(sh->dev, txn, "", "ring-ref0=%u", sh->index.gref[0]);
	device_put(sh->dev, txn, "", "event-channel-0=%u", sh->ch.port);
	if (!store_commit(txn))
		give_up("the keys cannot be written");
}

void share_open(struct share *sh, struct device *dev, unsigned int order)
{
	memset(sh, 0, sizeof(*sh));
	sh->dev = dev;
	pages_grant(&sh->index, 1, true);
	pages_grant(&sh->data, 1U << order, true);
	lay_out(sh, order);
	channel_open(&sh->ch, dev->domid);
}

static bool present(struct share *sh)
{
	device_state(sh->dev, INITIALISING);
	if (!device_wait(sh->dev, INIT_WAIT, STATE_MS))
		return false;
	publish(sh);
	device_state(sh->dev, INITIALISED);
	return true;
}

/* Begin a life. Return: whether the backend is connected. */
bool share_begin(struct share *sh)
{
	if (!present(sh) || !device_wait(sh->dev, CONNECTED, STATE_MS))
		return false;
	device_state(sh->dev, CONNECTED);
	return true;
}

/* Begin one that is not to be. Return: whether the backend will have none of it. */
bool share_refused(struct share *sh)
{
	return present(sh) && device_wait(sh->dev, CLOSED, STATE_MS);
}

/*
 * End it, as the specification has it: memory is free again when the backend is
 * Closing. Return: whether the backend let go of everything by then.
 */
bool share_close(struct share *sh)
{
	bool closed = true;

	device_state(sh->dev, CLOSING);
	if (device_other(sh->dev) != CLOSED)
		closed = device_wait(sh->dev, CLOSING, STATE_MS);
	channel_close(&sh->ch);
	pages_end(&sh->data);
	pages_end(&sh->index);
	closed &= pages_ended(&sh->data);
	closed &= pages_ended(&sh->index);
	device_state(sh->dev, CLOSED);
	closed &= device_wait(sh->dev, CLOSED, STATE_MS);
	return closed;
}

__u32 share_room(struct share *sh)
{
	return sh->half - (sh->out_prod -
			   READ_ONCE(*share_index(sh, OUT_CONS)));
}

void share_put(struct share *sh, const void *from, __u32 len)
{
	__u8 *out = (__u8 *)sh->data.mem + sh->half;
	__u32 i;

	for (i = 0; i < len; i++)
		out[(sh->out_prod + i) & (sh->half - 1)] =
			((const __u8 *)from)[i];
	sh->out_prod += len;
}

void share_push(struct share *sh)
{
	full_barrier();
	WRITE_ONCE(*share_index(sh, OUT_PROD), sh->out_prod);
	full_barrier();
	channel_notify(&sh->ch);
}

static __u32 waiting(struct share *sh)
{
	__u32 prod = READ_ONCE(*share_index(sh, IN_PROD));

	full_barrier();
	return prod - sh->in_cons;
}

static void copy_in(struct share *sh, __u32 len)
{
	const __u8 *in = sh->data.mem;
	__u32 i;

	for (i = 0; i < len; i++)
		sh->answer[i] = in[(sh->in_cons + i) & (sh->half - 1)];
}

static bool take(struct share *sh)
{
	__u32 ready = waiting(sh);

	if (ready < HEAD)
		return false;
	copy_in(sh, HEAD);
	sh->answer_len = answer_number(sh, 0, 4);
	if (sh->answer_len < HEAD || sh->answer_len > sizeof(sh->answer))
		give_up("an answer of %u bytes", sh->answer_len);
	if (ready < sh->answer_len)
		return false;
	copy_in(sh, sh->answer_len);
	sh->in_cons += sh->answer_len;
	full_barrier();
	WRITE_ONCE(*share_index(sh, IN_CONS), sh->in_cons);
	channel_notify(&sh->ch);
	return true;
}

/* The next answer, whosever it is. Return: whether one came within the time. */
bool share_get(struct share *sh, int ms)
{
	long long end = now_ms() + ms;

	while (!take(sh)) {
		long long left = end - now_ms();

		if (left <= 0)
			return false;
		channel_wait(&sh->ch, left);
	}
	return true;
}
