/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The life of a split device as one table: which step follows from our own
 * state and from the other end's.
 *
 * The states are the XenbusState* of the public header io/xenbus.h. Nothing
 * here sleeps, locks or calls Xen; user space compiles state.c for its tests.
 */
#ifndef XPV_STATE_H
#define XPV_STATE_H

#include <linux/types.h>
#include <xen/interface/io/xenbus.h>

/**
 * enum xpv_side - which end of the pair this domain holds
 * @XPV_FRONTEND: the guest's end
 * @XPV_BACKEND: the serving end, in dom0 or in a driver domain
 */
enum xpv_side {
	XPV_FRONTEND,
	XPV_BACKEND,
};

/**
 * enum xpv_move - one step of a device's life
 * @XPV_STAY: nothing to do until something changes
 * @XPV_OPEN: start a life: a backend publishes its features and enters
 *	InitWait, a frontend enters Initialising
 * @XPV_REOPEN: as %XPV_OPEN, but only after a back-off: the other end closed
 *	a device that is still wanted
 * @XPV_PUBLISH: frontend only: publish rings and enter Initialised
 * @XPV_CONNECT: read the other end's keys, start the data path, enter
 *	Connected
 * @XPV_LOSE: the other end went away or began a new life: stop the data path,
 *	keep the device, and start again as %XPV_OPEN does
 * @XPV_SHUT: the other end, or the toolstack, asks for an orderly end: a
 *	backend enters Closing and goes on serving; a frontend takes the device
 *	away and enters Closed, unless it finds itself busy
 * @XPV_CLOSE: stop the data path and enter Closed; a frontend keeps its device
 * @XPV_FAULT: the other end did what no peer may do: report it and close
 */
enum xpv_move {
	XPV_STAY,
	XPV_OPEN,
	XPV_REOPEN,
	XPV_PUBLISH,
	XPV_CONNECT,
	XPV_LOSE,
	XPV_SHUT,
	XPV_CLOSE,
	XPV_FAULT,
};

/**
 * xpv_state_next() - the next step of a device
 * @side: which end we are
 * @own: the state we are in
 * @other: the state the other end published; Unknown if its node is gone.
 *	Untrusted: any number is accepted.
 * @online: the backend's "online" node: false once the toolstack wants the
 *	device gone
 *
 * Context: any; pure.
 * Return: the step to take. Taking it changes @own, so a caller asks again
 * until the answer is %XPV_STAY. %XPV_FAULT if either state is none.
 */
enum xpv_move xpv_state_next(enum xpv_side side, enum xenbus_state own,
			     enum xenbus_state other, bool online);

/**
 * xpv_state_legal() - whether an end of the given side may go @from -> @to
 * @side: which end moves
 * @from: the state it was in
 * @to: the state it goes to; untrusted when it is a peer's
 *
 * Our own ends obey it strictly. Peers are held to it loosely, because events
 * coalesce and a reader may miss states in between: only what no sequence of
 * legal moves explains is illegal.
 *
 * Context: any; pure.
 */
bool xpv_state_legal(enum xpv_side side, enum xenbus_state from,
		     enum xenbus_state to);

/**
 * xpv_peer_legal() - whether a peer may be seen in @to after @from
 * @side: the peer's side
 * @own: our own state meanwhile
 * @from: the state it was last seen in
 * @to: the state it is seen in now; untrusted
 *
 * Context: any; pure.
 */
bool xpv_peer_legal(enum xpv_side side, enum xenbus_state own,
		    enum xenbus_state from, enum xenbus_state to);

/**
 * xpv_state_name() - a state in words
 * @state: any number
 *
 * Return: a constant string, "Invalid" for a number that is no state.
 */
const char *xpv_state_name(enum xenbus_state state);

/**
 * xpv_move_name() - a step in words
 * @move: the step
 */
const char *xpv_move_name(enum xpv_move move);

#endif
