// Buttons, sliders and choices. Each changes the settings; showControls writes the settings back into them.

const WAYS = ["where", "attention", "moved", "attribution"];

function setUpControls(lens) {
  const { find } = lens;
  const click = (id, action) => { find(id).onclick = action; };
  for (const way of WAYS) click(`show-${way}`, () => { if (way === "attention") lens.ask(lens.set.layer); lens.pin({ show: way }); });
  click("against", () => lens.pin({ against: !lens.set.against }));
  click("units-words", () => usePieces(lens, false));
  click("units-pieces", () => usePieces(lens, true));
  click("several", () => {
    lens.several = !lens.several;
    showControls(lens);
  });
  click("release", () => lens.pin({ patch: null, box: null }));
  click("alike", () => likeOn(lens, !lens.alike));
  click("zoom-in", () => zoomTo(lens, lens.zoom.scale * 1.5));
  click("zoom-out", () => zoomTo(lens, lens.zoom.scale / 1.5));
  click("zoom-level", () => zoomTo(lens, 1));
  click("toggle-split", () => lens.pin({ split: lens.set.split === null ? 50 : null }));
  click("edges", () => lens.pin({ smooth: !lens.set.smooth }));
  click("scale", () => lens.pin({ scale: lens.set.scale === "own" ? "shared" : "own" }));
  click("play", () => play(lens, lens.playing === null));
  click("sorted", () => {
    lens.sorted = !lens.sorted;
    showControls(lens);
    showScores(lens);
  });
  click("again", () => startAgain(lens));
  click("save-png", () => savePng(lens));
  click("save-svg", () => saveSvg(lens));
  find("opacity").oninput = (event) => lens.pin({ opacity: Number(event.target.value) });
  find("colours").onchange = (event) => lens.pin({ colours: event.target.value });
  find("kind").onchange = (event) => lens.pin({ kind: event.target.value, layer: 0, head: "mean", show: "attention" });
}

function usePieces(lens, pieces) {
  if (pieces === lens.set.pieces) return;
  const { data, set } = lens;
  const words = pieces
    ? set.words.flatMap((word) => data.words[word].pieces)
    : [...new Set(set.words.map((piece) => data.pieces[piece][1]))];
  lens.units = unitsOf(data, pieces);
  lens.over = { ...NOTHING };
  Object.assign(lens.set, { words, pieces });
  buildTokens(lens);
  lens.pin({});
}

// Whatever carries data-say or data-label is filled from the language file once.
function fillLabels(lens) {
  const { labels } = lens.data;
  for (const root of new Set([lens.root, lens.panels])) {
    for (const each of root.querySelectorAll("[data-say]")) each.textContent = labels[each.dataset.say];
    for (const each of root.querySelectorAll("[data-label]")) {
      if (!each.dataset.say) each.setAttribute("aria-label", labels[each.dataset.label]);
      each.title = labels[each.dataset.label];
    }
  }
  const options = (id, values, label) => lens.find(id).replaceChildren(...values.map((value) =>
    Object.assign(textIn("option", label(value)), { value })));
  lens.find("show-attribution").textContent = lens.data.views[0].label;
  options("colours", Object.keys(lens.data.colours), (name) => labels[`colours_${name}`]);
  options("kind", lens.data.kinds, (kind) => labels[KIND_LABELS[kind]]);
}

function showControls(lens) {
  const { find, set, data } = lens, press = (id, on) => find(id).setAttribute("aria-pressed", String(on));
  const ways = waysOf(data);
  for (const way of WAYS) {
    press(`show-${way}`, set.show === way);
    find(`show-${way}`).hidden = !ways.includes(way);
  }
  find("show").hidden = ways.length < 2;
  press("against", set.against);
  find("against").hidden = set.show === "attention" || !lens.view().signed;
  press("units-words", !set.pieces);
  press("units-pieces", set.pieces);
  press("several", lens.several);
  press("toggle-split", set.split !== null);
  press("edges", !set.smooth);
  press("scale", set.scale === "shared");
  press("sorted", lens.sorted);
  find("opacity").value = set.opacity;
  find("colours").value = set.colours;
  find("kind").value = set.kind;
  find("release").hidden = set.patch === null && set.box === null;
  find("alike").hidden = !data.resembles;
  press("alike", lens.alike);
  const attention = data.layers.length > 0;
  find("tab-matrix").hidden = !attention;
  find("kind-row").hidden = data.kinds.length < 2;
  const shownSigned = isSigned(lens, set.show === "attention");
  find("colours-row").hidden = shownSigned;
  find("hint").hidden = memory.used;
  paintRamp(lens, set.show === "attention");
}
