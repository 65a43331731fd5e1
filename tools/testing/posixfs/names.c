// SPDX-License-Identifier: GPL-2.0
/* Names of files, and folders of them. */
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "posixfs.h"

/* As many as a form of the test allows. */
static unsigned int many(void)
{
	const char *given = getenv("POSIXFS_MANY");

	return given ? atoi(given) : 2000;
}

bool check_folders(void)
{
	struct stat st;
	bool good;

	good = works(mkdir("a", 0750)) && works(stat("a", &st));
	good &= same(st.st_mode, S_IFDIR | 0750);
	good &= fails(mkdir("a", 0755), EEXIST);
	good &= fails(mkdir("none/b", 0755), ENOENT);
	good &= works(mkdir("a/b", 0755)) && fails(rmdir("a"), ENOTEMPTY);
	good &= make_file("file", 0644, "x");
	good &= fails(rmdir("file"), ENOTDIR) && fails(mkdir("file/x", 0), ENOTDIR);
	good &= fails(unlink("a"), EISDIR) && fails(unlink("none"), ENOENT);
	good &= works(stat("a", &st)) && same(st.st_nlink, 3);
	good &= works(rmdir("a/b")) && works(rmdir("a"));
	return good && fails(stat("a", &st), ENOENT);
}

bool check_rename(void)
{
	struct stat before, after;
	int fd;
	bool good;

	good = make_file("a", 0644, "A") && make_file("b", 0644, "B");
	good &= works(stat("a", &before));
	fd = open("b", O_RDONLY);
	good &= works(rename("a", "b")) && has_text("b", "A");
	good &= fails(stat("a", &after), ENOENT) && works(stat("b", &after));
	good &= same(after.st_ino, before.st_ino);
	close(fd);
	good &= works(mkdir("d", 0755)) && works(mkdir("e", 0755));
	good &= works(rename("b", "d/c")) && has_text("d/c", "A");
	good &= fails(rename("d", "e/../d/x"), EINVAL);
	good &= fails(rename("e", "d"), ENOTEMPTY);
	good &= fails(rename("d/c", "e"), EISDIR) && fails(rename("e", "d/c"), ENOTDIR);
	good &= works(rename("d", "e")) && has_text("e/c", "A");
	good &= fails(rename("none", "x"), ENOENT);
	/* An open file keeps being what it is. */
	fd = open("e/c", O_RDWR);
	good &= works(rename("e/c", "f")) && same(write(fd, "Z", 1), 1);
	close(fd);
	return good && has_text("f", "Z");
}

bool check_links(void)
{
	struct stat a, b;
	bool good;

	good = make_file("a", 0644, "same") && works(link("a", "b"));
	good &= works(stat("a", &a)) && works(stat("b", &b));
	good &= same(a.st_ino, b.st_ino) && same(a.st_nlink, 2);
	good &= fails(link("a", "b"), EEXIST) && fails(link("none", "c"), ENOENT);
	good &= works(mkdir("d", 0755)) && fails(link("d", "e"), EPERM);
	good &= works(link("a", "d/c")) && works(unlink("a"));
	good &= works(stat("b", &b)) && same(b.st_nlink, 2);
	return good && has_text("d/c", "same");
}

bool check_symlinks(void)
{
	char target[256] = "";
	struct stat st;
	bool good;

	good = make_file("file", 0644, "there") && works(mkdir("d", 0755));
	good &= works(symlink("../file", "d/link")) && has_text("d/link", "there");
	good &= same(readlink("d/link", target, sizeof(target)), 7);
	good &= !strcmp(target, "../file");
	good &= works(lstat("d/link", &st)) && same(st.st_mode & S_IFMT, S_IFLNK);
	good &= same(st.st_size, 7);
	good &= works(symlink("loop", "loop")) && fails(open("loop", O_RDONLY), ELOOP);
	good &= works(symlink("none", "dangling"));
	good &= fails(open("dangling", O_RDONLY), ENOENT);
	good &= fails(symlink("x", "file"), EEXIST);
	good &= fails(readlink("file", target, sizeof(target)), EINVAL);
	good &= works(unlink("d/link")) && has_text("file", "there");
	/* In the guest, not in dom0. */
	good &= works(symlink("/proc/self/comm", "absolute"));
	return good && has_text("absolute", "posixfs\n");
}

