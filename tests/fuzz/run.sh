#!/bin/sh
# Fuzzes all targets, or the named ones, for some seconds each.
#
#     tests/fuzz/run.sh SECONDS [TARGET…]
#
# Interesting inputs are kept in tests/fuzz/corpus, and failures in tests/fuzz/artifacts. To try
# a file again, put it in tests/fuzz/corpus/TARGET and run `tests/fuzz/run.sh 0 TARGET`. With a
# nightly compiler, `cargo fuzz run TARGET` does the same and finds more.
set -eu
cd "$(dirname -- "$0")"

seconds=${1:?seconds for each target}
shift
[ $# -gt 0 ] || set -- documents certificates requests keys bundles texts jobs outputs ocsp

# Branch counters for libFuzzer, which stable compilers support too.
target=$(rustc -vV | sed -n 's/^host: //p')
export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-target}"
counters="-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4"
counters="$counters -Cllvm-args=-sanitizer-coverage-inline-8bit-counters"
counters="$counters -Cllvm-args=-sanitizer-coverage-pc-table -Ccodegen-units=1 --cfg fuzzing"
RUSTFLAGS=$counters cargo build --locked --quiet --release --target "$target"

# Seeds: the documents and keys of other tests, and DER from PEM.
seeds=$(mktemp -d)
trap 'rm -rf "$seeds"' EXIT
mkdir "$seeds/documents" "$seeds/certificates" "$seeds/requests" "$seeds/texts" "$seeds/jobs" "$seeds/outputs" "$seeds/ocsp"
for document in ../../fixtures/documents/*.json; do
    { cat "$document"; printf '\000'; cat ../../fixtures/documents/ca-config.json; } > "$seeds/documents/${document##*/}"
done
for file in ../../fixtures/conformance/pki/*; do
    case $(head -n 1 "$file" | tr -d '\000') in
    *"BEGIN CERTIFICATE--"*) folder=certificates ;;
    *"CERTIFICATE REQUEST--"*) folder=requests ;;
    *) continue ;;
    esac
    cp "$file" "$seeds/$folder/"
    sed -e '/^-----END/q' "$file" | sed -e '/^-----/d' | base64 -di > "$seeds/$folder/${file##*/}.der"
done
ln -s "$PWD/../../crates/core/tests/keys" "$seeds/keys"
ln -s "$PWD/../../crates/core/tests/pkcs" "$seeds/bundles"
cp ../../fixtures/jobs/jobs.json "$seeds/jobs/cluster"
cp ../../dist/operators/jobs.json "$seeds/jobs/operators"
for serial in 1 99; do
    openssl ocsp -issuer ../../fixtures/conformance/pki/ca-p256.pem -serial "$serial" -reqout "$seeds/ocsp/$serial"
    openssl ocsp -sha256 -issuer ../../fixtures/conformance/pki/ca-p256.pem -serial "$serial" -serial 7 -no_nonce \
        -reqout "$seeds/ocsp/$serial-two"
done
made='{"cert":"a","csr":"b","key":"c","encrypted_key":"d","ocspResponse":"aGk="}'
printf '%s' "$made" > "$seeds/outputs/command"
printf '{"success":true,"result":%s,"errors":[],"messages":[]}' "$made" > "$seeds/outputs/answer"
printf '%s' '{"result":{"bundle":{"bundle":"a","root":"b"}}}' > "$seeds/outputs/bundle"
printf '%s' '{"success":false,"errors":[{"code":5,"message":"m"}]}' > "$seeds/outputs/refusal"
printf '%s' '-a=1 --b 2160h45m0.5s' > "$seeds/texts/flags"
printf '%s' 'https://user@[2001:db8::1]:2379/path' > "$seeds/texts/address"
printf '%s' '2026-11-22T10:00:00+01:00' > "$seeds/texts/time"

for name in "$@"; do
    mkdir -p "corpus/$name" "artifacts/$name"
    echo "$name:"
    log=$(mktemp)
    # -runs=0 tries only the existing inputs; a time of 0 would mean forever.
    [ "$seconds" -gt 0 ] && limit=-max_total_time=$seconds || limit=-runs=0
    if ! "$CARGO_TARGET_DIR/$target/release/$name" "$limit" -timeout=10 -rss_limit_mb=2048 -print_final_stats=1 \
        -artifact_prefix="artifacts/$name/" "corpus/$name" "$seeds/$name" > "$log" 2>&1; then
        cat "$log"
        rm -f "$log"
        exit 1
    fi
    sed -n 's/^stat::number_of_executed_units: */  runs: /p' "$log"
    rm -f "$log"
done
