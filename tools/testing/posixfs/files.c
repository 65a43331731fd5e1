// SPDX-License-Identifier: GPL-2.0
/* What is in files. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <unistd.h>

#include "posixfs.h"

static bool closes(int fd)
{
	return works(fd) && works(close(fd));
}

bool check_flags(void)
{
	char byte;
	int fd;
	bool good;

	good = make_file("file", 0644, "hello");
	good &= fails(open("file", O_CREAT | O_EXCL | O_RDWR, 0644), EEXIST);
	good &= fails(open("none", O_RDONLY), ENOENT);
	good &= fails(open("file/x", O_RDONLY), ENOTDIR);
	good &= fails(open("file", O_RDONLY | O_DIRECTORY), ENOTDIR);
	good &= fails(open(".", O_RDWR), EISDIR);
	good &= closes(open("file", O_CREAT | O_RDWR, 0600));
	fd = open("file", O_RDONLY);
	good &= fails(write(fd, "x", 1), EBADF);
	close(fd);
	fd = open("file", O_WRONLY);
	good &= fails(read(fd, &byte, 1), EBADF);
	close(fd);
	good &= has_text("file", "hello");
	good &= closes(open("file", O_WRONLY | O_TRUNC));
	good &= has_text("file", "");
	/* Of no use to anybody afterwards, and yet open for writing now. */
	fd = open("readonly", O_CREAT | O_EXCL | O_RDWR, 0444);
	good &= works(fd) && same(write(fd, "x", 1), 1);
	close(fd);
	return good && has_text("readonly", "x");
}

bool check_append(void)
{
	int a, b;
	bool good;

	good = make_file("log", 0644, "0");
	a = open("log", O_WRONLY | O_APPEND);
	b = open("log", O_WRONLY | O_APPEND);
	good &= works(a) && works(b);
	good &= same(write(a, "1", 1), 1) && same(write(b, "2", 1), 1);
	good &= same(write(a, "3", 1), 1) && same(write(b, "4", 1), 1);
	good &= same(pwrite(a, "5", 1, 0), 1);
	close(a);
	close(b);
	return good && has_text("log", "012345");
}

static bool size_is(const char *name, long long size)
{
	struct stat st;

	return works(stat(name, &st)) && same(st.st_size, size);
}

bool check_truncate(void)
{
	char data[16] = "";
	int fd;
	bool good;

	good = make_file("file", 0644, "0123456789");
	good &= works(truncate("file", 4)) && has_text("file", "0123");
	good &= works(truncate("file", 12)) && size_is("file", 12);
	fd = open("file", O_RDWR);
	good &= same(read(fd, data, sizeof(data)), 12);
	good &= !memcmp(data, "0123\0\0\0\0\0\0\0\0", 12);
	good &= works(ftruncate(fd, 0)) && size_is("file", 0);
	good &= same(pwrite(fd, "x", 1, 9999), 1) && size_is("file", 10000);
	/* One that can be written, though it could not be opened any more. */
	good &= works(fchmod(fd, 0444)) && works(ftruncate(fd, 3));
	close(fd);
	good &= size_is("file", 3);
	good &= fails(truncate("none", 0), ENOENT);
	return good && fails(truncate(".", 0), EISDIR);
}

bool check_sparse(void)
{
	static const off_t places[] = { 0, 1LL << 31, (1LL << 32) + 5, 5LL << 32 };
	char text[32], found[32];
	unsigned int i;
	struct stat st;
	int fd = open("file", O_CREAT | O_RDWR, 0644);
	bool good = works(fd);

	for (i = 0; i < ARRAY_SIZE(places); i++) {
		sprintf(text, "at %012llx", (long long)places[i]);
		good &= same(pwrite(fd, text, 16, places[i]), 16);
	}
	good &= works(fstat(fd, &st)) && same(st.st_size, places[3] + 16);
	good &= st.st_blocks < 4096;
	close(fd);
	fd = open("file", O_RDONLY);
	for (i = 0; i < ARRAY_SIZE(places); i++) {
		sprintf(text, "at %012llx", (long long)places[i]);
		good &= same(pread(fd, found, 16, places[i]), 16);
		good &= !memcmp(text, found, 16);
	}
	good &= same(pread(fd, found, 1, (1LL << 32) - 1), 1) && !found[0];
	good &= same(pread(fd, found, 16, places[3] + 10), 6);
	good &= same(pread(fd, found, 16, places[3] + 16), 0);
	close(fd);
	return good;
}

