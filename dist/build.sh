#!/bin/sh
# Builds static binaries of rcfssl and rcfssljson, an SBOM for each, and SHA256SUMS.
#
#     sh dist/build.sh [--out DIR] [TARGET...]
#
# TARGET is x86_64-unknown-linux-musl or aarch64-unknown-linux-musl (default: both); DIR is
# out/dist by default. Needs cargo; installs everything else on Debian or Ubuntu.
#
# The same commit, built with the same rustc, has the same hashes on any machine and in any
# folder: the version of zig in requirements/build.txt compiles C for both architectures,
# with musl's headers; Rust's own lld links; paths are recorded as if the clone were
# /rcfssl and cargo's home /cargo.
set -eu
cd "$(dirname -- "$0")/.."

out=out/dist
case ${1:-} in
    --out)
        [ $# -ge 2 ] || { echo "--out needs a folder" >&2; exit 2; }
        out=$2
        shift 2
        ;;
    -*)
        echo "usage: $0 [--out DIR] [TARGET...]" >&2
        exit 2
        ;;
esac
[ $# -gt 0 ] || set -- x86_64-unknown-linux-musl aarch64-unknown-linux-musl

. dist/tools.sh
command -v cc > /dev/null || need_packages gcc libc6-dev
command -v file > /dev/null || need_packages file
for target; do
    need_rust "$target"
done
need_python build
need_cargo cargo-cyclonedx 0.5.9

here=$(pwd -P)
cargo_home=${CARGO_HOME:-$HOME/.cargo}
target_dir=${CARGO_TARGET_DIR:-$here/target}/dist

say "Building"
# The caller's compiler variables would affect the result.
unset RUSTFLAGS CARGO_BUILD_RUSTFLAGS CC CXX AR CFLAGS CPPFLAGS LDFLAGS
export AWS_LC_SYS_NO_JITTER_ENTROPY=1
export AWS_LC_SYS_USE_SYSTEM=0
separator=$(printf '\037')
flags=-Clinker=rust-lld
# At a fixed address, like Go's programs: relocating a position-independent program
# writes to dozens of pages at every start.
flags=$flags${separator}-Crelocation-model=static
flags=$flags${separator}--remap-path-prefix=$cargo_home=/cargo
flags=$flags${separator}--remap-path-prefix=$target_dir=/rcfssl/target
flags=$flags${separator}--remap-path-prefix=$here=/rcfssl
# shellcheck disable=SC2046 # words
CARGO_ENCODED_RUSTFLAGS=$flags cargo zigbuild --locked --release $(printf -- '--target %s ' "$@") \
    --target-dir "$target_dir" -p rcfssl -p rcfssljson
# Removes packages of earlier binaries.
rm -f "$out"/rcfssl_*.deb "$out"/rcfssl-as-cfssl_*.deb
for target; do
    mkdir -p "$out/$target"
    for name in rcfssl rcfssljson; do
        install -m 755 "$target_dir/$target/release/$name" "$out/$target/$name"
    done
done

say "Writing SBOMs and licences"
# cargo-cyclonedx writes a file beside each Cargo.toml of the workspace.
sweep() {
    find crates tests -name dist-sbom.json -delete
}
trap sweep EXIT
for target; do
    cargo cyclonedx --quiet --format json --spec-version 1.5 --no-build-deps \
        --target "$target" --override-filename dist-sbom
    for package in cli/rcfssl json/rcfssljson; do
        sed 's|path+file://[^"#]*/\(crates/[a-z]*\)#|path+file:///rcfssl/\1#|g' \
            "crates/${package%/*}/dist-sbom.json" > "$out/$target/${package#*/}.cdx.json"
    done
    python3 dist/licences.py "$out/$target/rcfssl.cdx.json" > "$out/$target/THIRD-PARTY"
done

say "Results"
for target; do
    for name in rcfssl rcfssljson; do
        printf '%9d bytes  ' "$(stat -c %s "$out/$target/$name")"
        file "$out/$target/$name"
        # ldd fails for a program that is static or for another architecture.
        ldd "$out/$target/$name" 2>&1 | sed 's/^/\t/' || true
    done
done
sum_up "$out"
