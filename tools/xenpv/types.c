// SPDX-License-Identifier: GPL-2.0
/* The kernel's description of its own types (BTF), of which programs for it are told by number. */
#include <linux/btf.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "hook.h"

#define PLACE	"/sys/kernel/btf/vmlinux"

struct types {
	const struct btf_header *header;
	const char *names;
};

struct types *types_open(void)
{
	struct types *types = calloc(1, sizeof(*types));
	FILE *file = fopen(PLACE, "r");
	struct btf_header *header;
	struct stat stat;

	if (!file || fstat(fileno(file), &stat)) {
		free(types);
		return NULL;
	}
	header = malloc(stat.st_size);
	if (!types || !header)
		fail("out of memory");
	if (fread(header, 1, stat.st_size, file) != (size_t)stat.st_size ||
	    header->magic != BTF_MAGIC)
		fail("%s cannot be read", PLACE);
	fclose(file);
	types->header = header;
	types->names = (char *)header + header->hdr_len + header->str_off;
	return types;
}

/* What follows the description of a type, and is part of it. */
static size_t tail(const struct btf_type *type)
{
	size_t nr = BTF_INFO_VLEN(type->info);

	switch (BTF_INFO_KIND(type->info)) {
	case BTF_KIND_INT:
	case BTF_KIND_VAR:
	case BTF_KIND_DECL_TAG:
		return sizeof(uint32_t);
	case BTF_KIND_ARRAY:
		return sizeof(struct btf_array);
	case BTF_KIND_STRUCT:
	case BTF_KIND_UNION:
		return nr * sizeof(struct btf_member);
	case BTF_KIND_ENUM:
		return nr * sizeof(struct btf_enum);
	case BTF_KIND_ENUM64:
		return nr * sizeof(struct btf_enum64);
	case BTF_KIND_FUNC_PROTO:
		return nr * sizeof(struct btf_param);
	case BTF_KIND_DATASEC:
		return nr * sizeof(struct btf_var_secinfo);
	default:
		return 0;
	}
}

/* Return: NULL if there is none; its number, from 1 on, in NR. */
static const struct btf_type *find(const struct types *types, unsigned int kind,
				   const char *name, unsigned int *nr)
{
	const char *at = (char *)types->header + types->header->hdr_len +
			 types->header->type_off;
	const char *end = at + types->header->type_len;
	const struct btf_type *type;

	for (*nr = 1; at < end; ++*nr) {
		type = (const struct btf_type *)at;
		if (BTF_INFO_KIND(type->info) == kind &&
		    !strcmp(types->names + type->name_off, name))
			return type;
		at += sizeof(*type) + tail(type);
	}
	return NULL;
}

unsigned int types_function(const struct types *types, const char *name)
{
	unsigned int nr;

	return find(types, BTF_KIND_FUNC, name, &nr) ? nr : 0;
}

int types_member(const struct types *types, const char *name,
		 const char *member)
{
	unsigned int nr, i;
	const struct btf_type *type = find(types, BTF_KIND_STRUCT, name, &nr);
	const struct btf_member *members = (const struct btf_member *)(type + 1);
	uint32_t bits;

	for (i = 0; type && i < BTF_INFO_VLEN(type->info); i++) {
		if (strcmp(types->names + members[i].name_off, member))
			continue;
		bits = members[i].offset;
		if (BTF_INFO_KFLAG(type->info))
			bits = BTF_MEMBER_BIT_OFFSET(bits);
		return bits / 8;
	}
	fail("this kernel has no %s in its struct %s: xenpv does not know it",
	     member, name);
}
