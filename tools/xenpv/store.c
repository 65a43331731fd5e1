// SPDX-License-Identifier: GPL-2.0
/*
 * Devices as a toolstack sees them: directories of the store for either end,
 * and a copy that is its own, which no domain can write.
 *
 * What is in a guest's directory the guest may have written: it is shown, and
 * never followed.
 */
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <xenstore.h>
#include "xenpv.h"

#define OOM()	fail("out of memory")

/* A device's directory, and the longest key. */
#define KEY_LEN		(PATH_LEN * 2)

/* How often a transaction is begun anew that others' writes came in between of. */
#define TRIES		1000

struct xs_handle *store_open(void)
{
	struct xs_handle *xs = xs_open(0);

	if (!xs)
		fail("cannot reach xenstore: %s%s", strerror(errno),
		     errno == EACCES ? " (are you root?)" :
				       " (does xenstored run?)");
	return xs;
}

void store_close(struct xs_handle *xs)
{
	xs_close(xs);
}

/* "DIR/KEY", in a buffer that the next calls use again. */
static const char *path_of(const char *dir, const char *key)
{
	static char paths[4][KEY_LEN];
	static unsigned int next;
	char *path = paths[next++ % 4];

	if (snprintf(path, KEY_LEN, "%s/%s", dir, key) >= KEY_LEN)
		fail("%s/%s is too long", dir, key);
	return path;
}

char *store_read(struct xs_handle *xs, const char *dir, const char *key)
{
	unsigned int len;

	return xs_read(xs, XBT_NULL, path_of(dir, key), &len);
}

char *store_shown(struct xs_handle *xs, const char *dir, const char *key)
{
	char *text = store_read(xs, dir, key), *c;

	for (c = text; c && *c; c++)
		if (*c < ' ' || *c > '~')
			*c = '?';
	return text;
}

bool store_number(struct xs_handle *xs, const char *dir, const char *key,
		  unsigned int *value)
{
	char *text = store_read(xs, dir, key), *end;
	unsigned long number;
	bool good;

	if (!text)
		return false;
	errno = 0;
	number = strtoul(text, &end, 10);
	good = !errno && end != text && !*end && number <= UINT_MAX;
	if (good)
		*value = number;
	free(text);
	return good;
}

char **store_list(struct xs_handle *xs, const char *dir, unsigned int *nr)
{
	char **names = xs_directory(xs, XBT_NULL, dir, nr);

	if (!names)
		*nr = 0;
	return names;
}

/* Domains */

static char *domain_dir(unsigned int domid)
{
	static char dir[PATH_LEN];

	snprintf(dir, sizeof(dir), "/local/domain/%u", domid);
	return dir;
}

unsigned int *domain_list(struct xs_handle *xs, unsigned int *nr)
{
	unsigned int i, *ids;
	char **names;

	names = xs_directory(xs, XBT_NULL, "/local/domain", nr);
	if (!names)
		fail("/local/domain: %s%s", strerror(errno),
		     errno == EACCES ? " (xenpv runs where xl does)" : "");
	ids = calloc(*nr + 1, sizeof(*ids));
	if (!ids)
		OOM();
	for (i = 0; i < *nr; i++)
		ids[i] = strtoul(names[i], NULL, 10);
	free(names);
	return ids;
}

const char *domain_name(struct xs_handle *xs, unsigned int domid)
{
	static char name[PATH_LEN];
	char *text = store_read(xs, domain_dir(domid), "name");

	if (text)
		snprintf(name, sizeof(name), "%s", text);
	else
		snprintf(name, sizeof(name), "%u", domid);
	free(text);
	return name;
}

static bool is_number(const char *text)
{
	size_t len = strspn(text, "0123456789");

	return len && len < 10 && !text[len];
}

unsigned int domain_find(struct xs_handle *xs, const char *name)
{
	unsigned int nr, i, *ids = domain_list(xs, &nr), found = 0;
	bool by_number = is_number(name), any = false;

	for (i = 0; i < nr && !any; i++) {
		any = by_number ? ids[i] == strtoul(name, NULL, 10) :
				  !strcmp(domain_name(xs, ids[i]), name);
		if (any)
			found = ids[i];
	}
	free(ids);
	if (!any)
		fail("there is no domain '%s'", name);
	return found;
}

unsigned int domain_own(struct xs_handle *xs)
{
	unsigned int len, domid = 0;
	char *text = xs_read(xs, XBT_NULL, "domid", &len);

	if (text)
		domid = strtoul(text, NULL, 10);
	free(text);
	return domid;
}

/* Devices */

