// SPDX-License-Identifier: GPL-2.0
/*
 * drivers/xenbus/state.c: what each cell must say, what holds for all of them,
 * that two of our ends always find each other, and that the peers in use do
 * not get stuck with us.
 */
#include "unit.h"
#include <string.h>
#include <linux/kernel.h>
#include <xpv/state.h>

/* Short names, in the order of the states. */
enum { U, I, W, R, C, X, Z, STATES };

static const char state_letters[] = "UIWRCXZ";

/* The state an end is in after a move. */
static int after(enum xpv_side side, enum xpv_move move, int own)
{
	switch (move) {
	case XPV_OPEN:
	case XPV_REOPEN:
	case XPV_LOSE:
		return side == XPV_BACKEND ? W : I;
	case XPV_PUBLISH:
		return R;
	case XPV_CONNECT:
		return C;
	case XPV_SHUT:
		return side == XPV_BACKEND ? X : Z;
	case XPV_CLOSE:
	case XPV_FAULT:
		return Z;
	default:
		return own;
	}
}

/*
 * What is expected, written from the state descriptions and from what peers
 * do. A row per own state, a letter per state of the other end:
 *   . nothing is claimed	- stay		o open
 *   r reopen			p publish	c connect
 *   l lose			s shut		z close
 * Capital letters stand for a choice: A for open or stay.
 */
static const char *const expected[2][2][STATES] = {
	[XPV_FRONTEND] = {
		[true] = {
			/*	 UIWRCXZ */
			[U] =	"oooo.oo",
			[I] =	"--p-zz-",
			[W] =	".......",
			[R] =	"ll--czz",
			[C] =	"lll--zz",
			[X] =	".......",
			[Z] =	"-oo---r",
		},
		[false] = {
			/* Nothing new begins; busy devices are asked. */
			[U] =	"zzzzzzz",
			[I] =	"---....",
			[W] =	".......",
			/* A backend may have written over a Closing. */
			[R] =	"....zzz",
			[C] =	"l...sss",
			[X] =	".......",
			[Z] =	"-------",
		},
	},
	[XPV_BACKEND] = {
		[true] = {
			/*	 UIWRCXZ */
			[U] =	"ooooooo",
			[I] =	"ooooooo",
			[W] =	"---ccsz",
			[R] =	".......",
			[C] =	"zll--sz",
			[X] =	"zll---z",
			[Z] =	"Aoo----",
		},
		[false] = {
			/*	 UIWRCXZ */
			[U] =	"zzzzzzz",
			[I] =	"zzzzzzz",
			[W] =	"zzzzzsz",
			[R] =	".......",
			[C] =	"z...ssz",
			[X] =	"z..---z",
			[Z] =	"-------",
		},
	},
};

static bool matches(char want, enum xpv_move move)
{
	switch (want) {
	case '.': return true;
	case '-': return move == XPV_STAY;
	case 'o': return move == XPV_OPEN;
	case 'r': return move == XPV_REOPEN;
	case 'p': return move == XPV_PUBLISH;
	case 'c': return move == XPV_CONNECT;
	case 'l': return move == XPV_LOSE;
	case 's': return move == XPV_SHUT;
	case 'z': return move == XPV_CLOSE;
	case 'A': return move == XPV_OPEN || move == XPV_STAY;
	}
	return false;
}

#define for_each_cell(side, online, own, other)				\
	for (side = XPV_FRONTEND; side <= XPV_BACKEND; side++)		\
		for (online = 0; online <= 1; online++)			\
			for (own = U; own < STATES; own++)		\
				for (other = U; other < STATES; other++)

static void cells(void **state)
{
	int side, online, own, other;

	for_each_cell(side, online, own, other) {
		enum xpv_move move = xpv_state_next(side, own, other, online);
		char want = expected[side][online][own][other];

		if (!matches(want, move))
			fail_msg("%s, online=%d: own %s, other %s: %s, not %c",
				 side ? "backend" : "frontend", online,
				 xpv_state_name(own), xpv_state_name(other),
				 xpv_move_name(move), want);
	}
}

