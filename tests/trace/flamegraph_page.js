// What flamegraph.js needs of a browser, for frames given as JSON; clicks and searches, and prints what is then shown.
const [script, given] = process.argv.slice(2);
const fs = require("fs");
function element(attributes, dataset) {
  const listeners = {};
  return {
    attributes, dataset, style: {}, textContent: "", parts: {},
    getAttribute(name) { return this.attributes[name]; },
    setAttribute(name, value) { this.attributes[name] = value; },
    querySelector(name) { return this.parts[name]; },
    addEventListener(name, listener) { listeners[name] = listener; },
    dispatchEvent(event) { listeners[event.type](event); },
  };
}
const content = JSON.parse(given);
const frames = content.frames.map((frame) => {
  const group = element({}, { x: frame.x, w: frame.w, n: frame.name });
  group.parts = { rect: element({ y: frame.y }, {}), text: element({}, {}) };
  return group;
});
const svg = element({}, content.svg);
svg.parts = { "#found": element({}, {}), "#reset": element({}, {}) };
svg.querySelectorAll = () => frames;
let typed = "";
global.document = { currentScript: { ownerSVGElement: svg } };
global.window = { addEventListener() {} };
global.prompt = () => typed;
global.Event = class { constructor(type) { this.type = type; } };
eval(fs.readFileSync(script, "utf-8"));
const shown = () => frames.map((group) => (group.style.display === "none" ? null : [
  +group.parts.rect.attributes.x, +group.parts.rect.attributes.width, group.parts.text.textContent,
]));
frames[content.click].dispatchEvent(new Event("click"));
const enlarged = shown();
svg.parts["#reset"].dispatchEvent(new Event("click"));
const back = shown();
typed = content.search;
svg.parts["#found"].dispatchEvent(new Event("click"));
const marked = frames.filter((group) => group.parts.rect.style.stroke).map((group) => group.dataset.n);
console.log(JSON.stringify({ enlarged, back, marked, found: svg.parts["#found"].textContent }));
