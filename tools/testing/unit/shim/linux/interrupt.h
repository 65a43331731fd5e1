/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SHIM_LINUX_INTERRUPT_H
#define SHIM_LINUX_INTERRUPT_H

typedef enum { IRQ_NONE, IRQ_HANDLED } irqreturn_t;
typedef irqreturn_t (*irq_handler_t)(int irq, void *data);

#define IRQF_NO_AUTOEN	0x80000

int request_irq(unsigned int irq, irq_handler_t handler, unsigned long flags,
		const char *name, void *data);
struct cpumask;

int irq_set_affinity(unsigned int irq, const struct cpumask *cpus);
void enable_irq(unsigned int irq);

#endif
