// SPDX-License-Identifier: GPL-2.0
/*
 * A backend, in dom0, that offers as little as QEMU's: copies into one slot, one
 * queue, one channel, no feature at all; and connects only when its frontend
 * says Connected. Unlike QEMU's of today it has a network behind it. It may also
 * offer to filter groups, if it is asked for that before it connects; see how bursts are
 * published; and look at what is in pages beside packets.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/if_packet.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net.h"
#include "packet.h"

#define PACKET_BYTES 4094 /* as QEMU has it */
#define GROUPS_MAX 64
#define GREFS_MAX 65536

/* What xpv-frames sends is looked at while it comes. */
#define BURST_BYTES 60
#define QUIET_MS 300

/**
 * struct bare - the backend
 * @dev: its device: "front" is what it writes, "back" its frontend
 * @tx: what the frontend sends
 * @rx: what it receives
 * @ch: their channel
 * @sock: the network
 * @sent: packets that the frontend sent
 * @received: packets that it received
 * @unasked: packets that were more than was offered
 * @filters: groups have to be asked for
 * @groups: those that were
 * @nr_groups: how many
 * @kept: packets for others, which were kept back
 * @bursts: what is published in one step is looked at
 * @watched: the first request that was not there when it was
 * @burst: packets that came in bursts
 * @steps: in so many steps
 * @looks: all of each page is looked at
 * @seen: what pages have shown, by their grants; zeroes where it was no packet
 * @leaks: bytes that were neither of a packet nor had ever been
 */
struct bare {
	struct device dev;
	struct served tx;
	struct served rx;
	struct channel ch;
	int sock;
	unsigned int sent;
	unsigned int received;
	unsigned int unasked;
	bool filters;
	__u8 groups[GROUPS_MAX][MAC_BYTES];
	unsigned int nr_groups;
	unsigned int kept;
	bool bursts;
	__u32 watched;
	unsigned int burst;
	unsigned int steps;
	bool looks;
	__u8 *seen[GREFS_MAX];
	unsigned int leaks;
};

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

	memcpy(&extra, served_slot(&bare->tx, bare->tx.cons++), sizeof(extra));
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

/*
 * A page may be used again, and still have what it had before, which was sent to us.
 * Whatever else is in it was not meant for us.
 */
static void look_beside(struct bare *bare, const struct tx_request *request)
{
	static __u8 page[PAGE_BYTES];
	__u8 **seen = &bare->seen[request->gref % GREFS_MAX];
	unsigned int i, leaks = 0;

	if (!*seen)
		*seen = calloc(1, PAGE_BYTES);
	if (!*seen || !served_copy(page, PAGE_BYTES, request->gref, 0, false))
		give_up("a page of the frontend's cannot be read");
	memcpy(*seen + request->offset, page + request->offset, request->size);
	for (i = 0; i < PAGE_BYTES; i++)
		leaks += page[i] && page[i] != (*seen)[i];
	if (leaks && !bare->leaks)
		note("a page with %u bytes from %u on has %u others in it", request->size,
		     request->offset, leaks);
	bare->leaks += leaks;
}

static int take(struct bare *bare, const struct tx_request *request)
{
	static struct packet packet;

	if ((request->flags & (TX_MORE | TX_EXTRA)) || request->size > PACKET_BYTES ||
	    request->offset + request->size > PAGE_BYTES) {
		bare->unasked++;
		return TXS_ERROR;
	}
	if (bare->looks)
		look_beside(bare, request);
	memset(&packet.head, 0, sizeof(packet.head));
	if (!served_copy(packet.data, request->size, request->gref, request->offset, false))
		return TXS_ERROR;
	if (request->flags & TX_BLANK)
		packet_wants_sum(&packet);
	bare->sent++;
	packet_send(bare->sock, &packet, request->size);
	return TXS_OKAY;
}

/* Do nothing but see how the producer moves, until it does not. */
static void watch(struct bare *bare)
{
	__u32 seen = served_waiting(&bare->tx), now;
	long long end = now_ms() + QUIET_MS;

	bare->steps++;
	while (now_ms() < end) {
		now = served_waiting(&bare->tx);
		if (now == seen)
			continue;
		seen = now;
		bare->steps++;
		end = now_ms() + QUIET_MS;
	}
	bare->burst += seen;
	bare->watched = bare->tx.cons + seen;
}

static void look_for_burst(struct bare *bare)
{
	struct tx_request request;

	memcpy(&request, served_slot(&bare->tx, bare->tx.cons), sizeof(request));
	if (bare->bursts && request.size == BURST_BYTES &&
	    (__s32)(bare->tx.cons - bare->watched) >= 0)
		watch(bare);
}

