# shellcheck shell=sh
# Installs what the scripts in this folder need, from Debian or Ubuntu, PyPI and cargo. The
# scripts are run from the top of the repository.
#
# RCFSSL_NO_INSTALL=1 installs no packages. RCFSSL_DIST_TOOLS is the folder of
# tools that do not come from Debian, shared by all clones.

tools=${RCFSSL_DIST_TOOLS:-${XDG_CACHE_HOME:-$HOME/.cache}/rcfssl/tools}
mkdir -p "$tools"
tools=$(cd "$tools" && pwd)

say() {
    printf '\n== %s\n' "$*"
}

die() {
    printf '%s\n' "$*" >&2
    exit 1
}

as_root() {
    if [ "$(id -u)" -eq 0 ]; then
        "$@"
    else
        sudo "$@"
    fi
}

# need_packages PACKAGE...: installs missing Debian packages.
need_packages() {
    if [ -n "${RCFSSL_NO_INSTALL:-}" ] || ! command -v dpkg-query > /dev/null; then
        return 0
    fi
    missing=
    for package; do
        status=$(dpkg-query -W -f '${Status}' "$package" 2> /dev/null || true)
        [ "$status" = "install ok installed" ] || missing="$missing $package"
    done
    [ -n "$missing" ] || return 0
    say "Installing$missing"
    as_root apt-get update -q
    # shellcheck disable=SC2086 # a list of words
    as_root env DEBIAN_FRONTEND=noninteractive \
        apt-get install -q -y --no-install-recommends $missing
}

# need_python LIST: installs requirements/LIST.txt in a virtual environment.
need_python() {
    list=dist/requirements/$1.txt
    if ! [ -x "$tools/$1/bin/pip" ]; then
        python3 -c 'import ensurepip, venv' 2> /dev/null || need_packages python3 python3-venv
        python3 -m venv "$tools/$1"
    fi
    if ! cmp -s "$list" "$tools/$1/list"; then
        say "Installing $list"
        "$tools/$1/bin/pip" install --quiet --disable-pip-version-check \
            --require-hashes --only-binary :all: -r "$list"
        cp "$list" "$tools/$1/list"
    fi
    PATH=$tools/$1/bin:$PATH
}

# need_cargo NAME VERSION: installs a program with cargo.
need_cargo() {
    if ! [ -x "$tools/bin/$1" ] || [ "$(cat "$tools/$1.version" 2> /dev/null)" != "$2" ]; then
        say "Installing $1 $2"
        cargo install --quiet --locked --force --root "$tools" "$1@$2"
        echo "$2" > "$tools/$1.version"
    fi
    PATH=$tools/bin:$PATH
}

# need_rust TARGET: installs Rust's standard library for it.
need_rust() {
    command -v cargo > /dev/null || die "cargo is missing: install Rust with rustup"
    set -- "$1" "$(rustc --print target-libdir --target "$1")"
    for library in "$2"/libstd-*.rlib; do
        [ -e "$library" ] && return 0
    done
    command -v rustup > /dev/null || die "Rust has no standard library for $1 here, and no rustup"
    say "Installing Rust's standard library for $1"
    rustup target add "$1"
}

# sum_up DIR: writes SHA256SUMS of all files in it.
sum_up() {
    (
        cd "$1" || exit
        rm -f SHA256SUMS
        sums=$(find . -type f -printf '%P\n' | LC_ALL=C sort | xargs sha256sum)
        printf '%s\n' "$sums" | tee SHA256SUMS
        echo "$(printf '%s\n' "$sums" | wc -l) files in $1, sums in SHA256SUMS"
    )
}

# The date for reproducible files: the commit's, or in a tarball the lock file's.
if [ -z "${SOURCE_DATE_EPOCH:-}" ]; then
    SOURCE_DATE_EPOCH=$(git log -1 --format=%ct 2> /dev/null || stat -c %Y Cargo.lock)
fi
export SOURCE_DATE_EPOCH
