"""Reading pages and posting forms as a browser would."""

from __future__ import annotations

import html
import re
from typing import Any

TOKEN = re.compile(r'name="csrf_token" content="([^"]+)"')


def token_of(client: Any, url: str = "/") -> str:
    """The CSRF token of a page."""
    return TOKEN.search(client.get(url).text).group(1)


def form_of(page: str) -> dict[str, str]:
    """The named controls of the first form of class ``gb-form`` with their present values."""
    start = re.search(r'class="gb-form[ "]', page).start()
    body = page[start : page.index("</form>", start)]
    found: dict[str, str] = {}
    for tag in re.finditer(r"<input\b[^>]*>", body):
        name, value = _attribute(tag[0], "name"), _attribute(tag[0], "value")
        if name and ("checkbox" not in tag[0] or "checked" in tag[0]):
            found[name] = value or ""
    for tag in re.finditer(r"<textarea\b([^>]*)>(.*?)</textarea>", body, re.S):
        found[_attribute(tag[1], "name") or ""] = html.unescape(tag[2]).strip("\r\n")
    for tag in re.finditer(r"<select\b([^>]*)>(.*?)</select>", body, re.S):
        chosen = re.search(r'<option selected value="([^"]*)"|<option value="([^"]*)" selected', tag[2])
        found[_attribute(tag[1], "name") or ""] = (
            html.unescape(chosen[1] or chosen[2] or "") if chosen else ""
        )
    return found


def _attribute(tag: str, name: str) -> str | None:
    found = re.search(rf'\b{name}="([^"]*)"', tag)
    return html.unescape(found[1]) if found else None


def fill(client: Any, url: str, **values: str) -> Any:
    """Open a form, change some fields, send it to the same address."""
    data = form_of(client.get(url).text) | values
    return client.post(url, data=data)


def post(client: Any, url: str, **values: Any) -> Any:
    """POST with a valid token."""
    headers = values.pop("headers", None)
    return client.post(url, data={"csrf_token": token_of(client), **values}, headers=headers)


def keys_in(page: str, base: str) -> list[str]:
    """The uids of the rows of a list, in order."""
    return list(dict.fromkeys(re.findall(rf'href="{base}/show/([0-9a-f-]{{36}})"', page)))


def rows_of(page: str) -> str:
    """The body of the first table of a page."""
    return page.split("<tbody>")[1].split("</tbody>")[0] if "<tbody>" in page else ""
