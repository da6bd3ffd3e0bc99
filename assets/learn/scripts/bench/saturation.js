// Why scores are divided by √d_k: random queries and keys of more and more numbers, with and without the division.

const WIDTHS = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512];
const DRAWN = { queries: 48, keys: 8 };

// The same numbers on every machine: a linear congruence (Numerical Recipes), then Box and Muller's normal ones.
function normals(seed) {
  let state = seed;
  const uniform = () => { state = (Math.imul(state, 1664525) + 1013904223) >>> 0; return (state + 1) / 4294967297; };
  return () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());
}

function drawn(width) {
  const next = normals(7), row = () => Array.from({ length: width }, next);
  const keys = range(DRAWN.keys).map(row);
  const rows = range(DRAWN.queries).map(row).map((query) => keys.map((key) => dot(query, key)));
  return { plain: rows.map((scores) => softmax(scores)), scaled: rows.map((scores) => softmax(scores.map((s) => s / Math.sqrt(width)))), scores: rows };
}

const meanEntropy = (rows) => sum(rows.map(entropy)) / rows.length;

class Saturation {
  constructor(bench) {
    Object.assign(this, { bench, at: 6, curve: null, box: bench.find("saturation") });
  }

  build() {
    const { labels } = this.bench;
    this.curve ??= WIDTHS.map((width) => { const rows = drawn(width); return { plain: meanEntropy(rows.plain), scaled: meanEntropy(rows.scaled) }; });
    this.slider = make("input", { type: "range", min: "0", max: String(WIDTHS.length - 1), value: String(this.at), id: "width", "aria-label": labels.width });
    this.slider.addEventListener("input", () => { this.at = Number(this.slider.value); this.paint(); });
    this.value = make("output", { for: "width" });
    this.bars = make("div", { className: "weights-rows" });
    this.said = make("p", { className: "said", role: "status", "aria-live": "polite" });
    const chart = make("figure", { className: "chart" });
    this.chart = chart;
    this.box.replaceChildren(make("div", { className: "saturation" },
      make("div", {}, make("label", { className: "field" }, make("span", {}, labels.width), this.slider, this.value), this.bars, this.said), chart));
    this.paint();
  }

  paint() {
    const { labels } = this.bench, width = WIDTHS[this.at], rows = drawn(width);
    this.value.textContent = `d = ${width}`;
    this.slider.setAttribute("aria-valuetext", `d = ${width}`);
    this.bars.replaceChildren(...["plain", "scaled"].map((kind) => {
      const weights = rows[kind][0];
      return make("div", { className: `weights-row ${kind}` }, make("b", {}, labels[`softmax_${kind}`]),
        make("div", { className: "columns" }, ...weights.map((weight) => make("span", { className: "column" },
          make("i", { style: `height:${(100 * weight).toFixed(1)}%` }), make("small", {}, weight.toFixed(2))))),
        make("small", {}, put(labels.entropy_is, { value: this.curve[this.at][kind].toFixed(2) })));
    }));
    const spread = Math.sqrt(sum(rows.scores.flat().map((score) => score * score)) / rows.scores.flat().length);
    this.said.textContent = put(labels.saturation_said, { width, spread: spread.toFixed(1), root: Math.sqrt(width).toFixed(1), plain: this.curve[this.at].plain.toFixed(2), scaled: this.curve[this.at].scaled.toFixed(2) });
    this.draw();
  }

  draw() {
    const { labels } = this.bench, [w, h, left, bottom] = [420, 230, 34, 34];
    const x = (at) => left + (at / (WIDTHS.length - 1)) * (w - left - 12), y = (value) => 10 + (1 - value) * (h - bottom - 10);
    const line = (kind) => `<polyline class="${kind}" points="${this.curve.map((point, at) => `${x(at)},${y(point[kind])}`).join(" ")}"/>`
      + this.curve.map((point, at) => `<circle class="${kind}" cx="${x(at)}" cy="${y(point[kind])}" r="${at === this.at ? 6 : 3}"/>`).join("");
    const ticks = [0, 0.5, 1].map((value) => `<line class="axis" x1="${left}" x2="${w - 8}" y1="${y(value)}" y2="${y(value)}"/><text x="${left - 6}" y="${y(value) + 4}" text-anchor="end">${value}</text>`).join("");
    const widths = WIDTHS.map((width, at) => (at % 2 === 0 || at === this.at ? `<text x="${x(at)}" y="${h - 14}" text-anchor="middle">${width}</text>` : "")).join("");
    this.chart.innerHTML = `<svg viewBox="0 0 ${w} ${h}" role="img">${ticks}${line("plain")}${line("scaled")}${widths}</svg><figcaption></figcaption>`;
    this.chart.querySelector("svg").setAttribute("aria-label", labels.saturation_chart);
    this.chart.querySelector("figcaption").append(make("span", { className: "plain" }, "● ", labels.softmax_plain), " ", make("span", { className: "scaled" }, "● ", labels.softmax_scaled), make("br"), labels.saturation_chart);
  }
}