void device_place(struct device *dev, const char *class, unsigned int domid,
		  unsigned int backend, unsigned int number)
{
	dev->class = class;
	dev->domid = domid;
	dev->backend = backend;
	dev->number = number;
	snprintf(dev->front, PATH_LEN, "/local/domain/%u/device/%s/%u", domid,
		 class, number);
	snprintf(dev->back, PATH_LEN, "/local/domain/%u/backend/%s/%u/%u",
		 backend, class, domid, number);
	snprintf(dev->libxl, PATH_LEN, "/libxl/%u/device/%s/%u", domid, class,
		 number);
}

/* Whoever serves it, as the toolstack's copy says if there is one. */
static unsigned int backend_of(struct xs_handle *xs, const char *front,
			       const char *libxl)
{
	char *path = store_read(xs, libxl, "backend");
	unsigned int domid = 0;

	if (!path || sscanf(path, "/local/domain/%u/", &domid) != 1)
		store_number(xs, front, "backend-id", &domid);
	free(path);
	return domid;
}

static bool is_listed(const struct device *list, unsigned int nr,
		      unsigned int number)
{
	unsigned int i;

	for (i = 0; i < nr; i++)
		if (list[i].number == number)
			return true;
	return false;
}

/* What a directory has that the list has not. */
static struct device *add_devices(struct xs_handle *xs, const char *dir,
				  const char *class, unsigned int domid,
				  struct device *list, unsigned int *nr)
{
	unsigned int i, number, len;
	char **names = store_list(xs, dir, &len);
	struct device dev;

	list = realloc(list, (*nr + len + 1) * sizeof(*list));
	if (!list)
		OOM();
	for (i = 0; i < len; i++) {
		number = strtoul(names[i], NULL, 10);
		if (!is_number(names[i]) || is_listed(list, *nr, number))
			continue;
		device_place(&dev, class, domid, 0, number);
		device_place(&list[(*nr)++], class, domid,
			     backend_of(xs, dev.front, dev.libxl), number);
	}
	free(names);
	return list;
}

/* A guest may take its own directory of one away; the toolstack's copy stays. */
struct device *device_list(struct xs_handle *xs, const char *class,
			   unsigned int domid, unsigned int *nr)
{
	char front[PATH_LEN], libxl[PATH_LEN];
	struct device *list;

	snprintf(front, sizeof(front), "/local/domain/%u/device/%s", domid,
		 class);
	snprintf(libxl, sizeof(libxl), "/libxl/%u/device/%s", domid, class);
	*nr = 0;
	list = add_devices(xs, front, class, domid, NULL, nr);
	return add_devices(xs, libxl, class, domid, list, nr);
}

unsigned int device_free_number(const struct device *list, unsigned int nr,
				unsigned int least)
{
	unsigned int number = least;

	while (is_listed(list, nr, number))
		number++;
	return number;
}

/* Writing: all of a device's nodes in one transaction, or none. */

struct txn {
	struct xs_handle *xs;
	xs_transaction_t id;
};

static void put(struct txn *txn, const char *dir, const char *key,
		const char *value)
{
	const char *path = path_of(dir, key);

	if (!xs_write(txn->xs, txn->id, path, value, strlen(value)))
		fail("%s: %s", path, strerror(errno));
}

static void put_number(struct txn *txn, const char *dir, const char *key,
		       unsigned int value)
{
	char text[16];

	snprintf(text, sizeof(text), "%u", value);
	put(txn, dir, key, text);
}

/* A directory that belongs to one domain and that another may read. */
static void make_dir(struct txn *txn, const char *dir, unsigned int owner,
		     int reader)
{
	struct xs_permissions perms[2] = {
		{ .id = owner, .perms = XS_PERM_NONE },
		{ .id = reader, .perms = XS_PERM_READ },
	};

	if (!xs_mkdir(txn->xs, txn->id, dir) ||
	    !xs_set_permissions(txn->xs, txn->id, dir, perms,
				reader < 0 ? 1 : 2))
		fail("%s: %s", dir, strerror(errno));
}

static void put_nodes(struct txn *txn, const char *dir,
		      const struct node *nodes, unsigned int nr)
{
	unsigned int i;

	for (i = 0; i < nr; i++)
		put(txn, dir, nodes[i].key, nodes[i].value);
}

static void put_back(struct txn *txn, const struct device *dev,
		     const char *dir, const struct node *nodes,
		     unsigned int nr, enum state state)
{
	put(txn, dir, "frontend", dev->front);
	put_number(txn, dir, "frontend-id", dev->domid);
	put(txn, dir, "online", "1");
	put_number(txn, dir, "state", state);
	put_nodes(txn, dir, nodes, nr);
}

/* Where an end's driver says why it gave up: in its domain's part of the store. */
static const char *error_dir(unsigned int domid, const char *end)
{
	const char *own = domain_dir(domid);
	static char dir[KEY_LEN];
	size_t len = strlen(own);

	if (strncmp(end, own, len) || end[len] != '/')
		return NULL;
	snprintf(dir, sizeof(dir), "%s/error%s", own, end + len);
	return dir;
}

