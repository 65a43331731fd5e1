/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Store keys as checked values: a table says what each key of a peer must
 * look like, the parser turns its text into a field of a structure.
 *
 * Nothing here allocates, sleeps or calls Xen; user space compiles
 * keys_parse.c for its tests and its fuzz target.
 */
#ifndef XPV_KEYS_H
#define XPV_KEYS_H

#include <linux/limits.h>
#include <linux/stddef.h>
#include <linux/types.h>

/**
 * enum xpv_key_type - how a key's text is read and stored
 * @XPV_KEY_UINT: an unsigned decimal number, into an unsigned int
 * @XPV_KEY_ULL: an unsigned decimal number, into an unsigned long long
 * @XPV_KEY_FLAG: a number, 0 or not 0, into a bool
 * @XPV_KEY_TEXT: the text itself, into a char array, always terminated
 * @XPV_KEY_SEEN: no text is read; a bool tells whether the key is there
 */
enum xpv_key_type {
	XPV_KEY_UINT,
	XPV_KEY_ULL,
	XPV_KEY_FLAG,
	XPV_KEY_TEXT,
	XPV_KEY_SEEN,
};

/**
 * struct xpv_key - what a key must look like and where it goes
 * @name: the key, relative to the end's directory; may hold slashes
 * @type: how it is read
 * @required: absence is an error
 * @offset: of the field in the structure that is filled
 * @size: of that field, in bytes
 * @min: smallest number allowed
 * @max: largest number allowed
 * @def: the number taken when the key is absent and not @required
 */
struct xpv_key {
	const char *name;
	enum xpv_key_type type;
	bool required;
	size_t offset;
	size_t size;
	unsigned long long min;
	unsigned long long max;
	unsigned long long def;
};

/* Table rows. "NEED" rows are required, "MAY" rows have a default. */
#define XPV_KEY_ROW(_name, _type, _need, _struct, _field, _min, _max, _def) {\
	.name = (_name), .type = (_type), .required = (_need),		\
	.offset = offsetof(struct _struct, _field),			\
	.size = sizeof(((struct _struct *)NULL)->_field),		\
	.min = (_min), .max = (_max), .def = (_def) }
#define XPV_NEED_UINT(_s, _f, _name, _min, _max) \
	XPV_KEY_ROW(_name, XPV_KEY_UINT, true, _s, _f, _min, _max, 0)
#define XPV_MAY_UINT(_s, _f, _name, _min, _max, _def) \
	XPV_KEY_ROW(_name, XPV_KEY_UINT, false, _s, _f, _min, _max, _def)
#define XPV_NEED_ULL(_s, _f, _name, _min, _max) \
	XPV_KEY_ROW(_name, XPV_KEY_ULL, true, _s, _f, _min, _max, 0)
#define XPV_MAY_FLAG(_s, _f, _name, _def) \
	XPV_KEY_ROW(_name, XPV_KEY_FLAG, false, _s, _f, 0, U64_MAX, _def)
#define XPV_MAY_TEXT(_s, _f, _name) \
	XPV_KEY_ROW(_name, XPV_KEY_TEXT, false, _s, _f, 0, 0, 0)
#define XPV_NEED_TEXT(_s, _f, _name) \
	XPV_KEY_ROW(_name, XPV_KEY_TEXT, true, _s, _f, 0, 0, 0)
#define XPV_KEY_PRESENT(_s, _f, _name) \
	XPV_KEY_ROW(_name, XPV_KEY_SEEN, false, _s, _f, 0, 0, 0)

/**
 * xpv_key_parse() - check one key's text and store its value
 * @key: what the key must look like
 * @text: the text found, terminated; NULL if the key is absent
 * @into: the structure that @key's offset points into; untouched on error
 *
 * Numbers are decimal digits only, with blanks or a newline allowed behind
 * them: no sign, no prefix, no trailing rubbish, no silent wrap.
 *
 * Context: any; pure.
 * Return: 0, or
 * * -ENOENT: absent and required
 * * -EINVAL: not a number
 * * -ERANGE: a number out of bounds, or a text too long for its field
 */
int xpv_key_parse(const struct xpv_key *key, const char *text, void *into);

/**
 * xpv_key_explain() - say in words what xpv_key_parse() refused
 * @key: the key
 * @text: the text found, or NULL
 * @err: what xpv_key_parse() returned
 * @buf: where the words go, always terminated
 * @len: room in @buf
 *
 * The text is a peer's: it is cut and its unprintable bytes are replaced.
 *
 * Context: any; pure.
 */
void xpv_key_explain(const struct xpv_key *key, const char *text, int err,
		     char *buf, size_t len);

#endif
