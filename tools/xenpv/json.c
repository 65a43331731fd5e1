// SPDX-License-Identifier: GPL-2.0
/* JSON as text, see json.h. It takes any text: what is no JSON has no members. */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "json.h"

#define SPACE		" \t\r\n"

static const char *skip_space(const char *p)
{
	return p + strspn(p, SPACE);
}

/* Behind a text with its quotes; NULL if it has no end. */
static const char *skip_text(const char *p)
{
	for (p++; *p && *p != '"'; p++)
		if (*p == '\\' && !*++p)
			return NULL;
	return *p ? p + 1 : NULL;
}

/* Behind a number or a word; NULL if there is none. */
static const char *skip_word(const char *p)
{
	size_t len = strcspn(p, SPACE ",:\"{}[]");

	return len ? p + len : NULL;
}

/* Behind a value, whatever is in it. */
static const char *skip_value(const char *p)
{
	unsigned int depth = 0;

	do {
		p = skip_space(p);
		if (*p == '{' || *p == '[') {
			depth++;
			p++;
		} else if (depth && (*p == '}' || *p == ']')) {
			depth--;
			p++;
		} else if (depth && (*p == ',' || *p == ':')) {
			p++;
		} else {
			p = *p == '"' ? skip_text(p) : skip_word(p);
		}
	} while (p && depth);
	return p;
}

/* The next member or element, behind the value of one; NULL if it was the last. */
static const char *next(const char *value)
{
	const char *p = skip_value(value);

	p = p ? skip_space(p) : NULL;
	return p && *p == ',' ? skip_space(p + 1) : NULL;
}

/* The value of the member whose key is here; NULL if none is. */
static const char *value_of(const char *key)
{
	const char *p = *key == '"' ? skip_text(key) : NULL;

	p = p ? skip_space(p) : NULL;
	return p && *p == ':' ? skip_space(p + 1) : NULL;
}

static bool is_key(const char *quoted, const char *key)
{
	size_t len = strlen(key);

	return !strncmp(quoted + 1, key, len) && quoted[1 + len] == '"';
}

const char *json_member(const char *object, const char *key)
{
	const char *p = *object == '{' ? skip_space(object + 1) : NULL, *value;

	for (; p; p = next(value)) {
		value = value_of(p);
		if (!value || is_key(p, key))
			return value;
	}
	return NULL;
}

const char *json_element(const char *list, unsigned int number)
{
	const char *p = *list == '[' ? skip_space(list + 1) : NULL;

	for (; p && number; number--)
		p = next(p);
	return p && *p && *p != ']' ? p : NULL;
}

bool json_is(const char *value, const char *written)
{
	const char *end = skip_value(value);

	return end && (size_t)(end - value) == strlen(written) &&
	       !strncmp(value, written, end - value);
}

char *json_quote(const char *text)
{
	char *quoted = malloc(strlen(text) * 6 + 3), *to = quoted;

	if (!quoted)
		return NULL;
	*to++ = '"';
	for (; *text; text++) {
		if (*text == '"' || *text == '\\')
			*to++ = '\\';
		if ((unsigned char)*text < ' ')
			to += sprintf(to, "\\u%04x", *text);
		else
			*to++ = *text;
	}
	strcpy(to, "\"");
	return quoted;
}

/* TEXT with what is from FROM to TO in it replaced. */
static char *splice(const char *text, const char *from, const char *to,
		    const char *by)
{
	char *whole;

	if (asprintf(&whole, "%.*s%s%s", (int)(from - text), text, by, to) < 0)
		return NULL;
	return whole;
}

static char *insert(const char *text, const char *object, const char *key,
		    const char *value)
{
	const char *first = skip_space(object + 1);
	char *member, *whole;

	if (asprintf(&member, "\"%s\": %s%s", key, value,
		     *first == '}' ? "" : ", ") < 0)
		return NULL;
	whole = splice(text, first, first, member);
	free(member);
	return whole;
}

char *json_put(const char *text, const char *object, const char *key,
	       const char *value)
{
	const char *there = json_member(object, key);
	const char *end = there ? skip_value(there) : NULL;

	if (*object != '{' || (there && !end))
		return NULL;
	return there ? splice(text, there, end, value) :
		       insert(text, object, key, value);
}
