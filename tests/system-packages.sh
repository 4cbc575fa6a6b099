#!/bin/sh
# Install the Debian packages that the tests use, if this user is allowed to. Otherwise the tests that need a
# missing package are skipped and say so; in CI a missing package is an error.
# With the argument `node`, install Node.js and npm, which `make check` and `make test-heavy` need.
set -u
wanted=""
need() {
  command -v "$1" >/dev/null || wanted="$wanted $2"
}
reason="The tests that need it are skipped. To run them:"
if [ "${1:-}" = node ]; then
  reason="make check and make test-heavy need it. To run them:"
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
    echo "Installing Debian packages:$wanted"
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
echo "* $reason apt-get install$wanted"
echo "*************************************************************************"
[ "${CI:-}" = true ] && exit 1
exit 0
