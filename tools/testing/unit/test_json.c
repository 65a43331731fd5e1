// SPDX-License-Identifier: GPL-2.0
/* tools/xenpv/json.c: members are found and put where they stand, in any text. */
#include "unit.h"
#include <stdlib.h>
#include <string.h>
#include "../../xenpv/json.h"

static const char *const guest =
	"{\n    \"name\": \"a \\\"list\\\": [ \",\n    \"disks\": [\n"
	"        { \"vdev\": \"xvda\", \"size\": {\"vdev\": \"xvdz\"}, \"rw\": true },\n"
	"        { \"backend_domid\": 3, \"vdev\": \"xvdb\" }\n    ],\n"
	"    \"nics\": [ {\"devid\": 0, \"bridge\": \"br0\"},{ } ],\n    \"none\": []\n}\n";

static const char *disk(const char *text, unsigned int number)
{
	return json_element(json_member(text, "disks"), number);
}

static void finds(void **state)
{
	const char *nics = json_member(guest, "nics");

	assert_true(json_is(json_member(disk(guest, 0), "vdev"), "\"xvda\""));
	assert_true(json_is(json_member(disk(guest, 0), "rw"), "true"));
	assert_true(json_is(json_member(disk(guest, 1), "vdev"), "\"xvdb\""));
	assert_true(json_is(json_member(disk(guest, 1), "backend_domid"), "3"));
	assert_false(json_is(json_member(disk(guest, 1), "backend_domid"), "33"));
	assert_true(json_is(json_member(json_element(nics, 0), "bridge"), "\"br0\""));
	assert_true(json_is(json_element(nics, 1), "{ }"));
}

static void finds_nothing(void **state)
{
	assert_null(json_member(guest, "list"));
	assert_null(json_member(guest, "vdev"));
	assert_null(json_member(guest, "disk"));
	assert_null(json_member(guest, "disks "));
	assert_null(disk(guest, 2));
	assert_null(json_element(json_member(guest, "nics"), 2));
	assert_null(json_element(json_member(guest, "none"), 0));
	assert_null(json_element(guest, 0));
	assert_null(json_member(json_member(guest, "disks"), "vdev"));
	assert_null(json_member(json_element(json_member(guest, "nics"), 1), "devid"));
}

/* What was put is all that differs. */
static void puts_value(const char *object_of, unsigned int number,
		       const char *key, const char *value, const char *before,
		       const char *after)
{
	const char *object = json_element(json_member(guest, object_of), number);
	char *text = json_put(guest, object, key, value), *there;
	size_t ahead;

	assert_non_null(text);
	object = json_element(json_member(text, object_of), number);
	assert_true(json_is(json_member(object, key), value));
	there = strstr(text, after);
	assert_non_null(there);
	ahead = there - text;
	assert_memory_equal(text, guest, ahead);
	assert_memory_equal(guest + ahead, before, strlen(before));
	assert_string_equal(there + strlen(after), guest + ahead + strlen(before));
	free(text);
}

static void puts_values(void **state)
{
	puts_value("disks", 1, "backend_domid", "17", "3,", "17,");
	puts_value("disks", 0, "rw", "0", "true", "0");
	puts_value("disks", 0, "rw", "{\"a\": [1]}", "true", "{\"a\": [1]}");
	puts_value("nics", 0, "bridge", "\"xenbr1\"", "\"br0\"", "\"xenbr1\"");
	puts_value("nics", 0, "backend_domname", "\"dd\"", "\"devid\"",
		   "\"backend_domname\": \"dd\", \"devid\"");
	puts_value("nics", 1, "devid", "1", "} ],\n    \"none\"",
		   "\"devid\": 1} ],\n    \"none\"");
}

static void puts_in_no_list(void **state)
{
	assert_null(json_put(guest, json_member(guest, "disks"), "a", "1"));
	assert_null(json_put("{\"a\": [", "{\"a\": [", "a", "1"));
}

static void quotes(void **state)
{
	char *quoted = json_quote("a\"b\\c\nd/\303\244");

	assert_string_equal(quoted, "\"a\\\"b\\\\c\\u000ad/\303\244\"");
	free(quoted);
}

/* Cut anywhere, with anything in any place, it is gone through to its end at most. */
static void any_text(void **state)
{
	static const char bytes[] = "{}[]\",:\\ x";
	size_t len = strlen(guest), at, i;

	for (at = 0; at < len; at++) {
		char *text = strndup(guest, at), *put;
		const char *one = json_member(text, "disks");

		one = one ? json_element(one, 1) : NULL;
		put = one ? json_put(text, one, "vdev", "1") : NULL;
		free(put);
		free(text);
		for (i = 0; i < sizeof(bytes); i++) {
			text = strdup(guest);
			text[at] = bytes[i];
			one = json_member(text, "nics");
			one = one ? json_element(one, 0) : NULL;
			put = one ? json_put(text, one, "bridge", "1") : NULL;
			free(put);
			free(text);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds),
		cmocka_unit_test(finds_nothing),
		cmocka_unit_test(puts_values),
		cmocka_unit_test(puts_in_no_list),
		cmocka_unit_test(quotes),
		cmocka_unit_test(any_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
