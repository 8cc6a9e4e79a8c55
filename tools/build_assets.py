"""Copy the named browser files out of node_modules into app/static/vendor with hashed names.

Only what stands in FILES reaches the browser. The hash in the name lets the web server send "cache for ever".
`manifest.json` maps the logical name that templates use to the hashed file and its integrity hash:
`{"bootstrap.css": {"file": "bootstrap.1a2b3c4d.css", "integrity": "sha384-…", "version": "5.3.9"}}`.
Source maps are not copied, and the comments that point to them are taken out: a browser with its tools open would ask
for a file that is not there.
"""

import base64
import hashlib
import json
import re
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
NODE_MODULES = ROOT / "node_modules"
VENDOR = ROOT / "app" / "static" / "vendor"

# logical name: (npm package, file in it)
FILES = {
    "bootstrap.css": ("bootstrap", "dist/css/bootstrap.min.css"),
    "bootstrap.js": ("bootstrap", "dist/js/bootstrap.bundle.min.js"),
    "tom-select.css": ("tom-select", "dist/css/tom-select.bootstrap5.min.css"),
    "tom-select.js": ("tom-select", "dist/js/tom-select.complete.min.js"),
    "signature_pad.js": ("signature_pad", "dist/signature_pad.umd.min.js"),
    "jsqr.js": ("jsqr", "dist/jsQR.js"),
    "idb.js": ("idb", "build/umd.js"),
    "htmx.js": ("htmx.org", "dist/htmx.min.js"),
}
SOURCE_MAP = re.compile(rb"\s*(?://|/\*)# sourceMappingURL=\S+(?: \*/)?\s*$")


def integrity(data: bytes) -> str:
    """Subresource integrity value of a file's bytes."""
    return "sha384-" + base64.b64encode(hashlib.sha384(data).digest()).decode()


def copy(name: str, package: str, path: str, target: Path) -> dict[str, str]:
    """Copy one file under a hashed name and return its manifest row."""
    source = NODE_MODULES / package / path
    if not source.exists():
        sys.exit(f"{package} has no file {path}: does tools/build_assets.py fit the version in package.json?")
    data = SOURCE_MAP.sub(b"\n", source.read_bytes())
    stem, suffix = name.rsplit(".", 1)
    hashed = f"{stem}.{hashlib.sha256(data).hexdigest()[:12]}.{suffix}"
    (target / hashed).write_bytes(data)
    package_json = json.loads((NODE_MODULES / package / "package.json").read_text(encoding="utf-8"))
    return {"file": hashed, "integrity": integrity(data), "version": package_json["version"]}


def main() -> None:
    VENDOR.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=VENDOR.parent, prefix=".vendor-") as fresh:
        manifest = {name: copy(name, *source, Path(fresh)) for name, source in FILES.items()}
        (Path(fresh) / "manifest.json").write_text(json.dumps(manifest, indent=1), encoding="utf-8")
        kept = {row["file"] for row in manifest.values()} | {"manifest.json"}
        # the manifest goes last: until then the old one names files that are still there
        for new in sorted(Path(fresh).iterdir(), key=lambda path: path.name == "manifest.json"):
            new.replace(VENDOR / new.name)
    for old in VENDOR.iterdir():
        if old.is_file() and old.name not in kept and not old.name.startswith("."):
            old.unlink()
    print(f"  {len(manifest)} files in {VENDOR}")


if __name__ == "__main__":
    main()
