// SPDX-License-Identifier: GPL-2.0
/*
 * Who a user of the guest is here, as credentials that its requests run under.
 *
 * They are never those of the thread that carries a request out. A user who is
 * root here has what root needs to keep files for others, and no more: it can
 * change owners and pass over permissions, but not mount, not write attributes
 * of security, and make device nodes only if the export has them.
 */
#include <linux/capability.h>
#include <linux/cred.h>
#include <linux/init_task.h>
#include <linux/sched/task.h>
#include <linux/uidgid.h>

#include "p9back.h"

static kernel_cap_t root_caps(const struct p9back_export *export)
{
	kernel_cap_t caps = CAP_EMPTY_SET;

	cap_raise(caps, CAP_CHOWN);
	cap_raise(caps, CAP_DAC_OVERRIDE);
	cap_raise(caps, CAP_DAC_READ_SEARCH);
	cap_raise(caps, CAP_FOWNER);
	cap_raise(caps, CAP_FSETID);
	if (export->devices)
		cap_raise(caps, CAP_MKNOD);
	return caps;
}

static void limit_to(struct cred *cred, kernel_cap_t caps)
{
	cap_clear(cred->cap_inheritable);
	cap_clear(cred->cap_bset);
	cap_clear(cred->cap_ambient);
	cred->cap_permitted = caps;
	cred->cap_effective = caps;
}

/* Files keep one owner: nobody needs to be more than that owner. */
static kernel_cap_t caps_of(const struct p9back_export *export, u32 uid)
{
	if (uid || export->model == P9BACK_MAPPED)
		return CAP_EMPTY_SET;
	return root_caps(export);
}

/**
 * p9b_user_cred() - make the credentials of a user of the guest
 * @export: what it uses
 * @uid: the guest's number
 *
 * The group is the one of the same number, until something is made for another:
 * 9P tells no other groups of a user.
 *
 * Context: process; sleeps.
 * Return: the credentials, for put_cred(), or an ERR_PTR.
 */
const struct cred *p9b_user_cred(const struct p9back_export *export, u32 uid)
{
	u32 our_uid = ids_our_uid(&export->ids, uid);
	u32 our_gid = ids_our_gid(&export->ids, uid);
	struct cred *cred = prepare_kernel_cred(&init_task);

	if (!cred)
		return ERR_PTR(-ENOMEM);
	cred->fsuid = make_kuid(&init_user_ns, our_uid);
	cred->fsgid = make_kgid(&init_user_ns, our_gid);
	cred->uid = cred->fsuid;
	cred->euid = cred->fsuid;
	cred->suid = cred->fsuid;
	cred->gid = cred->fsgid;
	cred->egid = cred->fsgid;
	cred->sgid = cred->fsgid;
	limit_to(cred, caps_of(export, our_uid));
	return cred;
}

/**
 * p9b_user_as_group() - the same credentials with another group
 * @export: what the user uses
 * @cred: the user's
 * @gid: the guest's number of the group
 *
 * Context: process; sleeps.
 * Return: credentials, for put_cred(), or an ERR_PTR.
 */
const struct cred *p9b_user_as_group(const struct p9back_export *export,
				     const struct cred *cred, u32 gid)
{
	kgid_t kgid = make_kgid(&init_user_ns, ids_our_gid(&export->ids, gid));
	const struct cred *old;
	struct cred *new;

	if (export->model == P9BACK_MAPPED || gid_eq(kgid, cred->fsgid))
		return get_cred(cred);
	old = override_creds(cred);
	new = prepare_creds();
	revert_creds(old);
	if (!new)
		return ERR_PTR(-ENOMEM);
	new->fsgid = kgid;
	return new;
}

/**
 * p9b_user_uid() - who a file shall belong to
 * @export: where it is
 * @uid: the guest's number
 * @kuid: set
 *
 * Return: 0 or -EINVAL.
 */
int p9b_user_uid(const struct p9back_export *export, u32 uid, kuid_t *kuid)
{
	*kuid = make_kuid(&init_user_ns, ids_our_uid(&export->ids, uid));
	return uid_valid(*kuid) ? 0 : -EINVAL;
}

/**
 * p9b_user_gid() - which group a file shall belong to
 * @export: where it is
 * @gid: the guest's number
 * @kgid: set
 *
 * Return: 0 or -EINVAL.
 */
int p9b_user_gid(const struct p9back_export *export, u32 gid, kgid_t *kgid)
{
	*kgid = make_kgid(&init_user_ns, ids_our_gid(&export->ids, gid));
	return gid_valid(*kgid) ? 0 : -EINVAL;
}

/**
 * p9b_user_show_uid() - whom the guest is told that a file belongs to
 * @export: where it is
 * @kuid: its owner
 */
u32 p9b_user_show_uid(const struct p9back_export *export, kuid_t kuid)
{
	return ids_their_id(&export->ids.uids,
			    from_kuid_munged(&init_user_ns, kuid));
}

/**
 * p9b_user_show_gid() - which group the guest is told that a file belongs to
 * @export: where it is
 * @kgid: its group
 */
u32 p9b_user_show_gid(const struct p9back_export *export, kgid_t kgid)
{
	return ids_their_id(&export->ids.gids,
			    from_kgid_munged(&init_user_ns, kgid));
}
