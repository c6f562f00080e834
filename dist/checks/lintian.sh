#!/bin/sh
# Checks the packages with lintian: no errors, no warnings.
set -eu
. dist/tools.sh
out=${RCFSSL_DIST_OUT:-out/dist}
command -v lintian > /dev/null || need_packages lintian

# These packages are not for Debian's archive, so there is no ITP bug, and the publisher
# sets the address with DEBEMAIL.
lintian --allow-root --fail-on error,warning --display-level '>=warning' \
    --suppress-tags initial-upload-closes-no-bugs,bogus-mail-host,bogus-mail-host-in-debian-changelog \
    "$out"/*.deb
echo "no errors, no warnings; overridden: $(grep -vc '^#' dist/debian/lintian-overrides)"
