"""Remake the pictures of docs/pictures: every page that the side bar leads to, on a PC and on a phone.

Makes a demo city of its own in a temporary folder, signs in as each role, and walks: home, each page of the side bar,
and the pages of MORE. A page that an earlier role showed is not taken again. docs/pictures/README.md is the gallery.
"""

import io
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pyotp
from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
PICTURES = ROOT / "docs" / "pictures"
PERSONS = os.environ.get("DEMO_PERSONS", "1500")
SIZES = {"pc": {"width": 1366, "height": 768}, "phone": {"width": 390, "height": 844}}
# who sees most of a page comes first
ACCOUNTS = tuple("clerk worker office civil town dispatcher supervisor leader system security audit".split())
# what no link of the side bar leads to: account → (name of the picture, start, patterns of the links to follow)
MORE: dict[str, tuple[tuple[str, ...], ...]] = {
    "clerk": (
        ("person", "/care/due/list/", "/care/due/show/", "/person/show/"),
        ("person-add", "/person/add"),
        ("household", "/household/list/", "/household/show/"),
        ("census-grid", "/census/", ".gc-areas a"),
        ("census-home", "/household/list/", "/household/show/", "/dwelling/show/", "/census/dwelling/"),
        ("person-history", "/person/list/", "/person/show/", "/person/history/"),
        ("consent-sheet", "/person/list/", "/consents/person/"),
        ("case", "/proxy/", "/cases/show/"),
        ("book", "/proxy/book"),
        ("account", "/account/"),
        ("no-such-page", "/no-such-page"),
        ("home", "/household/list/", "/household/show/", "/dwelling/show/"),
        ("life-menu", "/person/list/", "/person/show/", "/life/person/"),
        ("life-death", "/person/list/", "/person/show/", "/life/person/", "/life/enter/death"),
        ("life-event", "/lifeevent/list/", "/lifeevent/show/"),
        ("proposal", "/proposal/list/", "/proposal/show/"),
        ("duplicate", "/duplicate/list/", "/duplicate/show/"),
        ("merge", "/merge/list/", "/merge/show/"),
        ("campaign", "/campaign/list/", "/campaign/show/"),
        ("correction", "/correction/list/", "/correction/show/"),
        ("population", "/coverage/people"),
        ("rental-home", "/rentalhome/list/", "/rentalhome/show/"),
        ("hazard", "/hazard/list/", "/hazard/show/"),
        ("risk-rule", "/riskrule/list/", "/riskrule/show/"),
        ("group", "/care/due/list/", "/care/due/show/"),
        ("group-form", "/care/due/list/", "/care/due/show/", "/persongroup/edit/"),
    ),
    "worker": (
        ("canvass-walk", "/canvass/", "/canvass/0", "/canvass/0"),
        ("check", "/checks/", "/checks/home/"),
        ("care-visit", "/care/due/list/", "/care/visit/"),
        ("correct-at-the-door", "/ageing/", "/ageing/door/"),
        ("round", "/field/", "/field/round/"),
        ("door", "/field/", "/field/round/", "/field/door/"),
        ("round-plan", "/field/plan"),
        ("proposed-rounds", "/field/proposed"),
        ("my-home", "/field/homes", "/field/homes/", "/field/home/"),
        ("new-case", "/field/new"),
        ("scan", "/d/scan"),
    ),
    "office": (("paper", "/print-desk/", "/documents/show/"),),
    "security": (
        ("staff-member", "/staff/list/", "/staff/show/"),
        ("account-of", "/users/list/", "/users/show/"),
    ),
    "system": (
        ("calendar-year", "/calendar/year"),
        ("service", "/service-versions/list/", "/service-versions/show/"),
        ("divide-anew", "/plans/add"),
    ),
    "audit": (("change", "/audit/changes/list/", "/audit/changes/show/"),),
}
MOST_BYTES = 100_000
CHROMIUM_OPTIONS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
]


def environment(home: Path, port: int) -> dict[str, str]:
    return {
        **os.environ,
        "GEBAN_HOME": str(home),
        "GEBAN_ENV": "demo",
        "GEBAN_DEMO": "1",
        "GEBAN_PORT": str(port),
    }


