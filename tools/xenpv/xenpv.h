/* SPDX-License-Identifier: GPL-2.0 */
/*
 * xenpv: what a Xen host's administrator does with paravirtual devices beyond
 * what xl knows. One file for each noun of the command line, and store.c, which
 * all of them write through.
 */
#ifndef XENPV_H
#define XENPV_H

#include <stdbool.h>
#include <stddef.h>

#define ARRAY_SIZE(array)	(sizeof(array) / sizeof((array)[0]))

/* store.c: devices as a toolstack sees them. */

struct xs_handle;

#define PATH_LEN	256

/* What a device is, and where its nodes are. */
struct device {
	const char *class;		/* as the store calls its kind */
	unsigned int domid;		/* whose it is */
	unsigned int backend;		/* who serves it */
	unsigned int number;
	char front[PATH_LEN];
	char back[PATH_LEN];
	char libxl[PATH_LEN];		/* the toolstack's own copy */
};

/* xenstore takes 4096 bytes at a time, a node's path among them. */
#define VALUE_MAX	3840

/* A node to be written, beside those that every device has. */
struct node {
	const char *key;
	char value[VALUE_MAX + 1];
};

/* States of a device's ends, as io/xenbus.h numbers them. */
enum state {
	UNKNOWN,
	INITIALISING,
	INIT_WAIT,
	INITIALISED,
	CONNECTED,
	CLOSING,
	CLOSED,
};

struct xs_handle *store_open(void);
void store_close(struct xs_handle *xs);

/* Names and numbers of domains. The functions end the program with a message. */
unsigned int domain_find(struct xs_handle *xs, const char *name);
unsigned int domain_own(struct xs_handle *xs);
const char *domain_name(struct xs_handle *xs, unsigned int domid);
unsigned int *domain_list(struct xs_handle *xs, unsigned int *nr);

/* A node's text, to be freed; NULL if it is not there. */
char *store_read(struct xs_handle *xs, const char *dir, const char *key);
/* The same of a text that a guest may have written, fit for a terminal. */
char *store_shown(struct xs_handle *xs, const char *dir, const char *key);
bool store_number(struct xs_handle *xs, const char *dir, const char *key,
		  unsigned int *value);
/* The names in a directory, to be freed; NULL and 0 if there are none. */
char **store_list(struct xs_handle *xs, const char *dir, unsigned int *nr);

void device_place(struct device *dev, const char *class, unsigned int domid,
		  unsigned int backend, unsigned int number);
/* The devices of one kind that a domain has; to be freed. */
struct device *device_list(struct xs_handle *xs, const char *class,
			   unsigned int domid, unsigned int *nr);
/* The first one from LEAST on. */
unsigned int device_free_number(const struct device *list, unsigned int nr,
				unsigned int least);
/* Return: false if another device has its number by now, and nothing was done. */
bool device_attach(struct xs_handle *xs, const struct device *dev,
		   const struct node *front, unsigned int nr_front,
		   const struct node *back, unsigned int nr_back);
void device_ask_to_close(struct xs_handle *xs, const struct device *dev);
/* Have the frontend's nodes name this backend, no longer the one of domain FROM. */
void device_point(struct xs_handle *xs, const struct device *dev,
		  unsigned int from);
/* Make a node in the frontend's directory that its backend may write, if there is none. */
void device_lend(struct xs_handle *xs, const struct device *dev,
		 const char *key, const char *value);
/* Make a backend's directory for a frontend that names it; RECORDED: and say so. */
void device_serve(struct xs_handle *xs, const struct device *dev,
		  const struct node *back, unsigned int nr_back,
		  enum state state, bool recorded);
/* Write a node of the backend, if it has a directory. */
void device_set(struct xs_handle *xs, const struct device *dev,
		const char *key, const char *value);
/* Take the backend's directory away, and that of its guest if it is the last. */
void device_orphan(struct xs_handle *xs, const struct device *dev);
void device_forget(struct xs_handle *xs, const struct device *dev);
enum state device_state(struct xs_handle *xs, const char *end);
const char *state_name(enum state state);
/* Why an end gave up, to be freed; NULL if it did not say. */
char *device_error(struct xs_handle *xs, unsigned int domid, const char *end);
bool device_wait(struct xs_handle *xs, const struct device *dev,
		 bool (*over)(struct xs_handle *xs, const struct device *dev),
		 unsigned int seconds);

