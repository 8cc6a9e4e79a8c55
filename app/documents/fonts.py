"""Font faces of a site and the family stacks of the printed forms.

Rule: a form names a *look* (title, fang, kai, hei, song), never a font. ``forms/_base/fonts.toml`` lists the families of
each look in order of liking; the site's own folder ``<fonts root>/site`` comes before what set-up brought. Every stack
ends with all other faces, the largest last, so that a rare character of a name is drawn by the first face that has it
(paper.md, fact 3). Faces get aliases of our own: a font installed on the machine can never slip in.
"""

from __future__ import annotations

import hashlib
import tomllib
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path

from fontTools.ttLib import TTFont, TTLibError

from app.documents.errors import EngineMissing

SUFFIXES = (".ttf", ".otf")
SITE_FOLDER = "site"
_NAME_IDS = (1, 4, 6, 16)
_BASE = Path(__file__).parent / "forms" / "_base"


@dataclass(frozen=True)
class Face:
    """One font file: where it is, the names it answers to (folded), its weight (100–900)."""

    path: Path
    names: frozenset[str]
    weight: int
    size: int
    is_site: bool

    @property
    def alias(self) -> str:
        """Name in style sheets and in the PDF; the same on every machine that has the same font files."""
        identity = f"{self.is_site} {self.path.name} {self.size}"
        return "gb-" + hashlib.sha256(identity.encode()).hexdigest()[:10]

    @cached_property
    def characters(self) -> frozenset[int]:
        """Code points that the face can draw."""
        with TTFont(self.path, lazy=True) as font:
            return frozenset(font.getBestCmap() or ())

    def css(self) -> str:
        return f'@font-face{{font-family:"{self.alias}";src:url("{self.path.as_uri()}")}}'


@dataclass(frozen=True)
class FontSet:
    """For each look the faces in the order in which they are asked; every stack holds all faces of the set."""

    stacks: dict[str, tuple[Face, ...]]

    @cached_property
    def faces(self) -> tuple[Face, ...]:
        return tuple({face.path: face for stack in self.stacks.values() for face in stack}.values())

    @cached_property
    def characters(self) -> frozenset[int]:
        """What every stack can draw."""
        return frozenset().union(*(face.characters for face in self.faces))

    def css(self) -> str:
        """@font-face rules and one custom property ``--look-<name>`` for each look."""
        looks = (
            f"--look-{look}:" + ",".join(f'"{face.alias}"' for face in stack)
            for look, stack in self.stacks.items()
        )
        return "\n".join(face.css() for face in self.faces) + "\nhtml{" + ";".join(looks) + "}"


@dataclass(frozen=True)
class FontLibrary:
    """The faces below one fonts root as two sets.

    ``light`` holds the first face of each wish and serves nearly every paper; ``whole`` adds the full faces and those
    that no look names, for rare characters. Loading all of them costs a process some 150 MB, so it is done on need.
    """

    root: Path
    wishes: dict[str, list[str]]
    found: tuple[Face, ...]
    unreadable: tuple[str, ...]

    @cached_property
    def light(self) -> FontSet:
        return _font_set(
            {look: _choose(families, self.found, 1) for look, families in self.wishes.items()}, []
        )

    @cached_property
    def whole(self) -> FontSet:
        chosen = {look: _choose(families, self.found, 99) for look, families in self.wishes.items()}
        covered: set[int] = set().union(*(face.characters for faces in chosen.values() for face in faces))
        spare = []
        for face in sorted(self.found, key=_site_then_size):
            if not face.characters <= covered:  # for example a site's font of characters of its own making
                spare.append(face)
                covered |= face.characters
        return _font_set(chosen, spare)


def fold(name: str) -> str:
    """Family names differ by blanks, hyphens and case between the releases of one font."""
    return "".join(char for char in name.casefold() if char not in " -_")


def read_face(path: Path, *, is_site: bool) -> Face:
    """Names and weight of a font file; raises TTLibError for a file that is none."""
    with path.open("rb") as file, TTFont(file, lazy=True) as font:
        names = {fold(str(record)) for record in font["name"].names if record.nameID in _NAME_IDS}
        weight = font["OS/2"].usWeightClass if "OS/2" in font else 400
        if "cmap" not in font:
            raise TTLibError("no cmap table")
    return Face(path, frozenset(names), weight, path.stat().st_size, is_site)


def scan(root: Path) -> tuple[list[Face], list[str]]:
    """All faces below ``root`` (links that lead out of it are passed over), and the files that could not be read."""
    faces, unreadable = [], []
    root = root.resolve()
    for path in sorted(p for p in root.rglob("*") if p.suffix.lower() in SUFFIXES):
        if not path.resolve().is_relative_to(root):
            unreadable.append(f"{path.name}: leads out of the fonts folder")
            continue
        try:
            faces.append(read_face(path, is_site=SITE_FOLDER in path.relative_to(root).parts[:-1]))
        except (TTLibError, OSError, KeyError) as error:
            unreadable.append(f"{path.name}: {error}")
    return faces, unreadable


def _site_then_size(face: Face) -> tuple[bool, int]:
    return (not face.is_site, face.size)


def _find(wish: str, faces: tuple[Face, ...]) -> list[Face]:
    """Faces for a wish ``Family`` or ``Family@700``: of the nearest weight only, the subset before the full face."""
    family, _, weight = wish.partition("@")
    found = [face for face in faces if fold(family) in face.names]
    distance = {face.path: abs(face.weight - int(weight or 400)) for face in found}
    nearest = [face for face in found if distance[face.path] == min(distance.values())]
    return sorted(nearest, key=_site_then_size)


def _choose(families: list[str], faces: tuple[Face, ...], each: int) -> list[Face]:
    """At most ``each`` faces a family, in the order of liking but the site's own first."""
    chosen = {face.path: face for wish in families for face in _find(wish, faces)[:each]}
    return sorted(chosen.values(), key=lambda face: not face.is_site)  # stable


def _font_set(chosen: dict[str, list[Face]], spare: list[Face]) -> FontSet:
    everything = {face.path: face for faces in (*chosen.values(), spare) for face in faces}
    tail = sorted(everything.values(), key=_site_then_size)
    return FontSet(
        {look: (*faces, *(face for face in tail if face not in faces)) for look, faces in chosen.items()}
    )


@lru_cache(maxsize=8)
def load_fonts(root: Path) -> FontLibrary:
    """The fonts below ``root``; raises EngineMissing where there is none that a look asks for.

    Cached for the life of the process: a site that adds a font restarts the service.
    """
    faces, unreadable = scan(root) if root.is_dir() else ([], [])
    wishes = tomllib.loads((_BASE / "fonts.toml").read_text("utf-8"))["looks"]
    library = FontLibrary(root.resolve(), wishes, tuple(faces), tuple(unreadable))
    if not library.light.faces:
        raise EngineMissing(
            f"no usable .ttf or .otf font below the folder {root}: run 'make setup' or set GEBAN_FONTS"
        )
    return library
