(() => {
  "use strict";
  const main = document.querySelector("main");
  let shown = parts(document), loaded = performance.now();

  function parts(from) {
    const found = new Map();
    for (const part of from.querySelectorAll("[data-part]")) found.set(part.dataset.part, part.innerHTML);
    return found;
  }
  function clock(seconds) {
    const s = Math.floor(seconds), two = (n) => String(n).padStart(2, "0");
    return s < 3600 ? `${Math.floor(s / 60)}:${two(s % 60)}`
      : `${Math.floor(s / 3600)}:${two(Math.floor(s / 60) % 60)}:${two(s % 60)}`;
  }
  function tick() {
    const passed = (performance.now() - loaded) / 1000;
    for (const one of main.querySelectorAll("[data-elapsed]"))
      one.textContent = clock(Number(one.dataset.elapsed) + passed);
  }
  function named(one) {
    return one && (one.getAttribute("aria-label") ?? one.textContent);
  }
  function forget(...names) {
    const here = new URL(location.href);
    for (const name of names) here.searchParams.delete(name);
    history.replaceState(null, "", here);
  }
  function leave() {
    const to = main.dataset.go;
    if (!to || leave.done) return;
    leave.done = true;
    forget("go");
    setTimeout(() => location.assign(to), 1500);
  }
  function show(page) {
    const next = page.querySelector("main"), at = document.activeElement, focused = named(at);
    loaded = performance.now();
    for (const part of main.querySelectorAll("[data-part]")) {
      const html = page.querySelector(`[data-part="${part.dataset.part}"]`)?.innerHTML ?? "";
      if (html === shown.get(part.dataset.part)) continue;
      const held = part.contains(document.activeElement);
      const picked = new Set([...part.querySelectorAll("input:checked")].map(named));
      part.innerHTML = html;
      for (const box of part.querySelectorAll("input")) box.checked = picked.has(named(box));
      if (held) [...part.querySelectorAll("button,a,input")].find((b) => b.localName === at.localName && named(b) === focused)?.focus();
    }
    shown = parts(page);
    const headline = page.getElementById("headline");
    const said = document.getElementById("headline");
    if (headline && said.textContent !== headline.textContent) said.textContent = headline.textContent;
    const face = page.querySelector("svg");
    if (face) main.querySelector("svg").replaceWith(face);
    document.body.className = page.body.className;
    document.title = page.title;
    for (const name of ["poll", "go"])
      if (name in next.dataset) main.dataset[name] = next.dataset[name];
      else delete main.dataset[name];
    tick();
    leave();
  }
  async function look() {
    let wait = Number(main.dataset.poll || 30) * 1000;
    if (document.visibilityState === "visible") {
      const lost = document.getElementById("lost");
      try {
        const reply = await fetch(location.href, { headers: { Accept: "text/html" }, cache: "no-store" });
        if (reply.status >= 500) throw new Error(reply.status);
        if (!reply.ok) return location.reload();
        show(new DOMParser().parseFromString(await reply.text(), "text/html"));
        lost.hidden = true;
        wait = Number(main.dataset.poll || 30) * 1000;
      } catch {
        lost.hidden = false;
        wait = 5000;
      }
    }
    timer = setTimeout(look, wait);
  }
  let timer = setTimeout(look, Number(main.dataset.poll || 30) * 1000);
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "visible") { clearTimeout(timer); look(); }
  });
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.dataset.sent) return event.preventDefault();
    form.dataset.sent = "1";
    for (const button of form.querySelectorAll("button")) button.setAttribute("aria-disabled", "true");
  });
  window.addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });
  const every = document.getElementById("every");
  if (every) {
    every.closest("label").hidden = false;
    every.addEventListener("change", () => {
      for (const box of main.querySelectorAll("[data-part] input[type=checkbox]")) box.checked = every.checked;
    });
    if (location.search.includes("did=")) setTimeout(forget, 8000, "did", "not");
  }
  setInterval(tick, 1000);
  tick();
  leave();
})();
