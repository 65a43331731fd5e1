/* SPDX-License-Identifier: GPL-2.0 */
/*
 * JSON as text: members are found and put where they stand, and all the rest stays
 * as it was, also what we do not know of. A value is a pointer to its first character.
 */
#ifndef JSON_H
#define JSON_H

#include <stdbool.h>

/* NULL if it is not there, or the text is no JSON up to there. */
const char *json_member(const char *object, const char *key);
const char *json_element(const char *list, unsigned int number);
/* Whether a value is written just so; a text with its quotes. */
bool json_is(const char *value, const char *written);
/* A text with its quotes, to be freed. */
char *json_quote(const char *text);
/*
 * The whole TEXT, to be freed, where the OBJECT in it has a member of this VALUE, which
 * is in the place of the one that it had. NULL if the text is no JSON.
 */
char *json_put(const char *text, const char *object, const char *key,
	       const char *value);

#endif
