// SPDX-License-Identifier: GPL-2.0
/*
 * The program at the kernel's hook. It is a few dozen instructions, which are put
 * together here: so neither a compiler for BPF nor a library to load it is needed.
 */
#include <errno.h>
#include <linux/bpf.h>
#include <netinet/in.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <xpv/pvsock.h>
#include "hook.h"

#define HOOK		"update_socket_protocol"
#define SOCK_TYPE_MASK	0xf

/* Fourteen come before the cgroups, five are for each, five come after. */
#define ROOM	(19 + 5 * HOOK_CGROUPS)

/* Where jumps lead that are not done yet. */
enum {
	TO_TCP = 0x7000,
	TO_PV,
};

struct program {
	struct bpf_insn code[ROOM];
	unsigned int nr;
};

static int bpf(enum bpf_cmd what, union bpf_attr *attr)
{
	return syscall(SYS_bpf, what, attr, sizeof(*attr));
}

static void emit(struct program *program, unsigned int code, unsigned int to,
		 unsigned int from, int offset, int32_t value)
{
	program->code[program->nr++] = (struct bpf_insn) {
		.code = code,
		.dst_reg = to,
		.src_reg = from,
		.off = offset,
		.imm = value,
	};
}

static void load(struct program *program, unsigned int to, unsigned int from,
		 int offset)
{
	emit(program, BPF_LDX | BPF_MEM | BPF_DW, to, from, offset, 0);
}

/* Compare the lower halves, in which an int is. */
static void jump(struct program *program, unsigned int how, unsigned int reg,
		 int32_t value, int where)
{
	emit(program, BPF_JMP32 | how | BPF_K, reg, 0, where, value);
}

static void call(struct program *program, enum bpf_func_id function)
{
	emit(program, BPF_JMP | BPF_CALL, 0, 0, 0, function);
}

