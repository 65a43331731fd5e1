// SPDX-License-Identifier: GPL-2.0
/*
 * The state table. Pure: user space compiles this file for its tests.
 *
 * Rows are our own state, columns what the other end published. A peer may
 * skip states (firmware goes straight to Connected, boot loaders straight to
 * Closed), so every cell has an answer that leads somewhere.
 */
#include <linux/kernel.h>
#include <xpv/state.h>

#define STATES		(XenbusStateClosed + 1)
#define OWN(state)	[XenbusState##state]

#define STAY	XPV_STAY
#define OPEN	XPV_OPEN
#define REOPEN	XPV_REOPEN
#define PUBLISH	XPV_PUBLISH
#define CONNECT	XPV_CONNECT
#define LOSE	XPV_LOSE
#define SHUT	XPV_SHUT
#define CLOSE	XPV_CLOSE

typedef u8 move_row[STATES];

/*
 * A frontend enters neither InitWait nor, by itself, Closing. A backend that
 * is Connected while we are not serves an earlier life of ours: closing ends
 * that one, and a new one follows.
 */
static const move_row frontend_moves[STATES] = {
/* other:	Unknown	Initing	InitWai	Inited	Connect	Closing	Closed */
OWN(Unknown) = { OPEN,	OPEN,	OPEN,	OPEN,	OPEN,	OPEN,	OPEN },
OWN(Initialising) = {
		STAY,	STAY,	PUBLISH, STAY,	CLOSE,	CLOSE,	STAY },
OWN(InitWait) = { OPEN,	OPEN,	OPEN,	OPEN,	OPEN,	OPEN,	OPEN },
OWN(Initialised) = {
		LOSE,	LOSE,	STAY,	STAY,	CONNECT, CLOSE,	CLOSE },
OWN(Connected) = { LOSE, LOSE,	LOSE,	STAY,	STAY,	CLOSE,	CLOSE },
OWN(Closing) = { LOSE,	LOSE,	LOSE,	STAY,	STAY,	CLOSE,	CLOSE },
OWN(Closed) = {	STAY,	OPEN,	OPEN,	STAY,	STAY,	STAY,	REOPEN },
};

/*
 * Once the toolstack wants the device gone. Its Closing may have been
 * overwritten by a backend that was just connecting, so Connected closes too.
 */
static const move_row frontend_offline_moves[STATES] = {
OWN(Unknown) = { CLOSE,	CLOSE,	CLOSE,	CLOSE,	CLOSE,	CLOSE,	CLOSE },
OWN(Initialising) = {
		STAY,	STAY,	STAY,	STAY,	CLOSE,	CLOSE,	STAY },
OWN(InitWait) = { CLOSE, CLOSE,	CLOSE,	CLOSE,	CLOSE,	CLOSE,	CLOSE },
OWN(Initialised) = {
		CLOSE,	CLOSE,	CLOSE,	CLOSE,	CLOSE,	CLOSE,	CLOSE },
OWN(Connected) = { LOSE, LOSE,	LOSE,	STAY,	SHUT,	SHUT,	SHUT },
OWN(Closing) = { CLOSE,	CLOSE,	CLOSE,	STAY,	STAY,	CLOSE,	CLOSE },
OWN(Closed) = {	STAY,	STAY,	STAY,	STAY,	STAY,	STAY,	STAY },
};

/*
 * A backend enters no Initialised. It answers Closing with Closing and goes on
 * serving until Closed, so that a frontend can flush in between; firmware and
 * boot loaders say Closed at once.
 */
static const move_row backend_moves[STATES] = {
/* other:	Unknown	Initing	InitWai	Inited	Connect	Closing	Closed */
OWN(Unknown) = { OPEN,	OPEN,	OPEN,	OPEN,	OPEN,	OPEN,	OPEN },
OWN(Initialising) = {
		OPEN,	OPEN,	OPEN,	OPEN,	OPEN,	OPEN,	OPEN },
OWN(InitWait) = { STAY,	STAY,	STAY,	CONNECT, CONNECT, SHUT,	CLOSE },
OWN(Initialised) = {
		OPEN,	OPEN,	OPEN,	OPEN,	OPEN,	OPEN,	OPEN },
OWN(Connected) = { CLOSE, LOSE,	LOSE,	STAY,	STAY,	SHUT,	CLOSE },
OWN(Closing) = { CLOSE,	LOSE,	LOSE,	STAY,	STAY,	STAY,	CLOSE },
OWN(Closed) = {	STAY,	OPEN,	OPEN,	STAY,	STAY,	STAY,	STAY },
};

