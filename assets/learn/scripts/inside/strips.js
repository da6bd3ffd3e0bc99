// Vectors as bar codes: a colour for each number, red below nothing, blue above it; or one ramp from 0 to 1.

function paintStrip(canvas, numbers, colours, low, high) {
  if (canvas.width !== numbers.length) Object.assign(canvas, { width: numbers.length, height: 1 });
  const context = canvas.getContext("2d"), image = context.createImageData(numbers.length, 1);
  for (let at = 0; at < numbers.length; at++) paintPixel(image.data, at, numbers[at], colours, low, high);
  context.putImageData(image, 0, 0);
}

function paintPixel(pixels, at, value, colours, low, high, alpha = 255) {
  const share = Math.max(0, Math.min(1, (value - low) / (high - low || 1))), colour = 3 * Math.round(255 * share);
  for (let channel = 0; channel < 3; channel++) pixels[4 * at + channel] = colours[colour + channel];
  pixels[4 * at + 3] = alpha;
}

const reach = (numbers) => { let most = 1e-12; for (const value of numbers) most = Math.max(most, Math.abs(value)); return most; };

// A line with a name, a bar code and a number. `paint` draws other numbers on it.
function strip(name) {
  const canvas = make("canvas", { width: 1, height: 1, role: "img" }), value = make("span", { className: "value" });
  const label = make("span", { className: "name", title: name }, name);
  const element = make("div", { className: "strip" }, label, canvas, value);
  const paint = (numbers, colours, text, about, low, high) => {
    const most = reach(numbers);
    paintStrip(canvas, numbers, colours, low ?? -most, high ?? most);
    value.textContent = text;
    canvas.setAttribute("aria-label", about);
  };
  const rename = (text) => { label.textContent = text; label.title = text; };
  return { element, paint, rename };
}
