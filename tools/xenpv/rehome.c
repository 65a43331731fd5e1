// SPDX-License-Identifier: GPL-2.0
/*
 * xenpv rehome: a device goes on with a backend in another domain.
 *
 * The frontend's nodes come to name the new backend, whose directory is not there
 * yet: so the frontend lets go of the old one, which closes, if it still runs. Two
 * backends never work on a device at a time. Then the new directory is made of what
 * the toolstack had said of the device, and the frontend connects.
 */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>
#include "xenpv.h"

/* How long, in seconds: for an old backend if none is said; for its toolstack. */
#define LET_GO_WAIT	10
#define TIDY_WAIT	2

#define PARAMS_MAX	64
#define DOMID_MAX	32751	/* the last that Xen gives to a domain */
#define KEY_MAX		64

static const char *const usage =
"usage: xenpv rehome DOMAIN DEVICE BACKEND [KEY=VALUE]... [OPTION]...\n"
"       xenpv rehome --all [FROM] BACKEND [OPTION]...\n"
"\n"
"A device of a guest goes on with a backend in another domain. DEVICE is its kind\n"
"and number, as in vbd/51728, vif/0, 9pfs/0 or pvcalls/0, or a disk's name. KEY is\n"
"one of the backend's nodes that is to be another than it was, as in\n"
"params=/dev/vdc, bridge=br1 or path=/srv. With --all, all devices of all guests do\n"
"that domain FROM serves or served, whose number may be that of one that is gone;\n"
"without FROM, all whose backend's domain is gone.\n"
"\n"
"Options:\n"
"  --all           every device of a domain, or of those that are gone\n"
"  --force         even if the old backend does not let go\n"
"  --wait=SECONDS  for it, and for the guest to connect; 10 if not given\n";

/*
 * struct move - what is to be done
 * @from: the device as it is
 * @to: the device as it will be
 * @params: the new backend's nodes
 * @nr: how many
 * @said: those of them that the command line said
 * @nr_said: how many
 * @recorded: the toolstack has a copy of its own
 */
struct move {
	struct device from;
	struct device to;
	struct node params[PARAMS_MAX];
	unsigned int nr;
	const struct node *said[PARAMS_MAX];
	unsigned int nr_said;
	bool recorded;
};

/* Who does what in a backend's domain, by kind of device; of others, at the end. */
static const struct {
	const char *class;
	const char *what;
	const char *module;
} servers[] = {
	{ "vbd", "serves disks", "xen-blkback" },
	{ "vif", "serves networks", "xen-netback" },
	{ "9pfs", "serves folders", "xen-9pback" },
	{ "pvcalls", "carries out sockets", "pvcalls-back" },
	{ NULL, "serves it", "its backend" },
};

/* Nodes of a backend's directory that are not the toolstack's, or not to stay. */
static const char *const volatiles[] = {
	"frontend", "frontend-id", "backend", "online", "state", "life",
	"hotplug-status", "hotplug-error", "physical-device",
	"physical-device-path", "node", "info", "sectors", "sector-size",
	"physical-sector-size", "discard-alignment", "discard-granularity",
	"discard-secure", "max-ring-page-order", "max-page-order",
	"max-rings", "versions", "function-calls",
	"multi-queue-max-queues",
};

#define FEATURE	"feature-"

static bool is_volatile(const char *key)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(volatiles); i++)
		if (!strcmp(key, volatiles[i]))
			return true;
	return !strncmp(key, FEATURE, strlen(FEATURE));
}

/* Which device */

/* A disk by the name that the toolstack noted. */
static bool find_disk(struct xs_handle *xs, unsigned int domid,
		      const char *name, struct device *dev)
{
	struct device *list;
	unsigned int nr, i;
	bool found = false;

	list = device_list(xs, "vbd", domid, &nr);
	for (i = 0; i < nr && !found; i++) {
		char *its = store_read(xs, list[i].libxl, "dev");

		found = its && !strcmp(its, name);
		if (found)
			*dev = list[i];
		free(its);
	}
	free(list);
	return found;
}

