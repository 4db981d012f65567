/* SPDX-License-Identifier: GPL-2.0 OR Apache-2.0 */
/* The few kernel types that the programs look into, by the fields that they read. Offsets are not those of this file: the
 * loader takes them from the running kernel's BTF (CO-RE), so order and gaps mean nothing here. */
#ifndef GUARD_VMLINUX_H
#define GUARD_VMLINUX_H

typedef unsigned char __u8;
typedef signed short __s16;
typedef unsigned short __u16;
typedef int __s32;
typedef unsigned int __u32;
typedef long long __s64;
typedef unsigned long long __u64;
typedef __u16 __be16;
typedef __u32 __be32;
typedef __u32 __wsum;
typedef __u16 __sum16;
typedef _Bool bool;

#define true 1
#define false 0
#define NULL ((void *)0)

enum { BPF_ANY = 0, BPF_NOEXIST = 1, BPF_EXIST = 2, BPF_F_NO_PREALLOC = 1 };
enum {
	BPF_MAP_TYPE_HASH = 1,
	BPF_MAP_TYPE_ARRAY = 2,
	BPF_MAP_TYPE_PERCPU_ARRAY = 6,
	BPF_MAP_TYPE_LPM_TRIE = 11,
	BPF_MAP_TYPE_ARRAY_OF_MAPS = 12,
	BPF_MAP_TYPE_RINGBUF = 27,
};

/* Part of the interface between kernel and programs: these two are not relocated. */
struct bpf_sock {
	__u32 bound_dev_if, family, type, protocol, mark, priority;
};

struct bpf_sock_addr {
	__u32 user_family, user_ip4, user_ip6[4], user_port, family, type, protocol, msg_src_ip4, msg_src_ip6[4];
};

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

typedef struct {
	int counter;
} atomic_t;

struct qstr {
	union {
		struct {
			__u32 hash, len;
		};
	};
	const unsigned char *name;
};

struct super_block {
	__u32 s_dev;
	unsigned long s_flags;
};

struct inode {
	unsigned short i_mode;
	unsigned long i_ino;
	struct super_block *i_sb;
};

struct dentry {
	struct dentry *d_parent;
	struct qstr d_name;
	struct inode *d_inode;
};

struct vfsmount {
	struct dentry *mnt_root;
};

struct mnt_namespace;

struct mount {
	struct mount *mnt_parent;
	struct dentry *mnt_mountpoint;
	struct vfsmount mnt;
};

struct mnt_namespace {
	struct mount *root;
};

struct path {
	struct vfsmount *mnt;
	struct dentry *dentry;
};

struct file {
	struct path f_path;
	struct inode *f_inode;
	unsigned int f_flags;
};

struct fdtable {
	unsigned int max_fds;
	struct file **fd;
};

struct files_struct {
	struct fdtable *fdt;
};

struct nsproxy {
	struct mnt_namespace *mnt_ns;
};

struct signal_struct {
	atomic_t live;
};

struct thread_info {
	unsigned long flags;
	__u32 status;
};

struct kernfs_node {
	struct kernfs_node *parent;
	const char *name;
};

/* Since 6.15 the parent is named otherwise. */
struct kernfs_node___new {
	struct kernfs_node *__parent;
};

struct cgroup {
	struct kernfs_node *kn;
};

struct css_set {
	struct cgroup *dfl_cgrp;
};

typedef struct {
	__u32 val;
} kuid_t;

struct cred {
	kuid_t euid;
};

struct task_struct {
	struct thread_info thread_info;
	int pid, tgid;
	struct nsproxy *nsproxy;
	struct signal_struct *signal;
	struct files_struct *files;
	struct css_set *cgroups;
	const struct cred *cred;
};

struct linux_binprm {
	struct file *file;
};

struct pt_regs {
#if defined(__TARGET_ARCH_x86)
	unsigned long orig_ax, di, si, dx, r10;
#else
	unsigned long regs[31];
	int syscallno;
#endif
};

struct sock_common {
	unsigned short skc_family;
	__u16 skc_num;
};

struct sock {
	struct sock_common __sk_common;
};

struct socket {
	short type;
	struct sock *sk;
};

#pragma clang attribute pop

struct sockaddr;
struct cred;
union bpf_attr;

#endif
