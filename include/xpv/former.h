/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a backend that begins has to know of the one before it.
 *
 * A backend that was unloaded, or died, left its frontend connected. The next
 * one finds a frontend that shows Connected, with the rings of that connection.
 * Some frontends give these up when they see a backend in InitWait, and make
 * others; to take up the old ones meanwhile would fail, or serve nobody. Some
 * frontends keep them and say nothing. So the old rings are taken up only after
 * a while, or when the frontend has said something since; and if they prove to
 * be gone, this is nobody's fault.
 *
 * Frontends of ours say which backend they published their rings for: a backend
 * has a number of its own, "life", which they repeat as "backend-life". One that
 * names another backend is about to publish anew, and waited for longer: it may
 * have been paused.
 *
 * Pure: user space compiles former.c for its tests.
 */
#ifndef XPV_FORMER_H
#define XPV_FORMER_H

#include <linux/types.h>
#include <xpv/state.h>

/* How long a frontend gets to notice that its backend is a new one, in ms. */
#define XPV_FORMER_GRACE	500

/* The same for one that is known to notice. */
#define XPV_FORMER_GRACE_SURE	30000

/* How often more, if its rings are gone. */
#define XPV_FORMER_TRIES	20

/**
 * enum xpv_former_word - what a frontend says of whom its rings are for
 * @XPV_FORMER_SILENT: nothing
 * @XPV_FORMER_US: for us
 * @XPV_FORMER_OTHER: for another backend
 */
enum xpv_former_word {
	XPV_FORMER_SILENT,
	XPV_FORMER_US,
	XPV_FORMER_OTHER,
};

/**
 * struct xpv_former - what remains of the backend before us
 * @been: there was one, and a frontend that was slow to notice us may publish
 *	for it still
 * @doubted: the rings in the store may be of the connection to it
 * @tries: how often they may prove to be gone until they are taken for what
 *	the frontend means; 0 if they are of the present life
 * @since: since when the frontend can know that it has a new backend, in ms; or 0
 * @until: until when it may take its time, in ms
 * @known: how many events of the frontend's state say nothing new
 * @seen: how many there were when it was read last
 *
 * All zero there is none. The lane's.
 */
struct xpv_former {
	bool been;
	bool doubted;
	unsigned int tries;
	s64 since;
	s64 until;
	unsigned int known;
	unsigned int seen;
};

/**
 * xpv_former_begin() - a backend begins
 * @former: set
 * @left: what our node says
 *
 * Where the toolstack's Initialising is found, no backend was before us.
 */
void xpv_former_begin(struct xpv_former *former, enum xenbus_state left);

/**
 * xpv_former_see() - the frontend's state was read
 * @former: what there is
 * @other: the state; untrusted
 * @events: how many events of it there were before it was read, that of the
 *	watch's registration included
 */
void xpv_former_see(struct xpv_former *former, enum xenbus_state other,
		    unsigned int events);

/**
 * xpv_former_is_over() - whether it does not matter any more what was before us
 * @former: what there is
 */
static inline bool xpv_former_is_over(const struct xpv_former *former)
{
	return !former->been;
}

/**
 * xpv_former_wait() - whether the rings in the store are to be left alone yet
 * @former: what there is
 * @word: what the frontend says
 * @now: the time in ms, more than 0
 *
 * To be asked when we are in InitWait, and the frontend can know it.
 *
 * Return: for how many ms, or 0.
 */
unsigned int xpv_former_wait(struct xpv_former *former,
			     enum xpv_former_word word, s64 now);

/**
 * xpv_former_again() - the rings in the store could not be taken up
 * @former: what there is
 * @now: the time in ms
 *
 * Return: whether the frontend may be about to publish others, so that this is
 * no fault.
 */
bool xpv_former_again(struct xpv_former *former, s64 now);

/**
 * xpv_former_end() - the frontend is ours, or there is another
 * @former: cleared
 */
void xpv_former_end(struct xpv_former *former);

#endif
