/* SPDX-License-Identifier: GPL-2.0 OR Apache-2.0 */
/* Which processes are guarded: taken at exec, inherited at fork, forgotten at exit. In every backend. */
#ifndef GUARD_PROCESS_H
#define GUARD_PROCESS_H

#include "select.h"
#include "calls.h"

SEC("tp_btf/sched_process_exec")
int BPF_PROG(on_exec, struct task_struct *task, int old_pid, struct linux_binprm *bprm)
{
	__u32 tgid = current_tgid(), index;
	__u64 dentry = (__u64)BPF_CORE_READ(bprm, file, f_path.dentry), mount = (__u64)BPF_CORE_READ(bprm, file, f_path.mnt);
	struct guard_config *config = settings();
	if (config && config->flags & JUDGE_EXEC_LATE && judge_path(dentry, mount, WHAT(EVENT_EXEC, OUTCOME_KILLED, METHOD_SCHED_EXEC))) {
		kill_current();
		return 0;
	}
	struct scratch *scratch = acquire(&index);
	if (!scratch)
		return 0;
	int slot = select_policy(index, dentry, mount);
	release(scratch);
	if (slot < 0)
		return 0;
	struct task_state *before = bpf_map_lookup_elem(&tasks, &tgid);
	struct task_state state = { .slot = slot, .flags = before ? before->flags : 0 }; /* who is isolated stays so */
	if (bpf_map_update_elem(&tasks, &tgid, &state, BPF_ANY)) {
		count(COUNT_TASKS_FULL);
		kill_current();
	}
	return 0;
}

SEC("tp_btf/sched_process_fork")
int BPF_PROG(on_fork, struct task_struct *parent, struct task_struct *child)
{
	__u32 from = current_tgid(), to = BPF_CORE_READ(child, tgid);
	if (from == to)
		return 0;
	struct task_state *task = bpf_map_lookup_elem(&tasks, &from);
	if (!task)
		return 0;
	struct task_state state = *task;
	if (bpf_map_update_elem(&tasks, &to, &state, BPF_ANY)) {
		count(COUNT_TASKS_FULL);
		kill_current();
	}
	return 0;
}

SEC("tp_btf/sched_process_exit")
int BPF_PROG(on_exit, struct task_struct *task)
{
	__u32 tgid = current_tgid();
	if (BPF_CORE_READ(task, signal, live.counter) == 0 && bpf_map_lookup_elem(&tasks, &tgid))
		bpf_map_delete_elem(&tasks, &tgid);
	return 0;
}

#endif