static void no_state_is_a_fault(void **state)
{
	static const int bogus[] = {
		7, 8, 9, 100, -1, 0x7fffffff, -0x7fffffff - 1, 1 << 16, 256,
	};
	unsigned int i;
	int side, good;

	for (i = 0; i < ARRAY_SIZE(bogus); i++)
		for (good = U; good < STATES; good++)
			for (side = 0; side < 2; side++) {
				enum xenbus_state bad = bogus[i];
				enum xpv_move move;

				move = xpv_state_next(side, good, bad, true);
				assert_int_equal(move, XPV_FAULT);
				move = xpv_state_next(side, bad, good, false);
				assert_int_equal(move, XPV_FAULT);
				assert_false(xpv_state_legal(side, good, bad));
				assert_false(xpv_state_legal(side, bad, good));
				assert_false(xpv_peer_legal(side, C, good,
							    bad));
			}
}

static void only_legal_moves(void **state)
{
	int side, online, own, other;

	for_each_cell(side, online, own, other) {
		enum xpv_move move = xpv_state_next(side, own, other, online);
		int to = after(side, move, own);

		assert_true(move != XPV_FAULT);
		if (move != XPV_STAY && to != own &&
		    !xpv_state_legal(side, own, to))
			fail_msg("%s, online=%d: own %s, other %s: %s to %s",
				 side ? "backend" : "frontend", online,
				 xpv_state_name(own), xpv_state_name(other),
				 xpv_move_name(move), xpv_state_name(to));
	}
}

/* Only a backend enters InitWait, only a frontend Initialised. */
static void states_of_a_side(void **state)
{
	int from;

	for (from = U; from < STATES; from++) {
		assert_false(xpv_state_legal(XPV_FRONTEND, from, W));
		assert_false(xpv_state_legal(XPV_BACKEND, from, R));
		assert_false(xpv_state_legal(XPV_BACKEND, from, I));
		assert_false(xpv_state_legal(XPV_FRONTEND, from, U));
		assert_false(xpv_state_legal(XPV_BACKEND, from, U));
	}
}

/* Take steps while the other end stands still; -1 if they do not end. */
static int settle(enum xpv_side side, int own, int other, bool online)
{
	int steps;

	for (steps = 0; steps < 8; steps++) {
		enum xpv_move move = xpv_state_next(side, own, other, online);

		if (move == XPV_STAY)
			return own;
		own = after(side, move, own);
	}
	return -1;
}

/* One end alone comes to rest, while the other does nothing. */
static void comes_to_rest(void **state)
{
	int side, online, own, other;

	for_each_cell(side, online, own, other)
		if (settle(side, own, other, online) < 0)
			fail_msg("%s, online=%d: own %s, other %s: no rest",
				 side ? "backend" : "frontend", online,
				 xpv_state_name(own), xpv_state_name(other));
}

/* Offline, neither end begins or goes on to a new life. */
static void offline_begins_nothing(void **state)
{
	int side, own, other;

	for (side = 0; side < 2; side++)
		for (own = U; own < STATES; own++)
			for (other = U; other < STATES; other++) {
				enum xpv_move move =
					xpv_state_next(side, own, other, false);

				assert_true(move != XPV_OPEN);
				assert_true(move != XPV_REOPEN);
				assert_true(move != XPV_PUBLISH);
				assert_true(move != XPV_CONNECT);
			}
}

/*
 * Two of our ends, and what each last saw of the other. A toolstack that wants
 * the device gone writes Closing over the backend's state, if that is not
 * Closed; the frontend sees it until the backend writes again.
 */
struct two_ends {
	int front, back;
	int seen_back, seen_front;
	int overwritten;
};

#define TWO_ENDS	(STATES * STATES * STATES * STATES * 2)

static int number(struct two_ends e)
{
	return (((e.front * STATES + e.back) * STATES + e.seen_back) * STATES +
		e.seen_front) * 2 + e.overwritten;
}

static struct two_ends ends(int n)
{
	struct two_ends e;

	e.overwritten = n % 2;
	n /= 2;
	e.seen_front = n % STATES;
	n /= STATES;
	e.seen_back = n % STATES;
	n /= STATES;
	e.back = n % STATES;
	e.front = n / STATES;
	return e;
}

static struct two_ends front_looks(struct two_ends e)
{
	e.seen_back = e.overwritten ? X : e.back;
	return e;
}

static struct two_ends back_looks(struct two_ends e)
{
	e.seen_front = e.front;
	return e;
}

