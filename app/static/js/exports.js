// Exports that are being made: how far they are, asked every two seconds; the page is read again when one is done.
const waiting = [...document.querySelectorAll("[data-export]")];

async function ask(row) {
  const answer = await fetch(row.dataset.export, { headers: { Accept: "application/json" }, credentials: "same-origin" });
  if (!answer.ok) return true;
  const found = await answer.json();
  if (found.state !== "queued" && found.state !== "running") return true;
  const bar = row.querySelector("[data-bar]");
  bar.max = found.total || 1;
  bar.value = found.done;
  row.querySelector("[data-words]").textContent = found.words;
  return false;
}

async function turn() {
  try {
    const ended = await Promise.all(waiting.map(ask));
    if (ended.some(Boolean)) {
      location.reload();
      return;
    }
  } catch {
    // the network is away: asked again
  }
  setTimeout(turn, 2000);
}

if (waiting.length) setTimeout(turn, 1000);
