#!/bin/sh
# The packages by Debian's rules: no error, no warning.
set -eu
. dist/tools.sh
out=${RCFSSL_DIST_OUT:-out/dist}
command -v lintian > /dev/null || need_packages lintian

# These packages do not go into Debian's archive: no bug report asks for them there,
# and who publishes them gives an address by DEBEMAIL.
lintian --allow-root --fail-on error,warning --display-level '>=warning' \
    --suppress-tags initial-upload-closes-no-bugs,bogus-mail-host,bogus-mail-host-in-debian-changelog \
    "$out"/*.deb
echo "no errors, no warnings; overridden: $(grep -vc '^#' dist/debian/lintian-overrides)"
