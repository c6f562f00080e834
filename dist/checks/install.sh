#!/bin/sh
# Binaries installed with `cargo install` from a clone start fast, wherever it is run; a
# build of rcfssl without the variable is refused, one of the libraries is not; and the
# startup tests detect a slow start.
set -eu
. dist/tools.sh
clone=$PWD
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT

for package in cli json; do
    (cd / && CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$clone/target} \
        cargo install --quiet --locked --path "$clone/crates/$package" --root "$place" --no-track)
done
RCFSSL_TEST_BIN=$place/bin cargo test --locked --quiet -p rcfssl-tests --test startup

# A separate target folder; otherwise aws-lc would be built three times.
target=${CARGO_TARGET_DIR:-$clone/target}/slow-start
without_variable() {
    (cd / && cargo build --quiet --locked --manifest-path "$clone/Cargo.toml" --target-dir "$target" "$@")
}
without_variable -p rcfssl-core -p rcfssljson || die "without the variable a library is refused"
refused=$place/refused
if without_variable -p rcfssl 2> "$refused"; then
    die "a build without the variable was not refused"
fi
grep -q 'AWS_LC_SYS_NO_JITTER_ENTROPY=1' "$refused" || { cat "$refused" >&2; die "no word on the variable"; }

AWS_LC_SYS_NO_JITTER_ENTROPY=0 cargo build --quiet --locked --target-dir "$target" -p rcfssl -p rcfssljson
for test in jitter instructions; do
    if RCFSSL_TEST_BIN=$target/debug cargo test --locked --quiet -p rcfssl-tests --test startup -- "$test" \
        > "$place/$test" 2>&1; then
        die "the test of $test does not see a slow start"
    fi
    grep -E 'jitter entropy:|instructions$' "$place/$test" || { cat "$place/$test"; die "failed otherwise"; }
done
echo "cargo install starts fast, the slow start is refused, and both tests see one"
