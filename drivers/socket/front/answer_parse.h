/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a backend answers, and what it says of streams, before anybody believes
 * it. Pure: user space compiles answer_parse.c for its tests.
 */
#ifndef PVCFRONT_ANSWER_PARSE_H
#define PVCFRONT_ANSWER_PARSE_H

#include <linux/types.h>
#include <xpv/pvcalls.h>

/* Families as they are on the wire, whatever system made them. */
#define PVCFRONT_INET	2
#define PVCFRONT_INET6	10

/**
 * struct pvcfront_asked - what a slot of the table has asked
 * @out: it waits for an answer
 * @req_id: its number, whose low half is the slot's place in the table
 * @cmd: the command
 * @id: the socket
 */
struct pvcfront_asked {
	bool out;
	u32 req_id;
	u32 cmd;
	u64 id;
};

/**
 * struct pvcfront_addr - an address
 * @family: %PVCFRONT_INET or %PVCFRONT_INET6, 0 if it is not known
 * @port: in network order
 * @ip: 4 or 16 bytes
 * @scope: of a link-local IPv6 address
 */
struct pvcfront_addr {
	u16 family;
	u8 port[2];
	u8 ip[16];
	u32 scope;
};

/**
 * pvcfront_answer_find() - which request a response is to
 * @asked: the table
 * @nr: its slots
 * @rsp: a private copy of the response; untrusted
 *
 * Return: the slot, or -EILSEQ if nothing such was asked.
 */
int pvcfront_answer_find(const struct pvcfront_asked *asked, unsigned int nr,
			 const struct xpv_pvcalls_response *rsp);

/**
 * pvcfront_errno() - a backend's answer as an error of ours
 * @ret: the answer; untrusted
 *
 * Return: 0, or an error that programs know and that makes the kernel do
 * nothing but hand it on.
 */
int pvcfront_errno(s32 ret);

/**
 * enum pvcfront_stream - what a stream's error says
 * @PVCFRONT_OPEN: nothing
 * @PVCFRONT_ENDED: no more will come, in order
 * @PVCFRONT_LOST: the connection is lost
 */
enum pvcfront_stream {
	PVCFRONT_OPEN,
	PVCFRONT_ENDED,
	PVCFRONT_LOST,
};

/**
 * pvcfront_stream_in() - what the error of the stream to us says
 * @error: as the page has it; untrusted
 * @err: set to a negative errno if the connection is lost
 */
enum pvcfront_stream pvcfront_stream_in(s32 error, int *err);

/**
 * pvcfront_stream_out() - what the error of the stream from us says
 * @error: as the page has it; untrusted
 * @err: set to a negative errno if the connection is lost
 *
 * %PVCFRONT_ENDED means that the peer reads no more.
 */
enum pvcfront_stream pvcfront_stream_out(s32 error, int *err);

/**
 * pvcfront_addr_put() - an address as the wire has it
 * @addr: the address
 * @wire: filled
 *
 * Return: bytes of @wire that count.
 */
u32 pvcfront_addr_put(const struct pvcfront_addr *addr,
		      u8 wire[XPV_PVCALLS_ADDR]);

/**
 * pvcfront_addr_get() - an address from the wire
 * @addr: filled; of no family if the backend told none that makes sense
 * @wire: a private copy; untrusted
 * @len: bytes that the backend says there are; untrusted
 */
void pvcfront_addr_get(struct pvcfront_addr *addr,
		       const u8 wire[XPV_PVCALLS_ADDR], u32 len);

/**
 * pvcfront_addr_to_inet() - an IPv6 address as an IPv4 one
 * @addr: the address; changed if that can be
 *
 * Those that hold one (::ffff:a.b.c.d), and the one that means any.
 *
 * Return: whether it is one of IPv4 now.
 */
bool pvcfront_addr_to_inet(struct pvcfront_addr *addr);

/**
 * pvcfront_addr_to_inet6() - an IPv4 address as sockets of IPv6 show it
 * @addr: the address; changed if it is of IPv4
 */
void pvcfront_addr_to_inet6(struct pvcfront_addr *addr);

#endif
