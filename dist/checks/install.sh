#!/bin/sh
# `cargo install` from a clone starts fast wherever it is called; a build that does
# not see the variable is refused; and the tests of the start fail on a slow start.
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

# Apart from the clone's own target folder: aws-lc is built three times otherwise.
target=${CARGO_TARGET_DIR:-$clone/target}/slow-start
refused=$place/refused
if (cd / && cargo build --quiet --locked --manifest-path "$clone/Cargo.toml" --target-dir "$target" \
    -p rcfssl-core 2> "$refused"); then
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