bool check_unlinked(void)
{
	char found[8] = "";
	int fd;
	bool good;

	good = make_file("file", 0644, "here");
	fd = open("file", O_RDWR);
	good &= works(unlink("file"));
	good &= fails(open("file", O_RDONLY), ENOENT);
	good &= same(pread(fd, found, 4, 0), 4) && !strcmp(found, "here");
	good &= same(pwrite(fd, "more", 4, 4), 4);
	good &= same(pread(fd, found, 4, 4), 4) && !strcmp(found, "more");
	good &= works(ftruncate(fd, 2));
	good &= same(pread(fd, found, 8, 0), 2);
	return closes(fd) && good;
}

bool check_times(void)
{
	const struct timespec set[2] = { { 1000000000, 123456789 },
					 { 1500000000, 987654321 } };
	const struct timespec omit[2] = { { 0, UTIME_OMIT }, { 7, 0 } };
	struct stat st;
	bool good;

	good = make_file("file", 0644, "x");
	good &= works(utimensat(AT_FDCWD, "file", set, 0));
	good &= works(stat("file", &st));
	good &= same(st.st_atim.tv_sec, 1000000000);
	good &= same(st.st_mtim.tv_sec, 1500000000);
	/* The kernel's 9p file system sets times in seconds. */
	if (st.st_mtim.tv_nsec)
		good &= same(st.st_mtim.tv_nsec, 987654321);
	good &= works(utimensat(AT_FDCWD, "file", omit, 0));
	good &= works(stat("file", &st));
	good &= same(st.st_atim.tv_sec, 1000000000);
	good &= same(st.st_mtim.tv_sec, 7);
	good &= works(utimensat(AT_FDCWD, "file", NULL, 0));
	good &= works(stat("file", &st));
	return good && st.st_mtim.tv_sec > 1500000000;
}

static bool try_range(int type, off_t start, off_t len, int error)
{
	struct flock lock = { .l_type = type, .l_whence = SEEK_SET,
			      .l_start = start, .l_len = len };
	int fd = open("file", O_RDWR), result;

	result = fcntl(fd, F_SETLK, &lock);
	return error ? fails(result, error) : works(result);
}

static bool other_is_kept_out(void)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET,
			      .l_start = 0, .l_len = 100 };
	int fd = open("file", O_RDWR);
	bool good;

	good = try_range(F_WRLCK, 15, 10, EAGAIN);
	good &= try_range(F_RDLCK, 10, 1, EAGAIN);
	good &= try_range(F_WRLCK, 30, 10, 0);
	good &= try_range(F_RDLCK, 50, 10, 0);
	good &= try_range(F_WRLCK, 50, 10, EAGAIN);
	good &= works(fcntl(fd, F_GETLK, &lock));
	good &= same(lock.l_type, F_WRLCK) && same(lock.l_start, 10);
	return good;
}

bool check_locks(void)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET,
			      .l_start = 10, .l_len = 10 };
	int fd, other;
	bool good;

	good = make_file("file", 0666, "x");
	fd = open("file", O_RDWR);
	good &= works(fcntl(fd, F_SETLK, &lock));
	lock.l_start = 50;
	lock.l_type = F_RDLCK;
	good &= works(fcntl(fd, F_SETLK, &lock));
	good &= as_user(0, other_is_kept_out);
	lock.l_type = F_UNLCK;
	good &= works(fcntl(fd, F_SETLK, &lock));
	close(fd);
	fd = open("file", O_RDWR);
	other = open("file", O_RDWR);
	good &= works(flock(fd, LOCK_EX | LOCK_NB));
	good &= fails(flock(other, LOCK_EX | LOCK_NB), EAGAIN);
	good &= works(flock(fd, LOCK_UN));
	good &= works(flock(other, LOCK_SH | LOCK_NB));
	close(fd);
	close(other);
	return good;
}

bool check_sync(void)
{
	int fd, dir = open(".", O_RDONLY);
	bool good;

	good = make_file("file", 0644, "x");
	fd = open("file", O_WRONLY | O_SYNC);
	good &= same(write(fd, "yz", 2), 2);
	good &= works(fsync(fd)) && works(fdatasync(fd));
	good &= works(fsync(dir));
	close(fd);
	close(dir);
	return good && has_text("file", "yz");
}
