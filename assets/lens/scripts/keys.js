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