/*
 * config.c: have the configuration that xl keeps of a guest, if it keeps one and the
 * device is in it, name the backend's domain and these of its nodes. Return: false if
 * that failed.
 */
bool config_move(struct xs_handle *xs, const struct device *dev,
		 const struct node *const *nodes, unsigned int nr);

/* attach.c: what nouns that attach devices have in common. */

/* For device_wait(): nothing more is to be expected; it is gone. */
bool device_is_settled(struct xs_handle *xs, const struct device *dev);
bool device_is_closed(struct xs_handle *xs, const struct device *dev);
/*
 * Have both ends close within so many seconds, and take it away, with FORCE in
 * any case. Return: false if the guest holds on to it.
 */
bool device_detach(struct xs_handle *xs, const struct device *dev,
		   unsigned int seconds, bool force);
/*
 * Say what became of a device after something was DONE to it; WHAT it is that a
 * backend does, and which MODULE. Return: the exit status.
 */
int device_tell(struct xs_handle *xs, const struct device *dev,
		const char *done, const char *what, const char *module);
/*
 * Wait so many seconds for a device that was attached, and tell what became of it.
 * What is refused is taken away again.
 */
int device_await(struct xs_handle *xs, const struct device *dev,
		 unsigned int seconds, const char *what, const char *module);
void print_column(const char *text, int width);
/*
 * A verb about each device of a kind that the domain argv[0] has, or any one if there
 * is no argument; the table's head comes first, if it has one. Return: the exit status.
 */
int device_each(const char *verb, const char *class, int argc, char **argv,
		void (*head)(void),
		void (*one)(struct xs_handle *xs, const struct device *dev));

struct noun;
/*
 * The command that attaches a device as it is, WORDS being its arguments behind the
 * domain, up to a NULL.
 */
void device_print_command(struct xs_handle *xs, const struct noun *noun,
			  const struct device *dev, const char *const *words);

/* verbs.c: the verbs of a noun that attaches devices, and their options. */

#define KEYS_MAX	16

/* An option of attach that is a node of the backend. */
struct key {
	const char *option;
	const char *node;
	enum { TEXT, NUMBER, FLAG, WORD } kind;
	const char *const *words;	/* of which a WORD is one; ends in NULL */
	const char *otherwise;		/* the node's text if it is not given */
	unsigned int max;		/* NUMBER; of a TEXT, its length */
};

#define EXCEPT_MAX	15

struct args {
	const char *value[KEYS_MAX];
	const char *backend;
	const char *number;		/* the device's, NULL for any */
	const char *except[EXCEPT_MAX];
	unsigned int nr_except;
	unsigned int wait;		/* seconds */
	bool force;
	bool all;
	bool help;
};

/* What a verb takes beside its arguments. */
#define TAKES_KEYS	1
#define TAKES_BACKEND	2
#define TAKES_WAIT	4
#define TAKES_FORCE	8
#define TAKES_NUMBER	16
#define TAKES_EXCEPT	32
#define TAKES_ALL	64

struct verb {
	const char *name;
	int (*run)(int argc, char **argv, const struct args *args);
	unsigned int takes;
};

struct noun {
	const char *name;
	const char *usage;
	const struct key *keys;
	unsigned int nr_keys;
	const struct verb *verbs;
	unsigned int nr_verbs;
};

int noun_run_verb(const struct noun *noun, int argc, char **argv);
/* The nodes that the options say. Return: how many. */
unsigned int nodes_fill(const struct noun *noun, const struct args *args,
			struct node *nodes);

/* main.c */

__attribute__((noreturn, format(printf, 1, 2)))
void fail(const char *format, ...);
/* The command line itself was wrong. */
__attribute__((noreturn, format(printf, 1, 2)))
void misused(const char *format, ...);
/* Ends the program if the text is no number, or one above MAX. */
unsigned int parse_number(const char *what, const char *text, unsigned int max);

/*
 * Each noun has its verbs, but for run, which has a command; argv[0] is the first.
 * That of rehome is argv[-1].
 */
int noun_9p(int argc, char **argv);
int noun_sock(int argc, char **argv);
int noun_rehome(int argc, char **argv);
int noun_run(int argc, char **argv);

/* default.c: a verb of sock */
int sock_default(int argc, char **argv, const struct args *args);

#endif
