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
#include <json-c/json.h>
#include "xenpv.h"

#define FOLDER	"/var/lib/xen"
#define FILES	FOLDER "/userdata-%c.%s.%s"
/* As libxl does, for people, too. */
#define WRITTEN	(JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_NOSLASHESCAPE)

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

/* The NUL at its end is there in libxl's, too. */
static bool write_file(const char *guest, const char *path,
		       struct json_object *config)
{
	const char *text = json_object_to_json_string_ext(config, WRITTEN);
	char fresh[PATH_LEN];
	FILE *file;
	bool good;
	int fd;

	name_file(fresh, 'n', guest, "libxl-json");
	fd = open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	file = fd < 0 ? NULL : fdopen(fd, "w");
	if (!file)
		return false;
	good = text && fwrite(text, strlen(text) + 1, 1, file) == 1;
	good = !fclose(file) && good && !rename(fresh, path);
	if (!good)
		unlink(fresh);
	return good;
}

/* The device among the guest's; NULL if the toolstack did not attach it. */
static struct json_object *find_device(struct json_object *config,
				       const struct kind *kind, const char *id)
{
	struct json_object *list = json_object_object_get(config, kind->list);
	struct json_object *one, *its;
	size_t i, nr;

	nr = json_object_is_type(list, json_type_array) ?
		     json_object_array_length(list) : 0;
	for (i = 0; i < nr; i++) {
		one = json_object_array_get_idx(list, i);
		its = json_object_object_get(one, kind->id);
		if (its && !strcmp(json_object_get_string(its), id))
			return one;
	}
	return NULL;
}

static bool put(struct json_object *one, const char *member, const char *text)
{
	struct json_object *value = json_object_new_string(text);

	return value && !json_object_object_add(one, member, value);
}

/* A node of the backend's under the name that it has there, if it has one. */
static bool put_node(struct json_object *one, const struct kind *kind,
		     const struct node *node)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(kind->names) && kind->names[i].node; i++)
		if (!strcmp(kind->names[i].node, node->key))
			return put(one, kind->names[i].member, node->value);
	return true;
}

/* The name goes before a number, as libxl looks at them. */
static bool put_device(struct json_object *one, const struct kind *kind,
		       const char *backend, const struct node *const *nodes,
		       unsigned int nr)
{
	unsigned int i;

	if (!put(one, "backend_domname", backend))
		return false;
	for (i = 0; i < nr; i++)
		if (!put_node(one, kind, nodes[i]))
			return false;
	return true;
}

/* How a device is known there, to be freed. */
static char *id_of(struct xs_handle *xs, const struct device *dev)
{
	char *id;

	if (!strcmp(dev->class, "vbd"))
		return store_read(xs, dev->libxl, "dev");
	return asprintf(&id, "%u", dev->number) < 0 ? NULL : id;
}

bool config_move(struct xs_handle *xs, const struct device *dev,
		 const struct node *const *nodes, unsigned int nr)
{
	const struct kind *kind = kind_of(dev);
	char *guest = kind ? find_guest(dev->domid) : NULL;
	struct json_object *config, *one;
	char path[PATH_LEN], *id;
	bool good = true;
	int fd;

	if (!guest)
		return true;
	name_file(path, 'd', guest, "libxl-json");
	fd = hold(guest);
	config = json_object_from_file(path);
	id = id_of(xs, dev);
	one = id ? find_device(config, kind, id) : NULL;
	if (fd < 0 || !config || !id)
		good = false;
	else if (one)
		good = put_device(one, kind, domain_name(xs, dev->backend),
				  nodes, nr) &&
		       write_file(guest, path, config);
	if (fd >= 0)
		let_go(guest, fd);
	json_object_put(config);
	free(id);
	free(guest);
	return good;
}
