// Keys that work wherever the focus is inside the lens, except in its fields.

const SHORTCUTS = {
  a: (lens) => nextWay(lens),
  p: (lens) => lens.find("play").click(),
  s: (lens) => lens.find("toggle-split").click(),
  e: (lens) => lens.find("edges").click(),
  m: (lens) => lens.find("several").click(),
  "+": (lens) => zoomTo(lens, lens.zoom.scale * 1.5),
  "=": (lens) => zoomTo(lens, lens.zoom.scale * 1.5),
  "-": (lens) => zoomTo(lens, lens.zoom.scale / 1.5),
  0: (lens) => zoomTo(lens, 1),
  "[": (lens) => stepLayer(lens, -1),
  "]": (lens) => stepLayer(lens, 1),
};

const LIKE = "l"; // held: which patches are like the one that is looked at

function stepLayer(lens, step) {
  const count = layersOf(lens.data, lens.set.kind).length;
  if (!count) return;
  const at = lens.set.layer === "mean" ? (step > 0 ? -1 : count) : lens.set.layer;
  const layer = Math.min(count - 1, Math.max(0, at + step));
  lens.ask(layer);
  lens.pin({ show: "attention", layer });
}

function nextWay(lens) {
  const ways = WAYS.filter((way) => !lens.find(`show-${way}`).hidden), at = ways.indexOf(lens.set.show);
  if (ways.length) lens.find(`show-${ways[(at + 1) % ways.length]}`).click();
}

// The key may be held while the pointer rests on the photo, wherever the focus is outside of fields.
function holdLike(lens) {
  const field = (event) => event.composedPath()[0]?.closest?.("input, textarea, select, [contenteditable]");
  lens.likeDown = (event) => {
    if (event.key !== LIKE || event.repeat || event.ctrlKey || event.metaKey || event.altKey || field(event)) return;
    if (lens.over.patch !== null || lens.root.activeElement || lens.root.getRootNode().activeElement?.closest?.(".lens")) likeOn(lens, true);
  };
  lens.likeUp = (event) => { if (event.key === LIKE && !field(event)) likeOn(lens, false); };
  window.addEventListener("keydown", lens.likeDown);
  window.addEventListener("keyup", lens.likeUp);
}

function setUpKeys(lens) {
  lens.find("words").onkeydown = (event) => tokenKeys(lens, event);
  lens.find("matrix").onkeydown = (event) => matrixKeys(lens, event);
  lens.find("lens").onkeydown = lens.find("side").onkeydown = (event) => {
    if (event.defaultPrevented) return;
    const field = event.target.closest("select, input");
    if (field || event.ctrlKey || event.metaKey || event.altKey) return;
    const action = SHORTCUTS[event.key];
    if (!action) return;
    event.preventDefault();
    action(lens);
  };
}
