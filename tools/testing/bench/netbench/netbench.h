/* SPDX-License-Identifier: GPL-2.0 */
/* Loads of a network whose amount is exact, and whose processes sleep while they wait. */
#ifndef NETBENCH_H
#define NETBENCH_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

/**
 * struct amount - how much of a load
 * @count: so many, if not 0
 * @ns: else as many as fit in this time
 */
struct amount {
	uint64_t count;
	uint64_t ns;
};

/* main.c */
_Noreturn void give_up(const char *format, ...)
	__attribute__((format(printf, 1, 2)));
uint64_t now_ns(void);
bool is_done(const struct amount *amount, uint64_t done, uint64_t start);
void tell_speed(uint64_t done, uint64_t start);

/* trips.c */
void trips_serve(int sock);
void trips_go(const struct sockaddr_in *to, const struct amount *amount);

/* datagrams.c */
void datagrams_serve(int sock);
void datagrams_go(const struct sockaddr_in *to, const struct amount *amount);

#endif
