/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What programs expect of stream sockets, tried on TCP or on PV sockets. Each
 * check prints "ok - WHAT" or "not ok - WHAT", or "skip - WHAT" if the backend
 * cannot do it; notes behind a "#".
 */
#ifndef POSIXSOCK_H
#define POSIXSOCK_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <xpv/pvsock.h>

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

/* Calls that must succeed, or fail with an error, for a check to hold. */
bool works_at(const char *file, int line, const char *call, long long result);
bool fails_at(const char *file, int line, const char *call, long long result,
	      int error);
bool same_at(const char *file, int line, const char *what, long long is,
	     long long should);

#define works(call)		works_at(__FILE__, __LINE__, #call, call)
#define fails(call, error)	fails_at(__FILE__, __LINE__, #call, call, error)
#define same(is, should)	same_at(__FILE__, __LINE__, #is, is, should)

/* What the backend can, as the check is told on the command line. */
extern bool has_names;
extern bool has_shutdown;
extern bool has_options;
extern bool has_inet6;

/* net.c: sockets of the kind and at the address that is being tried */
extern int protocol;
extern struct in_addr address;
extern struct in6_addr address6;
extern unsigned int check_port;
int make_socket(int flags);
int listen_on(unsigned int port, int backlog);
int start_connect(int fd, unsigned int port);
int connect_to(unsigned int port);
bool make_pair(int pair[2]);
void close_pair(int pair[2]);
size_t fill_up(int fd);
long long now_ms(void);
bool send_text(int fd, const char *text);
bool gets_text(int fd, const char *text);
int events_of(int fd, int events, int ms);
unsigned int count_events(int epoll, int ms);
void fill(unsigned char *to, size_t at, size_t len);
bool is_filled(const unsigned char *data, size_t at, size_t len);

/* connect.c */
bool check_echo(void);
bool check_nonblock(void);
bool check_refused(void);
bool check_states(void);
bool check_accept(void);
bool check_in_use(void);
bool check_names(void);
bool check_again(void);
bool check_many(void);
bool check_cycles(void);
bool check_backlog(void);
bool check_crowd(void);
bool check_late(void);
bool check_inet6(void);
bool check_six(void);
bool check_wishes(void);

/* data.c */
bool check_stream(void);
bool check_vectors(void);
bool check_flags(void);
bool check_full(void);
bool check_slow(void);
bool check_timeouts(void);
bool check_amount(void);
bool check_sendfile(void);
bool check_splice(void);
bool check_faults(void);

/* end.c */
bool check_closed(void);
bool check_half(void);
bool check_shut(void);
bool check_pipe(void);
bool check_reset(void);
bool check_linger(void);
bool check_patient(void);
bool check_lost(void);

/* wait.c */
bool check_poll(void);
bool check_select(void);
bool check_edge(void);
bool check_once(void);
bool check_room(void);
bool check_signals(void);
bool check_fork(void);
bool check_passing(void);
bool check_threads(void);
bool check_options(void);
bool check_protocol(void);
bool check_cork(void);

#endif