static void answer(struct program *program, int protocol)
{
	emit(program, BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_0, 0, 0, protocol);
	emit(program, BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
}

/* What socket() was asked for: family, type, protocol. */
static void leave_other_kinds(struct program *program)
{
	load(program, BPF_REG_6, BPF_REG_1, 0);
	load(program, BPF_REG_7, BPF_REG_1, 8);
	load(program, BPF_REG_8, BPF_REG_1, 16);
	jump(program, BPF_JEQ, BPF_REG_6, AF_INET, 1);
	jump(program, BPF_JNE, BPF_REG_6, AF_INET6, TO_TCP);
	emit(program, BPF_ALU | BPF_AND | BPF_K, BPF_REG_7, 0, 0,
	     SOCK_TYPE_MASK);
	jump(program, BPF_JNE, BPF_REG_7, SOCK_STREAM, TO_TCP);
	jump(program, BPF_JEQ, BPF_REG_8, 0, 1);
	jump(program, BPF_JNE, BPF_REG_8, IPPROTO_TCP, TO_TCP);
}

/* Those of a container, say. */
static void leave_other_networks(struct program *program,
				 const struct types *types)
{
	int number = types_member(types, "net", "ns") +
		     types_member(types, "ns_common", "inum");
	struct stat stat_own;

	if (stat("/proc/self/ns/net", &stat_own))
		fail("/proc/self/ns/net: %s", strerror(errno));
	call(program, BPF_FUNC_get_current_task_btf);
	load(program, BPF_REG_0, BPF_REG_0,
	     types_member(types, "task_struct", "nsproxy"));
	load(program, BPF_REG_0, BPF_REG_0,
	     types_member(types, "nsproxy", "net_ns"));
	emit(program, BPF_LDX | BPF_MEM | BPF_W, BPF_REG_0, BPF_REG_0, number,
	     0);
	jump(program, BPF_JNE, BPF_REG_0, (int32_t)stat_own.st_ino, TO_TCP);
}

/* A place with no cgroup in it is an error of the question, and so not 1. */
static void ask_for_cgroup(struct program *program, int map,
			   unsigned int place, int where)
{
	emit(program, BPF_LD | BPF_DW | BPF_IMM, BPF_REG_1, BPF_PSEUDO_MAP_FD,
	     0, map);
	emit(program, 0, 0, 0, 0, 0);
	emit(program, BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_2, 0, 0, place);
	call(program, BPF_FUNC_current_task_under_cgroup);
	jump(program, BPF_JEQ, BPF_REG_0, 1, where);
}

/* An answer of 0 is none: the socket stays what it was asked to be. */
static void finish(struct program *program)
{
	unsigned int pv = program->nr, tcp = pv + 2, i;
	struct bpf_insn *one;

	answer(program, IPPROTO_PVCALLS);
	answer(program, 0);
	for (i = 0; i < pv; i++) {
		one = &program->code[i];
		if (BPF_CLASS(one->code) != BPF_JMP && BPF_CLASS(one->code) != BPF_JMP32)
			continue;
		if (one->off == TO_TCP)
			one->off = tcp - i - 1;
		else if (one->off == TO_PV)
			one->off = pv - i - 1;
	}
}

__attribute__((noreturn))
static void refused(const char *what)
{
	if (errno == EPERM)
		fail("%s: the kernel lets only root do that, if anybody", what);
	fail("%s: %s", what, strerror(errno));
}

static int make_map(unsigned int nr)
{
	union bpf_attr attr = {
		.map_type = BPF_MAP_TYPE_CGROUP_ARRAY,
		.key_size = sizeof(uint32_t),
		.value_size = sizeof(uint32_t),
		.max_entries = nr,
	};
	int map = bpf(BPF_MAP_CREATE, &attr);

	if (map < 0)
		refused("a BPF map");
	return map;
}

void hook_set_cgroup(int map, unsigned int place, int cgroup)
{
	union bpf_attr attr = {
		.map_fd = map,
		.key = (uintptr_t)&place,
		.value = (uintptr_t)&cgroup,
	};

	if (bpf(BPF_MAP_UPDATE_ELEM, &attr))
		refused("a cgroup, if it is one, in a BPF map");
}

static int load_program(const struct program *program, unsigned int hook)
{
	union bpf_attr attr = {
		.prog_type = BPF_PROG_TYPE_TRACING,
		.expected_attach_type = BPF_MODIFY_RETURN,
		.attach_btf_id = hook,
		.insns = (uintptr_t)program->code,
		.insn_cnt = program->nr,
		.license = (uintptr_t)"GPL",
		.prog_name = "xenpv_sock",
	};
	int fd = bpf(BPF_PROG_LOAD, &attr);

	if (fd < 0)
		refused("a BPF program for " HOOK);
	return fd;
}

static int attach(int program)
{
	union bpf_attr attr = {
		.link_create.prog_fd = program,
		.link_create.attach_type = BPF_MODIFY_RETURN,
	};
	int fd = bpf(BPF_LINK_CREATE, &attr);

	if (fd < 0)
		refused("a BPF program at " HOOK);
	return fd;
}

struct types *hook_find(void)
{
	struct types *types = types_open();

	if (!types)
		fail("this kernel does not describe its types (BTF), which hooks need");
	if (!types_function(types, HOOK))
		fail("this kernel has no hook for it (" HOOK "), as 6.12 has");
	return types;
}

void hook_begin(struct hook *hook, const struct types *types,
		const int *cgroups, unsigned int nr, bool except)
{
	struct program program = { };
	unsigned int i;
	int loaded;

	hook->cgroups = make_map(nr);
	leave_other_kinds(&program);
	leave_other_networks(&program, types);
	for (i = 0; i < nr; i++) {
		if (cgroups[i] >= 0)
			hook_set_cgroup(hook->cgroups, i, cgroups[i]);
		ask_for_cgroup(&program, hook->cgroups, i,
			       except ? TO_TCP : TO_PV);
	}
	if (!except)
		emit(&program, BPF_JMP | BPF_JA, 0, 0, TO_TCP, 0);
	finish(&program);
	loaded = load_program(&program, types_function(types, HOOK));
	hook->link = attach(loaded);
	close(loaded);
}

bool hook_pin(int fd, const char *path)
{
	union bpf_attr attr = {
		.pathname = (uintptr_t)path,
		.bpf_fd = fd,
	};

	return !bpf(BPF_OBJ_PIN, &attr);
}

int hook_pinned(const char *path)
{
	union bpf_attr attr = { .pathname = (uintptr_t)path };

	return bpf(BPF_OBJ_GET, &attr);
}

bool hook_has_sockets(void)
{
	int fd = socket(AF_INET, SOCK_STREAM, IPPROTO_PVCALLS);

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}
