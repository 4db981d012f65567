/* SPDX-License-Identifier: GPL-2.0 OR Apache-2.0 */
/* What the programs and src/DevOpsAgent.Ebpf share. A test compares these layouts with the C# structs through the object's BTF. */
#ifndef GUARD_H
#define GUARD_H

/* Changes with every change of a map's meaning: pinned maps of another schema are not adopted. */
#define GUARD_SCHEMA 1

#define MAX_POLICIES 256
#define MAX_RULESETS 1024
#define MAX_TASKS 65536
#define MAX_COMPONENTS 128 /* of a path; deeper ones count as unresolvable */
#define STAR_COMPONENTS 32 /* of a pattern with a star; a deeper pattern is refused at load */
#define PATH_BYTES 4096
#define MAX_SYSCALLS 1024

/* active[MAX_POLICIES]: the selection in force; below that: the rule set of each policy. */
#define ACTIVE_SELECTION MAX_POLICIES

enum guard_mode { MODE_AUDIT, MODE_ALERT, MODE_ENFORCE };

enum ruleset_flags {
	HAS_FILE_RULES = 1,
	ALLOWS_FILES = 2,	/* allowed_files is not empty */
	HAS_EXEC_LIST = 4,	/* allowed_exec was given */
	HAS_NETWORK = 8,	/* allowed_network is not empty */
	LIMITS_NETWORK = 16,	/* something of the network is denied */
	HAS_STARS = 32,
	HAS_KILLS = 64,		/* system calls that are answered with a kill */
	ISOLATED = 128,		/* no network until released, whatever the rules */
};

enum path_hits { HIT_FILE_ALLOW = 1, HIT_DENY = 2, HIT_EXEC_ALLOW = 4 };
enum net_hits { HIT_ALLOW_CONNECT = 1, HIT_ALLOW_LISTEN = 2, HIT_DENY_CONNECT = 4, HIT_DENY_LISTEN = 8 };

/* What a rule_key is about. */
enum rule_kind {
	RULE_PATH = 1,		/* v[0]: hits of the path itself, v[1]: hits of all below it */
	RULE_COMPONENT = 2,	/* v[0..1]: patterns with a star that have this component at index */
	SELECT_EXE = 3,		/* v: policies whose exe is this path */
	SELECT_NAME = 4,	/* v: policies whose default selector is this file name */
	SELECT_INODE = 5,	/* v: policies whose exe is this file; a = device, b = inode */
	SELECT_CGROUP = 6,	/* v: policies for this cgroup and all below it */
	SELECT_UNIT = 7,	/* v: policies for cgroups with this component */
	SELECT_UID = 8,		/* v: policies for this user; a = uid */
};

struct rule_key {
	__u64 a, b;
	__u32 kind, index;
};

struct rule_value {
	__u64 v[4];
};

/* bits: 8 + those of the range. family: 4 or 6. */
struct net_key {
	__u32 bits;
	__u8 family, addr[16], pad[3];
};

/* set 0: hits hold for every port. Else ports are looked up under this set. */
struct net_value {
	__u32 hits, set;
};

struct port_key {
	__u32 bits;
	__u8 set[4], port[2], pad[2]; /* big endian */
};

/* Written before a policy is pointed to it, never after. */
struct ruleset {
	__u32 mode, flags;
	__u64 star_any[STAR_COMPONENTS][2];	/* patterns with a star at this index */
	__u64 star_exact[STAR_COMPONENTS + 1][2];	/* patterns that end after so many components */
	__u64 star_tree[STAR_COMPONENTS + 1][2];
	__u64 star_hits[3][2];			/* which patterns give HIT_FILE_ALLOW, HIT_DENY, HIT_EXEC_ALLOW */
	__u64 blocked[MAX_SYSCALLS / 64];
	__u64 kills[MAX_SYSCALLS / 64];		/* of the blocked ones: those that no hook refuses */
	__u64 guarded_from[MAX_SYSCALLS / 64];	/* protect_from */
};

/* Policies by precision: the first that all three clauses leave wins. */
struct selection {
	__u64 any_exe[4], any_cgroup[4], any_uid[4];
	__u16 slot[MAX_POLICIES];
	__u32 needs_cgroup, pad;
};

struct task_state {
	__u32 slot, flags;
};

enum config_flags {
	JUDGE_EXEC_LATE = 1,	/* no LSM: programs are judged, and killed, when they have been executed */
	KILL_URING = 2,		/* no LSM: what a ring opens can't be judged */
};

struct guard_config {
	__u64 seed[4];
	__u32 flags, canary_tgid, canary_port, schema;
	__u64 canary_inode;
};

enum event_kind { EVENT_SYSCALL, EVENT_FILE, EVENT_EXEC, EVENT_CONNECT, EVENT_LISTEN, EVENT_PROTECT = 7 };
enum event_outcome { OUTCOME_NONE, OUTCOME_BLOCKED, OUTCOME_KILLED, OUTCOME_KILLED_LATE };

/* Why the subject is no plain path or address. */
enum event_odd {
	ODD_NONE,
	ODD_UNRESOLVED,		/* the path can't be resolved or is too long or too deep */
	ODD_RAW_SOCKET,		/* value: family << 16 | type */
	ODD_URING,
	ODD_CHROOT,		/* chroot, pivot_root, mount: paths would mean something else */
	ODD_COMPAT,		/* the 32-bit entry, whose numbers mean other calls */
	ODD_ISOLATED,
};

enum event_method {
	METHOD_NONE,
	METHOD_LSM,		/* value of hook: see event_hook names in C# */
	METHOD_CGROUP,
	METHOD_SYS_ENTER,
	METHOD_SYS_EXIT,
	METHOD_SCHED_EXEC,
	METHOD_FORK_FAILED,
};

/* Followed by path_bytes bytes of path. */
struct event {
	__u64 at_ns; /* CLOCK_MONOTONIC */
	__u32 tgid, tid, slot, by_tgid;
	__s32 syscall;
	__u8 kind, outcome, method, odd;
	__u16 port, path_bytes;
	__u8 family, pad[3];
	__u8 addr[16];
	__u32 value, mode;
};

enum guard_counter {
	COUNT_LOST,		/* events that the ring had no place for */
	COUNT_UNRESOLVED,	/* paths */
	COUNT_BUSY,		/* no scratch space was free: denied */
	COUNT_TASKS_FULL,	/* a process could not be put under its policy: killed */
	COUNT_DENIED,
	COUNT_SEEN,		/* decisions about guarded processes */
	COUNTERS,
};

#endif