static bool find_numbered(struct xs_handle *xs, unsigned int domid,
			  const char *name, struct device *dev)
{
	struct device *list;
	unsigned int nr, i, number;
	static char class[32];
	bool found = false;
	int end = 0;

	if (sscanf(name, "%31[a-z0-9]/%u%n", class, &number, &end) != 2 ||
	    name[end])
		return false;
	list = device_list(xs, class, domid, &nr);
	for (i = 0; i < nr && !found; i++) {
		found = list[i].number == number;
		if (found)
			*dev = list[i];
	}
	free(list);
	return found;
}

/*
 * What kind of backend it is now it is later; QEMU's disks have one of their own.
 * Only the toolstack's own copy is believed.
 */
static void place(struct xs_handle *xs, struct move *move, unsigned int backend)
{
	struct device *from = &move->from, *to = &move->to;
	char *path = store_read(xs, from->libxl, "backend"), kind[32];

	move->recorded = path;
	device_place(to, from->class, from->domid, backend, from->number);
	if (path && sscanf(path, "/local/domain/%*u/backend/%31[^/]/", kind) == 1) {
		snprintf(from->back, PATH_LEN, "%s", path);
		snprintf(to->back, PATH_LEN, "/local/domain/%u/backend/%s/%u/%u",
			 backend, kind, to->domid, to->number);
	}
	free(path);
}

/* What the new backend is told */

static const struct node *set_param(struct move *move, const char *key,
				    const char *value)
{
	unsigned int i;

	for (i = 0; i < move->nr && strcmp(move->params[i].key, key); i++)
		;
	if (i == PARAMS_MAX)
		fail("%s has more than %d nodes", move->from.back, PARAMS_MAX);
	if (strlen(value) > VALUE_MAX)
		fail("%s: its value is longer than %d characters", key,
		     VALUE_MAX);
	move->params[i].key = key;
	strcpy(move->params[i].value, value);
	if (i == move->nr)
		move->nr++;
	return &move->params[i];
}

/*
 * The toolstack's copy, which no backend could change; without one, what is in the
 * old backend's directory, as long as that is of this device.
 */
static void read_params(struct xs_handle *xs, struct move *move)
{
	const char *dir = move->recorded ? move->from.libxl : move->from.back;
	unsigned int nr, i, domid;
	char **keys, *value;

	if (!store_number(xs, dir, "frontend-id", &domid) ||
	    domid != move->from.domid)
		fail("neither %s nor %s says what the device is",
		     move->from.libxl, move->from.back);
	/* Its names stay in use. */
	keys = store_list(xs, dir, &nr);
	for (i = 0; i < nr; i++) {
		if (is_volatile(keys[i]))
			continue;
		value = store_read(xs, dir, keys[i]);
		if (value && *value)
			set_param(move, keys[i], value);
		free(value);
	}
}

/* As xenstore would have it: it is too late for a mistake when the device moves. */
static bool is_key(const char *word, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		if (!isalnum((unsigned char)word[i]) && !strchr("-_@", word[i]))
			return false;
	return len && len <= KEY_MAX;
}

static void replace_params(struct move *move, int nr, char **words)
{
	char *word, *value;

	for (; nr; nr--) {
		word = *words++;
		value = strchr(word, '=');
		if (!value || !value[1] || !is_key(word, value - word))
			misused("'%s' is no KEY=VALUE", word);
		*value++ = '\0';
		if (is_volatile(word))
			misused("%s is not for the toolstack to say", word);
		if (move->nr_said == PARAMS_MAX)
			misused("there are more than %d of KEY=VALUE", PARAMS_MAX);
		move->said[move->nr_said++] = set_param(move, word, value);
	}
}

/* Scripts of this domain's backends, which the toolstack runs itself */

static void exec_script(const struct device *dev, const char *script, bool add)
{
	bool vif = !strcmp(dev->class, "vif");
	const char *path = strstr(dev->back, "/backend/") + 1;
	const char *kind = strchr(path, '/') + 1;
	char type[32], name[32];

	snprintf(type, sizeof(type), "%.*s", (int)strcspn(kind, "/"), kind);
	snprintf(name, sizeof(name), "vif%u.%u", dev->domid, dev->number);
	setenv("script", script, 1);
	setenv("XENBUS_TYPE", type, 1);
	setenv("XENBUS_PATH", path, 1);
	setenv("XENBUS_BASE_PATH", "backend", 1);
	if (vif) {
		setenv("vif", name, 1);
		execl(script, script, add ? "online" : "offline", "type_if=vif",
		      NULL);
	} else {
		execl(script, script, add ? "add" : "remove", NULL);
	}
	_exit(127);
}

