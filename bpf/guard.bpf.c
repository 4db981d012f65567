// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
/* One object for both backends: the loader switches off what the chosen one doesn't use. */
#include "process.h"
#include "cgroup.h"
#include "tracepoint.h"
#include "lsm.h"

/* The kernel asks for a word that it knows; the files themselves may also be used under the Apache licence. */
char LICENSE[] SEC("license") = "GPL";
