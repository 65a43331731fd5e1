// SPDX-License-Identifier: GPL-2.0
/* UDP, echoed by a server that compares, too. */
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "netload.h"

/* What a datagram begins with; its size is told apart from its length. */
struct head {
	uint32_t seed;
	uint32_t size;
};

#define SMALLEST sizeof(struct head)
#define LARGEST 65507

static bool is_whole(const unsigned char *data, size_t len, struct head *head)
{
	if (len < sizeof(*head))
		return false;
	memcpy(head, data, sizeof(*head));
	if (head->size != len) {
		printf("a datagram of %u bytes came as %zu\n", head->size, len);
		return false;
	}
	return table_matches(data + sizeof(*head), len - sizeof(*head), stream_start(head->seed));
}

/* Echo what is right; what is not stays without an answer, and is told here. */
void udp_serve(int sock)
{
	static unsigned char data[CHUNK_MAX];
	struct address from;
	struct head head;
	ssize_t len;

	for (;;) {
		from.len = sizeof(from.v6);
		len = recvfrom(sock, data, sizeof(data), 0, &from.any, &from.len);
		if (len > 0 && is_whole(data, len, &head))
			sendto(sock, data, len, 0, &from.any, from.len);
	}
}

static size_t fill(const struct sweep *sweep, unsigned char *data, unsigned int i)
{
	struct head head = { .seed = sweep->seed + i, .size = sweep_size(sweep, i) };

	memcpy(data, &head, sizeof(head));
	memcpy(data + sizeof(head), table_at(sweep_start(sweep, i)), head.size - sizeof(head));
	return head.size;
}

static int check(const struct sweep *sweep, const unsigned char *data, size_t len)
{
	struct head head;

	if (!is_whole(data, len, &head) || sweep_size(sweep, head.seed - sweep->seed) != head.size)
		give_up("a datagram came back wrong");
	return head.seed - sweep->seed;
}

void udp_open(struct sweep *sweep, const struct address *to)
{
	if (sweep->from < SMALLEST || sweep_size(sweep, sweep->nr - 1) > LARGEST)
		give_up("no such sizes");
	sweep->fill = fill;
	sweep->check = check;
	sweep->sock = socket(to->any.sa_family, SOCK_DGRAM, 0);
	if (sweep->sock < 0 || connect(sweep->sock, &to->any, to->len))
		give_up("no socket");
}