/* The path of what has to be run here, to be freed; NULL if nothing has. */
static char *script_of(struct xs_handle *xs, const struct move *move,
		       const struct device *dev)
{
	if (!move->recorded || dev->backend != domain_own(xs))
		return NULL;
	return store_read(xs, dev->libxl, "script");
}

/* Return: whether it succeeded. */
static bool run_script(const struct device *dev, const char *script, bool add)
{
	int status = 0;
	pid_t pid = fork();

	if (!pid)
		exec_script(dev, script, add);
	if (pid < 0 || waitpid(pid, &status, 0) < 0)
		fail("%s: %s", script, strerror(errno));
	return !status;
}

/* From the old backend to the new one */

/* The frontend, and who served it if that is still there. */
static bool has_let_go(struct xs_handle *xs, const struct device *dev)
{
	enum state front = device_state(xs, dev->front);
	enum state back = device_state(xs, dev->back);

	return (front == INITIALISING || front == CLOSED || front == UNKNOWN) &&
	       (back == INITIALISING || back == INIT_WAIT || back == CLOSED ||
		back == UNKNOWN);
}

static void part(struct xs_handle *xs, const struct move *move,
		 const struct args *args)
{
	const struct device *from = &move->from;
	enum state front;

	device_point(xs, &move->to, from->backend);
	if (device_wait(xs, from, has_let_go, args->wait ?: LET_GO_WAIT) ||
	    args->force)
		return;
	front = device_state(xs, from->front);
	device_point(xs, from, move->to.backend);
	if (front == INITIALISED || front == CONNECTED)
		fail("the guest does not follow (%s): it does not run, or has another driver",
		     state_name(front));
	fail("domain %s does not let go of it: to be destroyed first (or with --force)",
	     domain_name(xs, from->backend));
}

static bool is_gone(struct xs_handle *xs, const struct device *dev)
{
	return device_state(xs, dev->back) == UNKNOWN;
}

/*
 * An old backend that lives must not take the frontend's next life for its own.
 * Its domain's own toolstack, if there is one, undoes what its script did, and
 * takes the directory away itself.
 */
static void tidy(struct xs_handle *xs, const struct move *move)
{
	const struct device *from = &move->from;
	char *script;

	if (is_gone(xs, from))
		return;
	device_set(xs, from, "online", "0");
	script = script_of(xs, move, from);
	if (script)
		run_script(from, script, false);
	else if (from->backend != domain_own(xs))
		device_wait(xs, from, is_gone, TIDY_WAIT);
	free(script);
	device_orphan(xs, from);
}

static bool is_fresh(struct xs_handle *xs, const struct device *dev)
{
	return device_state(xs, dev->front) != CLOSED;
}

static bool is_waiting(struct xs_handle *xs, const struct device *dev)
{
	return device_state(xs, dev->back) != INITIALISING;
}

/*
 * The script of an interface tells the guest its MTU, in a node of the guest's that
 * belongs to the backend's domain: xenstored took it away if that was destroyed, and
 * the new one could not make it. 0 says nothing.
 */
static void lend_mtu(struct xs_handle *xs, const struct move *move)
{
	char *mtu;

	if (strcmp(move->to.class, "vif"))
		return;
	mtu = store_read(xs, move->from.libxl, "mtu");
	device_lend(xs, &move->to, "mtu", mtu ?: "0");
	free(mtu);
}

/*
 * A frontend that is Closed begins anew when its backend is Closed too, and a
 * backend is to find one that has begun.
 */
static void settle(struct xs_handle *xs, const struct move *move,
		   const struct args *args)
{
	const struct device *to = &move->to;
	bool fresh = is_fresh(xs, to);

	device_serve(xs, to, move->params, move->nr,
		     fresh ? INITIALISING : CLOSED, move->recorded);
	if (fresh)
		return;
	device_wait(xs, to, is_fresh, args->wait ?: LET_GO_WAIT);
	device_set(xs, to, "state", "1");
}

