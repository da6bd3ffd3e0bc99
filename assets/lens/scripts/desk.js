// Where a lens and its panels meet when they are two parts of a page: by the name of the lens.

function deskOf(name) {
  const desks = (globalThis.vtvizDesks ??= new Map());
  if (!desks.has(name)) desks.set(name, { root: null, came: () => {}, wait: () => {} });
  return desks.get(name);
}

// The root of the panels of a lens: its own, or that of the component which holds them (see panels.js).
async function panelsFor(lens, name) {
  if (!name) return lens.root;
  const desk = deskOf(name);
  desk.came = (root) => {
    if (lens.panels === root || !lens.data) return;
    Object.assign(lens, { panels: root, room: null });
    setUpPanels(lens);
    fillLabels(lens);
    guarded(lens, () => show(lens));
  };
  return desk.root?.isConnected ? desk.root : new Promise((done) => { desk.wait = done; });
}