@contextmanager
def site(home: Path) -> Iterator[str]:
    """A demo site on a free port; ended with everything it started."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    env = environment(home, port)
    flask = [sys.executable, "-m", "flask", "--app", "run"]
    for command in (["init"], ["demo", "--city", "liling", "--persons", PERSONS]):
        subprocess.run([*flask, *command], cwd=ROOT, env=env, check=True, stdout=subprocess.DEVNULL)
    web = f"{sys.executable} -m gunicorn -c deploy/gunicorn.conf.py --log-level warning run:app"
    server = subprocess.Popen([sys.executable, "tools/supervise.py", web], cwd=ROOT, env=env)
    try:
        yield wait_for(f"http://127.0.0.1:{port}", server)
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(timeout=40)


def wait_for(url: str, server: subprocess.Popen) -> str:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and server.poll() is None:
        try:
            urllib.request.urlopen(f"{url}/login/", timeout=20)  # noqa: S310 - our own server
            return url
        except OSError:
            time.sleep(0.3)
    sys.exit("The demo site did not start: run `make run` to see why.")


def chromium() -> str:
    found = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    return found or sys.exit("Chromium is missing: run `make test`, which installs it.")


def sign_in(page: Page, url: str, account: dict) -> None:
    """Go through the login form, with the one-time code where the account has one."""
    page.goto(f"{url}/login/")
    page.fill("input[name=username]", account["username"])
    page.fill("input[name=password]", account["password"])
    page.press("input[name=password]", "Enter")
    page.wait_for_load_state()
    if account.get("totp_secret") and page.locator("input[name=otp]").count():
        page.fill("input[name=otp]", pyotp.TOTP(account["totp_secret"]).now())
        page.press("input[name=otp]", "Enter")
        page.wait_for_load_state()


def links(page: Page, selector: str) -> list[str]:
    """Local paths of the links that the selector finds, in order, once each, without sign-out and anchors."""
    found = page.eval_on_selector_all(selector, "all => all.map(a => a.getAttribute('href') || '')")
    return [
        path for path in dict.fromkeys(found) if path.startswith("/") and not re.search(r"logout|lang/", path)
    ]


def kind(path: str) -> str:
    """What makes two addresses the same page: the path without ids and query."""
    return re.sub(r"/[0-9][^/]*", "", path.split("?")[0]).strip("/") or "home"


def take(page: Page, name: str) -> None:
    """Save the page at both sizes, small enough for a repository."""
    for size, viewport in SIZES.items():
        page.set_viewport_size(viewport)
        page.wait_for_timeout(200)
        picture = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
        for quality in (60, 40):
            saved = io.BytesIO()
            picture.save(saved, "WEBP", quality=quality, method=6)
            if saved.tell() <= MOST_BYTES:
                break
        (PICTURES / f"{name}-{size}.webp").write_bytes(saved.getvalue())


def follow(page: Page, url: str, start: str, patterns: tuple[str, ...]) -> str | None:
    """Where the first links lead to, one after another; None where one is missing.

    A pattern is a part of the link's address, or a selector where it begins with a dot.
    """
    path = start
    for pattern in patterns:
        page.goto(url + path, wait_until="networkidle")
        found = links(page, pattern if pattern.startswith(".") else f'main a[href*="{pattern}"]')
        if not found:
            return None
        path = found[0]
    return path


def walk(browser: Browser, url: str, account: dict, seen: dict[str, str]) -> None:
    """Take the pages that this account is the first to see; `seen` maps picture name to its description."""
    context = browser.new_context(viewport=SIZES["pc"], locale="zh-CN", timezone_id="Asia/Shanghai")
    page = context.new_page()
    sign_in(page, url, account)
    user = account["username"]
    queue = [("home-" + user, "/", ())]
    queue += [(kind(path).replace("/", "-"), path, ()) for path in links(page, "#side a[href]")]
    queue += [(name, start, tuple(patterns)) for name, start, *patterns in MORE.get(user, ())]
    for name, start, patterns in queue:
        path = None if name in seen or name == "home" else follow(page, url, start, patterns)
        if path is None:
            continue
        page.set_viewport_size(SIZES["pc"])
        answer = page.goto(url + path, wait_until="networkidle")
        if answer is None or answer.status >= 500:
            sys.exit(f"  {path} as {user} answers {answer and answer.status}: see the log above.")
        take(page, name)
        seen[name] = f"{page.title().rpartition(' · ')[0]} ({account['role']})"
    context.close()


def gallery(seen: dict[str, str]) -> str:
    """The page of all pictures."""
    lines = ["# Pictures", "", "Remade by `make screenshots` from the demo city; nobody in it is real.", ""]
    for name, title in seen.items():
        lines += [
            f"## {title}",
            "",
            f'<img src="{name}-pc.webp" width="680" alt="PC"> <img src="{name}-phone.webp" width="180" alt="phone">',
            "",
        ]
    return "\n".join(lines).rstrip() + "\n"


def main() -> None:
    PICTURES.mkdir(parents=True, exist_ok=True)
    seen: dict[str, str] = {}
    with (
        TemporaryDirectory(prefix="geban-pictures-") as folder,
        site(Path(folder)) as url,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=chromium(), args=CHROMIUM_OPTIONS)
        page = browser.new_page(locale="zh-CN", viewport=SIZES["pc"])
        page.goto(f"{url}/login/")
        take(page, "login")
        seen["login"] = page.title().partition(" · ")[0]
        rows = json.loads((Path(folder) / "demo-accounts.json").read_text(encoding="utf-8"))
        accounts = {row["username"]: row for row in rows}
        for name in ACCOUNTS:
            if name in accounts:
                walk(browser, url, accounts[name], seen)
        browser.close()
    for old in PICTURES.iterdir():
        if old.suffix in {".png", ".webp"} and old.stem.rsplit("-", 1)[0] not in seen:
            old.unlink()
    (PICTURES / "README.md").write_text(gallery(seen), encoding="utf-8")
    weight = sum(picture.stat().st_size for picture in PICTURES.glob("*.webp"))
    print(f"  {len(seen)} pages, two pictures each, {weight / 1e6:.1f} MB, in {PICTURES}")


if __name__ == "__main__":
    main()