static void remove_error(struct txn *txn, unsigned int domid, const char *end)
{
	const char *dir = error_dir(domid, end);

	if (dir)
		xs_rm(txn->xs, txn->id, dir);
}

/* A device that begins has nothing to say yet. */
static void remove_errors(struct txn *txn, const struct device *dev)
{
	remove_error(txn, dev->domid, dev->front);
	remove_error(txn, dev->backend, dev->back);
}

static void remove_device(struct txn *txn, const struct device *dev)
{
	xs_rm(txn->xs, txn->id, dev->front);
	xs_rm(txn->xs, txn->id, dev->back);
	xs_rm(txn->xs, txn->id, dev->libxl);
}

static void put_device(struct txn *txn, const struct device *dev,
		       const struct node *front, unsigned int nr_front,
		       const struct node *back, unsigned int nr_back)
{
	/* No node of another device that had this number may become this one's. */
	remove_device(txn, dev);
	remove_errors(txn, dev);

	make_dir(txn, dev->libxl, 0, -1);
	put(txn, dev->libxl, "backend", dev->back);
	put_back(txn, dev, dev->libxl, back, nr_back, INITIALISING);
	put_nodes(txn, dev->libxl, front, nr_front);

	make_dir(txn, dev->front, dev->domid, dev->backend);
	put(txn, dev->front, "backend", dev->back);
	put_number(txn, dev->front, "backend-id", dev->backend);
	put_number(txn, dev->front, "state", INITIALISING);
	put_nodes(txn, dev->front, front, nr_front);

	make_dir(txn, dev->back, dev->backend, dev->domid);
	put_back(txn, dev, dev->back, back, nr_back, INITIALISING);
}

static struct txn begin(struct xs_handle *xs)
{
	struct txn txn = { .xs = xs, .id = xs_transaction_start(xs) };

	if (txn.id == XBT_NULL)
		fail("no transaction can be started: %s", strerror(errno));
	return txn;
}

/*
 * Return: false if it has to be done again. A guest that writes its nodes without
 * end is not followed without end.
 */
static bool commit(struct txn *txn)
{
	static unsigned int again;

	if (xs_transaction_end(txn->xs, txn->id, false)) {
		again = 0;
		return true;
	}
	if (errno != EAGAIN || ++again == TRIES)
		fail("the nodes cannot be written: %s", strerror(errno));
	return false;
}

static void give_up(struct txn *txn)
{
	xs_transaction_end(txn->xs, txn->id, true);
}

/* A node's text, to be freed; NULL if it is not there. */
static char *get(struct txn *txn, const char *dir, const char *key)
{
	unsigned int len;
	char *text = xs_read(txn->xs, txn->id, path_of(dir, key), &len);

	if (!text && errno != ENOENT)
		fail("%s/%s: %s", dir, key, strerror(errno));
	return text;
}

static bool has(struct txn *txn, const char *dir, const char *key)
{
	char *text = get(txn, dir, key);
	bool there = text;

	free(text);
	return there;
}

/* A backend's driver may be at work on what is in its directory. */
static bool is_served(struct txn *txn, const struct device *dev)
{
	char *state = get(txn, dev->back, "state");
	bool served = state && strtoul(state, NULL, 10) != CLOSED;

	free(state);
	return served;
}

static bool is_taken(struct txn *txn, const struct device *dev)
{
	return has(txn, dev->libxl, "backend") ||
	       has(txn, dev->front, "backend") || is_served(txn, dev);
}

bool device_attach(struct xs_handle *xs, const struct device *dev,
		   const struct node *front, unsigned int nr_front,
		   const struct node *back, unsigned int nr_back)
{
	struct txn txn;

	do {
		txn = begin(xs);
		if (is_taken(&txn, dev)) {
			give_up(&txn);
			return false;
		}
		put_device(&txn, dev, front, nr_front, back, nr_back);
	} while (!commit(&txn));
	return true;
}

void device_ask_to_close(struct xs_handle *xs, const struct device *dev)
{
	struct txn txn;

	do {
		txn = begin(xs);
		put(&txn, dev->back, "online", "0");
		put_number(&txn, dev->back, "state", CLOSING);
	} while (!commit(&txn));
}

/* What one domain may do with a node another may instead; what is in it, too. */
static void hand_over(struct txn *txn, const char *path, unsigned int from,
		      unsigned int to)
{
	unsigned int nr, i;
	struct xs_permissions *perms =
		xs_get_permissions(txn->xs, txn->id, path, &nr);
	char **names, below[KEY_LEN];

	if (!perms)
		fail("%s: %s", path, strerror(errno));
	for (i = 0; i < nr; i++)
		if (perms[i].id == from)
			perms[i].id = to;
	if (!xs_set_permissions(txn->xs, txn->id, path, perms, nr))
		fail("%s: %s", path, strerror(errno));
	free(perms);
	names = xs_directory(txn->xs, txn->id, path, &nr);
	for (i = 0; names && i < nr; i++) {
		strcpy(below, path_of(path, names[i]));
		hand_over(txn, below, from, to);
	}
	free(names);
}

