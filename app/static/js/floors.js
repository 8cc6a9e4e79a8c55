// Arrow keys walk through the floor grid: left and right along the floor, up and down between floors.
const flats = [...document.querySelectorAll(".gc-flat")];

function middle(node) {
  const box = node.getBoundingClientRect();
  return [box.left + box.width / 2, box.top + box.height / 2];
}

document.addEventListener("keydown", (event) => {
  const from = document.activeElement.closest?.(".gc-flat");
  const step = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
  if (!from || !step) return;
  const [x, y] = middle(from);
  const near = flats.filter((flat) => flat !== from).map((flat) => {
    const [fx, fy] = middle(flat);
    const along = step[0] ? (fx - x) * step[0] : (fy - y) * step[1];
    const across = Math.abs(step[0] ? fy - y : fx - x);
    return { flat, along, across };
  }).filter((one) => one.along > 4 && (step[1] || one.across < 4)).sort((a, b) => a.along + a.across * 2 - b.along - b.across * 2)[0];
  if (near) { event.preventDefault(); near.flat.focus(); }
});
