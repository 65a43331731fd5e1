// SPDX-License-Identifier: GPL-2.0
/*
 * The configuration that libxl keeps of each guest, in a file, by which it is saved,
 * restored, migrated and booted again. What xl changes while the guest runs it notes
 * there, and so does xenpv.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include "json.h"
#include "xenpv.h"

#define FOLDER	"/var/lib/xen"
#define FILES	FOLDER "/userdata-%c.%s.%s"
/* More than any of them has. */
#define TEXT_MAX	(16 << 20)

/* What a backend's nodes are called there. */
struct name {
	const char *node;
	const char *member;
};

/* Where devices are, and by what each is known. */
static const struct kind {
	const char *class;
	const char *list;
	const char *id;
	struct name names[4];
} kinds[] = {
	{ "vbd", "disks", "vdev",
	  { { "params", "pdev_path" }, { "script", "script" } } },
	{ "vif", "nics", "devid",
	  { { "bridge", "bridge" }, { "script", "script" }, { "ip", "ip" } } },
	{ "9pfs", "p9s", "devid", { { "path", "path" } } },
	{ "pvcalls", "pvcallsifs", "devid", { } },
};

static const struct kind *kind_of(const struct device *dev)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(kinds); i++)
		if (!strcmp(kinds[i].class, dev->class))
			return &kinds[i];
	return NULL;
}

/* "DOMID.UUID", as its files are called, to be freed; NULL if it has none. */
static char *find_guest(unsigned int domid)
{
	const char *start;
	char pattern[64], *guest = NULL;
	glob_t found;

	snprintf(pattern, sizeof(pattern),
		 FOLDER "/userdata-d.%u.*.libxl-json", domid);
	if (!glob(pattern, 0, NULL, &found) && found.gl_pathc == 1) {
		start = strstr(found.gl_pathv[0], "-d.") + 3;
		guest = strndup(start, strrchr(start, '.') - start);
	}
	globfree(&found);
	return guest;
}

static void name_file(char *path, char type, const char *guest,
		      const char *what)
{
	snprintf(path, PATH_LEN, FILES, type, guest, what);
}

/* As libxl does: who removes the file has the lock, and others begin anew. */
static int hold(const char *guest)
{
	char path[PATH_LEN];
	struct stat ours, there;
	int fd;

	name_file(path, 'l', guest, "domain-userdata-lock");
	for (;;) {
		fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
		if (fd < 0)
			return -1;
		while (flock(fd, LOCK_EX) && errno == EINTR)
			;
		if (!fstat(fd, &ours) && !stat(path, &there) &&
		    ours.st_ino == there.st_ino && ours.st_dev == there.st_dev)
			return fd;
		close(fd);
	}
}

static void let_go(const char *guest, int fd)
{
	char path[PATH_LEN];

	name_file(path, 'l', guest, "domain-userdata-lock");
	unlink(path);
	close(fd);
}

/* All of a file, to be freed; NULL if that cannot be. */
static char *read_file(const char *path)
{
	FILE *file = fopen(path, "re");
	char *text = calloc(1, TEXT_MAX + 1);
	size_t len = 0;

	if (file && text)
		len = fread(text, 1, TEXT_MAX, file);
	if (file)
		fclose(file);
	if (!len || len == TEXT_MAX) {
		free(text);
		return NULL;
	}
	return text;
}

/* The NUL at its end is there in libxl's, too. */
static bool write_file(const char *guest, const char *path, const char *text)
{
	char fresh[PATH_LEN];
	FILE *file;
	bool good;
	int fd;

	name_file(fresh, 'n', guest, "libxl-json");
	fd = open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	file = fd < 0 ? NULL : fdopen(fd, "w");
	if (!file)
		return false;
	good = fwrite(text, strlen(text) + 1, 1, file) == 1;
	good = !fclose(file) && good && !rename(fresh, path);
	if (!good)
		unlink(fresh);
	return good;
}

/* The device among the guest's; NULL if the toolstack did not attach it. */
static const char *find_device(const char *text, const struct kind *kind,
			       const char *id)
{
	const char *list = json_member(text, kind->list), *one, *its;
	unsigned int i;

	for (i = 0; list && (one = json_element(list, i)); i++) {
		its = json_member(one, kind->id);
		if (its && json_is(its, id))
			return one;
	}
	return NULL;
}

/* The VALUE is freed. */
static bool put(char **text, const struct kind *kind, const char *id,
		const char *member, char *value)
{
	const char *one = find_device(*text, kind, id);
	char *changed;

	changed = one && value ? json_put(*text, one, member, value) : NULL;
	free(value);
	if (!changed)
		return false;
	free(*text);
	*text = changed;
	return true;
}

/* A node of the backend's under the name that it has there, if it has one. */
static bool put_node(char **text, const struct kind *kind, const char *id,
		     const struct node *node)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(kind->names) && kind->names[i].node; i++)
		if (!strcmp(kind->names[i].node, node->key))
			return put(text, kind, id, kind->names[i].member,
				   json_quote(node->value));
	return true;
}

/* The name goes before a number, as libxl looks at them. */
static bool put_device(struct xs_handle *xs, char **text,
		       const struct kind *kind, const char *id,
		       const struct device *dev,
		       const struct node *const *nodes, unsigned int nr)
{
	unsigned int i;

	if (!put(text, kind, id, "backend_domname",
		 json_quote(domain_name(xs, dev->backend))))
		return false;
	for (i = 0; i < nr; i++)
		if (!put_node(text, kind, id, nodes[i]))
			return false;
	return true;
}

/* How a device is known there, to be freed. */
static char *id_of(struct xs_handle *xs, const struct device *dev)
{
	char *name, *id = NULL;

	if (strcmp(dev->class, "vbd"))
		return asprintf(&id, "%u", dev->number) < 0 ? NULL : id;
	name = store_read(xs, dev->libxl, "dev");
	if (name)
		id = json_quote(name);
	free(name);
	return id;
}

bool config_move(struct xs_handle *xs, const struct device *dev,
		 const struct node *const *nodes, unsigned int nr)
{
	const struct kind *kind = kind_of(dev);
	char *guest = kind ? find_guest(dev->domid) : NULL;
	char path[PATH_LEN], *text, *id;
	bool good = true;
	int fd;

	if (!guest)
		return true;
	name_file(path, 'd', guest, "libxl-json");
	fd = hold(guest);
	text = read_file(path);
	id = id_of(xs, dev);
	if (fd < 0 || !text || !id)
		good = false;
	else if (find_device(text, kind, id))
		good = put_device(xs, &text, kind, id, dev, nodes, nr) &&
		       write_file(guest, path, text);
	if (fd >= 0)
		let_go(guest, fd);
	free(id);
	free(text);
	free(guest);
	return good;
}
