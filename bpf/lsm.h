/* SPDX-License-Identifier: GPL-2.0 OR Apache-2.0 */
/* The hooks that refuse. Each ends in 0 or -EPERM. */
#ifndef GUARD_LSM_H
#define GUARD_LSM_H

#include "paths.h"
#include "network.h"
#include "calls.h"

#define FMODE_EXEC 0x20
#define S_IFMT 0170000
#define S_IFIFO 0010000
#define S_IFSOCK 0140000
#define CLONE_THREAD_FLAG 0x00010000
#define PTRACE_MODE_ATTACH 2
#define ANSWER(refused) ((refused) ? -EPERM : 0)

/* Refused if the call that the task is in is blocked, whichever of several lead to this hook. Attack: the 32-bit entry, whose
 * numbers mean other calls, and rings, which do the operation without its call; there the calls that lead here are asked for. */
static __always_inline int refuse_current(int first, int second)
{
	struct task_state *task;
	__u32 id, tgid = current_tgid();
	struct ruleset *set = guarded(tgid, &task, &id);
	if (!set)
		return 0;
	int nr = current_syscall();
	if (nr == NR_io_uring_enter || is_compat(current_task()))
		nr = has_bit(set->blocked, first) ? first : second;
	if (nr < 0 || !has_bit(set->blocked, nr))
		return 0;
	return tell_call(tgid, task->slot, set->mode, EVENT_SYSCALL, OUTCOME_BLOCKED, METHOD_LSM, nr, ODD_NONE, 0);
}

static __always_inline int judge_entry(struct vfsmount *mount, struct dentry *dentry)
{
	return judge_path((__u64)dentry, (__u64)mount, WHAT(EVENT_FILE, OUTCOME_BLOCKED, METHOD_LSM));
}

SEC("lsm/file_open")
int BPF_PROG(lsm_file_open, struct file *file)
{
	struct guard_config *config = settings();
	if (config && config->canary_inode && config->canary_tgid == current_tgid() && BPF_CORE_READ(file, f_inode, i_ino) == config->canary_inode)
		return -EPERM;
	__u32 tgid = current_tgid();
	if (!bpf_map_lookup_elem(&tasks, &tgid))
		return 0;
	__u32 mode = BPF_CORE_READ(file, f_inode, i_mode) & S_IFMT;
	/* Programs are judged by bprm_check; pipes and sockets have no place in the tree of files. */
	if (BPF_CORE_READ(file, f_flags) & FMODE_EXEC || mode == S_IFSOCK)
		return 0;
	return ANSWER(judge_entry(BPF_CORE_READ(file, f_path.mnt), BPF_CORE_READ(file, f_path.dentry)));
}

SEC("lsm/bprm_check_security")
int BPF_PROG(lsm_bprm_check, struct linux_binprm *bprm)
{
	if (refuse_call(NR_execve, METHOD_LSM) || refuse_call(NR_execveat, METHOD_LSM))
		return -EPERM;
	return ANSWER(judge_path((__u64)BPF_CORE_READ(bprm, file, f_path.dentry), (__u64)BPF_CORE_READ(bprm, file, f_path.mnt), WHAT(EVENT_EXEC, OUTCOME_BLOCKED, METHOD_LSM)));
}

SEC("lsm/task_alloc")
int BPF_PROG(lsm_task_alloc, struct task_struct *task, unsigned long clone_flags)
{
	return clone_flags & CLONE_THREAD_FLAG ? 0 : ANSWER(refuse_current(NR_clone, NR_clone3));
}

SEC("lsm/path_unlink")
int BPF_PROG(lsm_path_unlink, const struct path *dir, struct dentry *dentry)
{
	return ANSWER(refuse_current(NR_unlinkat, NR_unlink) || judge_entry(BPF_CORE_READ(dir, mnt), dentry));
}

SEC("lsm/path_rmdir")
int BPF_PROG(lsm_path_rmdir, const struct path *dir, struct dentry *dentry)
{
	return ANSWER(refuse_current(NR_rmdir, NR_unlinkat) || judge_entry(BPF_CORE_READ(dir, mnt), dentry));
}

SEC("lsm/path_mkdir")
int BPF_PROG(lsm_path_mkdir, const struct path *dir, struct dentry *dentry)
{
	return ANSWER(refuse_current(NR_mkdirat, NR_mkdir) || judge_entry(BPF_CORE_READ(dir, mnt), dentry));
}

/* Also what O_CREAT makes: refused before the file is there. */
SEC("lsm/path_mknod")
int BPF_PROG(lsm_path_mknod, const struct path *dir, struct dentry *dentry)
{
	return ANSWER(refuse_current(NR_mknodat, NR_mknod) || judge_entry(BPF_CORE_READ(dir, mnt), dentry));
}

SEC("lsm/path_symlink")
int BPF_PROG(lsm_path_symlink, const struct path *dir, struct dentry *dentry)
{
	return ANSWER(refuse_current(NR_symlinkat, NR_symlink) || judge_entry(BPF_CORE_READ(dir, mnt), dentry));
}

SEC("lsm/path_truncate")
int BPF_PROG(lsm_path_truncate, const struct path *path)
{
	return ANSWER(refuse_current(NR_truncate, NR_truncate) || judge_entry(BPF_CORE_READ(path, mnt), BPF_CORE_READ(path, dentry)));
}

