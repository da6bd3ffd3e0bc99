// Small things that all parts of the page share: elements, sentences with values, formulas.

function make(tag, about = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(about)) {
    if (value === null || value === undefined || value === false) continue;
    if (name in element && typeof value !== "string") element[name] = value;
    else element.setAttribute(name === "className" ? "class" : name, value === true ? "" : value);
  }
  element.append(...children);
  return element;
}

// Values go in by function: they may hold dollar signs and braces.
const put = (sentence, values = {}) => sentence.replace(/\{(\w+)\}/g, (whole, name) => (name in values ? values[name] : whole));

// A formula as MathML with its LaTeX beside it; `parts` are MathML, made below.
const math = (latex, ...parts) => `<math display="inline" displaystyle="true"><semantics><mrow>${parts.join("")}</mrow><annotation encoding="application/x-tex">${latex}</annotation></semantics></math>`;
const mi = (name) => `<mi>${name}</mi>`;
const mo = (sign) => `<mo>${sign}</mo>`;
const mn = (number) => `<mn>${number}</mn>`;
const sup = (base, top) => `<msup>${base}${top}</msup>`;
const sub = (base, bottom) => `<msub>${base}${bottom}</msub>`;
const root = (inside) => `<msqrt>${inside}</msqrt>`;
const over = (top, bottom) => `<mfrac><mrow>${top}</mrow><mrow>${bottom}</mrow></mfrac>`;
const turned = (name) => sup(mi(name), mi("⊤"));

// The address names what is shown, so that a copied address brings it back; nobody else is told.
function putInAddress(values) {
  const address = new URL(window.location.href);
  for (const [name, value] of Object.entries(values)) {
    if (value === null) address.searchParams.delete(name);
    else address.searchParams.set(name, value);
  }
  window.history.replaceState(window.history.state, "", address);
}

// One stop of the Tab key for several cells: arrow keys move among `cells`, rows of elements.
function moveWithin(cells, event, move = (cell) => cell.focus()) {
  const steps = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };
  const step = steps[event.key], row = cells.findIndex((line) => line.includes(event.target));
  if (!step || row < 0) return;
  const column = cells[row].indexOf(event.target);
  const next = cells[row + step[0]]?.[column + step[1]];
  event.preventDefault();
  if (!next) return;
  event.target.tabIndex = -1;
  next.tabIndex = 0;
  move(next);
}
