#!/bin/sh
# Builds Debian packages of the static binaries:
#
#     sh dist/deb.sh [--out DIR] [TARGET...]
#
# rcfssl for each TARGET: both programs, manual pages, completions, licences; and
# rcfssl-as-cfssl once: links with cfssl's names in place of golang-cfssl's files, which are
# diverted but not changed. Builds what is missing in DIR (see build.sh; default: out/dist).
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
need_packages dpkg-dev
need_cargo cargo-deb 3.8.0
for target; do
    [ -x "$out/$target/rcfssljson" ] || sh dist/build.sh --out "$out" "$target"
done

# Manual pages and completions are the same for all architectures, so a binary that runs
# here generates them.
program=
for target in x86_64-unknown-linux-musl aarch64-unknown-linux-musl; do
    if "$out/$target/rcfssl" version > /dev/null 2>&1; then
        program=$out/$target
    fi
done
[ -n "$program" ] || die "no rcfssl in $out runs on this machine"

# The package's Cargo.toml names this folder.
stage=$PWD/out/stage
rm -rf "$stage"
mkdir -p "$stage/man" "$stage/completions" "$stage/doc"
"$program/rcfssl" man -dir "$stage/man"
for shell in bash zsh fish; do
    "$program/rcfssl" completions $shell > "$stage/completions/$shell"
done

# The publisher is set as for Debian's own tools.
maintainer="${DEBFULLNAME:-The rcfssl authors} <${DEBEMAIL:-rcfssl@localhost}>"
sed "s/@MAINTAINER@/$maintainer/" dist/debian/changelog > "$stage/changelog"
version=$(sed -n '1s/.*(\(.*\)).*/\1/p' dist/debian/changelog)

for target; do
    say "rcfssl for $target"
    mkdir -p "$stage/bin"
    cp "$out/$target/rcfssl" "$out/$target/rcfssljson" "$stage/bin"
    gzip -9n < "$out/$target/THIRD-PARTY" > "$stage/doc/THIRD-PARTY.gz"
    cp "$out/$target"/*.cdx.json "$stage/doc"
    gzip -9nf "$stage/doc"/*.cdx.json
    cargo deb --quiet --locked --no-build --no-strip --package rcfssl --target "$target" \
        --maintainer "$maintainer" --deb-version "$version" --output "$out/"
done

say "rcfssl-as-cfssl"
# @NAMES@ in the maintainer scripts too.
names='cfssl cfssljson cfssl-bundle cfssl-certinfo cfssl-mkbundle cfssl-newkey cfssl-scan'
package=rcfssl-as-cfssl
root=$stage/$package
mkdir -p "$root/DEBIAN" "$root/usr/bin" "$root/usr/share/doc/$package" \
    "$root/usr/share/man/man1" "$root/usr/share/bash-completion/completions" \
    "$root/usr/share/fish/vendor_completions.d"
for name in $names; do
    case $name in
        cfssljson) to=rcfssljson ;;
        *) to=rcfssl ;;
    esac
    ln -s "$to" "$root/usr/bin/$name"
    page=$to
    [ ! -e "$stage/man/r$name.1" ] || page=r$name
    ln -s "$page.1.gz" "$root/usr/share/man/man1/$name.1.gz"
done
for name in cfssl cfssljson; do
    ln -s rcfssl "$root/usr/share/bash-completion/completions/$name"
    ln -s rcfssl.fish "$root/usr/share/fish/vendor_completions.d/$name.fish"
done
install -m 644 dist/debian/copyright "$root/usr/share/doc/$package/copyright"
gzip -9n < "$stage/changelog" > "$root/usr/share/doc/$package/changelog.Debian.gz"
for file in control preinst postrm; do
    sed -e "s/@VERSION@/$version/; s/@MAINTAINER@/$maintainer/; s/@NAMES@/$names/" \
        -e "s/@SIZE@/$(du -ks --exclude DEBIAN "$root" | cut -f 1)/" \
        "dist/debian/as-cfssl/$file" > "$root/DEBIAN/$file"
done
chmod 755 "$root/DEBIAN/preinst" "$root/DEBIAN/postrm"
(cd "$root" && find usr -type f -exec md5sum {} + | LC_ALL=C sort -k 2 > DEBIAN/md5sums)
dpkg-deb --root-owner-group -Zxz --build "$root" "$out/" > /dev/null

say "Results"
sum_up "$out"
