// SPDX-License-Identifier: GPL-2.0
/* Owners, permissions, attributes, and how much there is. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "posixfs.h"

#define USER	1234

static bool mode_is(const char *name, mode_t mode)
{
	struct stat st;

	return works(stat(name, &st)) && same(st.st_mode & 07777, mode);
}

bool check_permissions(void)
{
	static const mode_t modes[] = { 0, 0400, 0644, 0666, 0777, 0755 };
	char name[16];
	unsigned int i;
	bool good = true;

	umask(0);
	for (i = 0; i < ARRAY_SIZE(modes); i++) {
		sprintf(name, "f%o", modes[i]);
		good &= make_file(name, modes[i], "x") && mode_is(name, modes[i]);
		good &= works(chmod(name, 0777 & ~modes[i]));
		good &= mode_is(name, 0777 & ~modes[i]);
		sprintf(name, "d%o", modes[i]);
		good &= works(mkdir(name, modes[i])) && mode_is(name, modes[i]);
	}
	good &= works(mkdir("sticky", 0)) && works(chmod("sticky", 01777));
	good &= mode_is("sticky", 01777);
	umask(077);
	good &= make_file("private", 0666, "x") && mode_is("private", 0600);
	return good;
}

static bool owner_is(const char *name, uid_t uid, gid_t gid)
{
	struct stat st;

	return works(lstat(name, &st)) && same(st.st_uid, uid) && same(st.st_gid, gid);
}

static bool make_own(void)
{
	return make_file("of-user", 0600, "mine") && has_text("of-user", "mine") &&
	       owner_is("of-user", USER, USER) && works(mkdir("dir-of-user", 0700)) &&
	       works(symlink("x", "link-of-user"));
}

bool check_owners(void)
{
	bool good;

	good = make_file("file", 0644, "x") && owner_is("file", 0, 0);
	good &= works(chown("file", 5, 6)) && owner_is("file", 5, 6);
	good &= works(chown("file", -1, 7)) && owner_is("file", 5, 7);
	good &= works(chown("file", 8, -1)) && owner_is("file", 8, 7);
	good &= works(chmod(".", 0777)) && as_user(USER, make_own);
	good &= owner_is("of-user", USER, USER) && owner_is("dir-of-user", USER, USER);
	return good && owner_is("link-of-user", USER, USER);
}

static bool is_kept_out(void)
{
	bool good;

	good = fails(open("secret", O_RDONLY), EACCES);
	good &= fails(open("secret", O_WRONLY), EACCES);
	good &= fails(open("readable", O_WRONLY), EACCES) && has_text("readable", "read me");
	good &= fails(open("new", O_CREAT | O_WRONLY, 0644), EACCES);
	good &= fails(unlink("readable"), EACCES) && fails(mkdir("d", 0755), EACCES);
	good &= fails(rename("readable", "x"), EACCES);
	good &= fails(chmod("readable", 0777), EPERM) && fails(chown("readable", USER, -1), EPERM);
	good &= fails(truncate("readable", 0), EACCES);
	return good && fails(open("closed/file", O_RDONLY), EACCES);
}

bool check_users(void)
{
	bool good;

	good = make_file("secret", 0600, "secret") && make_file("readable", 0644, "read me");
	good &= works(mkdir("closed", 0700)) && make_file("closed/file", 0644, "x");
	return good && as_user(USER, is_kept_out);
}

bool check_attributes(void)
{
	char found[70000], *large = malloc(3000);
	ssize_t len;
	bool good;

	memset(large, 'L', 3000);
	good = make_file("file", 0644, "x");
	good &= works(setxattr("file", "user.a", "one", 3, 0));
	good &= same(getxattr("file", "user.a", found, sizeof(found)), 3);
	good &= !memcmp(found, "one", 3);
	good &= fails(setxattr("file", "user.a", "x", 1, XATTR_CREATE), EEXIST);
	good &= fails(setxattr("file", "user.b", "x", 1, XATTR_REPLACE), ENODATA);
	good &= works(setxattr("file", "user.b", large, 3000, XATTR_CREATE));
	good &= same(getxattr("file", "user.b", found, sizeof(found)), 3000);
	good &= !memcmp(found, large, 3000);
	len = listxattr("file", found, sizeof(found));
	good &= same(len, 14) && memmem(found, len, "user.a", 7) && memmem(found, len, "user.b", 7);
	good &= works(removexattr("file", "user.a"));
	good &= fails(getxattr("file", "user.a", found, sizeof(found)), ENODATA);
	good &= same(listxattr("file", found, sizeof(found)), 7);
	good &= works(setxattr(".", "user.dir", "d", 1, 0));
	free(large);
	return good;
}

bool check_space(void)
{
	struct statvfs st;

	return works(statvfs(".", &st)) && st.f_blocks && st.f_bsize &&
	       st.f_bfree <= st.f_blocks && st.f_bavail && same(st.f_namemax, 255);
}
