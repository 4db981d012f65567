# Sourced by run, test and bench: installs what is missing, or says exactly what to install. Quiet when all is there.

need_dotnet() {
  command -v dotnet >/dev/null && return
  echo "The .NET 10 SDK is missing. Install it: https://dotnet.microsoft.com/download/dotnet/10.0 (or your distribution's dotnet-sdk-10.0)" >&2
  exit 3
}

# need_package "what for" PACKAGE...: through apt-get as root, else the command to type.
need_package() {
  local why=$1
  shift
  if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    echo "installing $* ($why)" >&2
    local log
    log=$(mktemp)
    if DEBIAN_FRONTEND=noninteractive apt-get install -y -qq "$@" >"$log" 2>&1 ||
       { apt-get update -qq >>"$log" 2>&1 && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq "$@" >>"$log" 2>&1; }; then
      rm -f "$log"
      return
    fi
    tail -n 20 "$log" >&2
    rm -f "$log"
  fi
  echo "$* is missing ($why). Install it: sudo apt-get install $*" >&2
  exit 3
}

has_library() {
  local file
  for file in /usr/lib/*/"$1" /usr/lib64/"$1" /lib/*/"$1" /usr/lib/"$1"; do
    [ -e "$file" ] && return
  done
  return 1
}

need_sqlite() {
  has_library libsqlite3.so.0 || need_package "the store" libsqlite3-0
}

need_chromium() {
  [ -x /usr/bin/chromium ] || need_package "tests of the web page" chromium
}

need_postgresql() {
  ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || need_package "tests of the audit mirror" postgresql
}

# A kube-apiserver (built once, scripts/kube-apiserver.sh) and etcd. Where they can't be had, these tests are skipped, and say why.
want_kubernetes() {
  if [ ! -x /usr/bin/etcd ] && ! (need_package "tests against a Kubernetes API server" etcd-server); then
    echo "tests against a Kubernetes API server will be skipped" >&2
  elif ! "$(dirname "${BASH_SOURCE[0]}")/kube-apiserver.sh" >/dev/null; then
    echo "tests against a Kubernetes API server will be skipped" >&2
  fi
}

# The kernel programs of the runtime guard. Without clang the rest is built, and the guard can only observe.
want_clang() {
  { command -v clang >/dev/null && [ -e /usr/include/bpf/bpf_helpers.h ]; } ||
    (need_package "the guard's programs in the kernel" clang libbpf-dev libc6-dev) ||
    echo "built without the guard's kernel programs: it will observe, not block" >&2
}

# A guest with Debian's kernel for the guard's hooks. Where it can't be had, these tests are skipped, and say why.
want_guest() {
  local missing=()
  command -v qemu-system-x86_64 >/dev/null || missing+=(qemu-system-x86)
  ls /boot/vmlinuz-*-amd64 >/dev/null 2>&1 || missing+=(linux-image-amd64)
  [ -x /bin/busybox ] || missing+=(busybox-static)
  command -v cpio >/dev/null || missing+=(cpio)
  [ ${#missing[@]} = 0 ] || [ "$(uname -m)" != x86_64 ] ||
    (need_package "tests of the guard in a guest with Debian's kernel" "${missing[@]}") ||
    echo "tests of the guard in a guest will be skipped" >&2
}
