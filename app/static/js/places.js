// Booking by phone: the worker of the resident's grid and the worker's next free times; one tap fills day and time.
import { post } from "geban/app";

document.addEventListener("change", (event) => {
  const place = event.target;
  if (!place.matches?.('input[name="place"]')) return;
  const { elements } = place.form;
  elements.namedItem("appointment").value = place.dataset.day;
  elements.namedItem("slot").value = place.dataset.slot;
  const agreed = elements.namedItem("overbook");
  if (agreed) agreed.checked = false;
});

const card = document.querySelector("[data-places]");
const form = card?.closest("form");
let mine = ""; // the worker that was proposed, not chosen
let asked = 0;

async function ask(values) {
  const number = ++asked;
  const { ok, data } = await post(card.dataset.places, new URLSearchParams(values));
  if (!ok || number !== asked) return null;
  card.innerHTML = data.html;
  return data.staff;
}

function put(staff) {
  const select = form.elements.namedItem("staff");
  mine = staff?.id ?? "";
  if (select.tomselect) {
    select.tomselect.clear(true);
    if (staff) { select.tomselect.addOption(staff); select.tomselect.addItem(staff.id, true); }
  } else {
    if (staff) select.append(new Option(staff.text, staff.id));
    select.value = mine;
  }
}

if (form) {
  mine = card.dataset.proposed ?? "";
  form.elements.namedItem("person").addEventListener("change", async (event) => {
    const chosen = form.elements.namedItem("staff").value;
    if (chosen && chosen !== mine) return;
    if (!event.target.value) { card.replaceChildren(); put(null); return; }
    put(await ask({ person: event.target.value }));
  });
  form.elements.namedItem("staff").addEventListener("change", (event) => {
    mine = "";
    if (event.target.value) ask({ staff: event.target.value });
    else card.replaceChildren();
  });
}
