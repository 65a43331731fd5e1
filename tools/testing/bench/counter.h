/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What counter.c uses of the plugin interface of QEMU 7.2, version 1
 * (include/qemu/qemu-plugin.h there): Debian ships no header for plugins.
 */
#ifndef BENCH_COUNTER_H
#define BENCH_COUNTER_H

#include <stddef.h>
#include <stdint.h>

#define EXPORT __attribute__((visibility("default")))

#define PLUGIN_API_VERSION 1
#define NO_REGISTERS 0

struct qemu_plugin_tb;
struct qemu_plugin_insn;
struct qemu_plugin_info;

typedef void (*translate_fn)(uint64_t id, struct qemu_plugin_tb *tb);
typedef void (*execute_fn)(unsigned int vcpu, void *data);

void qemu_plugin_register_vcpu_tb_trans_cb(uint64_t id, translate_fn function);
void qemu_plugin_register_vcpu_tb_exec_cb(struct qemu_plugin_tb *tb,
					  execute_fn function, int flags,
					  void *data);
void qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn *insn,
					    execute_fn function, int flags,
					    void *data);
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *tb);
struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *tb,
						 size_t index);
uint64_t qemu_plugin_insn_vaddr(const struct qemu_plugin_insn *insn);
size_t qemu_plugin_insn_size(const struct qemu_plugin_insn *insn);
const void *qemu_plugin_insn_data(const struct qemu_plugin_insn *insn);

#endif