/* The next boot of the guest, or where it is restored, is to find the device, too. */
static void note(struct xs_handle *xs, const struct move *move)
{
	if (!config_move(xs, &move->to, move->said, move->nr_said))
		fprintf(stderr,
			"xenpv: the configuration that xl keeps of domain %u still names its old backend\n",
			move->to.domid);
}

static unsigned int server_of(const struct device *dev)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(servers) - 1; i++)
		if (!strcmp(dev->class, servers[i].class))
			break;
	return i;
}

/* A script finds what a backend that has begun noted. */
static void set_up(struct xs_handle *xs, const struct move *move,
		   const struct args *args)
{
	const struct device *to = &move->to;
	char *script = script_of(xs, move, to);
	unsigned int server = server_of(to);

	if (!script)
		return;
	if (!device_wait(xs, to, is_waiting, args->wait ?: LET_GO_WAIT))
		fail("moved, but nobody %s in domain %s yet (is %s loaded?): %s was not run for it",
		     servers[server].what, domain_name(xs, to->backend),
		     servers[server].module, script);
	if (!run_script(to, script, true))
		fail("moved, but %s failed, which sets it up", script);
	free(script);
}

/* Whoever runs scripts in the backend's domain did not, or one failed. */
static void tell_of_scripts(struct xs_handle *xs, const struct device *dev)
{
	enum state front = device_state(xs, dev->front);
	char *why;

	if (device_state(xs, dev->back) != INIT_WAIT)
		return;
	why = store_shown(xs, dev->back, "hotplug-error");
	if (why)
		fail("moved, but its script failed in domain %s: %s",
		     domain_name(xs, dev->backend), why);
	if (front == INITIALISED || front == CONNECTED)
		fail("moved, but domain %s has not set it up: do hotplug scripts run there?",
		     domain_name(xs, dev->backend));
}

static int tell(struct xs_handle *xs, const struct device *dev)
{
	unsigned int server = server_of(dev);

	tell_of_scripts(xs, dev);
	return device_tell(xs, dev, "moved", servers[server].what,
			   servers[server].module);
}

/* As it was, but for what the words say. Return: the exit status. */
static int move_to(struct xs_handle *xs, struct move *move, unsigned int backend,
		   int nr_words, char **words, const struct args *args)
{
	place(xs, move, backend);
	read_params(xs, move);
	replace_params(move, nr_words, words);

	part(xs, move, args);
	tidy(xs, move);
	lend_mtu(xs, move);
	settle(xs, move, args);
	note(xs, move);
	set_up(xs, move, args);
	if (!args->wait)
		return 0;
	device_wait(xs, &move->to, device_is_settled, args->wait);
	return tell(xs, &move->to);
}

static int move_device(int argc, char **argv, const struct args *args)
{
	static struct move move;
	struct xs_handle *xs;
	unsigned int domid, backend;
	int status;

	if (argc < 3)
		misused("rehome wants a domain, a device and its new backend");
	xs = store_open();
	domid = domain_find(xs, argv[0]);
	backend = domain_find(xs, argv[2]);
	if (!find_numbered(xs, domid, argv[1], &move.from) &&
	    !find_disk(xs, domid, argv[1], &move.from))
		fail("domain %s has no device '%s'", argv[0], argv[1]);
	if (domid == backend || domid == move.from.backend)
		fail("domain %s cannot serve itself", argv[0]);
	if (move.from.backend == backend)
		fail("domain %s has it already", argv[2]);
	if (device_state(xs, move.from.front) == UNKNOWN)
		fail("domain %s has removed its end of '%s'", argv[0], argv[1]);
	status = move_to(xs, &move, backend, argc - 3, argv + 3, args);
	store_close(xs);
	return status;
}

/* All devices that a domain serves, or that nobody does */

/*
 * struct exodus - whose devices are to move, and where
 * @from: who served them, if @named; else any domain that is gone
 * @to: who is to serve them
 * @found: how many devices there were
 */
