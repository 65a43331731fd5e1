/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Network traffic of which every byte is known, so that every byte is compared.
 *
 * The bytes are those of one table of random ones, over and over. Its length is
 * prime: whatever is lost, doubled or swapped in a unit that drivers know (a
 * slot, a page, a segment) shifts what follows.
 */
#ifndef NETLOAD_H
#define NETLOAD_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CHUNK_MAX 65536

/* A socket's address of either family. */
struct address {
	union {
		struct sockaddr any;
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
	};
	socklen_t len;
};

/* table.c */
void table_make(void);
const void *table_at(uint64_t offset);
int table_file(void);
uint64_t table_file_offset(uint64_t offset);
bool table_matches(const void *data, size_t len, uint64_t offset);
uint64_t stream_start(uint32_t seed);

/* main.c */
_Noreturn void give_up(const char *format, ...) __attribute__((format(printf, 1, 2)));
long long now_ms(void);
uint32_t any(uint32_t *state, uint32_t below);

/* tcp.c */
enum exchange { EXCHANGE_RIGHT, EXCHANGE_LOST, EXCHANGE_WRONG };

void tcp_serve(int sock);
enum exchange tcp_exchange(const struct address *to, uint64_t bytes, uint32_t seed);

/**
 * struct sweep - datagrams of one size after the other
 * @from: the smallest
 * @step: from one size to the next
 * @nr: how many sizes
 * @sock: to the other end
 * @fill: make the datagram of that number; its length
 * @check: compare one that came back; its number, or -1 if it is none
 * @seed: of the first one
 * @sent: how many were sent, those that were lost and sent again included
 * @done: which have come back
 */
struct sweep {
	unsigned int from;
	unsigned int step;
	unsigned int nr;
	int sock;
	size_t (*fill)(const struct sweep *sweep, unsigned char *data, unsigned int i);
	int (*check)(const struct sweep *sweep, const unsigned char *data, size_t len);
	uint32_t seed;
	unsigned int sent;
	bool done[CHUNK_MAX];
};

/* sweep.c */
unsigned int sweep_size(const struct sweep *sweep, unsigned int i);
uint64_t sweep_start(const struct sweep *sweep, unsigned int i);
bool sweep_run(struct sweep *sweep);

/* udp.c */
void udp_serve(int sock);
void udp_open(struct sweep *sweep, const struct address *to);

/* ping.c */
void ping_open(struct sweep *sweep, const struct address *to, bool whole);

/* xdp.c */
_Noreturn void xdp_run(const char *interface, const char *what);

#endif
