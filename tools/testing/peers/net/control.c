// SPDX-License-Identifier: GPL-2.0
/* The control ring, and what it says of hashes. */
#include <string.h>

#include "net.h"

#define ANSWER_MS 10000

/* No part of it is like another. */
const __u8 control_key[KEY_BYTES] = {
	0x6d, 0x5a, 0x56, 0xda, 0x25, 0x5b, 0x0e, 0xc2, 0x41, 0x67, 0x25, 0x3d, 0x43, 0xa3,
	0x8f, 0xb0, 0xd0, 0xca, 0x2b, 0xcb, 0xae, 0x7b, 0x30, 0xb4, 0x77, 0xcb, 0x2d, 0xa3,
	0x80, 0x30, 0xf2, 0x0c, 0x6a, 0x42, 0xb7, 0x3b, 0xbe, 0xac, 0x01, 0xfa,
};

void control_open(struct ring *ring, unsigned int domid)
{
	ring_open(ring, sizeof(struct ctrl_request), 0, domid);
}

/* Return: whether the answer is to this question. */
bool control_ask(struct ring *ring, unsigned int type, const __u32 *data,
		 struct ctrl_response *response)
{
	struct ctrl_request request = { .id = ring->prod + 77, .type = type };

	memcpy(request.data, data, sizeof(request.data));
	ring_put(ring, &request);
	ring_push(ring);
	if (!ring_await(ring, ANSWER_MS))
		give_up("control request %u is not answered", type);
	memcpy(response, ring_slot(ring, ring->cons++), sizeof(*response));
	return !differs("the answer's id", response->id, request.id) &
	       !differs("the answer's type", response->type, type);
}

bool control_is(struct ring *ring, unsigned int status, unsigned int type, __u32 a, __u32 b,
		__u32 c)
{
	const __u32 data[3] = { a, b, c };
	struct ctrl_response response;

	if (!control_ask(ring, type, data, &response))
		return false;
	if (response.status == status)
		return true;
	note("request %u (%u, %u, %u): status %u, not %u", type, a, b, c, response.status, status);
	return false;
}

static bool set_mapping(struct ring *ring, unsigned int entries, unsigned int queue)
{
	struct pages page;
	unsigned int i;
	bool good;

	pages_grant(&page, 1, false);
	for (i = 0; i < entries; i++)
		((__u32 *)page.mem)[i] = queue;
	good = control_is(ring, CTRL_OKAY, CTRL_SET_MAPPING, page.gref[0], entries, 0);
	pages_end(&page);
	return pages_ended(&page) & good;
}

static bool set_key(struct ring *ring, bool zero)
{
	struct pages page;
	bool good;

	pages_grant(&page, 1, false);
	memset(page.mem, 0, KEY_BYTES);
	if (!zero)
		memcpy(page.mem, control_key, KEY_BYTES);
	good = control_is(ring, CTRL_OKAY, CTRL_SET_KEY, page.gref[0], KEY_BYTES, 0);
	pages_end(&page);
	return pages_ended(&page) & good;
}

/* What Windows sends at every change: all of it, whatever it is that changed. */
bool control_sequence(struct ring *ring, unsigned int entries, unsigned int queue, bool zero_key,
		      __u32 flags)
{
	return control_is(ring, CTRL_OKAY, CTRL_SET_ALGORITHM, 1, 0, 0) &&
	       control_is(ring, CTRL_OKAY, CTRL_SET_SIZE, entries, 0, 0) &&
	       (!entries || set_mapping(ring, entries, queue)) && set_key(ring, zero_key) &&
	       control_is(ring, CTRL_OKAY, CTRL_SET_FLAGS, flags, 0, 0);
}
