// SPDX-License-Identifier: GPL-2.0
/* A device and its command ring, from the frontend's side. */
#include <string.h>

#include "sock.h"

static const char *const keys[] = {
	"version", "port", "ring-ref", "request-kept-rings",
};

void guest_open(struct guest *g, struct device *dev, bool keep)
{
	memset(g, 0, sizeof(*g));
	g->dev = dev;
	g->keep = keep;
	g->next = 1;
	ring_open(&g->ring, sizeof(struct request), 0, dev->domid);
	if (g->ring.nr != SLOTS)
		give_up("a ring of %u slots", g->ring.nr);
}

static void publish(struct guest *g)
{
	__u32 txn = store_begin();

	device_put(g->dev, txn, "", "version=1");
	device_put(g->dev, txn, "", "ring-ref=%u", g->ring.pages.gref[0]);
	device_put(g->dev, txn, "", "port=%u", g->ring.ch.port);
	if (g->keep)
		device_put(g->dev, txn, "", "request-kept-rings=1");
	if (!store_commit(txn))
		give_up("the keys cannot be written");
}

/* Begin a life. Return: whether the backend is connected. */
bool guest_begin(struct guest *g)
{
	device_forget(g->dev, keys, ARRAY_SIZE(keys));
	device_state(g->dev, INITIALISING);
	if (!device_wait(g->dev, INIT_WAIT, OK_TIME))
		return false;
	publish(g);
	device_state(g->dev, INITIALISED);
	if (!device_wait(g->dev, CONNECTED, OK_TIME))
		return false;
	device_state(g->dev, CONNECTED);
	return true;
}

/*
 * End it, as the specification has it: memory is free again when the backend is
 * Closing. Return: whether the backend let go of everything by then.
 */
bool guest_close(struct guest *g)
{
	bool closed = true;

	device_state(g->dev, CLOSING);
	if (device_other(g->dev) != CLOSED)
		closed = device_wait(g->dev, CLOSING, OK_TIME);
	closed &= ring_close(&g->ring);
	device_state(g->dev, CLOSED);
	closed &= device_wait(g->dev, CLOSED, OK_TIME);
	return closed;
}

/* Return: the request's id. */
__u32 guest_send(struct guest *g, struct request *req)
{
	req->req_id = g->next++;
	ring_put(&g->ring, req);
	ring_push(&g->ring);
	return req->req_id;
}

static bool take_early(struct guest *g, __u32 req_id, struct response *rsp)
{
	unsigned int i;

	for (i = 0; i < g->nr_early; i++) {
		if (g->early[i].req_id != req_id)
			continue;
		*rsp = g->early[i];
		g->early[i] = g->early[--g->nr_early];
		return true;
	}
	return false;
}

/* Return: whether the response came within the time. */
bool guest_get(struct guest *g, __u32 req_id, struct response *rsp, int ms)
{
	long long end = now_ms() + ms;

	while (!take_early(g, req_id, rsp)) {
		long long left = end - now_ms();

		if (!ring_await(&g->ring, left > 0 ? left : 0))
			return false;
		if (g->nr_early == SLOTS)
			give_up("more answers than requests");
		memcpy(&g->early[g->nr_early++],
		       ring_slot(&g->ring, g->ring.cons++), sizeof(*rsp));
	}
	return true;
}

/* Return: its result. */
int guest_call(struct guest *g, struct request *req, struct response *rsp)
{
	__u32 id = guest_send(g, req);

	if (!guest_get(g, id, rsp, OK_TIME))
		give_up("no answer to command %u", req->cmd);
	if (rsp->cmd != req->cmd || rsp->id != req->id)
		give_up("an answer to command %u of %llu, not %u of %llu",
			rsp->cmd, (unsigned long long)rsp->id, req->cmd,
			(unsigned long long)req->id);
	return rsp->ret;
}
