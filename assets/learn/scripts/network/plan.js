// The plan as boxes: the image's lane above, the text's below, what joins them between, outputs at the end.

const roleOf = (block, first) => {
  const kinds = block.attention.map(([kind]) => kind);
  if (block.lane === "fusion") return kinds.includes("image→text") ? "cross_both" : "cross";
  if (block.lane === "joined") return kinds.includes("fused") ? "joined" : "joined_other";
  if (block.lane === "output") return `out_${block.target}`;
  if (kinds.length) return `${block.lane}_attention`;
  return first ? `${block.lane}_features` : block.lane;
};

const millions = (count) => (count >= 1e6 ? `${(count / 1e6).toFixed(1)} M` : count >= 1e3 ? `${(count / 1e3).toFixed(0)} k` : String(count));
const shapeText = (shapes) => shapes.slice(0, 3).map((shape) => shape.join("×")).join(", ") + (shapes.length > 3 ? ", …" : "");
const share = (value) => (value >= 0.0995 ? `${(100 * value).toFixed(0)}%` : `${(100 * value).toFixed(1)}%`);

function buildPlan(view) {
  const { data, labels } = view, plan = view.find("plan"), lanes = { image: 1, text: 1 }, blocks = data.blocks;
  const seen = new Set(), boxes = [], outputs = make("div", { className: "outputs" });
  const start = Math.max(...["image", "text"].map((lane) => blocks.filter((block) => block.lane === lane).length)) + 1;
  let after = start;
  blocks.forEach((block, index) => {
    block.role = roleOf(block, !seen.has(block.lane));
    seen.add(block.lane);
    const button = box(view, block, index);
    boxes.push(button);
    if (block.lane === "output") { button.classList.add("last"); outputs.append(button); return; }
    const own = block.lane === "image" || block.lane === "text";
    if (own) Object.assign(button.style, { gridRow: block.lane === "image" ? 1 : 2, gridColumn: lanes[block.lane]++ });
    else Object.assign(button.style, { gridRow: "1 / span 2", gridColumn: after++ });
    if (own) button.last = block.lane;
    plan.append(button);
  });
  for (const lane of ["image", "text"]) { // the shorter lane reaches as far as the longer
    const last = boxes.filter((button) => button.last === lane).pop();
    if (last && Number(last.style.gridColumnStart) + 1 < start) Object.assign(last.style, { gridColumnEnd: start, maxWidth: "none" });
  }
  for (const target of data.targets) { // what is read off without anything learned of its own
    if (!blocks.some((block) => block.lane === "output" && block.target === target)) {
      outputs.append(make("div", { className: "block output last" }, make("b", {}, labels[`role_out_${target}`]), make("small", {}, labels.block_free)));
    }
  }
  outputs.style.gridColumn = after;
  view.boxes = boxes;
  view.chip = make("span", { className: "chip", "aria-hidden": "true", hidden: true });
  plan.append(outputs, view.chip);
  plan.onkeydown = (event) => moveWithin([boxes], event);
}

function box(view, block, index) {
  const { labels } = view;
  const button = make("button", { type: "button", className: `block ${block.lane}`, "aria-pressed": "false", tabindex: index ? "-1" : "0", "data-block": block.name });
  const title = labels[`role_${block.role}`];
  button.append(make("b", {}, title), make("code", {}, block.name));
  if (block.layers > 1) button.append(make("span", { className: "layers", "aria-hidden": "true" }, ...range(block.layers).map(() => make("i"))));
  button.append(make("small", {}, put(labels.block_size, { parameters: millions(block.parameters), share: share(block.share) })));
  if (block.gates.length) {
    button.append(make("span", { className: "ways" }, make("span", { className: "both", "aria-hidden": "true" }, "⇄"), ...block.gates.map(([name, open]) => make("small", { className: "way" },
      put(labels.fact_gate, { name: name.split(".").pop() }), " ", share(open), make("i", { style: `width:${(100 * open).toFixed(0)}%`, "aria-hidden": "true" })))));
  }
  const same = make("small", { className: "same" });
  button.append(same, make("span", { className: "time", "aria-hidden": "true" }, make("i", { style: `width:${(100 * block.share).toFixed(1)}%` })));
  button.same = same;
  button.addEventListener("click", () => view.choose(index));
  return button;
}

function inspect(view) {
  const { data, labels, chosen, word } = view, block = data.blocks[chosen], row = (name, value) => make("tr", {}, make("th", { scope: "row" }, name), make("td", {}, value));
  const rows = [
    row(labels.fact_module, `${block.name} (${block.type})`),
    row(labels.fact_parameters, `${block.parameters.toLocaleString("en")} (${share(block.parameters / data.parameters)})`),
    row(labels.fact_time, `${block.milliseconds.toFixed(1)} ms (${share(block.share)})`),
    row(labels.fact_inputs, shapeText(block.inputs) || "–"), row(labels.fact_outputs, shapeText(block.outputs) || "–"),
  ];
  if (block.layers > 1) rows.push(row(labels.fact_layers, String(block.layers)));
  for (const [kind, at, spread] of block.attention) rows.push(row(put(labels.fact_entropy, { kind, layer: at + 1 }), spread.toFixed(2)));
  for (const [name, open] of block.gates) rows.push(row(put(labels.fact_gate, { name: name.split(".").pop() }), share(open)));
  if (block.norm !== null) rows.push(row(labels.fact_norm, block.norm.toFixed(1)));
  const facts = make("div", {}, make("h3", {}, labels[`role_${block.role}`]), make("p", { className: "faint" }, labels[`role_${block.role}_about`]), make("table", {}, make("tbody", {}, ...rows)), links(view, block));
  const side = make("div");
  if (block.similarity) {
    side.append(make("h4", {}, labels.similarity), make("table", { className: "bars" }, make("tbody", {}, ...data.words.map((text, index) => make("tr", { className: index === word ? "chosen" : "" },
      make("th", { scope: "row" }, text), make("td", {}, make("span", { className: "bar", style: `width:${Math.max(1, 100 * block.similarity[index]).toFixed(1)}%` })), make("td", {}, block.similarity[index].toFixed(2)))))),
      make("p", { className: "faint" }, labels.similarity_about));
  } else side.append(make("p", { className: "faint" }, labels.similarity_none));
  view.find("inspector").replaceChildren(facts, side);
}

// The attention of a block in the lens, and its steps inside.
function links(view, block) {
  const { data, labels } = view, list = make("p", { className: "links" });
  for (const [kind, at] of block.target === "match" ? block.attention : []) {
    const lens = new URLSearchParams({ ...data.query, "lens.show": "attention", "lens.kind": kind, "lens.layer": String(at) });
    if (block.attention.length <= 3) list.append(make("a", { href: `./?${lens}`, target: "_self" }, put(labels.open_lens, { kind, layer: at + 1 })));
    if (data.inside.includes(kind)) list.append(make("a", { href: `?${new URLSearchParams({ ...data.language, part: "inside", kind, layer: String(at) })}`, target: "_self" }, put(labels.open_inside, { kind, layer: at + 1 })));
  }
  return list;
}
