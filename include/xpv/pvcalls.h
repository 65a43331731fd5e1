/* SPDX-License-Identifier: GPL-2.0 */
/*
 * PV Calls, as both ends of ours speak it: what xen/interface/io/pvcalls.h does
 * not have. docs/misc/pvcalls of the Xen source is the protocol; this is what
 * is offered beyond it. "versions" and "function-calls" stay "1", because stock
 * frontends insist.
 *
 * Everything here is off with an end that does not know it. There are two
 * kinds:
 *
 *  - What the backend offers by a key of its own and a frontend takes up by
 *    using it: %XPV_PVCALLS_INET6, %XPV_PVCALLS_NAMES, %XPV_PVCALLS_OPTIONS,
 *    %XPV_PVCALLS_SHUTDOWN, %XPV_PVCALLS_ACCEPTS, %XPV_PVCALLS_COMMAND_ORDER.
 *  - What changes the meaning of what stock ends do, and so holds only if the
 *    backend offers it and the frontend has asked for it by a key of its own,
 *    put beside its ring: %XPV_PVCALLS_KEPT_RINGS with
 *    %XPV_PVCALLS_REQUEST_KEPT_RINGS, %XPV_PVCALLS_RING_EVENTS with
 *    %XPV_PVCALLS_REQUEST_RING_EVENTS.
 *
 * A command that the backend does not know is answered with -524 (ENOTSUP), as
 * the protocol has it. Other errors are those of Linux, negative.
 *
 * Sockets. A socket exists from SOCKET to RELEASE, and options may be set in
 * between at any time. Each request is answered once, also the ones that wait:
 * RELEASE has CONNECT, ACCEPT and POLL that wait for its socket answered with
 * -ECONNABORTED before it is answered itself.
 *
 * Ends of streams. The bytes before an error count: the backend shows them
 * before it sets the error.
 *  - in_error = -ENOTCONN: the peer sent all it ever will. The guest may go on
 *    sending.
 *  - in_error and out_error = any other: the connection is lost, by that error.
 *  - out_error = -EPIPE: nothing that is sent gets there any more. in_error is
 *    what it was, and is set when nothing more is to be received.
 * Neither is ever -EAGAIN.
 */
#ifndef XPV_PVCALLS_H
#define XPV_PVCALLS_H

#include <linux/build_bug.h>
#include <linux/types.h>

/* Keys of the protocol; the backend's, then the frontend's. */
#define XPV_PVCALLS_VERSIONS		"versions"
#define XPV_PVCALLS_MAX_ORDER		"max-page-order"
#define XPV_PVCALLS_CALLS		"function-calls"
#define XPV_PVCALLS_VERSION		"version"
#define XPV_PVCALLS_RING_REF		"ring-ref"
#define XPV_PVCALLS_PORT		"port"

/*
 * Backend: "1" if SOCKET takes AF_INET6 (10) too, and addresses are a
 * sockaddr_in6 of Linux: family, port, flow, 16 bytes of address, scope.
 */
#define XPV_PVCALLS_INET6		"feature-inet6"

/*
 * Backend: "1" if it knows %XPV_PVCALLS_NAME, and responses without error to
 * CONNECT and BIND carry the socket's own address, those to ACCEPT the peer's,
 * in xpv_pvcalls_response.addr.
 */
#define XPV_PVCALLS_NAMES		"feature-names"

/* Backend: "1" if it knows %XPV_PVCALLS_SET and %XPV_PVCALLS_GET. */
#define XPV_PVCALLS_OPTIONS		"feature-socket-options"

/* Backend: "1" if it knows %XPV_PVCALLS_SHUT. */
#define XPV_PVCALLS_SHUTDOWN		"feature-shutdown"

/*
 * Backend: how many ACCEPT may wait for connections on one listening socket;
 * absent means 1. They are served in their order. One more is answered with
 * -EBUSY at once. A POLL may wait beside them: one on each socket.
 */
#define XPV_PVCALLS_ACCEPTS		"max-accepts"

/*
 * Backend: how large the command ring may be, in pages as a power of two;
 * absent means 0. A frontend that wants more than one page puts
 * "ring-page-order", and "ring-ref0" and so on instead of "ring-ref". A request
 * that waits takes a slot: one page has 32 of them.
 */
