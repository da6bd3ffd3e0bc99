// The photo with a colour for each patch, and how a patch is pointed at: by pointer or by arrow keys.

function patchAt(view, event) {
  const box = view.find("canvas").getBoundingClientRect(), [rows, columns] = view.data.grid;
  const row = Math.floor(((event.clientY - box.top) / box.height) * rows);
  const column = Math.floor(((event.clientX - box.left) / box.width) * columns);
  return Math.max(0, Math.min(rows - 1, row)) * columns + Math.max(0, Math.min(columns - 1, column));
}

function setUpPhoto(view) {
  const canvas = view.find("canvas");
  canvas.addEventListener("pointermove", (event) => view.lookAt({ side: "patch", index: patchAt(view, event) }));
  canvas.addEventListener("pointerleave", () => view.lookAt(null));
  canvas.addEventListener("click", (event) => view.pickPatch(patchAt(view, event)));
  canvas.addEventListener("keydown", (event) => {
    const [rows, columns] = view.data.grid, key = unitAt(view.data, "key", view.keyPlace);
    const now = view.data.asksPatches || key.side === "word" ? view.patch : key.index;
    const step = { ArrowUp: -columns, ArrowDown: columns, ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const next = now + step, sameRow = Math.floor(next / columns) === Math.floor(now / columns);
    if (next >= 0 && next < rows * columns && (Math.abs(step) > 1 || sameRow)) view.pickPatch(next);
  });
}

// `values` are one number a patch, or null for the bare photo.
function paintPhoto(view, values, colours, low, high) {
  const { data } = view, [rows, columns] = data.grid, canvas = view.find("canvas");
  if (canvas.width !== columns || canvas.height !== rows) Object.assign(canvas, { width: columns, height: rows });
  const context = canvas.getContext("2d");
  context.clearRect(0, 0, columns, rows);
  if (!values) return;
  const image = context.createImageData(columns, rows), signed = low < 0, most = Math.max(Math.abs(low), Math.abs(high)) || 1;
  values.forEach((value, at) => {
    const much = signed ? Math.abs(value) / most : (value - low) / (high - low || 1);
    paintPixel(image.data, at, value, colours, low, high, Math.round(60 + 165 * Math.min(1, Math.sqrt(Math.max(0, much)))));
  });
  context.putImageData(image, 0, 0);
}

function showPatch(view, patch) {
  const frame = view.find("patch"), [rows, columns] = view.data.grid;
  frame.hidden = patch === null;
  if (patch === null) return;
  Object.assign(frame.style, {
    left: `${(100 * (patch % columns)) / columns}%`, top: `${(100 * Math.floor(patch / columns)) / rows}%`, width: `${100 / columns}%`, height: `${100 / rows}%`,
  });
}