static void serve_tx(struct bare *bare)
{
	struct tx_request request;
	struct tx_response response;
	bool group;

	while (served_waiting(&bare->tx) || served_waiting_at_last(&bare->tx)) {
		look_for_burst(bare);
		memcpy(&request, served_slot(&bare->tx, bare->tx.cons++), sizeof(request));
		response.id = request.id;
		group = bare->filters && request.flags & TX_EXTRA;
		response.status = group ? take_group(bare) : take(bare, &request);
		memcpy(served_slot(&bare->tx, bare->tx.prod++), &response, sizeof(response));
		response.status = TXS_NULL;
		if (group)
			memcpy(served_slot(&bare->tx, bare->tx.prod++), &response,
			       sizeof(response));
		served_push(&bare->tx, &bare->ch);
	}
}

static void serve_rx(struct bare *bare)
{
	static struct packet packet;
	struct rx_response response = {};
	struct rx_request request;
	ssize_t len;

	while (served_waiting(&bare->rx)) {
		len = packet_receive(bare->sock, &packet);
		if (len <= 0)
			return;
		if (len > PACKET_BYTES || is_kept(bare, packet.data))
			continue;
		memcpy(&request, served_slot(&bare->rx, bare->rx.cons++), sizeof(request));
		response.id = request.id;
		response.status = served_copy(packet.data, len, request.gref, 0, true) ? len : -1;
		bare->received += response.status > 0;
		memcpy(served_slot(&bare->rx, bare->rx.prod++), &response, sizeof(response));
		served_push(&bare->rx, &bare->ch);
	}
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
		if (served_waiting_at_last(&bare->rx))
			ready[2].events = POLLIN;
		poll(ready, ARRAY_SIZE(ready), 1000);
		if (ready[0].revents)
			channel_wait(&bare->ch, 0);
		if (ready[1].revents)
			store_drain();
	} while (device_other(&bare->dev) == CONNECTED);
}

/* What was found of the frontend besides. */
static void tell(const struct bare *bare)
{
	if (bare->filters) {
		note("%u groups were asked for, %u packets for others", bare->nr_groups,
		     bare->kept);
		rule("is asked for groups", bare->nr_groups > 0);
		rule("keeps back what is for others", bare->kept > 0);
	}
	if (bare->bursts) {
		note("%u packets of bursts were published in %u steps", bare->burst, bare->steps);
		rule("a burst is published in one step",
		     bare->burst > 100 && bare->steps * 8 <= bare->burst);
	}
	if (bare->looks)
		rule("pages have nothing in them but packets",
		     !differs("bytes that are of no packet", bare->leaks, 0));
}

static void live(struct bare *bare)
{
	device_state(&bare->dev, INIT_WAIT);
	while (!device_wait(&bare->dev, CONNECTED, 1000))
		if (device_other(&bare->dev) == GONE)
			return;
	served_map(&bare->tx, device_number(&bare->dev, "tx-ring-ref", 0),
		   sizeof(struct tx_request));
	served_map(&bare->rx, device_number(&bare->dev, "rx-ring-ref", 0),
		   sizeof(struct rx_request));
	channel_bind(&bare->ch, bare->dev.domid, device_number(&bare->dev, "event-channel", 0));
	rule("is asked to copy", device_number(&bare->dev, "request-rx-copy", 0) == 1);
	rule("is asked for one queue", device_number(&bare->dev, "multi-queue-num-queues", 1) == 1);
	if (bare->filters)
		rule("is asked to filter before it connects",
		     device_number(&bare->dev, "request-multicast-control", 0) == 1);
	device_state(&bare->dev, CONNECTED);
	serve(bare);
	tell(bare);
	device_state(&bare->dev, CLOSING);
	channel_close(&bare->ch);
	served_unmap(&bare->tx);
	served_unmap(&bare->rx);
	device_state(&bare->dev, CLOSED);
	note("%u packets were sent, %u received", bare->sent, bare->received);
	rule("is sent no more than it offered", !differs("packets too much", bare->unasked, 0));
}

static bool has_word(char **words, const char *word)
{
	for (; *words; words++)
		if (!strcmp(*words, word))
			return true;
	return false;
}

/* One life of the backend of that guest's vif 0. WORDS are what it does besides. */
void bare_backend(const char *domid, const char *interface, char **words)
{
	static struct bare bare;

	report_as("bare");
	device_serve(&bare.dev, "bare", "vif", domid, "0");
	device_put(&bare.dev, 0, "", "feature-rx-copy=1");
	bare.filters = has_word(words, "filters");
	bare.bursts = has_word(words, "bursts");
	bare.looks = has_word(words, "looks");
	if (bare.filters)
		device_put(&bare.dev, 0, "", "feature-multicast-control=1");
	bare.sock = packet_open(interface);
	if (fcntl(bare.sock, F_SETFL, O_NONBLOCK))
		give_up("the network's socket: %s", strerror(errno));
	live(&bare);
}
