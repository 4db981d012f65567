/* SPDX-License-Identifier: GPL-2.0 OR Apache-2.0 */
/* Numbers of the system calls that the programs themselves know. */
#ifndef GUARD_CALLS_H
#define GUARD_CALLS_H

#define NR_io_uring_setup 425
#define NR_clone3 435
#define NR_openat2 437
#define NR_move_mount 429

#if defined(__TARGET_ARCH_x86)
#define NR_open 2
#define NR_creat 85
#define NR_openat 257
#define NR_socket 41
#define NR_connect 42
#define NR_bind 49
#define NR_listen 50
#define NR_clone 56
#define NR_execve 59
#define NR_execveat 322
#define NR_ptrace 101
#define NR_process_vm_readv 310
#define NR_process_vm_writev 311
#define NR_mount 165
#define NR_umount2 166
#define NR_pivot_root 155
#define NR_chroot 161
#define NR_bpf 321
#define NR_unlinkat 263
#define NR_renameat2 316
#define NR_linkat 265
#define ARG1(regs) BPF_CORE_READ(regs, di)
#define ARG2(regs) BPF_CORE_READ(regs, si)
#define SYSCALL_OF(regs) ((int)BPF_CORE_READ(regs, orig_ax) & ~0x40000000)
#else
#define NR_open -1
#define NR_creat -1
#define NR_openat 56
#define NR_socket 198
#define NR_connect 203
#define NR_bind 200
#define NR_listen 201
#define NR_clone 220
#define NR_execve 221
#define NR_execveat 281
#define NR_ptrace 117
#define NR_process_vm_readv 270
#define NR_process_vm_writev 271
#define NR_mount 40
#define NR_umount2 39
#define NR_pivot_root 41
#define NR_chroot 51
#define NR_bpf 280
#define NR_unlinkat 35
#define NR_renameat2 276
#define NR_linkat 37
#define ARG1(regs) BPF_CORE_READ(regs, regs[0])
#define ARG2(regs) BPF_CORE_READ(regs, regs[1])
#define SYSCALL_OF(regs) BPF_CORE_READ(regs, syscallno)
#endif

/* Whether the current call came by the 32-bit entry, whose numbers mean other calls. */
static __always_inline bool is_compat(struct task_struct *task)
{
#if defined(__TARGET_ARCH_x86)
	return BPF_CORE_READ(task, thread_info.status) & 2; /* TS_COMPAT */
#else
	return BPF_CORE_READ(task, thread_info.flags) & (1 << 22); /* TIF_32BIT */
#endif
}

#endif