/* The toolstack's Closing may have been overwritten by our own Connected. */
static const move_row backend_offline_moves[STATES] = {
OWN(Unknown) = { CLOSE,	CLOSE,	CLOSE,	CLOSE,	CLOSE,	CLOSE,	CLOSE },
OWN(Initialising) = {
		CLOSE,	CLOSE,	CLOSE,	CLOSE,	CLOSE,	CLOSE,	CLOSE },
OWN(InitWait) = { CLOSE, CLOSE,	CLOSE,	CLOSE,	CLOSE,	SHUT,	CLOSE },
OWN(Initialised) = {
		CLOSE,	CLOSE,	CLOSE,	CLOSE,	CLOSE,	CLOSE,	CLOSE },
OWN(Connected) = { CLOSE, CLOSE, CLOSE,	SHUT,	SHUT,	SHUT,	CLOSE },
OWN(Closing) = { CLOSE,	CLOSE,	CLOSE,	STAY,	STAY,	STAY,	CLOSE },
OWN(Closed) = {	STAY,	STAY,	STAY,	STAY,	STAY,	STAY,	STAY },
};

static const move_row *const moves[2][2] = {
	[XPV_FRONTEND] = { frontend_offline_moves, frontend_moves },
	[XPV_BACKEND] = { backend_offline_moves, backend_moves },
};

enum xpv_move xpv_state_next(enum xpv_side side, enum xenbus_state own,
			     enum xenbus_state other, bool online)
{
	if ((unsigned int)other >= STATES || (unsigned int)own >= STATES)
		return XPV_FAULT;
	return moves[side][online][own][other];
}

#define TO(state)	(1U << XenbusState##state)

/* Bit n of row s: an end of that side may go from s to n. */
static const u16 legal[2][STATES] = {
	[XPV_FRONTEND] = {
		OWN(Unknown) = TO(Initialising) | TO(Closed),
		OWN(Initialising) = TO(Initialising) | TO(Initialised) |
				    TO(Closing) | TO(Closed),
		OWN(InitWait) = TO(Initialising) | TO(Closed),
		OWN(Initialised) = TO(Initialising) | TO(Connected) |
				   TO(Closing) | TO(Closed),
		OWN(Connected) = TO(Initialising) | TO(Closing) | TO(Closed),
		OWN(Closing) = TO(Initialising) | TO(Closed),
		OWN(Closed) = TO(Initialising),
	},
	[XPV_BACKEND] = {
		OWN(Unknown) = TO(InitWait) | TO(Closed),
		OWN(Initialising) = TO(InitWait) | TO(Closing) | TO(Closed),
		OWN(InitWait) = TO(InitWait) | TO(Connected) | TO(Closing) |
				TO(Closed),
		OWN(Initialised) = TO(InitWait) | TO(Closed),
		OWN(Connected) = TO(InitWait) | TO(Closing) | TO(Closed),
		OWN(Closing) = TO(InitWait) | TO(Closed),
		OWN(Closed) = TO(InitWait),
	},
};

bool xpv_state_legal(enum xpv_side side, enum xenbus_state from,
		     enum xenbus_state to)
{
	if ((unsigned int)from >= STATES || (unsigned int)to >= STATES)
		return false;
	return legal[side][from] & (1U << to);
}

/*
 * A peer is seen through coalesced events, so almost any jump can be explained
 * by states nobody saw. What cannot: numbers that are no state of a split
 * device (Reconfiguring and Reconfigured belong to PCI), and a frontend that
 * falls from Connected back to Initialised, for which it would have had to see
 * us leave Connected, while we are Connected.
 */
bool xpv_peer_legal(enum xpv_side side, enum xenbus_state own,
		    enum xenbus_state from, enum xenbus_state to)
{
	if ((unsigned int)to >= STATES)
		return false;
	return !(side == XPV_FRONTEND && own == XenbusStateConnected &&
		 from == XenbusStateConnected && to == XenbusStateInitialised);
}

const char *xpv_state_name(enum xenbus_state state)
{
	static const char *const names[] = {
		"Unknown", "Initialising", "InitWait", "Initialised",
		"Connected", "Closing", "Closed", "Reconfiguring",
		"Reconfigured",
	};

	return (unsigned int)state < ARRAY_SIZE(names) ? names[state] :
							 "Invalid";
}

const char *xpv_move_name(enum xpv_move move)
{
	static const char *const names[] = {
		"stay", "open", "reopen", "publish", "connect", "lose",
		"shut", "close", "fault",
	};

	return (unsigned int)move < ARRAY_SIZE(names) ? names[move] : "?";
}
