/* SPDX-License-Identifier: GPL-2.0 */
/* Loads of a network whose amount is exact, and whose processes sleep while they wait. */
#ifndef NETBENCH_H
#define NETBENCH_H

#include <netinet/in.h>

#include "amount.h"

/* main.c: a socket for streams, of TCP or the guest's PV sockets */
int stream_socket(void);
int connected(const struct sockaddr_in *to);
void serve_each(int sock, void (*serve)(int conn));

/* trips.c */
void trips_serve(int sock);
void trips_go(const struct sockaddr_in *to, const struct amount *amount);
void trips_many(const struct sockaddr_in *to, const struct amount *amount);

/* streams.c */
void streams_serve(int sock);
void streams_send(const struct sockaddr_in *to, const struct amount *amount);
void streams_receive(const struct sockaddr_in *to, const struct amount *amount);

/* connects.c */
void connects_serve(int sock);
void connects_go(const struct sockaddr_in *to, const struct amount *amount);

/* files.c */
void files_small(const struct sockaddr_in *to, const struct amount *amount);
void files_large(const struct sockaddr_in *to, const struct amount *amount);

/* datagrams.c */
void datagrams_serve(int sock);
void datagrams_go(const struct sockaddr_in *to, const struct amount *amount);

#endif
