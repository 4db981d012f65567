/* SPDX-License-Identifier: GPL-2.0 OR Apache-2.0 */
/* Where a hook can't refuse: the process is killed. Entering a call, before its effect where the kernel looks for signals in
 * time (fork, exec, process_vm_*), else perhaps after. Attached only where the policy needs it: it taxes every call of every
 * process. */
#ifndef GUARD_TRACEPOINT_H
#define GUARD_TRACEPOINT_H

#include "paths.h"
#include "network.h"
#include "calls.h"

#define CLONE_THREAD 0x00010000

static __always_inline bool makes_thread(struct pt_regs *regs, long nr)
{
	__u64 flags = ARG1(regs);
	if (nr == NR_clone3) {
		__u64 at = flags;
		flags = 0;
		bpf_probe_read_user(&flags, sizeof(flags), (void *)at);
	}
	return (nr == NR_clone || nr == NR_clone3) && flags & CLONE_THREAD;
}

/* Calls in which the kernel looks for a deadly signal before it does anything. */
static __always_inline __u8 outcome_of(long nr)
{
	return nr == NR_fork || nr == NR_vfork || nr == NR_clone || nr == NR_clone3 || nr == NR_execve || nr == NR_execveat ||
	       nr == NR_process_vm_readv || nr == NR_process_vm_writev ? OUTCOME_KILLED : OUTCOME_KILLED_LATE;
}

static __always_inline bool remounts(long nr)
{
	return nr == NR_mount || nr == NR_move_mount || nr == NR_pivot_root;
}

/* Somebody does to a guarded process what it is protected from. By thread group only: other threads have other numbers. */
static __always_inline void protect(struct pt_regs *regs, long nr)
{
	if (nr != NR_ptrace && nr != NR_process_vm_readv && nr != NR_process_vm_writev)
		return;
	__u32 target = nr == NR_ptrace ? ARG2(regs) : ARG1(regs), id;
	struct task_state *task;
	struct ruleset *set = guarded(target, &task, &id);
	if (!set || !has_bit(set->guarded_from, nr) || target == current_tgid())
		return;
	if (tell_call(target, task->slot, set->mode, EVENT_PROTECT, outcome_of(nr), METHOD_SYS_ENTER, nr, ODD_NONE, 0))
		kill_current();
}

SEC("tp_btf/sys_enter")
int BPF_PROG(on_sys_enter, struct pt_regs *regs, long nr)
{
	struct guard_config *config = settings();
	struct task_state *task;
	__u32 id, tgid = current_tgid();
	if (config && config->flags & KILL_URING) /* with the LSM, hooks protect */
		protect(regs, nr);
	struct ruleset *set = guarded(tgid, &task, &id);
	if (!set || !config)
		return 0;
	if (set->flags & HAS_KILLS) {
		if (is_compat(current_task())) {
			if (tell_call(tgid, task->slot, set->mode, EVENT_SYSCALL, OUTCOME_KILLED_LATE, METHOD_SYS_ENTER, nr, ODD_COMPAT, 0))
				kill_current();
			return 0;
		}
		nr &= ~0x40000000; /* the x32 entry */
		if (has_bit(set->kills, nr) && !makes_thread(regs, nr)) {
			if (tell_call(tgid, task->slot, set->mode, EVENT_SYSCALL, outcome_of(nr), METHOD_SYS_ENTER, nr, ODD_NONE, 0))
				kill_current();
			return 0;
		}
	}
	/* Sockets of families that no hook of a cgroup sees. */
	if (config->flags & KILL_URING && nr == NR_socket && (__u32)ARG1(regs) != AF_INET && (__u32)ARG1(regs) != AF_INET6)
		if (judge_socket(ARG1(regs), ARG2(regs), OUTCOME_KILLED_LATE, METHOD_SYS_ENTER))
			kill_current();
	if (config->flags & KILL_URING && set->flags & HAS_FILE_RULES && (nr == NR_io_uring_setup || remounts(nr)))
		if (tell_call(tgid, task->slot, set->mode, EVENT_FILE, OUTCOME_KILLED_LATE, METHOD_SYS_ENTER, nr, nr == NR_io_uring_setup ? ODD_URING : ODD_CHROOT, 0))
			kill_current();
	return 0;
}

#define FMODE_PATH 0x4000

SEC("tp_btf/sys_exit")
int BPF_PROG(on_sys_exit, struct pt_regs *regs, long ret)
{
	__u32 tgid = current_tgid();
	if (ret < 0 || !bpf_map_lookup_elem(&tasks, &tgid))
		return 0;
	int nr = SYSCALL_OF(regs);
	if (nr != NR_openat && nr != NR_open && nr != NR_openat2 && nr != NR_creat && !is_compat(current_task()))
		return 0;
	struct files_struct *files = BPF_CORE_READ(current_task(), files);
	struct fdtable *table = BPF_CORE_READ(files, fdt);
	struct file *file = NULL;
	if (ret >= BPF_CORE_READ(table, max_fds) || bpf_probe_read_kernel(&file, sizeof(file), BPF_CORE_READ(table, fd) + ret) || !file)
		return 0;
	if (judge_path((__u64)BPF_CORE_READ(file, f_path.dentry), (__u64)BPF_CORE_READ(file, f_path.mnt), WHAT(EVENT_FILE, OUTCOME_KILLED_LATE, METHOD_SYS_EXIT)))
		kill_current();
	return 0;
}

#endif
