// Sheets in: a file is dropped or chosen; a bar follows the work and the page comes anew when it is done.
const PAUSE = 1500;

for (const zone of document.querySelectorAll("[data-drop]")) {
  const input = document.getElementById(zone.htmlFor);
  const name = zone.querySelector("[data-name]");
  const show = () => { name.textContent = input.files.length ? input.files[0].name : ""; };
  for (const kind of ["dragenter", "dragover"]) {
    zone.addEventListener(kind, (event) => { event.preventDefault(); zone.classList.add("gi-over"); });
  }
  for (const kind of ["dragleave", "drop"]) {
    zone.addEventListener(kind, () => zone.classList.remove("gi-over"));
  }
  zone.addEventListener("drop", (event) => {
    event.preventDefault();
    if (event.dataTransfer.files.length) { input.files = event.dataTransfer.files; show(); }
  });
  input.addEventListener("change", show);
}

for (const box of document.querySelectorAll("[data-progress]")) {
  const bar = box.querySelector("progress");
  const percent = box.querySelector("[data-percent]");
  const look = async () => {
    try {
      const answer = await fetch(box.dataset.progress, { headers: { Accept: "application/json" } });
      if (!answer.ok) { location.reload(); return; }
      const now = await answer.json();
      if (now.state !== box.dataset.state) { location.reload(); return; }
      bar.max = now.total || 1;
      bar.value = now.done;
      percent.textContent = now.total ? Math.floor((100 * now.done) / now.total) : 0;
      if (!now.waiting) box.querySelector("[data-waiting]")?.remove();
    } catch { /* the network is gone for a moment: ask again */ }
    setTimeout(look, PAUSE);
  };
  setTimeout(look, PAUSE);
}

document.querySelector("[data-summary]")?.focus();
