// SPDX-License-Identifier: GPL-2.0
/*
 * A backend, in dom0, that offers as little as QEMU's: copies into one slot, one
 * queue, one channel, no feature at all; and connects only when its frontend
 * says Connected. Unlike QEMU's of today it has a network behind it. It may also
 * offer to filter groups, if it is asked for that before it connects.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/if_packet.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

/* The headers that are shipped to user space lack them. */
#define domid_t unsigned short
#define grant_ref_t unsigned int
#include <xen/evtchn.h>
#include <xen/gntdev.h>

#include "net.h"
#include "packet.h"

#define PACKET_BYTES 4094 /* as QEMU has it */
#define GROUPS_MAX 64

/**
 * struct served - a ring, from this end
 * @page: where it is mapped
 * @index: the device's name for it
 * @slot: bytes of a slot
 * @cons: requests taken so far
 * @prod: responses put so far
 */
struct served {
	__u8 *page;
	__u64 index;
	unsigned int slot;
	__u32 cons;
	__u32 prod;
};

/**
 * struct bare - the backend
 * @dev: its device: "front" is what it writes, "back" its frontend
 * @tx: what the frontend sends
 * @rx: what it receives
 * @ch: their channel
 * @gntdev: the device for its grants
 * @sock: the network
 * @sent: packets that the frontend sent
 * @received: packets that it received
 * @unasked: packets that were more than was offered
 * @filters: groups have to be asked for
 * @groups: those that were
 * @nr_groups: how many
 * @kept: packets for others, which were kept back
 */
struct bare {
	struct device dev;
	struct served tx;
	struct served rx;
	struct channel ch;
	int gntdev;
	int sock;
	unsigned int sent;
	unsigned int received;
	unsigned int unasked;
	bool filters;
	__u8 groups[GROUPS_MAX][MAC_BYTES];
	unsigned int nr_groups;
	unsigned int kept;
};

#define RING_SLOTS 256

/* The words at the head of a ring. */
enum { REQ_PROD, REQ_EVENT, RSP_PROD, RSP_EVENT };

static __u32 *word(const struct served *ring, unsigned int i)
{
	return (__u32 *)ring->page + i;
}

static void *slot_at(const struct served *ring, __u32 index)
{
	return ring->page + 64 + index % RING_SLOTS * ring->slot;
}

static __u32 waiting(const struct served *ring)
{
	__u32 nr = READ_ONCE(*word(ring, REQ_PROD)) - ring->cons;

	full_barrier();
	return nr > RING_SLOTS ? 0 : nr;
}

/* Ask for an event with the next request. Return: how many came meanwhile. */
static __u32 waiting_at_last(const struct served *ring)
{
	WRITE_ONCE(*word(ring, REQ_EVENT), ring->cons + 1);
	full_barrier();
	return waiting(ring);
}

static void push(struct bare *bare, struct served *ring)
{
	__u32 old = READ_ONCE(*word(ring, RSP_PROD));

	full_barrier();
	WRITE_ONCE(*word(ring, RSP_PROD), ring->prod);
	full_barrier();
	if (ring->prod - READ_ONCE(*word(ring, RSP_EVENT)) < ring->prod - old)
		channel_notify(&bare->ch);
}

/* Between DATA and a page of the frontend's. Return: whether Xen did it. */
static bool copy(struct bare *bare, void *data, unsigned int len, __u32 gref, __u16 offset,
		 bool out)
{
	struct gntdev_grant_copy_segment segment = { .len = len };
	struct ioctl_gntdev_grant_copy arg = { .count = 1, .segments = &segment };

	if (out) {
		segment.source.virt = data;
		segment.dest.foreign.ref = gref;
		segment.dest.foreign.offset = offset;
		segment.dest.foreign.domid = bare->dev.domid;
	} else {
		segment.source.foreign.ref = gref;
		segment.source.foreign.offset = offset;
		segment.source.foreign.domid = bare->dev.domid;
		segment.dest.virt = data;
	}
	segment.flags = out ? 1 << 1 : 1 << 0; /* which of them is a grant */
	return !ioctl(bare->gntdev, IOCTL_GNTDEV_GRANT_COPY, &arg) && !segment.status;
}

