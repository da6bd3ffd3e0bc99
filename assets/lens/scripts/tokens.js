// The words as buttons: hover or focus to look, click to pin, drag, Shift or Ctrl to make a phrase.

const chosenPieces = (lens, places) => places.flatMap((place) => lens.units[place]?.pieces ?? []);

function buildTokens(lens) {
  const { labels } = lens.data, box = lens.find("words");
  const whole = document.createElement("button");
  whole.textContent = labels.whole;
  whole.className = "whole";
  const buttons = lens.units.map((unit, place) => {
    const made = document.createElement("button");
    made.textContent = unit.text;
    made.title = labels.score.replace("{value}", number(unitScore(lens, place))) + (unit.unknown ? ` · ${labels.unknown}` : "");
    made.classList.toggle("unknown", unit.unknown);
    made.classList.toggle("dim", Boolean(unit.dim));
    made.classList.toggle("inside", Boolean(unit.inside));
    return made;
  });
  lens.tokens = [whole, ...buttons];
  lens.tokens.forEach((made, at) => {
    made.type = "button";
    made.dataset.place = at - 1;
    made.onpointerenter = (event) => {
      if (event.pointerType !== "touch") lens.look({ words: at ? [at - 1] : [], patch: null });
    };
    made.onpointerleave = () => lens.look({ words: null });
    made.onfocus = () => lens.look({ words: at ? [at - 1] : [], patch: null });
    made.onblur = () => lens.look({ words: null });
    made.onclick = (event) => chooseToken(lens, at - 1, event);
  });
  box.replaceChildren(...lens.tokens);
  lens.anchor = lens.set.words[0] ?? 0;
  rove(lens.tokens, (lens.set.words[0] ?? -1) + 1);
  shadeTokens(lens);
}

// One member of a group is in the tab order; arrows reach the others.
function rove(members, at) {
  members.forEach((member, place) => { member.tabIndex = place === at ? 0 : -1; });
}

const between = (a, b) => range(Math.abs(a - b) + 1).map((step) => Math.min(a, b) + step);

function chooseToken(lens, place, { shiftKey = false, ctrlKey = false, metaKey = false } = {}) {
  if (lens.dragged) { lens.dragged = false; return; }
  if (lens.data.picks) {
    if (place >= 0) lens.pick(place);
    return;
  }
  const { words } = lens.set;
  let next;
  if (place < 0) next = [];
  else if (shiftKey) next = between(lens.anchor, place);
  else if (ctrlKey || metaKey || lens.several) {
    next = words.includes(place) ? words.filter((each) => each !== place) : [...words, place].sort((a, b) => a - b);
  } else next = words.length === 1 && words[0] === place ? [] : [place];
  if (!shiftKey) lens.anchor = Math.max(place, 0);
  lens.over.words = null;
  lens.pin({ words: next });
}

function tokenKeys(lens, event) {
  const at = lens.tokens.indexOf(event.target);
  if (at < 0) return;
  const step = { ArrowLeft: -1, ArrowUp: -1, ArrowRight: 1, ArrowDown: 1 }[event.key];
  const last = lens.tokens.length - 1;
  let next = null;
  if (step) next = Math.min(last, Math.max(0, at + step));
  else if (event.key === "Home") next = 0;
  else if (event.key === "End") next = last;
  else if (event.key === "Enter" || event.key === " ") chooseToken(lens, at - 1, event);
  else if (event.key === "Escape") chooseToken(lens, -1);
  else return;
  event.preventDefault();
  event.stopPropagation();
  if (next === null) return;
  rove(lens.tokens, next);
  lens.tokens[next].focus();
  if (event.shiftKey && next > 0) {
    lens.over.words = null;
    lens.pin({ words: between(lens.anchor, next - 1) });
  } else lens.anchor = Math.max(next - 1, 0);
}

function dragTokens(lens) {
  const box = lens.find("words");
  const under = (event) => {
    const found = lens.root.getRootNode().elementFromPoint?.(event.clientX, event.clientY);
    return lens.tokens.indexOf(found) - 1;
  };
  let from = null;
  box.onpointerdown = (event) => {
    if (lens.data.picks) return;
    from = event.shiftKey || event.ctrlKey || event.metaKey ? null : under(event);
  };
  box.onpointermove = (event) => {
    if (from === null || from < 0 || !event.buttons) return;
    const to = under(event);
    if (to < 0 || (to === from && !lens.dragged)) return;
    Object.assign(lens, { dragged: true, anchor: from });
    lens.over.words = null;
    lens.pin({ words: between(from, to) });
  };
  box.onpointerup = box.onpointercancel = () => {
    from = null;
    setTimeout(() => { lens.dragged = false; }); // after the click that may follow
  };
}

// Shades: what a patch speaks to, what the words attend to (attention inside the text), or else the token scores.
function shadeTokens(lens) {
  const { set } = lens, patches = regionOf(lens);
  const pieces = lens.shades(patches);
  const values = lens.units.map((unit) => unit.pieces.reduce((sum, piece) => sum + pieces[piece], 0));
  const peak = largest(values);
  lens.tokens.forEach((button, at) => {
    const value = at ? values[at - 1] : 0;
    button.style.setProperty("--much", peak > 0 ? Math.abs(value) / peak : 0);
    button.classList.toggle("less", value < 0);
    button.setAttribute("aria-pressed", String(at ? set.words.includes(at - 1) : set.words.length === 0));
  });
  lens.find("words").classList.toggle("from-patch", patches !== null);
  return values;
}

const unitScore = (lens, place) => lens.units[place].pieces.reduce((sum, piece) => sum + lens.view().scores[piece], 0);

const number = (value) => Number(value.toPrecision(3)).toString().replace("-", "−");
