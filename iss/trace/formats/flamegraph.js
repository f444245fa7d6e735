// Zoom and search of a flame graph. Every frame is <g class="f" data-x data-w data-n> with a rect and a text.
(function () {
  const svg = document.currentScript.ownerSVGElement;
  const width = +svg.dataset.width, margin = +svg.dataset.margin, letter = +svg.dataset.letter;
  const frames = Array.from(svg.querySelectorAll("g.f")).map((g) => ({
    g, rect: g.querySelector("rect"), text: g.querySelector("text"),
    x: +g.dataset.x, w: +g.dataset.w, y: +g.querySelector("rect").getAttribute("y"), name: g.dataset.n,
  }));
  const field = svg.querySelector("#found"), reset = svg.querySelector("#reset");
  function label(frame, pixels) {
    const room = Math.floor((pixels - 6) / letter);
    frame.text.textContent = room < 3 ? "" : frame.name.length <= room ? frame.name : frame.name.slice(0, room - 1) + "…";
  }
  function zoom(to) {
    for (const frame of frames) {
      const below = frame.y > to.y && frame.x <= to.x && frame.x + frame.w >= to.x + to.w;
      const inside = frame.y <= to.y && frame.x >= to.x - 1e-9 && frame.x + frame.w <= to.x + to.w + 1e-9;
      frame.g.style.display = below || inside ? "" : "none";
      const x = below ? 0 : (frame.x - to.x) / to.w, w = below ? 1 : frame.w / to.w;
      frame.rect.setAttribute("x", margin + x * width);
      frame.rect.setAttribute("width", Math.max(0, w * width - 0.5));
      frame.text.setAttribute("x", margin + x * width + 3);
      frame.g.style.opacity = below ? 0.5 : 1;
      label(frame, w * width);
    }
    reset.style.display = to.w < 1 ? "" : "none";
  }
  function search(wanted) {
    let sum = 0, until = -1;
    const matching = [];
    for (const frame of frames) {
      const hit = wanted && frame.name.toLowerCase().includes(wanted.toLowerCase());
      frame.rect.style.stroke = hit ? "#7a00cc" : "";
      frame.rect.style.strokeWidth = hit ? 2 : "";
      if (hit) matching.push(frame);
    }
    matching.sort((a, b) => a.x - b.x || b.w - a.w);
    for (const frame of matching) {
      if (frame.x >= until - 1e-9) { sum += frame.w; until = frame.x + frame.w; }
    }
    field.textContent = wanted ? `"${wanted}": ${(100 * sum).toFixed(1)} %` : "search";
  }
  for (const frame of frames) frame.g.addEventListener("click", () => zoom(frame));
  reset.addEventListener("click", () => zoom(frames[0]));
  field.addEventListener("click", () => search(prompt("Name or part of one:", "") || ""));
  window.addEventListener("keydown", (event) => {
    if ((event.ctrlKey || event.metaKey) && event.key === "f") { event.preventDefault(); field.dispatchEvent(new Event("click")); }
  });
})();
