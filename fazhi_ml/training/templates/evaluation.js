"use strict";
(() => {
  const root = document.documentElement;
  const all = (selector, within = document) => Array.from(within.querySelectorAll(selector));
  const one = (id) => document.getElementById(id);

  // ---- language
  one("language").addEventListener("click", () => {
    root.dataset.ui = root.dataset.ui === "zh" ? "en" : "zh";
    root.lang = root.dataset.ui === "zh" ? "zh-CN" : "en";
  });

  // ---- filter of errors: by theme and kind, or by one cell of the table of confusions
  const numbers = (text) => text.split(" ").filter(Boolean).map(Number);
  const errors = all(".error").map((entry) => ({
    entry, wrong: numbers(entry.dataset.wrong), missed: numbers(entry.dataset.missed),
  }));
  const chosen = { theme: new Set(), kind: new Set(), cell: null };
  const buttons = all("#kinds button, #by-theme button");
  const NO_THEME = -1;

  const inCell = ({ wrong, missed }, { gold, given }) =>
    (gold === NO_THEME ? !missed.length : missed.includes(gold)) &&
    (given === NO_THEME ? !wrong.length : wrong.includes(given));
  const matches = (error) => {
    if (chosen.cell) return inCell(error, chosen.cell);
    const kinds = chosen.kind.size ? Array.from(chosen.kind) : ["wrong", "missed"];
    return kinds.some((kind) => error[kind].some((theme) => !chosen.theme.size || chosen.theme.has(theme)));
  };

  function filter() {
    let shown = 0;
    for (const error of errors) {
      const match = matches(error);
      error.entry.hidden = !match;
      shown += match;
    }
    for (const button of buttons) {
      const { kind, theme } = button.dataset;
      button.setAttribute("aria-pressed", kind ? chosen.kind.has(kind) : chosen.theme.has(Number(theme)));
    }
    const cell = chosen.cell;
    one("pair").textContent = cell ? `· ${cell.gold + 1} → ${cell.given + 1}` : "";
    one("shown").textContent = shown;
    one("nothing").hidden = shown > 0;
    one("reset").hidden = !cell && !chosen.theme.size && !chosen.kind.size;
  }

  function choose({ themes = [], kinds = [], cell = null }) {
    chosen.theme = new Set(themes);
    chosen.kind = new Set(kinds);
    chosen.cell = cell;
    filter();
  }

  if (errors.length) {
    for (const button of buttons) {
      button.addEventListener("click", () => {
        const kind = button.dataset.kind ? "kind" : "theme";
        const value = button.dataset.kind ?? Number(button.dataset.theme);
        if (!chosen[kind].delete(value)) chosen[kind].add(value);
        chosen.cell = null;
        filter();
      });
    }
    one("reset").addEventListener("click", () => choose({}));
    for (const link of all("a[data-theme]")) {
      link.addEventListener("click", () => choose({ themes: [Number(link.dataset.theme)], kinds: [link.dataset.kind] }));
    }
    for (const link of all("a[data-gold]")) {
      const cell = { gold: Number(link.dataset.gold), given: Number(link.dataset.given) };
      link.addEventListener("click", () => choose({ cell }));
    }
  }

  // ---- filter of the texts on which two models differ
  const changes = all("#changes button");
  for (const button of changes) {
    button.addEventListener("click", () => {
      const wanted = button.getAttribute("aria-pressed") === "true" ? null : button.dataset.change;
      for (const each of changes) each.setAttribute("aria-pressed", each.dataset.change === wanted);
      for (const entry of all("article[data-change]")) entry.hidden = wanted !== null && entry.dataset.change !== wanted;
    });
  }

  // ---- a link to a closed card opens it; what is printed is open
  const open = () => {
    const target = location.hash && one(location.hash.slice(1));
    if (target instanceof HTMLDetailsElement) target.open = true;
  };
  addEventListener("hashchange", open);
  open();
  addEventListener("beforeprint", () => { for (const card of all("details.theme")) card.open = true; });

  // ---- outline: mark the section being read
  const links = all(".outline a").map((link) => ({ link, target: one(link.getAttribute("href").slice(1)) }));
  let waiting = false;
  function spy() {
    waiting = false;
    const last = links.filter(({ target }) => target.getBoundingClientRect().top < 140).at(-1);
    for (const entry of links) entry.link.classList.toggle("here", entry === last);
  }
  addEventListener("scroll", () => {
    if (!waiting) requestAnimationFrame(spy);
    waiting = true;
  }, { passive: true });
  spy();
})();