/* Both ends: a blocked file must not get a name that is allowed, nor the other way round. */
SEC("lsm/path_rename")
int BPF_PROG(lsm_path_rename, const struct path *from_dir, struct dentry *from, const struct path *to_dir, struct dentry *to)
{
	return ANSWER(refuse_current(NR_renameat2, NR_rename) || judge_entry(BPF_CORE_READ(from_dir, mnt), from) || judge_entry(BPF_CORE_READ(to_dir, mnt), to));
}

SEC("lsm/path_link")
int BPF_PROG(lsm_path_link, struct dentry *from, const struct path *to_dir, struct dentry *to)
{
	return ANSWER(refuse_current(NR_linkat, NR_link) || judge_entry(BPF_CORE_READ(to_dir, mnt), from) || judge_entry(BPF_CORE_READ(to_dir, mnt), to));
}

SEC("lsm/path_chroot")
int BPF_PROG(lsm_path_chroot, const struct path *path)
{
	return ANSWER(refuse_current(NR_chroot, NR_pivot_root));
}

/* Attack: a bind mount gives a blocked file another path. */
static __always_inline int refuse_remount(void)
{
	if (refuse_current(NR_mount, NR_move_mount))
		return -EPERM;
	struct task_state *task;
	__u32 id, tgid = current_tgid();
	struct ruleset *set = guarded(tgid, &task, &id);
	if (!set || !(set->flags & HAS_FILE_RULES))
		return 0;
	return ANSWER(tell_call(tgid, task->slot, set->mode, EVENT_FILE, OUTCOME_BLOCKED, METHOD_LSM, current_syscall(), ODD_CHROOT, 0));
}

SEC("lsm/sb_mount")
int BPF_PROG(lsm_sb_mount)
{
	return refuse_remount();
}

SEC("lsm/move_mount")
int BPF_PROG(lsm_move_mount)
{
	return refuse_remount();
}

SEC("lsm/sb_pivotroot")
int BPF_PROG(lsm_sb_pivotroot)
{
	return refuse_remount();
}

SEC("lsm/sb_umount")
int BPF_PROG(lsm_sb_umount)
{
	return refuse_remount();
}

static __always_inline int refuse_tracing(__u32 target)
{
	struct task_state *task;
	__u32 id;
	if (target == current_tgid())
		return 0;
	struct ruleset *set = guarded(target, &task, &id);
	if (!set)
		return 0;
	int nr = current_syscall();
	/* By other ways (/proc/PID/mem, pidfd_getfd) it is still tracing. */
	if (!has_bit(set->guarded_from, nr))
		nr = NR_ptrace;
	return has_bit(set->guarded_from, nr) && tell_call(target, task->slot, set->mode, EVENT_PROTECT, OUTCOME_BLOCKED, METHOD_LSM, nr, ODD_NONE, 0);
}

SEC("lsm/ptrace_access_check")
int BPF_PROG(lsm_ptrace_access, struct task_struct *child, unsigned int mode)
{
	if (!(mode & PTRACE_MODE_ATTACH))
		return 0;
	return ANSWER(refuse_current(NR_ptrace, NR_process_vm_readv) || refuse_tracing(BPF_CORE_READ(child, tgid)));
}

SEC("lsm/ptrace_traceme")
int BPF_PROG(lsm_ptrace_traceme, struct task_struct *parent)
{
	return ANSWER(refuse_current(NR_ptrace, NR_ptrace));
}

SEC("lsm/kernel_load_data")
int BPF_PROG(lsm_kernel_load_data)
{
	return ANSWER(refuse_current(NR_init_module, NR_kexec_load));
}

SEC("lsm/kernel_read_file")
int BPF_PROG(lsm_kernel_read_file)
{
	return ANSWER(refuse_current(NR_finit_module, NR_kexec_file_load));
}

SEC("lsm/bpf")
int BPF_PROG(lsm_bpf)
{
	return ANSWER(refuse_current(NR_bpf, NR_bpf));
}

SEC("lsm/socket_create")
int BPF_PROG(lsm_socket_create, int family, int type, int protocol, int kern)
{
	if (kern)
		return 0;
	/* The cgroup's hook judges these two, too; it comes later. */
	if (family == AF_INET || family == AF_INET6)
		return 0;
	return ANSWER(refuse_call(NR_socket, METHOD_LSM) || judge_socket(family, type, OUTCOME_BLOCKED, METHOD_LSM));
}

SEC("lsm/socket_connect")
int BPF_PROG(lsm_socket_connect, struct socket *sock)
{
	__u32 family = BPF_CORE_READ(sock, sk, __sk_common.skc_family);
	return family == AF_INET || family == AF_INET6 ? 0 : ANSWER(refuse_call(NR_connect, METHOD_LSM));
}

SEC("lsm/socket_bind")
int BPF_PROG(lsm_socket_bind, struct socket *sock)
{
	__u32 family = BPF_CORE_READ(sock, sk, __sk_common.skc_family);
	return family == AF_INET || family == AF_INET6 ? 0 : ANSWER(refuse_call(NR_bind, METHOD_LSM));
}

/* listen() on a socket without a port gets one, and no other hook sees that. */
SEC("lsm/socket_listen")
int BPF_PROG(lsm_socket_listen, struct socket *sock)
{
	if (refuse_call(NR_listen, METHOD_LSM))
		return -EPERM;
	__u32 family = BPF_CORE_READ(sock, sk, __sk_common.skc_family), any[4] = {};
	if ((family != AF_INET && family != AF_INET6) || BPF_CORE_READ(sock, sk, __sk_common.skc_num))
		return 0;
	return ANSWER(judge_net(family == AF_INET ? 4 : 6, any, 0, EVENT_LISTEN, METHOD_LSM));
}

#endif
