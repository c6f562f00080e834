#!/bin/sh
# Installs what the tests need on Debian or Ubuntu, and runs everything: format,
# lints, licences, advisories, every test against the release binaries, the static
# binaries and their package in a fresh root, and some fuzzing.
#
#     sh tests/run.sh
#
# Tests that need root print SKIPPED without it. With RCFSSL_CI=1 they fail instead. RCFSSL_NO_INSTALL=1 installs no packages.
set -eu
cd "$(dirname -- "$0")/.."

say() {
    printf '\n== %s\n' "$*"
}

as_root() {
    if [ "$(id -u)" -eq 0 ]; then
        "$@"
    else
        sudo "$@"
    fi
}

# Programs for the tests: real cfssl, etcd, and tools that read rcfssl's output.
packages="acl bsdutils chromium chromium-driver cmake cron curl default-jre-headless etcd-client etcd-server fish
g++ gcc golang-cfssl groff hyperfine iproute2 jq libc6-dev make man-db
mariadb-client mariadb-server nginx openssl postgresql procps prometheus
prometheus-node-exporter python3 python3-venv strace systemd time util-linux valgrind zsh"

if [ -z "${RCFSSL_NO_INSTALL:-}" ] && command -v dpkg-query > /dev/null; then
    missing=
    for package in $packages; do
        status=$(dpkg-query -W -f '${Status}' "$package" 2> /dev/null || true)
        [ "$status" = "install ok installed" ] || missing="$missing $package"
    done
    if [ -n "$missing" ]; then
        say "Installing$missing"
        as_root apt-get update -q
        # Some packages start a server, which is not needed here.
        # shellcheck disable=SC2086 # a list of words
        as_root env DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 \
            apt-get install -q -y --no-install-recommends $missing
    fi
    # Validates manifests with Kubernetes' schemas.
    kubernetes=${CARGO_TARGET_DIR:-target}/kubernetes
    if ! [ -x "$kubernetes/bin/kubernetes-validate" ]; then
        say "Installing kubernetes-validate"
        python3 -m venv "$kubernetes"
        "$kubernetes/bin/pip" install --quiet kubernetes-validate==1.37.0
    fi
    # The client library of PyPI.
    clients=${CARGO_TARGET_DIR:-target}/clients
    if ! [ -x "$clients/bin/python" ] || ! "$clients/bin/python" -c 'import cfssl' 2> /dev/null; then
        say "Installing PyPI's cfssl"
        python3 -m venv "$clients"
        "$clients/bin/pip" install --quiet cfssl==0.0.3b243
    fi
    for tool in cargo-deny cargo-audit; do
        if ! command -v "$tool" > /dev/null && ! [ -x "${CARGO_HOME:-$HOME/.cargo}/bin/$tool" ]; then
            say "Installing $tool"
            cargo install --quiet --locked "$tool"
        fi
    done
fi

say "Format"
cargo fmt --all --check
cargo fmt --manifest-path tests/fuzz/Cargo.toml --check

say "Lints"
cargo clippy --quiet --locked --workspace --all-targets -- -D warnings

say "Documentation"
RUSTDOCFLAGS='-D warnings' cargo doc --quiet --locked --workspace --no-deps

say "Licences, bans, sources"
cargo deny --locked check licenses bans sources

say "Advisories"
# Uses a copy of the database if there is one: beside the repository, or cargo's own.
database=
for folder in "${RCFSSL_ADVISORY_DB:-}" ../*/advisory-db "${CARGO_HOME:-$HOME/.cargo}/advisory-db"; do
    if [ -d "$folder/crates" ]; then
        database=$folder
        break
    fi
done
if [ -n "$database" ]; then
    cargo audit --quiet --no-fetch --stale --db "$database"
else
    echo "SKIPPED: no copy of the advisory database; RCFSSL_ADVISORY_DB names one" >&2
fi

say "Release binaries"
cargo build --locked --release -p rcfssl -p rcfssljson

say "Tests"
RCFSSL_TEST_BIN=${CARGO_TARGET_DIR:-target}/release cargo test --locked --workspace

say "What is shipped"
sh dist/test.sh --native static debian lintian dockerfile

say "Fuzzing, a little"
tests/fuzz/run.sh "${RCFSSL_FUZZ_SECONDS:-10}"

say "All is well"
