/* SPDX-License-Identifier: GPL-2.0 */
/*
 * How xenpv makes TCP sockets of programs PV sockets without touching the programs:
 * newer kernels ask a hook, update_socket_protocol(), for the protocol of each
 * socket(), and a small BPF program answers there.
 */
#ifndef HOOK_H
#define HOOK_H

#include <stdbool.h>
#include <stddef.h>
#include "xenpv.h"

/* types.c */

struct types;

/* Return: NULL if the kernel does not describe its types. */
struct types *types_open(void);
/* A function's number, 0 if there is none. */
unsigned int types_function(const struct types *types, const char *name);
/* Where in its struct a member is, in bytes. Ends the program if it is not. */
int types_member(const struct types *types, const char *name,
		 const char *member);

/* hook.c */

/* Programs of so many cgroups, and of those below them, can be told apart. */
#define HOOK_CGROUPS	16

struct hook {
	int link;		/* the hook is in use as long as this is open or pinned */
	int cgroups;		/* a map, of one cgroup each */
};

/* Ends the program, with the reason, where the kernel has no such hook. */
struct types *hook_find(void);
/*
 * From now on TCP sockets are PV sockets of programs in one of these cgroups, or with
 * EXCEPT of those in none; of this network namespace alone, as there are none in others.
 * -1 leaves room for one.
 */
void hook_begin(struct hook *hook, const struct types *types,
		const int *cgroups, unsigned int nr, bool except);
/* Put a cgroup into its place in the map. */
void hook_set_cgroup(int map, unsigned int place, int cgroup);
/* Keep what a file descriptor stands for under a name of the BPF file system. */
bool hook_pin(int fd, const char *path);
/* Return: a descriptor of it, or -1. */
int hook_pinned(const char *path);
/* Whether a program can have a PV socket now. */
bool hook_has_sockets(void);

/* cgroup.c */

/* The whole guest's, or -1 if there is no cgroup2. */
int cgroup_open_root(void);
/*
 * A new one below that of this program, which ends the program if there cannot be one.
 * It goes with the program, unless it is kept.
 */
int cgroup_make(void);
/*
 * Enter the cgroup that was made. A process stays behind that holds LINK until no other
 * is left in it, and then removes it.
 */
void cgroup_enter(int link);

#endif