struct exodus {
	unsigned int from;
	bool named;
	unsigned int to;
	unsigned int found;
};

/* By now: others are moved meanwhile, and that takes its time. */
static bool is_there(struct xs_handle *xs, unsigned int domid)
{
	unsigned int nr, i, *domids = domain_list(xs, &nr);
	bool found = false;

	for (i = 0; i < nr && !found; i++)
		found = domids[i] == domid;
	free(domids);
	return found;
}

/* Only the toolstack's own copy is believed: what a guest wrote it may have made up. */
static bool takes_part(struct xs_handle *xs, const struct exodus *exodus,
		       const struct device *dev)
{
	char *path = store_read(xs, dev->libxl, "backend");
	bool recorded = path;

	free(path);
	return recorded && dev->domid != exodus->to && dev->backend != exodus->to &&
	       (exodus->named ? dev->backend == exodus->from :
				!is_there(xs, dev->backend));
}

/* In a process of its own: what ends that is of this device alone. */
static int move_apart(const struct device *dev, unsigned int to,
		      const struct args *args)
{
	static struct move move;
	struct xs_handle *xs;
	int status = 0;
	pid_t pid = fork();

	if (!pid) {
		xs = store_open();
		move.from = *dev;
		if (device_state(xs, dev->front) == UNKNOWN)
			fail("the guest has removed its end of it");
		exit(move_to(xs, &move, to, 0, NULL, args));
	}
	if (pid < 0 || waitpid(pid, &status, 0) < 0)
		fail("%s", strerror(errno));
	return status ? 1 : 0;
}

static int move_class(struct xs_handle *xs, struct exodus *exodus,
		      unsigned int domid, const char *class,
		      const struct args *args)
{
	unsigned int nr, i;
	struct device *list = device_list(xs, class, domid, &nr);
	int status = 0;

	for (i = 0; i < nr; i++) {
		if (!takes_part(xs, exodus, &list[i]))
			continue;
		exodus->found++;
		printf("%s %s/%u\n", domain_name(xs, domid), class, list[i].number);
		fflush(stdout);
		status |= move_apart(&list[i], exodus->to, args);
	}
	free(list);
	return status;
}

/* The number of a domain that is gone, too. */
static void name_source(struct xs_handle *xs, struct exodus *exodus,
			const char *name)
{
	bool is_number = *name && !name[strspn(name, "0123456789")];

	exodus->named = true;
	exodus->from = is_number ? parse_number("rehome", name, DOMID_MAX) :
				   domain_find(xs, name);
	if (exodus->from == exodus->to)
		fail("domain %s has them already", name);
}

static int move_all(int argc, char **argv, const struct args *args)
{
	struct exodus exodus = { };
	struct xs_handle *xs;
	unsigned int i, class, nr, *domids;
	int status = 0;

	if (argc < 1 || argc > 2)
		misused("rehome --all wants the new backend, or the old one and the new one");
	xs = store_open();
	exodus.to = domain_find(xs, argv[argc - 1]);
	if (argc == 2)
		name_source(xs, &exodus, argv[0]);
	domids = domain_list(xs, &nr);
	for (i = 0; i < nr; i++)
		for (class = 0; servers[class].class; class++)
			status |= move_class(xs, &exodus, domids[i],
					     servers[class].class, args);
	if (!exodus.found && exodus.named)
		fail("domain %s serves no device of a guest", argv[0]);
	if (!exodus.found)
		fail("the backends of all devices are in domains that there are");
	free(domids);
	store_close(xs);
	return status;
}

static int move(int argc, char **argv, const struct args *args)
{
	return args->all ? move_all(argc, argv, args) :
			   move_device(argc, argv, args);
}

static const struct verb verbs[] = {
	{ "rehome", move, TAKES_WAIT | TAKES_FORCE | TAKES_ALL },
};

static const struct noun noun = {
	.name = "rehome",
	.usage = usage,
	.verbs = verbs,
	.nr_verbs = ARRAY_SIZE(verbs),
};

/* It is its own verb. */
int noun_rehome(int argc, char **argv)
{
	return noun_run_verb(&noun, argc + 1, argv - 1);
}
