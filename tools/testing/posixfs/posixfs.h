/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What programs expect of a file system, tried in a folder of it. Each check
 * prints "ok - WHAT" or "not ok - WHAT", notes behind a "#".
 */
#ifndef POSIXFS_H
#define POSIXFS_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>
#include <sys/types.h>

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

/* Calls that must succeed, or fail with an error, for a check to hold. */
bool works_at(const char *file, int line, const char *call, long long result);
bool fails_at(const char *file, int line, const char *call, long long result,
	      int error);
bool same_at(const char *file, int line, const char *what, long long is,
	     long long should);

#define works(call)		works_at(__FILE__, __LINE__, #call, call)
#define fails(call, error)	fails_at(__FILE__, __LINE__, #call, call, error)
#define same(is, should)	same_at(__FILE__, __LINE__, #is, is, should)

bool make_file(const char *name, mode_t mode, const char *text);
bool has_text(const char *name, const char *text);
bool as_user(unsigned int uid, bool (*check)(void));

/* files.c */
bool check_flags(void);
bool check_append(void);
bool check_truncate(void);
bool check_sparse(void);
bool check_unlinked(void);
bool check_times(void);
bool check_locks(void);
bool check_sync(void);

/* hold.c: lock a file, say so, and end the lock after that time or when terminated */
int hold_lock(const char *name, unsigned int seconds);

/* maps.c */
bool check_maps(void);

/* memory.c */
bool check_memory(void);

/* names.c */
bool check_folders(void);
bool check_rename(void);
bool check_links(void);
bool check_symlinks(void);
bool check_long_names(void);
bool check_many(void);
bool check_changing(void);
bool check_nodes(void);

/* owners.c */
bool check_permissions(void);
bool check_owners(void);
bool check_users(void);
bool check_attributes(void);
bool check_space(void);

#endif
