/* SPDX-License-Identifier: GPL-2.0 */
/* A backend of PV sockets, in dom0, which means harm when it is told to. */
#ifndef BACKEND_H
#define BACKEND_H

#include "sock.h"

#define LINES		16
#define LINE_BYTES	PAGE_BYTES	/* of each direction: rings have two pages */

/**
 * struct line - a connection; it sends back what it is sent
 * @used: there is one
 * @id: the socket's
 * @gref: of the page of indices
 * @index: the page of indices
 * @in: the data to the guest
 * @out: the data from it
 * @ch: its channel
 */
struct line {
	bool used;
	__u64 id;
	__u32 gref;
	struct served index;
	struct served in;
	struct served out;
	struct channel ch;
};

struct backend;

/* What becomes of the connection of both ends. */
enum then { GOES_ON, IS_STOPPED, IS_LEFT };

/**
 * struct harm - something that no frontend should be hurt by
 * @name: what it is called
 * @answer: does it, in place of giving the answer RSP; or
 * @data: does it, in place of sending data back
 * @then: whether the connection goes on, the frontend ends it, or we do
 */
struct harm {
	const char *name;
	void (*answer)(struct backend *b, struct response *rsp);
	void (*data)(struct backend *b, struct line *line);
	enum then then;
};

/**
 * struct order - what it was told to do: once, at the next occasion
 * @harm: that, or NULL
 * @cmd: to which command; DATA, or NOW
 * @value: with what number
 * @more: there are more numbers
 * @rest: what it is told then
 */
struct order {
	const struct harm *harm;
	__u32 cmd;
	int value;
	bool more;
	char rest[64];
};

#define DATA	1000	/* no command: when data comes */
#define NOW	1001	/* at once */

/**
 * struct backend - all there is to it
 * @dev: its device: "front" is what it writes, "back" its frontend
 * @ring: what it serves
 * @ch: its channel
 * @lines: the connections
 * @kept: a page that it goes on mapping
 * @order: what it is told
 * @struck: it has done what ends the connection
 */
struct backend {
	struct device dev;
	struct served ring;
	struct channel ch;
	struct line lines[LINES];
	struct served kept;
	struct order order;
	bool struck;
};

/* backend.c */
void backend_answer(struct backend *b, const struct response *rsp);
__u32 *line_word(const struct line *line, unsigned int offset);

/* harm.c */
bool harm_read(struct backend *b);
void harm_done(struct backend *b);

#endif
