#!/bin/sh
# Builds binaries and packages (see build.sh, deb.sh) and runs the checks in dist/checks, all
# of them or those named. Ends with one line per check.
#
#     sh dist/test.sh [--native] [CHECK...]
#
# static        the static builds: nothing dynamic, checksums, SBOM; walk-through and
#               startup tests with the build for this machine
# aarch64       walk-through tests with the aarch64 build under qemu-user
# debian        the packages in a fresh Debian root, before and after golang-cfssl (root)
# lintian       the packages, with lintian
# dockerfile    the Dockerfile with hadolint, the scripts with shellcheck
# install       cargo install from a clone starts fast, a slow build is refused, and the
#               startup tests detect one that is built on purpose
# reproducible  a second build in another folder has the same hashes
#
# With --native nothing is built for the other architecture, and checks that need such a
# build are left out.
#
# RCFSSL_DIST_OUT is the output folder (default: out/dist); logs are in out/checks. Checks
# that need root print SKIPPED without it; with RCFSSL_CI=1 they fail instead.
set -eu
cd "$(dirname -- "$0")/.."
targets='x86_64-unknown-linux-musl aarch64-unknown-linux-musl'
checks='static aarch64 debian lintian dockerfile install reproducible'
if [ "${1:-}" = --native ]; then
    shift
    targets=$(uname -m)-unknown-linux-musl
    checks='static debian lintian dockerfile install reproducible'
fi
# shellcheck disable=SC2086 # a list of words
[ $# -gt 0 ] || set -- $checks

RCFSSL_DIST_OUT=${RCFSSL_DIST_OUT:-out/dist}
export RCFSSL_DIST_OUT
logs=out/checks
mkdir -p "$logs"
summary=
failed=0

# check NAME COMMAND...: the last line of the command's output is its summary.
check() {
    name=$1
    shift
    printf '\n== %s\n' "$name"
    start=$(date +%s)
    status=0
    { "$@" 2>&1 || echo "$?" > "$logs/$name.status"; } | tee "$logs/$name.log"
    if [ -e "$logs/$name.status" ]; then
        status=$(cat "$logs/$name.status")
        rm "$logs/$name.status"
    fi
    word=ok
    last=$(sed '/^[[:space:]]*$/d' "$logs/$name.log" | tail -n 1)
    if [ "$status" -ne 0 ]; then
        word=FAILED
        failed=1
    fi
    summary="$summary$(printf '%-6s %-12s %4d s  %s' "$word" "$name" "$(($(date +%s) - start))" "$last")
"
}

rm -f "$logs"/*.status
case " $* " in
    *" static "* | *" aarch64 "* | *" debian "* | *" lintian "* | *" reproducible "*)
        # shellcheck disable=SC2086 # a list of words
        check build sh dist/build.sh --out "$RCFSSL_DIST_OUT" $targets
        ;;
esac
case " $* " in
    *" debian "* | *" lintian "*)
        # shellcheck disable=SC2086 # a list of words
        check packages sh dist/deb.sh --out "$RCFSSL_DIST_OUT" $targets
        ;;
esac
for name; do
    check "$name" sh "dist/checks/$name.sh"
done

printf '\n== Summary\n%s' "$summary"
exit $failed
