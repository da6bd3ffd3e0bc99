// Where a lens and its panels meet when they are two parts of a page: by the name of the lens.

function deskOf(name) {
  const desks = (globalThis.vtvizDesks ??= new Map());
  if (!desks.has(name)) desks.set(name, { root: null, came: () => {}, wait: () => {} });
  return desks.get(name);
}
