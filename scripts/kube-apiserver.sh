#!/usr/bin/env bash
# Prints the path of a kube-apiserver for the tests. Built once from Debian's own source package (Kubernetes 1.20, about
# five minutes on two cores) and kept outside the tree. Needs root and apt for the first build.
set -euo pipefail

cache=${DEVOPS_AGENT_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/devops-agent}/kubernetes
binary=$cache/kube-apiserver-1.20.2
if [ -x "$binary" ]; then
  echo "$binary"
  exit 0
fi

if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
  echo "kube-apiserver isn't built yet, and building it needs root and Debian's apt. Put one at $binary" >&2
  exit 3
fi

mkdir -p "$cache"
exec 9>"$cache/lock"
flock 9
if [ -x "$binary" ]; then
  echo "$binary"
  exit 0
fi

log=$cache/build.log
work=$(mktemp -d "$cache/build.XXXXXX")
trap 'rm -rf "$work"' EXIT
echo "building kube-apiserver from Debian's source package (about five minutes, once; log: $log)" >&2

build() {
  # The machine's own Debian mirror, with its source index beside it.
  apt-get indextargets --format '$(REPO_URI) $(RELEASE)' 'Created-By: Packages' |
    sort -u | grep -E ' (bookworm|oldstable)(-security)?$' |
    while read -r uri release; do echo "deb-src $uri $release main"; done >"$work/sources.list"
  local apt=(-o Dir::Etc::SourceList="$work/sources.list" -o Dir::Etc::SourceParts=/dev/null
    -o Dir::State::Lists="$work/lists" -o APT::Get::List-Cleanup=0)
  mkdir -p "$work/lists/partial"
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq golang-1.19-go golang-github-modern-go-reflect2-dev dpkg-dev rsync make
  apt-get "${apt[@]}" update
  cd "$work"
  apt-get "${apt[@]}" source kubernetes
  cd kubernetes-*/

  # The vendored reflect2 1.0.1 crashes under Go 1.18 and later (SIGSEGV in mapiterinit, minutes after the start).
  rm vendor/github.com/modern-go/reflect2/*.go vendor/github.com/modern-go/reflect2/*.s
  cp /usr/share/gocode/src/github.com/modern-go/reflect2/*.go /usr/share/gocode/src/github.com/modern-go/reflect2/*.s vendor/github.com/modern-go/reflect2/
  rm -f vendor/github.com/modern-go/reflect2/*_test.go
  # Under this Go the schema validator takes every zero value ("" in a custom resource) for null.
  sed -i 's/if data == nil || reflect.DeepEqual(reflect.Zero(reflect.TypeOf(data)), reflect.ValueOf(data)) {/if data == nil {/' \
    vendor/github.com/go-openapi/validate/type.go vendor/k8s.io/kube-openapi/pkg/validation/validate/type.go

  unset GOPATH GOFLAGS GOROOT
  PATH=/usr/lib/go-1.19/bin:$PATH GOTOOLCHAIN=local CGO_ENABLED=0 FORCE_HOST_GO=y GOCACHE=$work/go \
    KUBE_GIT_VERSION=v1.20.2 KUBE_GIT_MAJOR=1 KUBE_GIT_MINOR=20 KUBE_GIT_TREE_STATE=clean \
    KUBE_GIT_COMMIT=faecb196815e248d3ecfb03c680a4507229c2a56 nice make WHAT=cmd/kube-apiserver
  cp "$(find _output -type f -name kube-apiserver | head -n 1)" "$binary.new"
  mv "$binary.new" "$binary"
}

# In the background, because bash drops "set -e" in a function whose result is tested.
build >"$log" 2>&1 &
wait $! || {
  tail -n 20 "$log" >&2
  exit 3
}
echo "$binary"
