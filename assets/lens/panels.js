// The panels of a lens as a part of their own. The lens fills them.

export default function mountPanels({ data, parentElement: root }) {
  const desk = deskOf(data.lens);
  desk.root = root;
  desk.wait(root);
  desk.came(root);
  return () => { if (desk.root === root) desk.root = null; };
}
