// The bar above every page: the theme, a link past the bar, photos dropped anywhere, and the visitor's name.

const DAY = 86400; // seconds

// Streamlit's own menu knows how to change the theme; this opens it and presses the button.
function changeTheme() {
  const colours = getComputedStyle(document.querySelector("[data-testid=stApp]")).backgroundColor.match(/\d+/g) ?? [];
  const dark = colours.slice(0, 3).reduce((sum, value) => sum + Number(value), 0) < 384;
  document.querySelector("[data-testid=stMainMenuButton]")?.click();
  const press = (tries) => {
    const item = document.querySelector(`[data-testid=stMainMenuItem-theme-${dark ? "Light" : "Dark"}]`);
    if (item) item.click();
    else if (tries > 0) requestAnimationFrame(() => press(tries - 1));
    const menu = document.querySelector("[data-testid=stMainMenuPopover]");
    if (item && menu) document.querySelector("[data-testid=stMainMenuButton]")?.click();
  };
  press(30);
}

// The first stop of the Tab key leads to what the page is about.
function offerSkip(label) {
  let link = document.getElementById("vtviz-skip");
  if (!link) {
    link = Object.assign(document.createElement("a"), { id: "vtviz-skip", href: "#" });
    link.onclick = (event) => {
      event.preventDefault();
      if (globalThis.vtvizFocus?.()) return;
      document.querySelector("[data-testid=stMain] :is(input, button, a)")?.focus();
    };
    document.body.prepend(link);
  }
  link.textContent = label;
}

function uploader() {
  const inputs = [...document.querySelectorAll("[data-testid=stFileUploader] input[type=file]")];
  return inputs.find((input) => input.closest(".st-key-strip")) ?? inputs[0];
}

const holdsFiles = (event) => [...(event.dataTransfer?.types ?? [])].includes("Files");

function takeDrops() {
  if (globalThis.vtvizDrops) return;
  globalThis.vtvizDrops = true;
  const mark = (on) => document.documentElement.toggleAttribute("data-dropping", on);
  document.addEventListener("dragover", (event) => {
    if (!holdsFiles(event) || !uploader()) return;
    event.preventDefault();
    mark(true);
  });
  document.addEventListener("dragleave", (event) => { if (!event.relatedTarget) mark(false); });
  document.addEventListener("drop", (event) => {
    const input = uploader(), file = event.dataTransfer?.files[0];
    mark(false);
    if (!holdsFiles(event) || !input || !file || event.target.closest?.("[data-testid=stFileUploaderDropzone]")) return;
    event.preventDefault();
    const files = new DataTransfer();
    files.items.add(file);
    input.files = files.files;
    input.dispatchEvent(new Event("change", { bubbles: true }));
  });
}

export default function mountBar({ data, parentElement: root }) {
  const button = root.querySelector("#theme");
  Object.assign(button, { title: data.theme, onclick: changeTheme });
  button.setAttribute("aria-label", data.theme);
  const secure = location.protocol === "https:" ? "; Secure" : "";
  document.cookie = `${data.cookie}=${data.visitor}; path=/; max-age=${DAY}; SameSite=Strict${secure}`;
  document.documentElement.lang = data.language;
  offerSkip(data.skip);
  takeDrops();
}
