// Choosing another group shows that group's fields; what was typed goes along and comes back.
import { acting, say, words } from "geban/app";
import { start } from "geban/select";

const place = document.querySelector("[data-subform]");
const form = place?.closest("form");
const choice = place?.dataset.subform ? form.elements[place.dataset.subform] : null;
choice?.addEventListener("change", async () => {
  const body = new FormData(form);
  body.set("_fields", "1");
  body.set("_piece", "1");
  place.setAttribute("aria-busy", "true");
  try {
    const answer = await fetch(location.href, {
      method: "POST",
      credentials: "same-origin",
      headers: { "X-Requested-With": "fetch", "X-Acting": acting() },
      body,
    });
    if (!answer.ok) throw new Error(answer.statusText);
    place.innerHTML = await answer.text();
    start(place);
  } catch {
    say(words.failed, "danger");
  }
  place.removeAttribute("aria-busy");
});
