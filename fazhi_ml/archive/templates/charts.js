// ---- charts: SVG as wide as its box, drawn anew when that changes
const shareOf = (cells, theme) => ratio(cells[theme + 1], cells[0]);
const levelLabel = (level) => (level === UNKNOWN ? say("未知", "Unknown") : nameOf(config.levels[level]));
const levelClass = (level) => (level === UNKNOWN || level > 4 ? "v9" : `v${level}`);
const levelId = (level) => (level === UNKNOWN ? "unknown" : config.levels[level][0]);
const levelsShown = () => [...config.levels.keys(), UNKNOWN].filter((level) => store.levelsSeen.has(level));

function yearsBetween(from, to) {
  return Array.from({ length: Math.max(0, to - from + 1) }, (_, i) => from + i);
}

/** Return round values from 0 to at least `top`, about `steps` of them. */
function ticks(top, steps) {
  const raw = (top || 1) / steps, scale = 10 ** Math.floor(Math.log10(raw));
  const step = scale * [1, 2, 2.5, 5, 10].find((factor) => factor * scale >= raw);
  return Array.from({ length: Math.ceil((top || 1) / step - 1e-9) + 1 }, (_, i) => i * step);
}

function canvas(box, height, label) {
  const width = Math.max(240, box.clientWidth);
  const chart = draw("svg", { viewBox: `0 0 ${width} ${height}`, width, height, role: "img", "aria-label": label });
  box.replaceChildren(chart);
  return { chart, width };
}

function yearLabels(chart, years, xOf, y, room) {
  // Every second, third … year where there is no room for all; the last is always named.
  const every = Math.max(1, Math.ceil(34 / room));
  years.forEach((year, i) => {
    if ((years.length - 1 - i) % every) return;
    chart.append(draw("text", { x: xOf(year), y, class: "axis", "text-anchor": "middle" }, year));
  });
}

function gridLines(chart, values, yOf, left, right, label) {
  for (const value of values) {
    chart.append(draw("line", { x1: left, x2: right, y1: yOf(value), y2: yOf(value), class: value ? "grid" : "base" }));
    chart.append(draw("text", { x: left - 6, y: yOf(value) + 4, class: "axis", "text-anchor": "end" }, label(value)));
  }
}

// ---- reports by year, stacked by level; the years left out by the filter stay, pale
function drawCoverage(view, state) {
  const box = one("coverage-plot"), years = yearsBetween(config.years[0], config.years.at(-1));
  if (!years.length) return box.replaceChildren(make("p", "empty", say("没有识别出年度。", "No year is known.")));
  const levels = levelsShown(), of = (year, level) => view.coverage.get(`${year} ${level}`) ?? 0;
  const totals = years.map((year) => levels.reduce((sum, level) => sum + of(year, level), 0));
  const height = 236, left = 44, top = 22, bottom = height - 24;
  const { chart, width } = canvas(box, height, say("各年度报告数，按层级分段；数据见下方表格。", "Reports by year, stacked by level; the table below has the numbers."));
  const scale = ticks(Math.max(...totals), 4), yOf = (value) => bottom - ((bottom - top) * value) / scale.at(-1);
  gridLines(chart, scale.filter(Number.isInteger), yOf, left, width, number);
  const room = (width - left) / years.length, bar = Math.min(46, room * 0.76);
  const xOf = (year) => left + room * (year - years[0] + 0.5);
  years.forEach((year, i) => {
    const group = draw("g", { class: year < state.from || year > state.to ? "bar off" : "bar" });
    let base = 0;
    for (const level of [...levels].reverse()) {
      const count = of(year, level);
      if (!count) continue;
      const y = yOf(base + count);
      group.append(draw("rect", { class: levelClass(level), x: xOf(year) - bar / 2, y, width: bar, height: Math.max(0.5, yOf(base) - y) }));
      base += count;
    }
    if (totals[i] && room > 7.5 * number(totals[i]).length) group.append(draw("text", { x: xOf(year), y: yOf(base) - 5, class: "value", "text-anchor": "middle" }, number(totals[i])));
    group.append(draw("rect", { class: "target", x: xOf(year) - room / 2, y: 0, width: room, height: bottom }));
    group.addEventListener("pointermove", (event) => showTip(event.clientX, event.clientY, make("b", "", String(year)), tipRows(levels.map((level) => [swatch(level), levelLabel(level), number(of(year, level))]))));
    group.addEventListener("pointerleave", hideTip);
    group.addEventListener("click", () => {
      const only = state.from === year && state.to === year;
      change(only ? { from: config.years[0], to: config.years.at(-1) } : { from: year, to: year });
    });
    chart.append(group);
  });
  yearLabels(chart, years, xOf, height - 6, room);
  const unknown = levels.reduce((sum, level) => sum + of(0, level), 0);
  one("coverage-note").textContent = unknown ? say(`另有 ${number(unknown)} 份报告年度未知。`, `${number(unknown)} more reports are of no known year.`) : "";
}