#define XPV_PVCALLS_COMMAND_ORDER	"max-command-page-order"
#define XPV_PVCALLS_RING_ORDER		"ring-page-order"

/*
 * Backend: how many rings it keeps mapped for later sockets; frontend: "1" if
 * it asks for that. Without, "reuse" of RELEASE means nothing: stock frontends
 * leave rubbish there.
 *
 * RELEASE with "reuse" = 1 may leave the ring mapped and its event channel
 * bound. The response's xpv_pvcalls_response.value says whether: 1 if so, and
 * then the frontend must not take its pages back; 0 if not. A later CONNECT or
 * ACCEPT that names the same ref and evtchn uses it as it is, without looking
 * at ring_order and ref[] again. Before that the frontend sets indices, errors
 * and thresholds of the page to what they are in a fresh one; the backend
 * touches none of them after it answered RELEASE. If such a command fails the
 * ring is kept as before (value 1), while one that was mapped for it is
 * unmapped (value 0). %XPV_PVCALLS_FORGET unmaps a ring. All are gone when
 * either end leaves Connected.
 */
#define XPV_PVCALLS_KEPT_RINGS		"max-kept-rings"
#define XPV_PVCALLS_REQUEST_KEPT_RINGS	"request-kept-rings"

/*
 * Both: "1" if the ends send events of data rings only where the thresholds of
 * &struct xpv_bytes_intf ask for it: xpv_bytes_ask(). An error that is set
 * always comes with an event. Without, the backend sends one whenever the
 * frontend may be waiting, as stock frontends wait, and expects the same.
 */
#define XPV_PVCALLS_RING_EVENTS		"feature-ring-events"
#define XPV_PVCALLS_REQUEST_RING_EVENTS	"request-ring-events"

/* Room for an address in requests and responses. */
#define XPV_PVCALLS_ADDR		28

/**
 * enum xpv_pvcalls_command - commands beyond the protocol's 0 to 6
 * @XPV_PVCALLS_SET: set an option, xpv_pvcalls_request.option
 * @XPV_PVCALLS_GET: get one, into xpv_pvcalls_response.value
 * @XPV_PVCALLS_NAME: get an address, into xpv_pvcalls_response.addr
 * @XPV_PVCALLS_SHUT: end one direction or both. With sending the backend first
 *	sends all that out_prod showed when it took the request; it answers at
 *	once. With receiving it sets in_error to -ENOTCONN.
 * @XPV_PVCALLS_FORGET: unmap a kept ring. -ENOENT if there is none of that ref,
 *	-EBUSY if a socket uses it.
 */
enum xpv_pvcalls_command {
	XPV_PVCALLS_SET = 256,
	XPV_PVCALLS_GET = 257,
	XPV_PVCALLS_NAME = 258,
	XPV_PVCALLS_SHUT = 259,
	XPV_PVCALLS_FORGET = 260,
};

/**
 * enum xpv_pvcalls_option - options, by numbers that are nobody's own
 * @XPV_PVCALLS_REUSEADDR: SO_REUSEADDR, 0 or 1
 * @XPV_PVCALLS_KEEPALIVE: SO_KEEPALIVE, 0 or 1
 * @XPV_PVCALLS_LINGER: what RELEASE does with what was not sent yet: -1 sends
 *	it in the background (as a socket begins), 0 drops it and resets the
 *	connection. Waiting is the frontend's to do. Set only
 * @XPV_PVCALLS_NODELAY: TCP_NODELAY, 0 or 1
 * @XPV_PVCALLS_CORK: TCP_CORK, 0 or 1
 * @XPV_PVCALLS_KEEPIDLE: TCP_KEEPIDLE, seconds
 * @XPV_PVCALLS_KEEPINTVL: TCP_KEEPINTVL, seconds
 * @XPV_PVCALLS_KEEPCNT: TCP_KEEPCNT
 * @XPV_PVCALLS_USER_TIMEOUT: TCP_USER_TIMEOUT, milliseconds
 * @XPV_PVCALLS_V6ONLY: IPV6_V6ONLY, 0 or 1; of AF_INET6
 * @XPV_PVCALLS_UNSENT: SIOCOUTQ, bytes that the peer has not acknowledged; those
 *	in the ring come to it. Get only
 *
 * Any other is answered with -ENOPROTOOPT, a value out of range with -EINVAL.
 */