void device_point(struct xs_handle *xs, const struct device *dev,
		  unsigned int from)
{
	struct txn txn;

	do {
		txn = begin(xs);
		hand_over(&txn, dev->front, from, dev->backend);
		put(&txn, dev->front, "backend", dev->back);
		put_number(&txn, dev->front, "backend-id", dev->backend);
	} while (!commit(&txn));
}

void device_lend(struct xs_handle *xs, const struct device *dev,
		 const char *key, const char *value)
{
	struct txn txn;

	do {
		txn = begin(xs);
		if (!has(&txn, dev->front, "backend") ||
		    has(&txn, dev->front, key)) {
			give_up(&txn);
			return;
		}
		make_dir(&txn, path_of(dev->front, key), dev->backend,
			 dev->domid);
		put(&txn, dev->front, key, value);
	} while (!commit(&txn));
}

void device_serve(struct xs_handle *xs, const struct device *dev,
		  const struct node *back, unsigned int nr_back,
		  enum state state, bool recorded)
{
	struct txn txn;

	do {
		txn = begin(xs);
		xs_rm(xs, txn.id, dev->back);
		remove_errors(&txn, dev);
		make_dir(&txn, dev->back, dev->backend, dev->domid);
		put_back(&txn, dev, dev->back, back, nr_back, state);
		if (recorded) {
			put(&txn, dev->libxl, "backend", dev->back);
			put_nodes(&txn, dev->libxl, back, nr_back);
		}
	} while (!commit(&txn));
}

void device_set(struct xs_handle *xs, const struct device *dev,
		const char *key, const char *value)
{
	struct txn txn;
	char *state;

	do {
		txn = begin(xs);
		state = xs_read(xs, txn.id, path_of(dev->back, "state"),
				&(unsigned int){ 0 });
		if (state)
			put(&txn, dev->back, key, value);
		free(state);
	} while (!commit(&txn));
}

void device_orphan(struct xs_handle *xs, const struct device *dev)
{
	char guest[PATH_LEN], **left;
	unsigned int nr;
	struct txn txn;

	snprintf(guest, sizeof(guest), "%s", dev->back);
	*strrchr(guest, '/') = '\0';
	do {
		txn = begin(xs);
		xs_rm(xs, txn.id, dev->back);
		left = xs_directory(xs, txn.id, guest, &nr);
		if (left && !nr)
			xs_rm(xs, txn.id, guest);
		free(left);
	} while (!commit(&txn));
}

void device_forget(struct xs_handle *xs, const struct device *dev)
{
	struct txn txn;

	do {
		txn = begin(xs);
		remove_device(&txn, dev);
	} while (!commit(&txn));
}

enum state device_state(struct xs_handle *xs, const char *end)
{
	unsigned int state;

	return store_number(xs, end, "state", &state) ? state : UNKNOWN;
}

const char *state_name(enum state state)
{
	static const char *const names[] = {
		[UNKNOWN] = "gone",
		[INITIALISING] = "Initialising",
		[INIT_WAIT] = "InitWait",
		[INITIALISED] = "Initialised",
		[CONNECTED] = "Connected",
		[CLOSING] = "Closing",
		[CLOSED] = "Closed",
	};

	return state <= CLOSED ? names[state] : "?";
}

char *device_error(struct xs_handle *xs, unsigned int domid, const char *end)
{
	const char *dir = error_dir(domid, end);

	return dir ? store_shown(xs, dir, "error") : NULL;
}

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec + ts.tv_nsec / 1e9;
}

static void await_event(struct xs_handle *xs, double seconds)
{
	struct pollfd fd = { .fd = xs_fileno(xs), .events = POLLIN };
	char **event;

	if (poll(&fd, 1, seconds * 1000 + 1) > 0)
		while ((event = xs_check_watch(xs)))
			free(event);
}

bool device_wait(struct xs_handle *xs, const struct device *dev,
		 bool (*over)(struct xs_handle *xs, const struct device *dev),
		 unsigned int seconds)
{
	double until = now() + seconds;
	bool done;

	if (!xs_watch(xs, path_of(dev->front, "state"), "front") ||
	    !xs_watch(xs, path_of(dev->back, "state"), "back"))
		fail("%s: %s", dev->back, strerror(errno));
	while (!(done = over(xs, dev)) && now() < until)
		await_event(xs, until - now());
	xs_unwatch(xs, path_of(dev->front, "state"), "front");
	xs_unwatch(xs, path_of(dev->back, "state"), "back");
	return done;
}
