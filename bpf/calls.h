/* SPDX-License-Identifier: GPL-2.0 OR Apache-2.0 */
/* Numbers of the system calls that the programs themselves know. */
#ifndef GUARD_CALLS_H
#define GUARD_CALLS_H

#define NR_io_uring_setup 425
#define NR_io_uring_enter 426
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
#define NR_fork 57
#define NR_vfork 58
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
#define NR_unlink 87
#define NR_rmdir 84
#define NR_mkdirat 258
#define NR_mkdir 83
#define NR_mknodat 259
#define NR_mknod 133
#define NR_symlinkat 266
#define NR_symlink 88
#define NR_truncate 76
#define NR_rename 82
#define NR_link 86
#define NR_init_module 175
#define NR_finit_module 313
#define NR_kexec_load 246
#define NR_kexec_file_load 320
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
#define NR_fork -1
#define NR_vfork -1
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
#define NR_unlink -1
#define NR_rmdir -1
#define NR_mkdirat 34
#define NR_mkdir -1
#define NR_mknodat 33
#define NR_mknod -1
#define NR_symlinkat 36
#define NR_symlink -1
#define NR_truncate 45
#define NR_rename -1
#define NR_link -1
#define NR_init_module 105
#define NR_finit_module 273
#define NR_kexec_load 104
#define NR_kexec_file_load 294
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
