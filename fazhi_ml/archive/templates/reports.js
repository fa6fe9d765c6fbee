// ---- the list of reports, and of files that could not be read
const REPORTS_PER_PAGE = 25, ERRORS_PER_PAGE = 25;
let reportsPage = 0, errorsPage = 0, listed = 0;
const reportKeys = arrowKeys(one("reports-table"), "a");

/** Reports that the filters, the theme and the search let through, in the order asked for. Titles are loaded if needed. */
async function reportsListed(view, state) {
  const query = state.query.trim().toLowerCase(), { key, down } = state.reports;
  if (query || key === "title") await loadTitles();
  const share = new Map();
  let reports = view.reports;
  if (state.theme >= 0) {
    for (const report of reports) {
      const counts = countsOf(report, state);
      if (counts[state.theme + 1]) share.set(report, shareOf(counts, state.theme));
    }
    reports = reports.filter((report) => share.has(report));
  }
  const name = (report) => (store.place[report] === UNKNOWN ? "" : store.places[store.place[report]]);
  if (query) reports = reports.filter((report) => [store.titles[report][0], store.titles[report][1], name(report)].some((text) => text.toLowerCase().includes(query)));
  const rank = (report) => store.placeRank[store.place[report]] ?? Infinity;
  const value = {
    place: rank, year: (report) => store.year[report], level: (report) => (store.level[report] === UNKNOWN ? Infinity : store.level[report]),
    items: (report) => countsOf(report, state)[0], share: (report) => share.get(report) ?? 0,
  }[key];
  const keys = value && new Map(reports.map((report) => [report, value(report)]));
  const first = value ? (a, b) => (keys.get(a) === keys.get(b) ? 0 : keys.get(a) - keys.get(b)) : (a, b) => collator.compare(store.titles[a][0], store.titles[b][0]);
  const tie = (a, b) => (rank(a) === rank(b) ? store.year[b] - store.year[a] || a - b : rank(a) - rank(b));
  return [...reports].sort((a, b) => (down ? -1 : 1) * first(a, b) || tie(a, b));
}

async function drawReports(view, state) {
  const turn = (listed += 1);
  const reports = await reportsListed(view, state);
  reportsPage = Math.min(reportsPage, Math.max(0, Math.ceil(reports.length / REPORTS_PER_PAGE) - 1));
  const rows = reports.slice(reportsPage * REPORTS_PER_PAGE, (reportsPage + 1) * REPORTS_PER_PAGE);
  await loadTitles(rows);
  if (turn !== listed) return; // a newer list was asked for meanwhile
  const choose = (key) => {
    reportsPage = 0;
    change({ reports: { key, down: state.reports.key === key ? !state.reports.down : !["title", "place", "level"].includes(key) } });
  };
  const header = (label, key, name) => sortable(label, key, state.reports, choose, name);
  const plain = make("th", "", say("主题构成", "Themes"));
  plain.scope = "col";
  const ofTheme = state.theme >= 0 ? [header([dot(state.theme), nameOf(config.themes[state.theme])], "share", "share")] : [];
  const head = make("tr", "", header([say("标题", "Title")], "title", "title"), header([say("地区", "Place")], "place", "place"), header([say("层级", "Level")], "level", "level"),
    header([say("年度", "Year")], "year", "year"), header([measureName()], "items", "count"), ...ofTheme, plain);
  replace(one("reports-table"), make("thead", "", head), make("tbody", "", ...rows.map((report) => reportRow(report, state))));
  reportKeys.reset();
  one("reports-count").textContent = say(`${number(reports.length)} 份`, `${number(reports.length)} reports`);
  one("no-reports").hidden = reports.length > 0;
  pager(one("reports-pager"), reports.length, REPORTS_PER_PAGE, reportsPage, (page) => { reportsPage = page; return drawReports(currentView, state); });
}

function reportRow(report, state) {
  const [title, path, page] = store.titles[report], counts = countsOf(report, state);
  const name = page === null ? make("span", "", title) : make("a", "", title);
  if (page !== null) name.href = page;
  const head = make("th", "title", name, make("small", "", path));
  head.scope = "row";
  const share = state.theme < 0 ? [] : [make("td", "number share", percent(shareOf(counts, state.theme)))];
  return make("tr", "", head, make("td", "place", store.places[store.place[report]] ?? "–"), make("td", "level", levelLabel(store.level[report])),
    make("td", "year", store.year[report] || "–"), make("td", "number count", number(counts[0])), ...share, make("td", "mix", mixOf(counts)));
}

/** A strip of a report's themes, each as wide as its part of all themes given. */
function mixOf(counts) {
  const themes = counts.subarray(1), sum = themes.reduce((a, b) => a + b, 0);
  const parts = Array.from(themes.keys()).filter((theme) => themes[theme]);
  const label = parts.map((theme) => `${nameOf(config.themes[theme])} ${percent(ratio(themes[theme], counts[0]))}`).join(say("，", ", "));
  const strip = draw("svg", { class: "strip", viewBox: "0 0 100 10", preserveAspectRatio: "none", role: "img", "aria-label": label }, draw("title", {}, label));
  let at = 0;
  for (const theme of parts) {
    const width = (100 * themes[theme]) / sum;
    strip.append(draw("rect", { class: themeClass(theme), x: at, width, height: 10 }));
    at += width;
  }
  return strip;
}

async function downloadReports() {
  const reports = await reportsListed(currentView, state);
  await loadTitles(reports);
  download("reports", ["title", "place", "level", "year", "path", state.weight, ...themeIds], reports.map((report) => {
    const counts = countsOf(report, state), [title, path] = store.titles[report], level = store.level[report];
    return [title, store.places[store.place[report]] ?? null, level === UNKNOWN ? null : levelId(level), store.year[report] || null, path, counts[0], ...config.themes.map((_, theme) => shareOf(counts, theme))];
  }));
}
one("reports").querySelector(".csv").addEventListener("click", downloadReports);

async function drawErrors() {
  const table = one("errors-table");
  if (!config.failed || !one("errors").open) return;
  const rows = (await loadAll("errors")).flat();
  const head = [say("文件", "File"), say("错误", "Error"), say("原因", "Reason")].map((label) => { const cell = make("th", "", label); cell.scope = "col"; return cell; });
  const shown = rows.slice(errorsPage * ERRORS_PER_PAGE, (errorsPage + 1) * ERRORS_PER_PAGE);
  table.replaceChildren(make("thead", "", make("tr", "", ...head)), make("tbody", "", ...shown.map((row) => make("tr", "", ...row.map((text) => make("td", "", text))))));
  pager(one("errors-pager"), rows.length, ERRORS_PER_PAGE, errorsPage, (page) => { errorsPage = page; return drawErrors(); });
}
one("errors")?.addEventListener("toggle", drawErrors);