const swatch = (level) => make("span", `dot ${levelClass(level)}`);

function tipRows(rows) {
  const list = make("table");
  for (const [mark, label, value] of rows) list.append(make("tr", "", make("td", "", mark), make("td", "", label), make("td", "number", value)));
  return list;
}

function coverageRows(view) {
  const levels = levelsShown(), known = yearsBetween(config.years[0] ?? 1, config.years.at(-1) ?? 0);
  const of = (year, level) => view.coverage.get(`${year} ${level}`) ?? 0;
  const line = (name, year) => [name, levels.reduce((sum, level) => sum + of(year, level), 0), ...levels.map((level) => of(year, level))];
  const rows = known.map((year) => line(year, year)), rest = line(say("未知", "Unknown"), 0);
  return {
    columns: ["year", "reports", ...levels.map(levelId)],
    labels: [say("年度", "Year"), say("报告", "Reports"), ...levels.map(levelLabel)],
    rows: rest[1] ? [...rows, rest] : rows,
    shares: () => false,
  };
}

// ---- rows of buttons with a bar: levels, themes
function barRow({ key, name, label, value, note, share, widest, pressed, mark, action }) {
  const row = button(`row ${name}`, "", action);
  row.dataset.key = key;
  row.setAttribute("aria-pressed", pressed);
  const bar = draw("svg", { class: "bar", viewBox: "0 0 100 4", preserveAspectRatio: "none", "aria-hidden": "true" }, draw("rect", { width: widest ? (100 * (share ?? 0)) / widest : 0, height: 4 }));
  row.append(mark, make("span", "name", label), make("span", "number", value, make("small", "", note)), bar);
  return row;
}

function drawLevels(view, state) {
  const levels = levelsShown(), all = levels.map((level) => view.byLevel.get(level) ?? 0);
  const sum = all.reduce((a, b) => a + b, 0);
  replace(one("levels-plot"), ...levels.map((level, i) => barRow({
    key: level, name: levelClass(level), label: levelLabel(level), value: number(all[i]), note: percent(ratio(all[i], sum)),
    share: ratio(all[i], sum), widest: 1, pressed: state.levels.has(level), mark: swatch(level),
    action: () => toggleLevel(level),
  })));
}

function toggleLevel(level) {
  const levels = new Set(state.levels);
  if (!levels.delete(level)) levels.add(level);
  change({ levels });
}

function drawThemes(view, state) {
  const shares = config.themes.map((_, theme) => shareOf(view.total, theme));
  const order = themeOrder(view);
  replace(one("themes-plot"), ...order.map((theme) => barRow({
    key: theme, name: themeClass(theme), label: nameOf(config.themes[theme]), value: percent(shares[theme]), note: number(view.total[theme + 1]),
    share: shares[theme], widest: Math.max(0.01, ...shares), pressed: state.theme === theme, mark: dot(theme),
    action: () => change({ theme: state.theme === theme ? -1 : theme }),
  })));
}

/** Themes by falling share, what has no theme last. */
function themeOrder(view) {
  const weight = (theme) => (theme < config.codebookThemes ? view.total[theme + 1] : -1);
  return Array.from(config.themes.keys()).sort((a, b) => weight(b) - weight(a) || a - b);
}

function themeRows(view) {
  const order = themeOrder(view);
  return {
    columns: ["theme", state.weight, "share"],
    labels: [say("主题", "Theme"), measureName(), say("占比", "Share")],
    rows: order.map((theme) => [themeIds[theme], view.total[theme + 1], shareOf(view.total, theme)]),
    shares: (column) => column === 2,
  };
}
const measureName = () => (state.weight === "items" ? say("条目", "Items") : say("字数", "Characters"));

function levelRows(view) {
  return {
    columns: ["level", "reports"], labels: [], shares: () => false,
    rows: levelsShown().map((level) => [levelId(level), view.byLevel.get(level) ?? 0]),
  };
}