enum xpv_pvcalls_option {
	XPV_PVCALLS_REUSEADDR = 1,
	XPV_PVCALLS_KEEPALIVE = 2,
	XPV_PVCALLS_LINGER = 3,
	XPV_PVCALLS_NODELAY = 4,
	XPV_PVCALLS_CORK = 5,
	XPV_PVCALLS_KEEPIDLE = 6,
	XPV_PVCALLS_KEEPINTVL = 7,
	XPV_PVCALLS_KEEPCNT = 8,
	XPV_PVCALLS_USER_TIMEOUT = 9,
	XPV_PVCALLS_V6ONLY = 10,
	XPV_PVCALLS_UNSENT = 11,
};

/* xpv_pvcalls_request.name.which */
#define XPV_PVCALLS_OWN_NAME	0
#define XPV_PVCALLS_PEER_NAME	1

/* xpv_pvcalls_request.shut.how, as shutdown() has it */
#define XPV_PVCALLS_SHUT_RD	0
#define XPV_PVCALLS_SHUT_WR	1
#define XPV_PVCALLS_SHUT_RDWR	2

/**
 * struct xpv_pvcalls_request - a request, with the commands above
 * @req_id: echoed in the response
 * @cmd: the command
 * @u: as the command has it
 * @u.socket: SOCKET
 * @u.connect: CONNECT
 * @u.release: RELEASE
 * @u.bind: BIND
 * @u.listen: LISTEN
 * @u.accept: ACCEPT
 * @u.poll: POLL
 * @u.option: %XPV_PVCALLS_SET and %XPV_PVCALLS_GET
 * @u.name: %XPV_PVCALLS_NAME
 * @u.shut: %XPV_PVCALLS_SHUT
 * @u.forget: %XPV_PVCALLS_FORGET; @u.forget.id is only echoed
 * @u.bytes: makes it the same size everywhere
 *
 * The first seven are those of the public header.
 */
struct xpv_pvcalls_request {
	u32 req_id;
	u32 cmd;
	union {
		struct {
			u64 id;
			u32 domain;
			u32 type;
			u32 protocol;
		} socket;
		struct {
			u64 id;
			u8 addr[XPV_PVCALLS_ADDR];
			u32 len;
			u32 flags;
			u32 ref;
			u32 evtchn;
		} connect;
		struct {
			u64 id;
			u8 reuse;
		} release;
		struct {
			u64 id;
			u8 addr[XPV_PVCALLS_ADDR];
			u32 len;
		} bind;
		struct {
			u64 id;
			u32 backlog;
		} listen;
		struct {
			u64 id;
			u64 id_new;
			u32 ref;
			u32 evtchn;
		} accept;
		struct {
			u64 id;
		} poll;
		struct {
			u64 id;
			u32 option;
			s32 value;
		} option;
		struct {
			u64 id;
			u32 which;
		} name;
		struct {
			u64 id;
			u32 how;
		} shut;
		struct {
			u64 id;
			u32 ref;
		} forget;
		u8 bytes[56];
	} u;
};

/**
 * struct xpv_pvcalls_response - a response: the protocol's, and in the rest of
 *	the slot what the commands above need
 * @req_id: the request's
 * @cmd: the request's
 * @ret: 0 or a negative error
 * @pad: 0
 * @id: the request's
 * @value: of an option; or whether a ring is kept mapped
 * @addr_len: bytes of @addr, 0 for none
 * @addr: an address
 * @pad2: 0
 */
struct xpv_pvcalls_response {
	u32 req_id;
	u32 cmd;
	s32 ret;
	u32 pad;
	u64 id;
	s32 value;
	u32 addr_len;
	u8 addr[XPV_PVCALLS_ADDR];
	u32 pad2;
};

/* Bytes of a slot of the command ring. */
#define XPV_PVCALLS_SLOT	64

static_assert(sizeof(struct xpv_pvcalls_request) == XPV_PVCALLS_SLOT);
static_assert(sizeof(struct xpv_pvcalls_response) == XPV_PVCALLS_SLOT);

#endif
