/* SPDX-License-Identifier: GPL-2.0 */
/* A test reaches the parameter "name" of a file through param_name. */
#define module_param(name, type, perm)	__typeof__(name) *param_##name = &(name)
#define MODULE_PARM_DESC(name, text)	extern int shim_unused_##name
