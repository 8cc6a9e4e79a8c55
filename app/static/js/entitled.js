// Booking: whether the chosen resident qualifies for the chosen service, said before it is booked. It never blocks.
import { post } from "geban/app";

const place = document.querySelector("[data-entitled]");
const form = place?.closest("form");

async function ask() {
  const person = form.elements.namedItem("person").value;
  const item = form.elements.namedItem("item").value;
  if (!person || !item) { place.replaceChildren(); return; }
  const { ok, data } = await post(place.dataset.entitled, new URLSearchParams({ person, item }));
  place.innerHTML = ok ? data.html : "";
}

if (form) ["person", "item"].forEach((name) => form.elements.namedItem(name)?.addEventListener("change", ask));
