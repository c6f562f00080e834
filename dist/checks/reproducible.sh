#!/bin/sh
# Checks that a second build in another folder and with another cargo home has the same hashes.
set -eu
. dist/tools.sh
out=$(cd "${RCFSSL_DIST_OUT:-out/dist}" && pwd)

targets=$(cd "$out" && echo *-linux-musl)
elsewhere=$(mktemp -d)
trap 'rm -rf "$elsewhere"' EXIT
clone="$elsewhere/another folder"
mkdir -p "$clone" "$elsewhere/cargo"
git ls-files -co --exclude-standard -z | tar --create --null --files-from - | tar --extract -C "$clone"
# The same crates under another name.
ln -s "$(cd "${CARGO_HOME:-$HOME/.cargo}" && pwd)/registry" "$elsewhere/cargo/registry"

(
    cd "$clone"
    unset CARGO_TARGET_DIR
    # shellcheck disable=SC2086 # a list of words
    CARGO_HOME=$elsewhere/cargo RCFSSL_DIST_TOOLS=$tools SOURCE_DATE_EPOCH=$SOURCE_DATE_EPOCH \
        RCFSSL_NO_INSTALL=1 sh dist/deb.sh --out "$elsewhere/out" $targets
)
sed 's/^/first:  /' "$out/SHA256SUMS"
sed 's/^/second: /' "$elsewhere/out/SHA256SUMS"
# The first folder may contain other files.
while read -r line; do
    grep -qxF "$line" "$out/SHA256SUMS" || die "not the same: ${line#* }"
done < "$elsewhere/out/SHA256SUMS"
echo "$(wc -l < "$elsewhere/out/SHA256SUMS") files have the same hash in both folders"
