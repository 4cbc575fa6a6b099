#!/bin/sh
# Installs the real parts that tests use (Debian packages), where this user may. Elsewhere the tests that
# need a missing part are skipped and say so; in CI a missing part is an error.
# With the argument `heavy` it installs what `make test-heavy` needs.
set -u
wanted=""
need() {
  command -v "$1" >/dev/null || wanted="$wanted $2"
}
if [ "${1:-}" = heavy ]; then
  need node nodejs
  need npm npm
else
  need redis-server redis-server
  need ip iproute2
  need chromium "chromium fonts-noto-cjk"
  need php "php-cli php-xml"
fi
[ -z "$wanted" ] && exit 0

if command -v apt-get >/dev/null; then
  as_root=""
  [ "$(id -u)" = 0 ] || as_root="sudo -n"
  if [ -z "$as_root" ] || sudo -n true 2>/dev/null; then
    echo "Installing for the tests:$wanted"
    log=$(mktemp)
    if $as_root apt-get update -q >"$log" 2>&1 \
      && DEBIAN_FRONTEND=noninteractive $as_root apt-get install -q -y --no-install-recommends $wanted >>"$log" 2>&1
    then
      # The package starts a server of its own; the tests start theirs on a free port.
      rm -f "$log"
      exit 0
    fi
    tail -n 5 "$log"
  fi
fi
echo "*************************************************************************"
echo "* NOT INSTALLED:$wanted"
echo "* The tests that need it are skipped. To run them: apt-get install$wanted"
echo "*************************************************************************"
[ "${CI:-}" = true ] && exit 1
exit 0
