#!/bin/sh
# Tests the packages in a fresh Debian root, with golang-cfssl installed before and after
# them: installation, walk-through under cfssl's names, upgrades, removal, purge. In the end
# golang-cfssl's files must be unchanged.
set -eu
. dist/tools.sh
out=$(cd "${RCFSSL_DIST_OUT:-out/dist}" && pwd)
if [ "$(id -u)" -ne 0 ]; then
    [ -z "${RCFSSL_CI:-}" ] || die "a fresh root needs root"
    echo "SKIPPED: a fresh root needs root" >&2
    exit 0
fi
command -v debootstrap > /dev/null || need_packages debootstrap
command -v openssl > /dev/null || need_packages openssl

work=$(mktemp -d)
# debootstrap mounts it, and leaves it mounted if it is interrupted.
trap 'umount "$work/base/proc" 2> /dev/null || true; rm -rf --one-file-system "$work"' EXIT
architecture=$(dpkg --print-architecture)

# This machine's own mirror and release.
# shellcheck disable=SC1091 # not there when this is linted
. /etc/os-release
# shellcheck disable=SC2016 # apt's variables
mirror=$(apt-get indextargets --format '$(CODENAME) $(COMPONENT) $(REPO_URI)' 'Created-By: Packages' |
    sed -n "s/^$VERSION_CODENAME main //p" | head -n 1)
[ -n "$mirror" ] || die "apt knows no mirror of $VERSION_CODENAME"

say "A fresh root of $VERSION_CODENAME"
debootstrap --variant=minbase --include=libsqlite3-0 "$VERSION_CODENAME" "$work/base" "$mirror" \
    > "$work/debootstrap.log" || { tail -n 20 "$work/debootstrap.log"; die "debootstrap"; }

# The packages, and golang-cfssl and the links again as a later version.
mkdir "$work/base/debs"
chmod 777 "$work/base/debs"
(cd "$work/base/debs" && apt-get download -q golang-cfssl > /dev/null && mv golang-cfssl_*.deb golang.deb)
cp "$out"/rcfssl_*_"$architecture".deb "$work/base/debs/rcfssl.deb"
cp "$out"/rcfssl-as-cfssl_*_all.deb "$work/base/debs/links.deb"
later() {
    rm -rf "$work/later"
    dpkg-deb --raw-extract "$work/base/debs/$1.deb" "$work/later"
    sed -i 's/^\(Version: .*\)/\1.1/' "$work/later/DEBIAN/control"
    if [ -e "$work/later/usr/bin/multirootca" ]; then
        printf '#!/bin/sh\necho later cfssl\n' > "$work/later/usr/bin/cfssl"
        (cd "$work/later" && md5sum usr/bin/* > DEBIAN/md5sums)
    fi
    dpkg-deb --root-owner-group -Znone --build "$work/later" "$work/base/debs/$1-later.deb" > /dev/null
}
later golang
later links
cp fixtures/walkthrough.sh "$work/base/debs"
cp -r fixtures/documents "$work/base/debs"
# Under cfssl's names, as in the walk-through's text.
sed -i 's/rcfssl/cfssl/g' "$work/base/debs/walkthrough.sh"

fresh() {
    root=$work/$1
    cp -a --reflink=auto "$work/base" "$root"
    say "$1"
}

inside() {
    chroot "$root" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive "$@"
}

install() {
    for package; do
        set -- "$@" "/debs/$package.deb"
        shift
    done
    inside dpkg --install "$@" > "$work/log" 2>&1 || { cat "$work/log"; die "cannot install $*"; }
}

remove() {
    inside dpkg "$@" > "$work/log" 2>&1 || { cat "$work/log"; die "dpkg $*"; }
}

# All files with their contents, and dpkg's state.
state() {
    (
        cd "$root" || exit
        find . -xdev \( -path ./var/lib/dpkg -o -path ./var/log -o -path ./var/cache -o -path ./tmp \
            -o -path ./root -o -path ./var/lib/apt \) -prune -o -printf '%p %y %m %u %l\n' | LC_ALL=C sort
        find usr etc -xdev -type f -exec sha256sum {} + | LC_ALL=C sort
        chroot . dpkg-query --show
        chroot . dpkg-divert --list
    )
}

same_state() {
    state > "$work/now"
    if ! diff "$1" "$work/now" > "$work/diff"; then
        head -n 40 "$work/diff"
        die "left behind or lost: see above"
    fi
}

is_ours() {
    inside cfssl version | grep -q '^Runtime: rcfssl' || die "cfssl is not rcfssl"
}

is_golang() {
    inside "$1" version | grep -q '^Runtime: go' || die "$1 is not golang-cfssl's"
}

# The walk-through and the other programs under cfssl's names.
works_as_cfssl() {
    is_ours
    for link in $(inside dpkg-query --listfiles rcfssl-as-cfssl); do
        [ ! -h "$root$link" ] || inside test -e "$link" || die "$link leads nowhere"
    done
    inside env RCFSSL_TEST_BIN=/usr/bin sh /debs/walkthrough.sh /root/walk > "$work/walk" 2>&1 ||
        { cat "$work/walk"; die "the walk-through fails"; }
    for name in server member-1 member-2 member-3 client; do
        openssl verify -CAfile "$root/root/walk/ca.pem" "$root/root/walk/$name.pem" > /dev/null
    done
    inside cfssl-certinfo -cert /root/walk/server.pem | grep -q '"common_name": "etcd-cluster"' ||
        die "cfssl-certinfo is not what it is called"
    inside cfssl-newkey /root/walk/server.json | grep -q '"csr":' || die "cfssl-newkey is not what it is called"
    inside bash -c '. /usr/share/bash-completion/completions/cfssl && complete -p cfssl' > /dev/null
    rm -r "$root/root/walk"
}

fresh "golang-cfssl first"
install golang
state > "$work/before"
install links rcfssl
works_as_cfssl
is_golang cfssl.distrib
install golang-later
works_as_cfssl
[ "$(inside cfssl.distrib)" = "later cfssl" ] || die "the upgrade went elsewhere"
install links-later
works_as_cfssl
if inside dpkg --remove rcfssl > "$work/log" 2>&1; then
    die "rcfssl could be removed from under the links"
fi
remove --remove rcfssl-as-cfssl
[ "$(inside cfssl)" = "later cfssl" ] || die "the upgraded cfssl has not come back"
remove --purge rcfssl-as-cfssl rcfssl
install golang
is_golang cfssl
same_state "$work/before"

fresh "golang-cfssl last"
state > "$work/before"
inside apt-get install -q -y --no-install-recommends /debs/links.deb /debs/rcfssl.deb > "$work/log" 2>&1 ||
    { cat "$work/log"; die "apt-get"; }
works_as_cfssl
install golang
works_as_cfssl
is_golang cfssl.distrib
remove --remove golang-cfssl
works_as_cfssl
install golang
remove --purge rcfssl-as-cfssl
is_golang cfssl
remove --remove rcfssl
remove --purge golang-cfssl
same_state "$work/before"

fresh "something in the way"
install golang rcfssl
echo other > "$root/usr/bin/cfssl-scan.distrib"
state > "$work/before"
if inside dpkg --install /debs/links.deb > "$work/log" 2>&1; then
    die "the links overwrote a file"
fi
is_golang cfssl
remove --purge rcfssl-as-cfssl
same_state "$work/before"

say "All is well"
echo "$VERSION_CODENAME: both orders, upgrades, removal and purge leave golang-cfssl as it was; the walk-through runs by its names"
