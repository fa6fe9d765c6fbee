// ---- theme shares over the years, one line a theme
const LINES = 8; // more lines cannot be told apart; the table has all themes

function trendThemes(view, state) {
  const order = themeOrder(view).filter((theme) => theme < config.codebookThemes).slice(0, LINES);
  if (state.theme >= 0 && !order.includes(state.theme)) order.push(state.theme);
  return order;
}

const trendYears = (view) => Array.from(view.byYear.keys()).filter((year) => year > 0).sort((a, b) => a - b);

function drawTrend(view, state) {
  const box = one("trend-plot"), years = trendYears(view).filter((year) => view.byYear.get(year).cells[0] > 0);
  if (!years.length) return box.replaceChildren(make("p", "empty", say("没有可画的年度。", "There is no year to draw.")));
  const themes = trendThemes(view, state), at = (theme, year) => shareOf(view.byYear.get(year).cells, theme);
  const height = Math.max(320, 19 * themes.length + 60), left = 44, top = 16, bottom = height - 26;
  const { chart, width } = canvas(box, height, say("各主题占比的逐年变化；左右方向键读各年的值，数据见下方表格。", "Theme shares over the years; arrow keys read the values of a year, the table below has all."));
  const labels = themes.map((theme) => `${nameOf(config.themes[theme])} ${percent(at(theme, years.at(-1)))}`);
  const wide = width >= 560, right = width - (wide ? Math.min(250, Math.max(...labels.map(textWidth)) + 18) : 56);
  const scale = ticks(Math.max(0.01, ...themes.flatMap((theme) => years.map((year) => at(theme, year)))), 5);
  const yOf = (share) => bottom - ((bottom - top) * share) / scale.at(-1);
  const span = years.at(-1) - years[0], room = (right - left - 24) / (span || 1);
  const xOf = (year) => (span ? left + 12 + room * (year - years[0]) : (left + right) / 2);
  gridLines(chart, scale, yOf, left, right, (share) => `${+(100 * share).toFixed(1)}%`);
  yearLabels(chart, yearsBetween(years[0], years.at(-1)), xOf, height - 6, span ? room : 99);
  const cursor = draw("line", { class: "cursor", y1: top, y2: bottom, visibility: "hidden" });
  chart.append(cursor);
  const ends = spread(themes.map((theme) => yOf(at(theme, years.at(-1)))), 17, top, bottom);
  themes.forEach((theme, i) => {
    const strong = state.theme === theme, group = draw("g", { class: `line ${themeClass(theme)}${strong ? " strong" : state.theme >= 0 && state.theme < config.codebookThemes ? " pale" : ""}` });
    group.append(draw("polyline", { points: years.map((year) => `${xOf(year)},${yOf(at(theme, year))}`).join(" ") }));
    const everyValue = strong && room * span / years.length > 40;
    years.forEach((year) => {
      const x = xOf(year), y = yOf(at(theme, year));
      group.append(draw("circle", { cx: x, cy: y, r: strong ? 3.6 : 2.8 }));
      if (everyValue && year !== years.at(-1)) group.append(draw("text", { x, y: y - 8, class: "value", "text-anchor": "middle" }, percent(at(theme, year))));
    });
    const x = xOf(years.at(-1));
    group.append(draw("path", { class: "leader", d: `M${x + 5},${yOf(at(theme, years.at(-1)))}L${x + 14},${ends[i]}` }));
    group.append(draw("text", { x: x + 17, y: ends[i] + 4, class: "end" }, wide ? labels[i] : percent(at(theme, years.at(-1)))));
    if (strong) chart.append(group); else cursor.before(group);
  });
  readAlong(chart, years, xOf, cursor, (year) => [
    make("b", "", `${year} · ${number(view.byYear.get(year).reports)} ${say("份报告", "reports")}`),
    tipRows([...themes].sort((a, b) => at(b, year) - at(a, year)).map((theme) => [dot(theme), nameOf(config.themes[theme]), percent(at(theme, year))])),
  ]);
}

/** Show the values of the year under the pointer, or of the one that arrow keys choose. */
function readAlong(chart, years, xOf, cursor, describe) {
  let current = years.length;
  const show = (index, y) => {
    current = Math.max(0, Math.min(years.length - 1, index));
    const x = xOf(years[current]), box = chart.getBoundingClientRect();
    cursor.setAttribute("x1", x);
    cursor.setAttribute("x2", x);
    cursor.setAttribute("visibility", "visible");
    showTip(box.left + x, y ?? box.top + 20, ...describe(years[current]));
    one("spoken").textContent = tip.innerText.replaceAll(/\s+/g, " ");
  };
  const hide = () => { cursor.setAttribute("visibility", "hidden"); hideTip(); };
  chart.tabIndex = 0;
  chart.setAttribute("tabindex", 0);
  chart.addEventListener("pointermove", (event) => {
    const x = event.clientX - chart.getBoundingClientRect().left;
    const distance = years.map((year) => Math.abs(xOf(year) - x));
    show(distance.indexOf(Math.min(...distance)), event.clientY);
  });
  chart.addEventListener("pointerleave", hide);
  chart.addEventListener("blur", hide);
  chart.addEventListener("keydown", (event) => {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (event.key === "Escape") hide();
    if (!step) return;
    event.preventDefault();
    show(current + step);
  });
}

/** Approximate width in pixels of a text of 12.5 px: an ideograph is a square, a Latin letter about half of one. */
const textWidth = (text) => Array.from(text).reduce((sum, char) => sum + (char > "⺀" ? 12.8 : 6.9), 0);

/** Move labels at least `gap` apart between `top` and `bottom`: those that would touch are centred on their mean. */
function spread(wanted, gap, top, bottom) {
  const order = Array.from(wanted.keys()).sort((a, b) => wanted[a] - wanted[b]), groups = [];
  const start = ({ sum, members }) => {
    const height = (members.length - 1) * gap;
    return Math.max(top, Math.min(bottom - height, sum / members.length - height / 2));
  };
  for (const i of order) {
    let group = { sum: wanted[i], members: [i] };
    while (groups.length && start(groups.at(-1)) + groups.at(-1).members.length * gap > start(group)) {
      const above = groups.pop();
      group = { sum: above.sum + group.sum, members: [...above.members, ...group.members] };
    }
    groups.push(group);
  }
  const placed = new Array(wanted.length);
  for (const group of groups) group.members.forEach((i, n) => { placed[i] = start(group) + n * gap; });
  return placed;
}

function trendRows(view) {
  const years = trendYears(view), themes = Array.from(config.themes.keys());
  const row = (name, { reports, cells }) => [name, reports, cells[0], ...themes.map((theme) => shareOf(cells, theme))];
  const rows = years.map((year) => row(year, view.byYear.get(year)));
  if (view.byYear.has(0)) rows.push(row(say("未知", "Unknown"), view.byYear.get(0)));
  return {
    columns: ["year", "reports", state.weight, ...themeIds],
    labels: [say("年度", "Year"), say("报告", "Reports"), measureName(), ...config.themes.map(nameOf)],
    rows,
    shares: (column) => column > 2,
  };
}