static int group_index(const struct bare *bare, const __u8 *group)
{
	unsigned int i;

	for (i = 0; i < bare->nr_groups; i++)
		if (!memcmp(bare->groups[i], group, MAC_BYTES))
			return i;
	return -1;
}

/* The slot behind the request says which, and whether it comes or goes. */
static int take_group(struct bare *bare)
{
	struct extra extra;
	int i;

	memcpy(&extra, slot_at(&bare->tx, bare->tx.cons++), sizeof(extra));
	i = group_index(bare, extra.mcast);
	if (extra.type == EXTRA_MCAST_ADD && i < 0 && bare->nr_groups < GROUPS_MAX)
		memcpy(bare->groups[bare->nr_groups++], extra.mcast, MAC_BYTES);
	else if (extra.type == EXTRA_MCAST_DEL && i >= 0)
		memcpy(bare->groups[i], bare->groups[--bare->nr_groups], MAC_BYTES);
	else
		return TXS_ERROR;
	return TXS_OKAY;
}

/* What is for a group that nobody asked for. */
static bool is_kept(struct bare *bare, const __u8 *to)
{
	static const __u8 all[MAC_BYTES] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };

	if (!bare->filters || !(to[0] & 1) || !memcmp(to, all, MAC_BYTES) ||
	    group_index(bare, to) >= 0)
		return false;
	bare->kept++;
	return true;
}

static int take(struct bare *bare, const struct tx_request *request)
{
	static struct packet packet;

	if ((request->flags & (TX_MORE | TX_EXTRA)) || request->size > PACKET_BYTES ||
	    request->offset + request->size > PAGE_BYTES) {
		bare->unasked++;
		return TXS_ERROR;
	}
	memset(&packet.head, 0, sizeof(packet.head));
	if (!copy(bare, packet.data, request->size, request->gref, request->offset, false))
		return TXS_ERROR;
	if (request->flags & TX_BLANK)
		packet_wants_sum(&packet);
	bare->sent++;
	packet_send(bare->sock, &packet, request->size);
	return TXS_OKAY;
}

static void serve_tx(struct bare *bare)
{
	struct tx_request request;
	struct tx_response response;
	bool group;

	while (waiting(&bare->tx) || waiting_at_last(&bare->tx)) {
		memcpy(&request, slot_at(&bare->tx, bare->tx.cons++), sizeof(request));
		response.id = request.id;
		group = bare->filters && request.flags & TX_EXTRA;
		response.status = group ? take_group(bare) : take(bare, &request);
		memcpy(slot_at(&bare->tx, bare->tx.prod++), &response, sizeof(response));
		response.status = TXS_NULL;
		if (group)
			memcpy(slot_at(&bare->tx, bare->tx.prod++), &response, sizeof(response));
		push(bare, &bare->tx);
	}
}

static void serve_rx(struct bare *bare)
{
	static struct packet packet;
	struct rx_response response = {};
	struct rx_request request;
	ssize_t len;

	while (waiting(&bare->rx)) {
		len = packet_receive(bare->sock, &packet);
		if (len <= 0)
			return;
		if (len > PACKET_BYTES || is_kept(bare, packet.data))
			continue;
		memcpy(&request, slot_at(&bare->rx, bare->rx.cons++), sizeof(request));
		response.id = request.id;
		response.status = copy(bare, packet.data, len, request.gref, 0, true) ? len : -1;
		bare->received += response.status > 0;
		memcpy(slot_at(&bare->rx, bare->rx.prod++), &response, sizeof(response));
		push(bare, &bare->rx);
	}
}

static void map(struct bare *bare, struct served *ring, const char *key, unsigned int slot)
{
	struct ioctl_gntdev_map_grant_ref arg = { .count = 1 };

	memset(ring, 0, sizeof(*ring));
	arg.refs[0].domid = bare->dev.domid;
	arg.refs[0].ref = device_number(&bare->dev, key, 0);
	if (ioctl(bare->gntdev, IOCTL_GNTDEV_MAP_GRANT_REF, &arg))
		give_up("%s: %s", key, strerror(errno));
	ring->index = arg.index;
	ring->slot = slot;
	ring->page =
		mmap(NULL, PAGE_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, bare->gntdev, arg.index);
	if (ring->page == MAP_FAILED)
		give_up("%s cannot be mapped: %s", key, strerror(errno));
}

