/* SPDX-License-Identifier: GPL-2.0 */
/* Loads of a network whose amount is exact, and whose processes sleep while they wait. */
#ifndef NETBENCH_H
#define NETBENCH_H

#include <netinet/in.h>

#include "amount.h"

/* trips.c */
void trips_serve(int sock);
void trips_go(const struct sockaddr_in *to, const struct amount *amount);

/* datagrams.c */
void datagrams_serve(int sock);
void datagrams_go(const struct sockaddr_in *to, const struct amount *amount);

#endif
