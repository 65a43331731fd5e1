// SPDX-License-Identifier: GPL-2.0
/*
 * Who of the guest is who here: maps of user and group numbers.
 */
#include <linux/errno.h>
#include <linux/limits.h>
#include <linux/string.h>
#include <linux/types.h>

#include "ids_parse.h"

static int take_number(const char **text, u32 *number)
{
	const char *at = *text;
	u64 value = 0;

	if (*at < '0' || *at > '9')
		return -EINVAL;
	for (; *at >= '0' && *at <= '9'; at++) {
		value = value * 10 + (*at - '0');
		if (value > U32_MAX)
			return -ERANGE;
	}
	*number = value;
	*text = at;
	return 0;
}

static int take_char(const char **text, char what)
{
	if (**text != what)
		return -EINVAL;
	(*text)++;
	return 0;
}

static int take_range(const char **text, struct ids_range *range)
{
	int err = take_number(text, &range->theirs);

	if (!err)
		err = take_char(text, ':');
	if (!err)
		err = take_number(text, &range->ours);
	if (!err)
		err = take_char(text, ':');
	if (!err)
		err = take_number(text, &range->count);
	return err;
}

/* The last number of all stands for "none", so no range may have it. */
static bool too_large(u32 first, u32 count)
{
	return !count || (u64)first + count > U32_MAX;
}

static bool overlap(u32 a, u32 a_count, u32 b, u32 b_count)
{
	return (u64)a < (u64)b + b_count && (u64)b < (u64)a + a_count;
}

static int check_range(const struct ids_map *map, const struct ids_range *range)
{
	unsigned int i;

	if (too_large(range->theirs, range->count) ||
	    too_large(range->ours, range->count))
		return -ERANGE;
	for (i = 0; i < map->nr; i++) {
		const struct ids_range *other = &map->range[i];

		if (overlap(range->theirs, range->count, other->theirs,
			    other->count) ||
		    overlap(range->ours, range->count, other->ours,
			    other->count))
			return -ERANGE;
	}
	return 0;
}

static int take_ranges(const char *text, struct ids_map *map)
{
	struct ids_range range;
	int err;

	for (;;) {
		err = take_range(&text, &range);
		if (!err)
			err = check_range(map, &range);
		if (err)
			return err;
		if (map->nr == IDS_MAX)
			return -E2BIG;
		map->range[map->nr++] = range;
		if (!*text)
			return 0;
		err = take_char(&text, ',');
		if (err)
			return err;
	}
}

int ids_parse_map(const char *text, struct ids_map *map)
{
	int err;

	memset(map, 0, sizeof(*map));
	if (!*text)
		return 0;
	err = take_ranges(text, map);
	if (err)
		map->nr = 0;
	return err;
}

int ids_parse_squash(const char *text, enum ids_squash *squash)
{
	if (!*text || !strcmp(text, "none"))
		*squash = IDS_SQUASH_NONE;
	else if (!strcmp(text, "root"))
		*squash = IDS_SQUASH_ROOT;
	else if (!strcmp(text, "all"))
		*squash = IDS_SQUASH_ALL;
	else
		return -EINVAL;
	return 0;
}

static u32 our_id(enum ids_squash squash, const struct ids_map *map, u32 id,
		  u32 nobody)
{
	unsigned int i;

	if (squash == IDS_SQUASH_ALL || (squash == IDS_SQUASH_ROOT && !id) ||
	    id >= IDS_NONE)
		return nobody;
	if (!map->nr)
		return id;
	for (i = 0; i < map->nr; i++) {
		const struct ids_range *range = &map->range[i];
		u32 ours = range->ours + (id - range->theirs);

		if (id < range->theirs || id - range->theirs >= range->count)
			continue;
		return squash == IDS_SQUASH_ROOT && !ours ? nobody : ours;
	}
	return nobody;
}

u32 ids_our_uid(const struct ids *ids, u32 uid)
{
	return our_id(ids->squash, &ids->uids, uid, ids->squash_uid);
}

u32 ids_our_gid(const struct ids *ids, u32 gid)
{
	return our_id(ids->squash, &ids->gids, gid, ids->squash_gid);
}

u32 ids_their_id(const struct ids_map *map, u32 id)
{
	unsigned int i;

	if (!map->nr)
		return id;
	for (i = 0; i < map->nr; i++) {
		const struct ids_range *range = &map->range[i];

		if (id >= range->ours && id - range->ours < range->count)
			return range->theirs + (id - range->ours);
	}
	return IDS_NOBODY;
}
