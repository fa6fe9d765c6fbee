"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const root = document.documentElement;
  const all = (selector, within = document) => Array.from(within.querySelectorAll(selector));
  const one = (id) => document.getElementById(id);
  const main = one("text"), details = one("details"), card = one("card"), ribbon = one("ribbon");
  const items = all(".item", main), strips = all("rect", ribbon);
  const themesOf = items.map((item) => item.dataset.themes.split(" ").filter(Boolean).map(Number));

  // ---- language
  one("language").addEventListener("click", () => { root.dataset.ui = root.dataset.ui === "zh" ? "en" : "zh"; });
  const make = (tag, name, ...children) => {
    const element = document.createElement(tag);
    if (name) element.className = name;
    element.append(...children);
    return element;
  };
  const both = (zh, en) => {
    const pair = document.createDocumentFragment();
    pair.append(make("span", "zh", zh), make("span", "en", en));
    pair.firstChild.lang = "zh-CN";
    pair.lastChild.lang = "en";
    return pair;
  };

  // ---- filter
  const chosen = { theme: new Set(), role: new Set() };
  const headings = all(".head", main);
  const links = new Map();
  for (const link of all(".outline a")) links.set(link.getAttribute("href").slice(1), link);

  const matches = (number) => {
    if (chosen.role.size && !chosen.role.has(items[number].dataset.role)) return false;
    if (!chosen.theme.size) return true;
    const mine = themesOf[number].length ? themesOf[number] : [-1];
    const wanted = Array.from(chosen.theme);
    return document.querySelector("[name=match]:checked").value === "all"
      ? wanted.every((theme) => mine.includes(theme))
      : wanted.some((theme) => mine.includes(theme));
  };

  function filter() {
    const active = chosen.theme.size + chosen.role.size > 0;
    const hide = document.querySelector("[name=others]:checked").value === "hide";
    let shown = 0;
    items.forEach((item, number) => {
      const match = matches(number);
      shown += match;
      item.hidden = !match && hide;
      item.classList.toggle("dim", !match && !hide);
      strips[number].classList.toggle("off", !match);
    });
    showHeadings(active && hide);
    for (const chrome of all(".chrome", main)) chrome.hidden = active && hide;
    one("shown").textContent = shown;
    one("nothing").hidden = shown > 0 || !items.length;
    one("reset").hidden = !active;
    seen = places.filter(({ target }) => !target.hidden);
    spy();
  }

  // A heading stays when something below it does: walk backwards, keeping the level that still looks for its parents.
  function showHeadings(hiding) {
    let wanted = 0;
    for (const block of Array.from(main.children).reverse()) {
      if (block.classList.contains("paragraph")) {
        const visible = Array.from(block.children).some((item) => !item.hidden);
        block.hidden = !visible;
        if (visible) wanted = Infinity;
        links.get(block.id)?.parentNode.classList.toggle("off", !visible);
      } else if (block.classList.contains("head")) {
        const level = Number(block.dataset.level), keep = !hiding || level < wanted;
        block.hidden = !keep;
        if (level < wanted) wanted = level;
        links.get(block.id)?.parentNode.classList.toggle("off", !keep);
      }
    }
  }

  function toggles(selector, kind, value) {
    for (const button of all(selector)) {
      button.addEventListener("click", () => {
        const key = value(button), on = !chosen[kind].delete(key);
        if (on) chosen[kind].add(key);
        button.setAttribute("aria-pressed", on);
        filter();
      });
    }
  }
  toggles(".share", "theme", (button) => Number(button.dataset.theme));
  toggles(".role", "role", (button) => button.dataset.role);
  for (const choice of all("fieldset input")) choice.addEventListener("change", filter);
  one("reset").addEventListener("click", () => {
    chosen.theme.clear();
    chosen.role.clear();
    for (const button of all(".share, .role")) button.setAttribute("aria-pressed", false);
    filter();
  });

  // ---- scores and evidence of one item
  let current = null, pinned = false;

  function show(item, pin) {
    if (current && current !== item) clear();
    current = item;
    pinned = pin;
    item.classList.add("shown");
    item.classList.toggle("pinned", pin);
    item.setAttribute("aria-pressed", pin);
    strips[item.dataset.number].classList.add("on");
    const facts = data.items[item.dataset.number];
    paint(item.querySelector(".words"), facts.e);
    card.replaceChildren(...describe(item, facts));
    card.hidden = false;
    details.classList.toggle("open", pin);
  }

  function clear() {
    if (!current) return;
    current.classList.remove("shown", "pinned");
    current.setAttribute("aria-pressed", false);
    strips[current.dataset.number].classList.remove("on");
    paint(current.querySelector(".words"), {});
    card.hidden = true;
    details.classList.remove("open");
    current = null;
    pinned = false;
  }

  // Lay the evidence over the words. Where terms overlap the strongest decides the colour (t) and its strength (m1 to m3).
  function paint(words, evidence) {
    const text = words.textContent, opening = Number(words.dataset.opening);
    const spans = [], best = [];
    for (const [theme, { best: sentence, terms }] of Object.entries(evidence)) {
      if (sentence[1] - sentence[0] < text.length) best.push(sentence);
      for (const [, , weight, places] of terms) for (const [start, end] of places) spans.push({ start, end, theme, weight });
    }
    spans.sort((a, b) => b.weight - a.weight);
    const style = (at) => {
      const span = spans.find(({ start, end }) => start <= at && at < end);
      return [
        at < opening,
        best.some(([start, end]) => start <= at && at < end),
        span ? `t${span.theme} m${Math.ceil(3 * span.weight / spans[0].weight)}` : "",
      ].join("|");
    };
    const cuts = [0, opening, ...spans.flatMap(({ start, end }) => [start, end]), ...best.flat()]
      .filter((at) => at < text.length).sort((a, b) => a - b);
    const starts = cuts.filter((at, place) => place === 0 || style(at) !== style(cuts[place - 1]));
    words.replaceChildren(...starts.map((start, place) => {
      const [bold, sentence, mark] = style(start).split("|");
      let piece = text.slice(start, starts[place + 1]);
      if (mark) piece = make("mark", mark, piece);
      if (sentence === "true") piece = make("span", "best", piece);
      return bold === "true" ? make("b", "", piece) : piece;
    }));
  }

  function bar(share, limit) {
    const svg = (tag, attributes) => {
      const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
      for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
      return element;
    };
    const drawing = svg("svg", { class: "bar", viewBox: "0 0 100 4", preserveAspectRatio: "none", "aria-hidden": "true" });
    drawing.append(svg("rect", { width: 100 * share, height: 4 }));
    if (limit !== undefined) drawing.append(svg("rect", { class: "limit", x: 100 * limit, y: -1.5, width: .7, height: 7 }));
    return drawing;
  }

  const percent = (share) => `${(100 * share).toFixed(1)}%`;

  function scoreRow(index, facts) {
    const given = facts.g.includes(index), limit = data.thresholds[index], [zh, en] = data.themes[index];
    const row = make("div", `score t${index}${given ? " given" : ""}`,
      make("span", "dot"), make("span", "name", both(zh, en), given ? " ✓" : ""),
      make("span", "number", percent(facts.s[index])), bar(facts.s[index], limit));
    if (limit !== undefined) row.querySelector(".number").append(make("small", "", `${given ? "≥" : "<"} ${percent(limit)}`));
    const supporting = facts.e[index]?.terms ?? [], readable = supporting.filter(([, block]) => block !== "c");
    const terms = readable.length ? readable : supporting;
    if (terms.length) {
      row.append(make("div", "terms", ...terms.map(([term, block, contribution]) => {
        const heading = block === "h";
        const label = make("span", heading ? "term heading" : "term", term, make("small", "", `+${contribution.toFixed(2)}`));
        if (heading) label.prepend(make("small", "", both("标题 ", "heading ")));
        return label;
      })));
    }
    return row;
  }

  function describe(item, facts) {
    const shut = make("button", "close", "×");
    shut.type = "button";
    shut.setAttribute("aria-label", "关闭 Close");
    shut.addEventListener("click", () => { const last = current; clear(); last?.focus(); });
    const position = `${Number(item.dataset.number) + 1} / ${items.length}`;
    const header = make("header", "", make("span", "", both(`条目 ${position} · 概率与阈值`, `Item ${position} · probability, threshold`)));
    if (pinned) header.append(shut);
    const order = facts.s.map((_, index) => index).sort((a, b) =>
      facts.g.includes(b) - facts.g.includes(a) || facts.s[b] - facts.s[a]);
    const rows = order.map((index) => scoreRow(index, facts));
    const rest = rows.splice(Math.max(8, facts.g.length));
    if (!rest.length) return [header, ...rows];
    const more = make("details", "idle", make("summary", "", both(`其余 ${rest.length} 个主题`, `${rest.length} more themes`)), ...rest);
    return [header, ...rows, more];
  }

  const itemAt = (event) => event.target.closest?.(".item");
  main.addEventListener("pointerover", (event) => {
    const item = itemAt(event);
    if (event.pointerType === "mouse" && item && !pinned && item !== current) show(item, false);
  });
  main.addEventListener("pointerleave", () => { if (!pinned) clear(); });
  main.addEventListener("focusin", (event) => {
    const item = itemAt(event);
    if (item && !pinned && item.matches(":focus-visible")) show(item, false);
  });
  const toggle = (item) => pinned && item === current ? clear() : show(item, true);
  main.addEventListener("click", (event) => {
    const item = itemAt(event);
    if (item && String(getSelection()) === "") toggle(item);
  });
  main.addEventListener("keydown", (event) => {
    const item = itemAt(event);
    if (!item) return;
    if (event.key === "Enter" || event.key === " ") {
      event.preventDefault();
      toggle(item);
    } else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      const visible = items.filter((each) => !each.hidden);
      const next = visible[visible.indexOf(item) + (event.key === "ArrowDown" ? 1 : -1)];
      if (!next) return;
      next.focus();
      show(next, pinned);
    }
  });
  document.addEventListener("keydown", (event) => { if (event.key === "Escape") clear(); });

  ribbon.addEventListener("click", (event) => {
    const item = items[event.target.dataset?.number];
    if (!item || item.hidden) return;
    item.scrollIntoView({ block: "center" });
    show(item, true);
  });

  // ---- outline: mark the section being read
  const places = Array.from(links, ([id, link]) => ({ target: one(id), link }));
  let seen = places;
  const layout = document.querySelector(".layout"), columns = all(".outline, .side");
  let marked = null;
  function spy() {
    // The columns stand beside the text: give them the part of the window that is not taken by the page's head.
    const room = innerHeight - Math.max(0, layout.getBoundingClientRect().top);
    for (const column of columns) column.style.setProperty("--room", `${room}px`);
    let low = 0, high = seen.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (seen[middle].target.getBoundingClientRect().top < 120) low = middle + 1; else high = middle;
    }
    const here = seen[low - 1]?.link ?? null;
    if (here === marked) return;
    marked?.classList.remove("here");
    marked?.removeAttribute("aria-current");
    here?.classList.add("here");
    here?.setAttribute("aria-current", "location");
    marked = here;
    const box = document.querySelector(".outline");
    if (here && box.scrollHeight > box.clientHeight) box.scrollTop = here.offsetTop - box.clientHeight / 2;
  }
  let waiting = false;
  const soon = () => {
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(() => { waiting = false; spy(); });
  };
  addEventListener("scroll", soon, { passive: true });
  addEventListener("resize", soon);

  if (matchMedia("(max-width: 1180px)").matches) document.querySelector(".outline details").open = false;
  spy();
})();
