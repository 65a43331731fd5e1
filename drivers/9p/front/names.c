// SPDX-License-Identifier: GPL-2.0
/*
 * Names: where in the share the files are that mounts know, so that they can be
 * found again.
 *
 * A name is a child of another, up to one that a mount attached to. What is
 * renamed or removed through a mount is here too; what others do in the share
 * is not, and is noticed when a file is looked for again and another is found.
 */
#include <linux/hash.h>
#include <linux/kernel.h>
#include <linux/lockdep.h>
#include <linux/minmax.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/stringhash.h>
#include "fids.h"

/**
 * p9front_name_new() - allocate a name
 * @text: what it is, or for a root the request that attached to it
 * @len: its length
 *
 * Return: the name, held once and nowhere yet; NULL if there is no memory.
 */
struct p9front_name *p9front_name_new(const void *text, u32 len)
{
	struct p9front_name *name = kzalloc(sizeof(*name), GFP_NOFS);

	if (!name)
		return NULL;
	name->text = kmalloc(max(len, 1U), GFP_NOFS);
	if (!name->text) {
		kfree(name);
		return NULL;
	}
	memcpy(name->text, text, len);
	name->len = len;
	name->refs = 1;
	INIT_HLIST_NODE(&name->link);
	return name;
}

/**
 * p9front_name_put() - let a name go, and what only it held
 * @name: the name, or NULL
 *
 * Context: any; under the lock of the share's fids if others can see it.
 */
void p9front_name_put(struct p9front_name *name)
{
	while (name && !--name->refs) {
		struct p9front_name *parent = name->parent;

		hlist_del_init(&name->link);
		kfree(name->text);
		kfree(name);
		name = parent;
	}
}

static struct hlist_head *bucket(struct p9front_table *table,
				 const struct p9front_name *parent,
				 const char *text, u32 len)
{
	u32 hash = full_name_hash(parent, text, len);

	return &table->names[hash_32(hash, P9FRONT_HASH_BITS)];
}

/**
 * p9front_name_find() - find a name that is known
 * @table: all there are
 * @parent: what it is in
 * @text: what it is
 * @len: its length
 *
 * Return: it, or NULL.
 */
struct p9front_name *p9front_name_find(struct p9front_table *table,
				       const struct p9front_name *parent,
				       const char *text, u32 len)
{
	struct p9front_name *name;

	lockdep_assert_held(&table->lock);
	hlist_for_each_entry(name, bucket(table, parent, text, len), link)
		if (name->parent == parent && name->len == len &&
		    !memcmp(name->text, text, len))
			return name;
	return NULL;
}

/**
 * p9front_name_add() - have a name be known
 * @table: all there are
 * @parent: what it is in; the caller's reference to it is taken
 * @name: it, new; the caller's reference is taken
 *
 * Return: it, or the one of that name that was known, held for the caller.
 */
struct p9front_name *p9front_name_add(struct p9front_table *table,
				      struct p9front_name *parent,
				      struct p9front_name *name)
{
	struct p9front_name *known;

	known = p9front_name_find(table, parent, name->text, name->len);
	if (known) {
		known->refs++;
		p9front_name_put(name);
		p9front_name_put(parent);
		return known;
	}
	name->parent = parent;
	hlist_add_head(&name->link, bucket(table, parent, name->text, name->len));
	return name;
}

/**
 * p9front_name_remove() - a file is no longer called so
 * @table: all there are
 * @name: its name
 */
void p9front_name_remove(struct p9front_table *table, struct p9front_name *name)
{
	lockdep_assert_held(&table->lock);
	hlist_del_init(&name->link);
	name->gone = true;
}

static bool is_within(const struct p9front_name *name,
		      const struct p9front_name *folder)
{
	for (; name; name = name->parent)
		if (name == folder)
			return true;
	return false;
}

/**
 * p9front_name_move() - a file is called something else
 * @table: all there are
 * @name: its name
 * @parent: what it is in now
 * @fresh: a new name, of which the text is taken; the caller's reference too
 */
void p9front_name_move(struct p9front_table *table, struct p9front_name *name,
		       struct p9front_name *parent, struct p9front_name *fresh)
{
	struct p9front_name *old = name->parent, *target;

	/* No folder can be in itself, whatever a backend agrees to. */
	if (is_within(parent, name)) {
		p9front_name_remove(table, name);
		p9front_name_put(fresh);
		return;
	}
	target = p9front_name_find(table, parent, fresh->text, fresh->len);
	if (target && target != name)
		p9front_name_remove(table, target);
	hlist_del_init(&name->link);
	swap(name->text, fresh->text);
	swap(name->len, fresh->len);
	parent->refs++;
	name->parent = parent;
	hlist_add_head(&name->link,
		       bucket(table, parent, name->text, name->len));
	p9front_name_put(old);
	p9front_name_put(fresh);
}

/**
 * p9front_name_root() - what a name is in, in the end
 * @name: the name
 *
 * Return: the root, or NULL if the file cannot be found by its name.
 */
struct p9front_name *p9front_name_root(struct p9front_name *name)
{
	for (; name; name = name->parent) {
		if (name->gone)
			return NULL;
		if (!name->parent)
			return name;
	}
	return NULL;
}