static struct two_ends front_moves(struct two_ends e, bool online)
{
	e.front = after(XPV_FRONTEND, xpv_state_next(XPV_FRONTEND, e.front,
						     e.seen_back, online),
			e.front);
	return e;
}

static struct two_ends back_moves(struct two_ends e, bool online)
{
	enum xpv_move move = xpv_state_next(XPV_BACKEND, e.back, e.seen_front,
					    online);

	if (move == XPV_STAY)
		return e;
	e.back = after(XPV_BACKEND, move, e.back);
	e.overwritten = false;
	return e;
}

/* The four things that can happen next, in any order. */
static void successors(int n, bool online, int next[4])
{
	next[0] = number(front_looks(ends(n)));
	next[1] = number(back_looks(ends(n)));
	next[2] = number(front_moves(ends(n), online));
	next[3] = number(back_moves(ends(n), online));
}

/* Mark what can still reach a goal, going backwards until nothing changes. */
static void spread(bool good[TWO_ENDS], bool online)
{
	int n, i, next[4];
	bool more = true;

	while (more) {
		more = false;
		for (n = 0; n < TWO_ENDS; n++) {
			if (good[n])
				continue;
			successors(n, online, next);
			for (i = 0; i < 4 && !good[n]; i++)
				good[n] = good[next[i]];
			more |= good[n];
		}
	}
}

static void fail_stuck(int n, bool online)
{
	struct two_ends e = ends(n);

	fail_msg("online=%d: stuck with front %c (sees %c), back %c (sees %c)",
		 online, state_letters[e.front], state_letters[e.seen_back],
		 state_letters[e.back], state_letters[e.seen_front]);
}

/*
 * From every pair of states, however late each end learns of the other, there
 * is a way to Connected on both sides. Since it is so from every pair, it is so
 * again wherever the two may have gone meanwhile.
 */
static void two_ends_connect(void **state)
{
	static bool good[TWO_ENDS];
	int n;

	good[number((struct two_ends){ C, C, C, C, false })] = true;
	spread(good, true);
	for (n = 0; n < TWO_ENDS; n++)
		if (!ends(n).overwritten && !good[n])
			fail_stuck(n, true);
}

static bool is_over(struct two_ends e)
{
	return e.back == Z && e.seen_back == Z && !e.overwritten &&
	       e.seen_front == e.front && (e.front == Z || e.front == I);
}

/* What two ends can come to after the toolstack asked for the end. */
static void two_ends_close(void **state)
{
	static bool good[TWO_ENDS], met[TWO_ENDS];
	int n, i, next[4];
	bool more = true;

	for (n = 0; n < TWO_ENDS; n++)
		good[n] = is_over(ends(n));
	spread(good, false);
	for (n = 0; n < TWO_ENDS; n++)
		met[n] = ends(n).overwritten && ends(n).back != Z;
	while (more) {
		more = false;
		for (n = 0; n < TWO_ENDS; n++) {
			successors(n, false, next);
			for (i = 0; met[n] && i < 4; i++) {
				more |= !met[next[i]];
				met[next[i]] = true;
			}
		}
	}
	for (n = 0; n < TWO_ENDS; n++)
		if (met[n] && !good[n])
			fail_stuck(n, false);
}

/* Taking turns, each seeing the truth, it is quick. Returns the turns. */
static int take_turns(struct two_ends *e, bool online)
{
	struct two_ends was;
	int turns;

	for (turns = 0; turns < 32; turns++) {
		was = *e;
		*e = back_moves(back_looks(*e), online);
		*e = front_moves(front_looks(*e), online);
		if (number(*e) == number(was))
			return turns;
	}
	return -1;
}

static void turns_connect(void **state)
{
	int f, b, turns;

	for (f = U; f < STATES; f++)
		for (b = U; b < STATES; b++) {
			struct two_ends e = { f, b, b, f, false };

			turns = take_turns(&e, true);
			if (turns < 0 || e.front != C || e.back != C)
				fail_msg("front %c, back %c: to %c, %c in %d",
					 state_letters[f], state_letters[b],
					 state_letters[e.front],
					 state_letters[e.back], turns);
			assert_true(turns <= 9);
		}
}

