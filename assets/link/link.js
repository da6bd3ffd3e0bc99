// A button that copies the address of what is on the page. Without the clipboard (plain http) it shows the address.
export default function ({ data, parentElement: root }) {
  const button = root.querySelector("button"), field = root.querySelector("input"), said = root.querySelector("span");
  const address = `${location.origin}${location.pathname}?${data.query}`;
  button.textContent = data.labels.copy;
  field.setAttribute("aria-label", data.labels.address);
  if (field.value !== address) {
    field.hidden = true;
    said.textContent = "";
  }
  field.value = address;
  button.onclick = async () => {
    try {
      await navigator.clipboard.writeText(address);
      said.textContent = data.labels.copied;
    } catch {
      field.hidden = false;
      field.select();
      said.textContent = data.labels.by_hand;
    }
  };
}
