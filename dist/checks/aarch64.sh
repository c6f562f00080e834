#!/bin/sh
# Runs the walk-through tests with the aarch64 build under qemu-user.
set -eu
. dist/tools.sh
out=$(cd "${RCFSSL_DIST_OUT:-out/dist}" && pwd)
binaries=$out/aarch64-unknown-linux-musl

export RCFSSL_TEST_BIN="$binaries"
if [ "$(uname -m)" != aarch64 ]; then
    command -v qemu-aarch64-static > /dev/null || need_packages qemu-user-static
    # Two scripts call qemu, so that the kernel need not be configured for it.
    RCFSSL_TEST_BIN=$(mktemp -d)
    trap 'rm -rf "$RCFSSL_TEST_BIN"' EXIT
    for name in rcfssl rcfssljson; do
        printf '#!/bin/sh\nexec qemu-aarch64-static "%s" "$@"\n' "$binaries/$name" > "$RCFSSL_TEST_BIN/$name"
        chmod 755 "$RCFSSL_TEST_BIN/$name"
    done
fi
# The startup test must use the binaries, not the scripts.
RCFSSL_TEST_BIN=$binaries cargo test --locked --quiet -p rcfssl-tests --test startup -- jitter
cargo test --locked --quiet -p rcfssl-tests --test walkthrough
"$RCFSSL_TEST_BIN/rcfssl" version
echo "the walk-through's tests pass on $(file -b "$binaries/rcfssl" | cut -d , -f 1,2)"
