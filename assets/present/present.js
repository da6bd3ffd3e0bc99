// A story over the whole window: its own page in a frame, which asks nothing of any server. Esc leaves.
const shown = new WeakMap();

export default function mountPresent({ data: bytes, parentElement: root, setTriggerValue }) {
  const box = root.querySelector("#present"), leave = root.querySelector("#leave");
  const state = shown.get(root) ?? {};
  shown.set(root, state);
  const end = () => {
    if (document.fullscreenElement) document.exitFullscreen();
    setTriggerValue("left", true);
  };
  const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);
  leave.textContent = "✕";
  const labels = JSON.parse(new TextDecoder().decode(bytes.subarray(4, 4 + length)));
  leave.setAttribute("aria-label", labels.leave);
  leave.title = labels.leave;
  leave.onclick = end;
  box.setAttribute("aria-label", labels.title);
  if (state.key !== labels.key) {
    state.key = labels.key;
    box.querySelector("iframe")?.remove();
    if (state.url) URL.revokeObjectURL(state.url);
    state.url = URL.createObjectURL(new Blob([bytes.subarray(4 + length)], { type: "text/html" }));
    const frame = Object.assign(document.createElement("iframe"), { src: state.url, title: labels.title, allow: "fullscreen" });
    frame.onload = () => {
      frame.contentDocument.documentElement.classList.add("presented");
      frame.contentWindow.addEventListener("keydown", (event) => {
        if (event.key !== "Escape" || event.defaultPrevented) return;
        event.stopImmediatePropagation();
        end();
      }, true);
      frame.contentDocument.addEventListener("fullscreenchange", () => {
        if (frame.contentDocument.fullscreenElement) state.full = true;
        else if (state.full) end(); // Esc left the full screen: the browser keeps that key for itself
      });
      frame.focus();
      frame.contentWindow.focus();
    };
    box.append(frame);
  }
  return () => { if (state.url) URL.revokeObjectURL(state.url); shown.delete(root); };
}