static void turns_close(void **state)
{
	int f, b, turns;

	for (f = U; f < STATES; f++)
		for (b = U; b < STATES; b++) {
			struct two_ends e = { f, b, X, f, b != Z };

			turns = take_turns(&e, false);
			if (turns < 0 || !is_over(e))
				fail_msg("front %c, back %c: to %c, %c in %d",
					 state_letters[f], state_letters[b],
					 state_letters[e.front],
					 state_letters[e.back], turns);
			assert_true(turns <= 4);
		}
}

/*
 * Scripts of frontends that are not ours. A small letter waits until the
 * backend is in that state, a capital one writes a state.
 */
struct script {
	const char *who;
	const char *steps;
};

static const struct script frontends[] = {
	{ "Linux blkfront",		"I w R c C" },
	{ "Linux netfront",		"I w C c" },
	{ "Linux, unplugged",		"I w R c C X x Z z" },
	{ "Linux, module reloaded",	"I w R c C X x Z z I w R c C" },
	{ "Windows network",		"I w C c" },
	{ "Windows network, reset",	"I w C c X x Z z I w C c" },
	{ "Windows disk",		"I w X x Z z I w R c C" },
	{ "Windows disk after boot",	"I w R c C X x Z z I w X x Z z I w R c C" },
	{ "OVMF, then Linux",		"I w C c X x Z z I w R c C" },
	{ "OVMF, not waiting",		"I C c X x Z z I w R c C" },
	{ "illumos",			"I w C c" },
	{ "illumos, not waiting",	"C c" },
	{ "mini-os, then Linux",	"I C c X x Z z I w R c C" },
	{ "boot loader, then Linux",	"I w R c Z z I w R c C" },
	{ "boot loader, Connected",	"I w R c C Z I w R c C" },
	{ "boot ROM",			"Z z I w C c" },
	{ "boot ROM, not InitWait",	"I w C c Z z I w C c" },
	{ "Unikraft",			"I w C c" },
	{ "FreeBSD",			"I W w R c C" },
	{ "NetBSD",			"I w R c C" },
	{ "OpenBSD",			"I w R c C" },
	{ "crashed and rebooted",	"I w R c C I w R c C" },
	{ "crashed while closing",	"I w R c C X x I w R c C" },
	{ "rebooted in InitWait",	"I w R c C W w R c C" },
};

static int state_of(char letter)
{
	return strchr(state_letters, letter & ~0x20) - state_letters;
}

/*
 * Run a script against our backend. An eager backend looks after every write;
 * a lazy one only when the peer has to wait, so that it misses states.
 */
static void play(const struct script *script, bool eager, int start)
{
	int front = I, back = start;
	const char *step;

	for (step = script->steps; *step; step++) {
		bool write = *step >= 'A' && *step <= 'Z';

		if (*step == ' ')
			continue;
		if (write)
			front = state_of(*step);
		if (eager || !write)
			back = settle(XPV_BACKEND, back, front, true);
		if (!write && back != state_of(*step))
			fail_msg("%s, %s, from %c: waits for %c at step %d, "
				 "backend is %c", script->who,
				 eager ? "eager" : "lazy",
				 state_letters[start], *step,
				 (int)(step - script->steps),
				 state_letters[back]);
	}
}

static void peers_do_not_wait_forever(void **state)
{
	static const int starts[] = { U, I, W };
	unsigned int i, j;

	for (i = 0; i < ARRAY_SIZE(frontends); i++)
		for (j = 0; j < ARRAY_SIZE(starts); j++) {
			play(&frontends[i], true, starts[j]);
			play(&frontends[i], false, starts[j]);
		}
}

/* None of what these peers write in turn is called illegal. */
static void peers_are_legal(void **state)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(frontends); i++) {
		const char *step = frontends[i].steps;
		int from = I;

		for (; *step; step++) {
			if (*step < 'A' || *step > 'Z')
				continue;
			if (!xpv_peer_legal(XPV_FRONTEND, C, from,
					    state_of(*step)))
				fail_msg("%s: %c to %c", frontends[i].who,
					 state_letters[from], *step);
			from = state_of(*step);
		}
	}
}

