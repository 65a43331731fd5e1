// SPDX-License-Identifier: GPL-2.0
/*
 * lib/keys_parse.c with any text. An input is one byte that picks the key, one
 * for the room that the explanation gets, and the text; without a text the key
 * is absent.
 */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <linux/kernel.h>
#include <xpv/keys.h>

#define REQUIRE(condition) do {		\
		if (!(condition))	\
			abort();	\
	} while (0)

struct sample {
	unsigned int count;
	unsigned long long size;
	bool flag;
	char text[12];
	bool seen;
};

static const struct xpv_key keys[] = {
	XPV_NEED_UINT(sample, count, "event-channel", 0, U64_MAX),
	XPV_NEED_UINT(sample, count, "ring-ref", 8, U32_MAX),
	XPV_MAY_UINT(sample, count, "ring-page-order", 0, 4, 0),
	XPV_NEED_ULL(sample, size, "sectors", 0, U64_MAX),
	XPV_NEED_ULL(sample, size, "sectors", 1, 1ULL << 40),
	XPV_MAY_FLAG(sample, flag, "feature-persistent", 0),
	XPV_MAY_TEXT(sample, text, "protocol"),
	XPV_NEED_TEXT(sample, text, "mode"),
	XPV_KEY_PRESENT(sample, seen, "physical-device"),
};

static bool is_numeric(const struct xpv_key *key)
{
	return key->type != XPV_KEY_TEXT && key->type != XPV_KEY_SEEN;
}

/* What the C library makes of the same number. */
static void check_number(const struct xpv_key *key, const char *text, int err,
			 const struct sample *s)
{
	unsigned long long number;
	bool well_formed = isdigit((unsigned char)text[0]);
	char *end;

	errno = 0;
	number = strtoull(text, &end, 10);
	well_formed &= !end[strspn(end, " \t\n")];
	REQUIRE(well_formed == (err != -EINVAL));
	if (err == -EINVAL)
		return;

	REQUIRE((err == -ERANGE) ==
		(errno == ERANGE || number < key->min || number > key->max ||
		 (key->type == XPV_KEY_UINT && number > U32_MAX)));
	if (err)
		return;
	if (key->type == XPV_KEY_UINT)
		REQUIRE(s->count == number);
	else if (key->type == XPV_KEY_ULL)
		REQUIRE(s->size == number);
	else
		REQUIRE(s->flag == (number != 0));
}

static void check_text(const char *text, int err, const struct sample *s)
{
	if (strlen(text) < sizeof(s->text)) {
		REQUIRE(!err);
		REQUIRE(!strcmp(s->text, text));
	} else {
		REQUIRE(err == -ERANGE);
	}
}

static void check_explanation(const struct xpv_key *key, const char *text,
			      int err, size_t room)
{
	char *buf = malloc(room);
	size_t i;

	xpv_key_explain(key, text, err, buf, room);
	REQUIRE(!room || strnlen(buf, room) < room);
	for (i = 0; room && buf[i]; i++)
		REQUIRE(buf[i] >= ' ' && buf[i] <= '~');
	free(buf);
}

static void check(const struct xpv_key *key, const char *text, size_t room)
{
	struct sample s, was;
	int err;

	memset(&s, 0, sizeof(s));
	memset(s.text, 'x', sizeof(s.text));
	memcpy(&was, &s, sizeof(s));
	err = xpv_key_parse(key, text, &s);
	REQUIRE(!err || !memcmp(&was, &s, sizeof(s)));

	if (!text)
		REQUIRE(err == (key->required ? -ENOENT : 0));
	else if (is_numeric(key))
		check_number(key, text, err, &s);
	else if (key->type == XPV_KEY_TEXT)
		check_text(text, err, &s);
	else
		REQUIRE(!err && s.seen);
	check_explanation(key, text, err, room);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = NULL;

	if (size < 2)
		return 0;
	if (size > 2) {
		text = strndup((const char *)data + 2, size - 2);
		REQUIRE(text);
	}
	check(&keys[data[0] % ARRAY_SIZE(keys)], text, data[1]);
	free(text);
	return 0;
}
