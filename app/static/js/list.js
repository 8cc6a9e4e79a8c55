// Lists: on a phone only the first filters stand open; the columns to choose from come when their pop-up opens.
async function load(place, url) {
  const answer = await fetch(url, { credentials: "same-origin" }).catch(() => null);
  if (!answer?.ok) return;
  place.innerHTML = await answer.text();
  place.querySelector("input[name=next]").value = location.pathname + location.search;
  place.querySelector("input, button")?.focus();
}

for (const chooser of document.querySelectorAll("[data-columns]")) {
  chooser.addEventListener("toggle", () => {
    const place = chooser.querySelector(".gb-pop-body");
    if (chooser.open && !place.childElementCount) load(place, chooser.dataset.columns);
  });
  chooser.addEventListener("click", (event) => {
    const button = event.target.closest("[data-move]");
    if (!button) return;
    const line = button.closest("li");
    const other = button.dataset.move === "1" ? line.nextElementSibling : line.previousElementSibling;
    // the first column names the record and stays first
    if (!other || !other.querySelector("[data-move]")) return;
    if (button.dataset.move === "1") other.after(line);
    else other.before(line);
    button.focus();
  });
}

document.addEventListener("click", (event) => {
  const more = event.target.closest("[data-more-filters]");
  if (more) more.setAttribute("aria-expanded", String(more.closest("form").classList.toggle("gb-open")));
});
