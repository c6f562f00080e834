#!/bin/sh
# Checks the Dockerfile with hadolint and all shell scripts with shellcheck.
set -eu
. dist/tools.sh
need_python lint
command -v shellcheck > /dev/null || need_packages shellcheck

hadolint --failure-threshold style Dockerfile
scripts=$(git ls-files -co --exclude-standard -- '*.sh' .ci/run dist/debian/as-cfssl/preinst dist/debian/as-cfssl/postrm)
# shellcheck disable=SC2086 # a list of words
shellcheck --external-sources $scripts
echo "hadolint $(hadolint --version | grep -o '[0-9][0-9.]*' | head -n 1) and shellcheck find nothing"
