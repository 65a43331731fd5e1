/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a backend answers, before anybody believes it (public header io/blkif.h).
 *
 * Pure: user space compiles answer_parse.c for its tests and its fuzz target.
 */
#ifndef BLKFRONT_ANSWER_PARSE_H
#define BLKFRONT_ANSWER_PARSE_H

#include <linux/types.h>

struct blkif_response;

/**
 * struct blkfront_asked - what a slot of the table asks for
 * @life: counts its uses, and is in the id that the backend echoes, so that a
 *	late or repeated answer fits nothing
 * @op: the operation, as an answer names it
 * @indirect: it stands inside an indirect request
 * @secure: a discard that has to leave nothing readable
 * @out: it waits for an answer
 */
struct blkfront_asked {
	u32 life;
	u8 op;
	bool indirect;
	bool secure;
	bool out;
};

/**
 * enum blkfront_said - what an answer says
 * @BLKFRONT_DONE: it was carried out
 * @BLKFRONT_FAILED: it was not
 * @BLKFRONT_REFUSED: the backend does not do what it offered
 */
enum blkfront_said {
	BLKFRONT_DONE,
	BLKFRONT_FAILED,
	BLKFRONT_REFUSED,
};

/**
 * blkfront_id() - the id of a request
 * @slot: its place in the table
 * @asked: what stands there
 */
u64 blkfront_id(u32 slot, const struct blkfront_asked *asked);

/**
 * blkfront_answer_slot() - the slot that an answer means
 * @rsp: a private copy of the answer; untrusted
 * @nr: slots in the table
 *
 * Return: its place; -ENOENT if there is none such.
 */
int blkfront_answer_slot(const struct blkif_response *rsp, unsigned int nr);

/**
 * blkfront_answer_check() - whether it is an answer to what the slot asks for
 * @asked: what stands in the slot that it means
 * @rsp: a private copy of the answer; untrusted
 *
 * Return: 0; -ENOENT if that was not asked, or was answered before; -EILSEQ if
 * it names another operation.
 */
int blkfront_answer_check(const struct blkfront_asked *asked,
			  const struct blkif_response *rsp);

/**
 * blkfront_answer_says() - what an answer says of its request
 * @asked: the request
 * @status: the answer's; untrusted
 * @worked: a discard has succeeded on this disk before
 *
 * Not every backend has a word for "not supported": to some, an unknown
 * operation is an error. So a discard that fails before any has succeeded is
 * taken for refused. A failed flush is never: data may be lost.
 */
enum blkfront_said blkfront_answer_says(const struct blkfront_asked *asked,
					s16 status, bool worked);

#endif
