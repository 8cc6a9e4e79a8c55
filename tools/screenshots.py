"""Remake the pictures of docs/pictures: every page that the side bar leads to, on a PC and on a phone.

Starts a demo city of its own (kept in var/screenshots, made once), signs in as each role, and walks: home, each page of
the side bar, the first record and the empty form of each list. A page that an earlier role showed is not taken again.
docs/pictures/README.md lists what was taken. Pictures have 256 colours: they are for looking, not for comparing.
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

import pyotp
from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
PICTURES = ROOT / "docs" / "pictures"
HOME = Path(os.environ.get("GEBAN_HOME") or ROOT / "var" / "screenshots")
PERSONS = os.environ.get("DEMO_PERSONS", "3000")
SIZES = {"pc": {"width": 1366, "height": 768}, "phone": {"width": 390, "height": 844}}
# who sees most of a page comes first
ACCOUNTS = tuple("clerk worker office civil town dispatcher supervisor leader system security audit".split())
CHROMIUM_OPTIONS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
]


def environment(port: int) -> dict[str, str]:
    return {
        **os.environ,
        "GEBAN_HOME": str(HOME),
        "GEBAN_ENV": "demo",
        "GEBAN_DEMO": "1",
        "GEBAN_PORT": str(port),
    }


@contextmanager
def site() -> Iterator[str]:
    """A demo site on a free port; ended with everything it started."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    env = environment(port)
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
    """Save the page at both sizes."""
    for size, viewport in SIZES.items():
        page.set_viewport_size(viewport)
        page.wait_for_timeout(150)
        picture = Image.open(io.BytesIO(page.screenshot())).convert("P", palette=Image.Palette.ADAPTIVE)
        picture.save(PICTURES / f"{name}-{size}.png", optimize=True)


def walk(browser: Browser, url: str, account: dict, seen: dict[str, str]) -> None:
    """Take the pages that this account is the first to see; `seen` maps picture name to its description."""
    context = browser.new_context(viewport=SIZES["pc"], locale="zh-CN", timezone_id="Asia/Shanghai")
    page = context.new_page()
    sign_in(page, url, account)
    queue = [("/", f"home-{account['username']}")]
    queue += [(path, kind(path).replace("/", "-")) for path in links(page, "#side a[href]")]
    while queue:
        path, name = queue.pop(0)
        if name in seen or name == "home":
            continue
        answer = page.goto(url + path)
        if answer is None or answer.status != 200:
            print(f"  {path}: {answer and answer.status}, left out", file=sys.stderr)
            continue
        take(page, name)
        seen[name] = f"{page.title()} ({account['role']})"
        for pattern in ("/show/", "/add"):
            inner = [
                found for found in links(page, f'main a[href*="{pattern}"]') if kind(found) != kind(path)
            ]
            queue[:0] = [(found, kind(found).replace("/", "-")) for found in inner[:1]]
    context.close()


def main() -> None:
    PICTURES.mkdir(parents=True, exist_ok=True)
    seen: dict[str, str] = {}
    with site() as url, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=CHROMIUM_OPTIONS)
        page = browser.new_page(locale="zh-CN", viewport=SIZES["pc"])
        page.goto(f"{url}/login/")
        take(page, "login")
        seen["login"] = page.title()
        rows = json.loads((HOME / "demo-accounts.json").read_text(encoding="utf-8"))
        accounts = {row["username"]: row for row in rows}
        for name in ACCOUNTS:
            if name in accounts:
                walk(browser, url, accounts[name], seen)
        browser.close()
    for old in PICTURES.glob("*.png"):
        if old.stem.rsplit("-", 1)[0] not in seen:
            old.unlink()
    lines = ["# Pictures", "", "Remade by `make screenshots` from the demo city; nobody in it is real.", ""]
    lines += [f"- {title}: [PC]({name}-pc.png), [phone]({name}-phone.png)" for name, title in seen.items()]
    (PICTURES / "README.md").write_text("\n".join(lines) + "\n", encoding="utf-8")
    print(f"  {len(seen)} pages, two pictures each, in {PICTURES}")


if __name__ == "__main__":
    main()
