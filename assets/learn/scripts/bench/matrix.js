// A matrix as a table of numbers on colour: blue above nothing, red below. Cells of an editable one are text fields.

// W_Q with a Q below the line.
const named = (title) => title.split("_").map((text, at) => (at ? make("sub", {}, text) : text));

class Matrix {
  // `about`: name, label, rows and columns (their names), and perhaps edit(row, column, value), extra (names of more
  // columns that nobody points at), toggle(row, column).
  constructor(about, look) {
    Object.assign(this, about);
    const head = make("tr", {}, make("td"), ...this.columns.map((name) => make("th", { scope: "col", title: name }, name)),
      ...(this.extra ?? []).map((name) => make("th", { scope: "col", className: "extra" }, name)));
    this.cells = this.rows.map((_, row) => this.columns.map((_, column) => this.cell(row, column)));
    this.more = this.rows.map(() => (this.extra ?? []).map(() => make("td", { className: "extra" })));
    const lines = this.rows.map((name, row) => make("tr", {}, make("th", { scope: "row", title: name }, name),
      ...this.cells[row].map((cell) => (cell.tagName === "TD" ? cell : make("td", {}, cell))), ...this.more[row]));
    this.table = make("table", { className: "matrix", role: "grid", "aria-label": this.label },
      make("thead", {}, head), make("tbody", {}, ...lines));
    this.caption = make("figcaption", {}, make("b", {}, ...named(this.title)), ` ${this.rows.length}×${this.columns.length}`);
    this.figure = make("figure", { "data-matrix": this.name }, this.caption, this.table);
    this.cells[0][0].tabIndex = 0;
    this.table.addEventListener("keydown", (event) => this.key(event));
    const tell = (event) => {
      const cell = event.target.closest("[data-row]");
      if (cell) look(this, Number(cell.dataset.row), Number(cell.dataset.column));
    };
    this.table.addEventListener("pointerover", tell);
    this.table.addEventListener("focusin", tell);
  }

  cell(row, column) {
    const place = { "data-row": String(row), "data-column": String(column), tabindex: "-1" };
    const name = `${this.title}, ${this.rows[row]}, ${this.columns[column]}`;
    if (this.toggle) {
      const button = make("button", { type: "button", ...place, "aria-label": name });
      button.addEventListener("click", () => this.toggle(row, column));
      return button;
    }
    if (!this.edit) return make("td", place);
    const field = make("input", { type: "text", inputmode: "decimal", autocomplete: "off", ...place, "aria-label": name });
    field.addEventListener("input", () => this.take(field, row, column));
    field.addEventListener("focus", () => field.select());
    field.addEventListener("blur", () => { field.removeAttribute("aria-invalid"); this.write(field, row, column); });
    return field;
  }

  take(field, row, column) {
    const text = field.value.trim().replace("−", "-").replace(",", ".");
    const value = Number(text), good = text !== "" && Number.isFinite(value) && Math.abs(value) <= 1e6;
    field.toggleAttribute("aria-invalid", !good);
    if (!good) field.setAttribute("aria-invalid", "true");
    else this.edit(row, column, value);
  }

  key(event) {
    const field = event.target;
    if (field.tagName === "INPUT" && (event.key === "PageUp" || event.key === "PageDown")) {
      const { row, column } = field.dataset, step = event.key === "PageUp" ? 0.1 : -0.1;
      event.preventDefault();
      this.edit(Number(row), Number(column), Math.round(10 * (this.values[row][column] + step)) / 10);
      this.write(field, row, column);
      return;
    }
    const within = field.tagName === "INPUT" && field.selectionStart === field.selectionEnd;
    const atEdge = event.key === "ArrowLeft" ? field.selectionStart === 0 : field.selectionStart === field.value?.length;
    if (within && event.key.match(/^Arrow(Left|Right)$/) && !atEdge) return;
    moveWithin(this.cells, event);
  }

  write(field, row, column) {
    const text = shown(this.values[row][column]);
    if (field.value !== text) field.value = text;
  }

  // `peak` is the value of the strongest colour; `form` writes a value.
  paint(values, peak, form = shown) {
    this.values = values;
    const active = this.table.getRootNode().activeElement;
    for (let row = 0; row < this.rows.length; row++) {
      for (let column = 0; column < this.columns.length; column++) {
        const cell = this.cells[row][column], value = values[row][column];
        if (!this.edit) { const text = form(value, row, column); if (cell.textContent !== text) cell.textContent = text; }
        else if (cell !== active) this.write(cell, row, column);
        const much = peak > 0 ? Math.min(1, Math.abs(value) / peak) : 0;
        const tint = `${(48 * much).toFixed(1)}%`;
        if (cell.tint !== tint) { cell.style.setProperty("--much", tint); cell.tint = tint; }
        cell.classList.toggle("less", value < 0);
      }
    }
  }

  paintMore(values) {
    values.forEach((row, at) => row.forEach((text, column) => { this.more[at][column].textContent = text; }));
  }

  // Marks the cells for which `has(row, column)` holds.
  mark(kind, has) {
    this.cells.forEach((line, row) => line.forEach((cell, column) => cell.classList.toggle(kind, has(row, column))));
  }
}

const largest = (rows) => Math.max(...rows.flat().map(Math.abs), 1e-12);
