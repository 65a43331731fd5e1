// SPDX-License-Identifier: GPL-2.0
/*
 * Store keys as checked values: one text in, one field of a structure out.
 *
 * The texts are a peer's. User space compiles this file for its tests.
 */
#include <linux/errno.h>
#include <linux/export.h>
#include <linux/kernel.h>
#include <linux/limits.h>
#include <linux/string.h>
#include <xpv/keys.h>

/* How much of a refused text xpv_key_explain() shows. */
#define SHOWN_BYTES	32

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n';
}

/*
 * Digits, then nothing but blanks. A text that is no number is told from a
 * number too large whatever their order: "99999999999999999999x" is -EINVAL.
 */
static int parse_number(const char *text, unsigned long long *number)
{
	unsigned long long sum = 0;
	bool wrapped = false;
	const char *c = text;

	for (; is_digit(*c); c++) {
		unsigned int digit = *c - '0';

		wrapped |= sum > (ULLONG_MAX - digit) / 10;
		sum = sum * 10 + digit;
	}
	if (c == text)
		return -EINVAL;
	while (is_blank(*c))
		c++;
	if (*c)
		return -EINVAL;
	if (wrapped)
		return -ERANGE;

	*number = sum;
	return 0;
}

/* The bounds of a key, and those of the type its field has. */
static int check_number(const struct xpv_key *key, unsigned long long number)
{
	if (number < key->min || number > key->max)
		return -ERANGE;
	if (key->type == XPV_KEY_UINT && number > UINT_MAX)
		return -ERANGE;
	return 0;
}

static void store_number(const struct xpv_key *key, unsigned long long number,
			 void *field)
{
	switch (key->type) {
	case XPV_KEY_UINT:
		*(unsigned int *)field = number;
		break;
	case XPV_KEY_ULL:
		*(unsigned long long *)field = number;
		break;
	default:
		*(bool *)field = number != 0;
		break;
	}
}

static int take_number(const struct xpv_key *key, const char *text,
		       void *field)
{
	unsigned long long number = key->def;
	int err;

	if (text) {
		err = parse_number(text, &number);
		if (!err)
			err = check_number(key, number);
		if (err)
			return err;
	}
	store_number(key, number, field);
	return 0;
}

static int take_text(const struct xpv_key *key, const char *text, char *field)
{
	size_t len;

	if (!text)
		text = "";
	len = strlen(text);
	if (len >= key->size)
		return -ERANGE;
	memcpy(field, text, len + 1);
	return 0;
}

int xpv_key_parse(const struct xpv_key *key, const char *text, void *into)
{
	void *field = (char *)into + key->offset;

	if (!text && key->required)
		return -ENOENT;

	switch (key->type) {
	case XPV_KEY_UINT:
	case XPV_KEY_ULL:
	case XPV_KEY_FLAG:
		return take_number(key, text, field);
	case XPV_KEY_TEXT:
		return take_text(key, text, field);
	case XPV_KEY_SEEN:
		*(bool *)field = !!text;
		return 0;
	}
	return -EINVAL;
}
EXPORT_SYMBOL_GPL(xpv_key_parse);

/* Make a peer's text fit for a log: cut, and printable ASCII only. */
static void make_shown(const char *text, char *shown)
{
	size_t i;

	for (i = 0; i < SHOWN_BYTES && text[i]; i++)
		shown[i] = text[i] >= ' ' && text[i] <= '~' ? text[i] : '?';
	snprintf(shown + i, sizeof("..."), "%s", text[i] ? "..." : "");
}

static void explain_range(const struct xpv_key *key, const char *shown,
			  char *buf, size_t len)
{
	unsigned long long max = key->max;

	if (key->type == XPV_KEY_TEXT) {
		snprintf(buf, len, "%s is \"%s\", longer than %zu bytes",
			 key->name, shown, key->size - 1);
		return;
	}
	if (key->type == XPV_KEY_UINT && max > UINT_MAX)
		max = UINT_MAX;
	snprintf(buf, len, "%s is %s, not within %llu to %llu",
		 key->name, shown, key->min, max);
}

void xpv_key_explain(const struct xpv_key *key, const char *text, int err,
		     char *buf, size_t len)
{
	char shown[SHOWN_BYTES + sizeof("...")];

	make_shown(text ? text : "", shown);
	switch (err) {
	case -ENOENT:
		snprintf(buf, len, "%s is missing", key->name);
		break;
	case -EINVAL:
		snprintf(buf, len, "%s is \"%s\", not a number", key->name,
			 shown);
		break;
	case -ERANGE:
		explain_range(key, shown, buf, len);
		break;
	default:
		snprintf(buf, len, "%s cannot be read (%d)", key->name, err);
		break;
	}
}
EXPORT_SYMBOL_GPL(xpv_key_explain);
