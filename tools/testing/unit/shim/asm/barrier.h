/* SPDX-License-Identifier: GPL-2.0 */
/* Barriers against another processor, as another domain is one. */
#ifndef SHIM_ASM_BARRIER_H
#define SHIM_ASM_BARRIER_H

#include <linux/compiler.h>

#define virt_mb()	__atomic_thread_fence(__ATOMIC_SEQ_CST)
#define virt_rmb()	__atomic_thread_fence(__ATOMIC_ACQUIRE)
#define virt_wmb()	__atomic_thread_fence(__ATOMIC_RELEASE)

#define smp_load_acquire(ptr)		__atomic_load_n((ptr), __ATOMIC_ACQUIRE)
#define smp_store_release(ptr, v)	\
	__atomic_store_n((ptr), (v), __ATOMIC_RELEASE)

#endif
