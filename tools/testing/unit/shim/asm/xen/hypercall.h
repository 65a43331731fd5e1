/* SPDX-License-Identifier: GPL-2.0 */
/* As the test that needs it carries it out. */
int HYPERVISOR_grant_table_op(unsigned int cmd, void *ops, unsigned int nr);
