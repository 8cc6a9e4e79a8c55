// A record's page: related lists load by themselves, masked values are shown after a reason and hidden again.
import { acting, ask, postConfirmed, say, words } from "geban/app";

async function load(place, url) {
  place.setAttribute("aria-busy", "true");
  try {
    const answer = await fetch(url, { credentials: "same-origin", headers: { "X-Requested-With": "fetch", "X-Acting": acting() } });
    place.innerHTML = answer.ok ? await answer.text() : `<p>${words.failed}</p>`;
  } catch {
    place.textContent = words.offline;
  }
  place.removeAttribute("aria-busy");
}

for (const place of document.querySelectorAll("[data-piece]")) {
  load(place, place.dataset.piece);
  place.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-piece-link]");
    if (!link) return;
    event.preventDefault();
    load(place, link.href);
  });
}

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-reveal]");
  if (!button) return;
  const value = button.parentElement.querySelector("[data-secret]");
  if (button.dataset.masked !== undefined) {
    value.textContent = button.dataset.masked;
    delete button.dataset.masked;
    button.textContent = words.reveal;
    return;
  }
  const reason = await ask({ text: words.reasonAsk, input: words.reason });
  if (reason === null) return;
  const { ok, data } = await postConfirmed(button.dataset.reveal, new URLSearchParams({ reason }));
  if (!ok) { say(data.message, "danger"); return; }
  button.dataset.masked = value.textContent;
  value.textContent = data.value;
  button.textContent = words.hide;
  setTimeout(() => { if (button.dataset.masked !== undefined) button.click(); }, 60000);
});
