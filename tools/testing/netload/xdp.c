// SPDX-License-Identifier: GPL-2.0
/* Small XDP programs, made by hand: what becomes of UDP over IPv4. */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/bpf.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "netload.h"

#define PROGRAM_MAX 64
#define HEADERS 42
#define MAC_DST 0
#define MAC_SRC 6
#define TYPE 12
#define PROTOCOL 23
#define IP_SRC 26
#define IP_DST 30
#define PORT_SRC 34
#define PORT_DST 36

struct program {
	struct bpf_insn insns[PROGRAM_MAX];
	unsigned int nr;
};

static void put(struct program *program, unsigned char code, unsigned int dst, unsigned int src,
		short off, int imm)
{
	if (program->nr == PROGRAM_MAX)
		give_up("the program is too long");
	program->insns[program->nr++] = (struct bpf_insn){
		.code = code,
		.dst_reg = dst,
		.src_reg = src,
		.off = off,
		.imm = imm,
	};
}

static void load(struct program *program, unsigned int size, unsigned int reg, unsigned int from,
		 short off)
{
	put(program, BPF_LDX | BPF_MEM | size, reg, from, off, 0);
}

static void set(struct program *program, unsigned int reg, int value)
{
	put(program, BPF_ALU64 | BPF_MOV | BPF_K, reg, 0, 0, value);
}

static void leave(struct program *program, int verdict)
{
	set(program, BPF_REG_0, verdict);
	put(program, BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
}

/* The two instructions behind a jump that is taken. */
#define PAST_PASS 2

/* All but UDP over IPv4 passes; R2 is where the packet begins. */
static void pass_others(struct program *program)
{
	load(program, BPF_W, BPF_REG_2, BPF_REG_1, offsetof(struct xdp_md, data));
	load(program, BPF_W, BPF_REG_3, BPF_REG_1, offsetof(struct xdp_md, data_end));
	put(program, BPF_ALU64 | BPF_MOV | BPF_X, BPF_REG_4, BPF_REG_2, 0, 0);
	put(program, BPF_ALU64 | BPF_ADD | BPF_K, BPF_REG_4, 0, 0, HEADERS);
	put(program, BPF_JMP | BPF_JLE | BPF_X, BPF_REG_4, BPF_REG_3, PAST_PASS, 0);
	leave(program, XDP_PASS);
	load(program, BPF_H, BPF_REG_5, BPF_REG_2, TYPE);
	put(program, BPF_JMP | BPF_JEQ | BPF_K, BPF_REG_5, 0, PAST_PASS, htons(0x0800));
	leave(program, XDP_PASS);
	load(program, BPF_B, BPF_REG_5, BPF_REG_2, PROTOCOL);
	put(program, BPF_JMP | BPF_JEQ | BPF_K, BPF_REG_5, 0, PAST_PASS, 17);
	leave(program, XDP_PASS);
}

/* SIZE bytes at A and at B change places. */
static void swap(struct program *program, unsigned int size, short a, short b)
{
	load(program, size, BPF_REG_4, BPF_REG_2, a);
	load(program, size, BPF_REG_5, BPF_REG_2, b);
	put(program, BPF_STX | BPF_MEM | size, BPF_REG_2, BPF_REG_5, a, 0);
	put(program, BPF_STX | BPF_MEM | size, BPF_REG_2, BPF_REG_4, b, 0);
}

/* Back to where it came from; its sums stay right. */
static void turn(struct program *program)
{
	unsigned int i;

	for (i = 0; i < 6; i += 2)
		swap(program, BPF_H, MAC_DST + i, MAC_SRC + i);
	swap(program, BPF_W, IP_SRC, IP_DST);
	swap(program, BPF_H, PORT_SRC, PORT_DST);
	leave(program, XDP_TX);
}

static void redirect(struct program *program, const char *to)
{
	set(program, BPF_REG_1, if_nametoindex(to));
	set(program, BPF_REG_2, 0);
	put(program, BPF_JMP | BPF_CALL, 0, 0, 0, BPF_FUNC_redirect);
	put(program, BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
}

static void write_program(struct program *program, const char *what)
{
	pass_others(program);
	if (!strcmp(what, "pass"))
		leave(program, XDP_PASS);
	else if (!strcmp(what, "drop"))
		leave(program, XDP_DROP);
	else if (!strcmp(what, "abort"))
		leave(program, XDP_ABORTED);
	else if (!strcmp(what, "tx"))
		turn(program);
	else
		redirect(program, what);
}

static int bpf(int command, union bpf_attr *attr)
{
	return syscall(SYS_bpf, command, attr, sizeof(*attr));
}

static int load_program(const struct program *program)
{
	static char log[65536];
	union bpf_attr attr;
	int fd;

	memset(&attr, 0, sizeof(attr));
	attr.prog_type = BPF_PROG_TYPE_XDP;
	attr.insns = (unsigned long)program->insns;
	attr.insn_cnt = program->nr;
	attr.license = (unsigned long)"GPL";
	attr.log_buf = (unsigned long)log;
	attr.log_size = sizeof(log);
	attr.log_level = 1;
	fd = bpf(BPF_PROG_LOAD, &attr);
	if (fd < 0)
		give_up("the program is not taken: %s\n%s", strerror(errno), log);
	return fd;
}

/* Run the program WHAT on INTERFACE until this process ends. */
void xdp_run(const char *interface, const char *what)
{
	struct program program = {};
	union bpf_attr attr;

	write_program(&program, what);
	memset(&attr, 0, sizeof(attr));
	attr.link_create.prog_fd = load_program(&program);
	attr.link_create.target_ifindex = if_nametoindex(interface);
	attr.link_create.attach_type = BPF_XDP;
	attr.link_create.flags = 1U << 2; /* in the driver, or not at all */
	if (bpf(BPF_LINK_CREATE, &attr) < 0)
		give_up("%s takes no program: %s", interface, strerror(errno));
	printf("attached\n");
	for (;;)
		pause();
}
