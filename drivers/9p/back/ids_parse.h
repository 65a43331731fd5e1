/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Who of the guest is who here: maps of user and group numbers.
 *
 * Pure: no lock, no allocation; user space compiles ids_parse.c for its tests.
 */
#ifndef IDS_PARSE_H
#define IDS_PARSE_H

#include <linux/types.h>

#define IDS_MAX		16
/* Whom the guest sees where it has no number for the owner. */
#define IDS_NOBODY	65534
/* What clients say, and the number above, where they mean no user. */
#define IDS_NONE	0xfffffffeU

/**
 * struct ids_range - numbers in a row
 * @theirs: the first, in the guest
 * @ours: the first, here
 * @count: how many
 */
struct ids_range {
	u32 theirs;
	u32 ours;
	u32 count;
};

/**
 * struct ids_map - all of them
 * @nr: ranges; 0 means that every number is itself
 * @range: the ranges, none of which overlap on either side
 */
struct ids_map {
	unsigned int nr;
	struct ids_range range[IDS_MAX];
};

/**
 * enum ids_squash - whom the guest cannot be, whatever it says
 * @IDS_SQUASH_NONE: it can be anybody whom the maps have
 * @IDS_SQUASH_ROOT: not root, in the guest or here
 * @IDS_SQUASH_ALL: everybody is the one user and group
 */
enum ids_squash {
	IDS_SQUASH_NONE,
	IDS_SQUASH_ROOT,
	IDS_SQUASH_ALL,
};

/**
 * struct ids - who is who
 * @squash: see there
 * @squash_uid: who is it instead, and who has no number in the maps
 * @squash_gid: likewise
 * @uids: users
 * @gids: groups
 */
struct ids {
	enum ids_squash squash;
	u32 squash_uid;
	u32 squash_gid;
	struct ids_map uids;
	struct ids_map gids;
};

/**
 * ids_parse_map() - read a map
 * @text: ranges "THEIRS:OURS:COUNT", separated by commas; or nothing
 * @map: filled; empty on error
 *
 * Return: 0; -EINVAL if it is none; -ERANGE if numbers are too large or ranges
 * overlap; -E2BIG if there are more than %IDS_MAX.
 */
int ids_parse_map(const char *text, struct ids_map *map);

/**
 * ids_parse_squash() - read whom the guest cannot be
 * @text: "none", "root" or "all"; nothing means "none"
 * @squash: set
 *
 * Return: 0 or -EINVAL.
 */
int ids_parse_squash(const char *text, enum ids_squash *squash);

/**
 * ids_our_uid() - who a user of the guest is here
 * @ids: who is who
 * @uid: the guest's number
 *
 * Return: our number.
 */
u32 ids_our_uid(const struct ids *ids, u32 uid);

/**
 * ids_our_gid() - which group of ours a group of the guest is
 * @ids: who is who
 * @gid: the guest's number
 *
 * Return: our number.
 */
u32 ids_our_gid(const struct ids *ids, u32 gid);

/**
 * ids_their_id() - what the guest is told of a number of ours
 * @map: the users or the groups
 * @id: our number
 *
 * Return: the guest's number, %IDS_NOBODY if it has none.
 */
u32 ids_their_id(const struct ids_map *map, u32 id);

#endif