static void unmap(struct bare *bare, struct served *ring)
{
	struct ioctl_gntdev_unmap_grant_ref arg = { .index = ring->index, .count = 1 };

	munmap(ring->page, PAGE_BYTES);
	ioctl(bare->gntdev, IOCTL_GNTDEV_UNMAP_GRANT_REF, &arg);
}

static void bind_channel(struct bare *bare)
{
	struct ioctl_evtchn_bind_interdomain arg = {
		.remote_domain = bare->dev.domid,
		.remote_port = device_number(&bare->dev, "event-channel", 0),
	};
	int port;

	bare->ch.fd = open("/dev/xen/evtchn", O_RDWR);
	port = ioctl(bare->ch.fd, IOCTL_EVTCHN_BIND_INTERDOMAIN, &arg);
	if (port < 0)
		give_up("event-channel %u: %s", arg.remote_port, strerror(errno));
	bare->ch.port = port;
}

/* Until the frontend says something else than Connected. */
static void serve(struct bare *bare)
{
	struct pollfd ready[3];

	do {
		serve_tx(bare);
		serve_rx(bare);
		ready[0] = (struct pollfd){ .fd = bare->ch.fd, .events = POLLIN };
		ready[1] = (struct pollfd){ .fd = store_fd(), .events = POLLIN };
		ready[2] = (struct pollfd){ .fd = bare->sock };
		if (waiting_at_last(&bare->rx))
			ready[2].events = POLLIN;
		poll(ready, ARRAY_SIZE(ready), 1000);
		if (ready[0].revents)
			channel_wait(&bare->ch, 0);
		if (ready[1].revents)
			store_drain();
	} while (device_other(&bare->dev) == CONNECTED);
}

static void live(struct bare *bare)
{
	device_state(&bare->dev, INIT_WAIT);
	while (!device_wait(&bare->dev, CONNECTED, 1000))
		if (device_other(&bare->dev) == GONE)
			return;
	map(bare, &bare->tx, "tx-ring-ref", sizeof(struct tx_request));
	map(bare, &bare->rx, "rx-ring-ref", sizeof(struct rx_request));
	bind_channel(bare);
	rule("is asked to copy", device_number(&bare->dev, "request-rx-copy", 0) == 1);
	rule("is asked for one queue", device_number(&bare->dev, "multi-queue-num-queues", 1) == 1);
	if (bare->filters)
		rule("is asked to filter before it connects",
		     device_number(&bare->dev, "request-multicast-control", 0) == 1);
	device_state(&bare->dev, CONNECTED);
	serve(bare);
	if (bare->filters) {
		note("%u groups were asked for, %u packets for others", bare->nr_groups,
		     bare->kept);
		rule("is asked for groups", bare->nr_groups > 0);
		rule("keeps back what is for others", bare->kept > 0);
	}
	device_state(&bare->dev, CLOSING);
	channel_close(&bare->ch);
	unmap(bare, &bare->tx);
	unmap(bare, &bare->rx);
	device_state(&bare->dev, CLOSED);
	note("%u packets were sent, %u received", bare->sent, bare->received);
	rule("is sent no more than it offered", !differs("packets too much", bare->unasked, 0));
}

/* One life of the backend of that guest's vif 0. */
void bare_backend(const char *domid, const char *interface, bool filters)
{
	static struct bare bare;
	char path[160];

	report_as("bare");
	bare.dev.domid = atoi(domid);
	snprintf(bare.dev.front, sizeof(bare.dev.front), "/local/domain/0/backend/bare/%s/0",
		 domid);
	snprintf(bare.dev.back, sizeof(bare.dev.back), "/local/domain/%s/device/vif/0", domid);
	store_open();
	snprintf(path, sizeof(path), "%s/state", bare.dev.back);
	store_watch(path);
	device_put(&bare.dev, 0, "", "feature-rx-copy=1");
	bare.filters = filters;
	if (filters)
		device_put(&bare.dev, 0, "", "feature-multicast-control=1");
	bare.gntdev = open("/dev/xen/gntdev", O_RDWR);
	bare.sock = packet_open(interface);
	if (bare.gntdev < 0 || fcntl(bare.sock, F_SETFL, O_NONBLOCK))
		give_up("/dev/xen/gntdev: %s", strerror(errno));
	live(&bare);
}
