// Lists: on a phone only the first filters stand open; which columns are shown is remembered on this machine; it says nothing about any person.
for (const chooser of document.querySelectorAll("[data-columns]")) {
  const key = `geban.columns.${chooser.dataset.columns}`;
  const table = document.getElementById(`table-${chooser.dataset.columns}`);
  const boxes = [...chooser.querySelectorAll("input")];
  const hidden = new Set(JSON.parse(localStorage.getItem(key) ?? "[]"));
  const apply = () => {
    for (const box of boxes) {
      box.checked = !hidden.has(box.value);
      table?.querySelectorAll(`tr > :nth-child(${box.value})`).forEach((cell) => { cell.hidden = hidden.has(box.value); });
    }
    localStorage.setItem(key, JSON.stringify([...hidden]));
  };
  chooser.addEventListener("change", (event) => {
    if (event.target.checked) hidden.delete(event.target.value);
    else hidden.add(event.target.value);
    apply();
  });
  apply();
}

document.addEventListener("click", (event) => {
  const more = event.target.closest("[data-more-filters]");
  if (more) more.setAttribute("aria-expanded", String(more.closest("form").classList.toggle("gb-open")));
});
