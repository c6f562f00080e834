#!/bin/sh
# Checks the static builds: nothing dynamic, correct checksums, an SBOM that matches the lock
# file; binaries for this machine start fast and create the walk-through's certificates.
set -eu
. dist/tools.sh
out=${RCFSSL_DIST_OUT:-out/dist}
command -v readelf > /dev/null || need_packages binutils

(cd "$out" && sha256sum --check --quiet SHA256SUMS)
sizes=
for folder in "$out"/*-linux-musl; do
    for name in rcfssl rcfssljson; do
        file=$folder/$name
        if readelf -lW "$file" | grep -q INTERP || readelf -dW "$file" | grep -q NEEDED; then
            die "$file is dynamic"
        fi
        readelf -lW "$file" | grep -q GNU_RELRO || die "$file has writable relocations"
        sizes="$sizes $(stat -c %s "$file")"
    done
done

python3 - "$out" <<'END'
import json, pathlib, re, sys

lock = pathlib.Path("Cargo.lock").read_text(encoding="utf-8")
locked = set(re.findall(r'name = "(.*)"\nversion = "(.*)"', lock))
for path in pathlib.Path(sys.argv[1]).glob("*/*.cdx.json"):
    sbom = json.loads(path.read_text(encoding="utf-8"))
    assert sbom["bomFormat"] == "CycloneDX", path
    found = {(each["name"], each["version"]) for each in sbom["components"]}
    assert found <= locked, (path, found - locked)
    names = {name for name, _ in found}
    assert "serde_json" in names, path
    assert not names & {"rcgen", "cmake", "proptest"}, (path, "only tests and builds have these")
    if path.name.startswith("rcfssl."):
        assert "aws-lc-sys" in names, path
END

RCFSSL_TEST_BIN=$out/$(uname -m)-unknown-linux-musl cargo test --locked --quiet -p rcfssl-tests \
    --test startup --test walkthrough
echo "static, sums and SBOM right, walk-through and start tested; bytes:$sizes"