/* A frontend that fell back to Initialised without our leaving Connected. */
static void peer_cannot_fall_back(void **state)
{
	int own, from, to;

	assert_false(xpv_peer_legal(XPV_FRONTEND, C, C, R));
	for (own = U; own < STATES; own++)
		for (from = U; from < STATES; from++)
			for (to = U; to < STATES; to++) {
				if (own != C || from != C || to != R)
					assert_true(xpv_peer_legal(XPV_FRONTEND,
								   own, from,
								   to));
				assert_true(xpv_peer_legal(XPV_BACKEND, own,
							   from, to));
			}
}

/*
 * Backends that are not ours, as what they do next: from their own state and
 * the frontend's. All of them are created in Initialising by the toolstack.
 */
static int linux_backend(int own, int front)
{
	switch (front) {
	case I:
		return own == Z || own == I ? W : own;
	case R:
	case C:
		return own == Z ? W : own == X ? X : C;
	case X:
		return own == Z ? Z : X;
	case Z:
		return own == I ? W : Z;
	}
	return own == I ? W : own;
}

/* tapback, and QEMU's disks: only a published ring connects. */
static int qemu_disk(int own, int front)
{
	switch (front) {
	case U:
	case I:
		return own == C ? C : W;
	case R:
	case C:
		return C;
	case X:
		return X;
	default:
		return own == I ? W : Z;
	}
}

static void frontend_meets_backends(void **state)
{
	static int (*const backends[])(int own, int front) = {
		linux_backend, qemu_disk,
	};
	unsigned int i, turn;
	int front, back;

	for (i = 0; i < ARRAY_SIZE(backends); i++)
		for (front = U; front < STATES; front++) {
			int f = front;

			if (front == W || front == X)
				continue;
			back = I;
			for (turn = 0; turn < 16; turn++) {
				back = backends[i](back, f);
				f = settle(XPV_FRONTEND, f, back, true);
			}
			if (f != C || back != C)
				fail_msg("backend %u, front %c: %c, %c", i,
					 state_letters[front],
					 state_letters[f], state_letters[back]);
		}
}

/* The backend is restarted under a connected frontend, in each known way. */
static void frontend_outlives_backends(void **state)
{
	static const char *const ways[] = {
		"UIWC", "IWC", "WC", "UWC", "XZUIWC", "ZUIWC", "XZIWC", "XZWC",
	};
	unsigned int i;
	int f, back;

	for (i = 0; i < ARRAY_SIZE(ways); i++) {
		const char *step = ways[i];

		f = C;
		for (; *step; step++) {
			back = state_of(*step);
			if (back == C)
				assert_int_equal(f, R);
			f = settle(XPV_FRONTEND, f, back, true);
			if (f < 0)
				fail_msg("%s: no rest at %c", ways[i], *step);
		}
		assert_int_equal(f, C);
	}
}

static void names(void **state)
{
	int i, j;

	for (i = 0; i <= 8; i++) {
		assert_non_null(xpv_state_name(i));
		for (j = 0; j < i; j++)
			assert_string_not_equal(xpv_state_name(i),
						xpv_state_name(j));
	}
	assert_string_equal(xpv_state_name(C), "Connected");
	assert_string_equal(xpv_state_name(9), "Invalid");
	assert_string_equal(xpv_state_name(-1), "Invalid");
	for (i = XPV_STAY; i <= XPV_FAULT; i++)
		for (j = XPV_STAY; j < i; j++)
			assert_string_not_equal(xpv_move_name(i),
						xpv_move_name(j));
	assert_string_equal(xpv_move_name(XPV_FAULT), "fault");
	assert_string_equal(xpv_move_name(XPV_FAULT + 1), "?");
	assert_string_equal(xpv_move_name(-1), "?");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cells),
		cmocka_unit_test(no_state_is_a_fault),
		cmocka_unit_test(only_legal_moves),
		cmocka_unit_test(states_of_a_side),
		cmocka_unit_test(comes_to_rest),
		cmocka_unit_test(offline_begins_nothing),
		cmocka_unit_test(two_ends_connect),
		cmocka_unit_test(two_ends_close),
		cmocka_unit_test(turns_connect),
		cmocka_unit_test(turns_close),
		cmocka_unit_test(peers_do_not_wait_forever),
		cmocka_unit_test(peers_are_legal),
		cmocka_unit_test(peer_cannot_fall_back),
		cmocka_unit_test(frontend_meets_backends),
		cmocka_unit_test(frontend_outlives_backends),
		cmocka_unit_test(names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