bool check_long_names(void)
{
	char longest[257];
	bool good;

	memset(longest, 'n', sizeof(longest));
	longest[256] = '\0';
	good = fails(open(longest, O_CREAT | O_RDWR, 0644), ENAMETOOLONG);
	longest[255] = '\0';
	good &= make_file(longest, 0644, "long") && has_text(longest, "long");
	good &= make_file("\303\244\303\266\303\274 \342\202\254 \360\237\220\247", 0644, "utf");
	good &= has_text("\303\244\303\266\303\274 \342\202\254 \360\237\220\247", "utf");
	good &= make_file(" a\nb\\c\t", 0644, "odd") && has_text(" a\nb\\c\t", "odd");
	good &= make_file("...", 0644, "dots") && has_text("...", "dots");
	return good && works(rename(longest, "short")) && has_text("short", "long");
}

/* Count the files in a folder, each of which must be there once. */
static int count(const char *folder, unsigned int nr)
{
	unsigned char *seen = calloc(1, nr);
	DIR *dir = opendir(folder);
	struct dirent *entry;
	int found = 0;

	while (dir && (entry = readdir(dir))) {
		unsigned int n = atoi(entry->d_name + 1);

		if (entry->d_name[0] != 'f')
			continue;
		if (n >= nr || seen[n]++)
			found = -1000000;
		found++;
	}
	if (dir)
		closedir(dir);
	free(seen);
	return found;
}

static bool fill(unsigned int nr)
{
	char name[300];
	unsigned int i;
	int fd;

	for (i = 0; i < nr; i++) {
		sprintf(name, "f%u-%0*d", i, (int)(i % 100) + 1, 0);
		fd = open(name, O_CREAT | O_EXCL | O_WRONLY, 0644);
		if (!works(fd))
			return false;
		close(fd);
	}
	return true;
}

bool check_many(void)
{
	unsigned int nr = many();

	return fill(nr) && same(count(".", nr), nr);
}

/* What is there all the time is found once, whatever comes and goes. */
bool check_changing(void)
{
	char name[32];
	struct dirent *entry;
	int kept = 0, i;
	DIR *dir;
	bool good = true;

	for (i = 0; i < 400; i++) {
		sprintf(name, "%c%d", i % 2 ? 'k' : 'g', i);
		good &= make_file(name, 0644, "");
	}
	dir = opendir(".");
	for (i = 0; dir && (entry = readdir(dir)); i++) {
		kept += entry->d_name[0] == 'k';
		sprintf(name, "g%d", i * 2);
		unlink(name);
		sprintf(name, "n%d", i);
		close(open(name, O_CREAT | O_WRONLY, 0644));
		if (i > 5000)
			break;
	}
	closedir(dir);
	return good && same(kept, 200);
}

bool check_nodes(void)
{
	struct sockaddr_un where = { .sun_family = AF_UNIX, .sun_path = "socket" };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	struct stat st;
	bool good;

	good = works(mkfifo("pipe", 0640)) && works(stat("pipe", &st));
	good &= same(st.st_mode, S_IFIFO | 0640);
	good &= works(bind(fd, (void *)&where, sizeof(where)));
	good &= works(stat("socket", &st)) && same(st.st_mode & S_IFMT, S_IFSOCK);
	close(fd);
	fd = open("pipe", O_RDWR | O_NONBLOCK);
	good &= same(write(fd, "x", 1), 1);
	close(fd);
	return good && works(unlink("pipe")) && works(unlink("socket"));
}
