"""Prints the licences of what is linked into a binary, from its SBOM.

    python3 dist/licences.py SBOM > THIRD-PARTY

Each text that a crate of the SBOM ships stands once, after the crates that have it.
"""

import json
import pathlib
import re
import subprocess
import sys

NAMES = re.compile(r"(un)?licen[cs]e|copying|copyright|notice", re.IGNORECASE)

# Rust's own parts are no crates of the SBOM.
RUST = """\
The Rust standard library, (c) The Rust Project Developers: MIT OR Apache-2.0.
The C library musl, (c) 2005-2020 Rich Felker and others: MIT.
Both texts stand below, with other names before them.
"""


def folders():
    """Where cargo keeps each (name, version) of the workspace."""
    command = ["cargo", "metadata", "--format-version", "1", "--locked"]
    metadata = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)
    return {
        (package["name"], package["version"]): pathlib.Path(package["manifest_path"]).parent
        for package in metadata["packages"]
        if package["source"]
    }


def texts(folder):
    for file in sorted(folder.iterdir()):
        if file.is_file() and NAMES.match(file.name):
            yield file.read_text(encoding="utf-8", errors="replace").strip()


def main(sbom):
    places = folders()
    crates_of = {}
    print(RUST)
    print("Crates:\n")
    for component in json.loads(pathlib.Path(sbom).read_text(encoding="utf-8"))["components"]:
        crate = (component["name"], component["version"])
        if crate not in places:
            continue
        licence = " ".join(each.get("expression") or "" for each in component["licenses"])
        print(f"  {' '.join(crate)}: {licence}")
        for text in texts(places[crate]):
            crates_of.setdefault(text, []).append(" ".join(crate))
    for text, crates in crates_of.items():
        print(f"\n{'=' * 78}\n{', '.join(crates)}:\n\n{text}")


main(sys.argv[1])
