// ---- state: what the reader chose, kept in the address so that a view can be shared
const YEARS = [config.years[0] ?? 0, config.years.at(-1) ?? 0];
const START = {
  from: YEARS[0], to: YEARS[1], levels: new Set(), place: "", role: "all", weight: "items", theme: -1, query: "", least: 1,
  places: { key: "place", down: false }, reports: { key: "place", down: false }, termsYear: 0, against: "themes",
};
const state = { ...START };
let currentView = null;

/** The state that an address asks for; whatever it says wrongly is left at its start. */
function parse(hash) {
  const wanted = new URLSearchParams(hash.slice(1)), get = (name) => wanted.get(name) ?? "";
  const year = (name, otherwise) => (/^\d{4}$/.test(get(name)) ? Math.max(YEARS[0], Math.min(YEARS[1], Number(get(name)))) : otherwise);
  const choice = (name, values, otherwise) => (values.includes(get(name)) ? get(name) : otherwise);
  const sort = (name, keys) => {
    const key = get(name).replace(/^-/, "");
    return keys.includes(key) ? { key, down: get(name).startsWith("-") } : START[name];
  };
  const levels = get("level").split(",").map((id) => (id === "unknown" ? UNKNOWN : config.levels.findIndex(([other]) => other === id)));
  return {
    from: year("from", YEARS[0]), to: year("to", YEARS[1]), levels: new Set(get("level") ? levels.filter((level) => store.levelsSeen.has(level)) : []),
    place: get("place"), role: choice("role", config.roles.map(([id]) => id), "all"), weight: choice("weight", ["items", "characters"], "items"),
    theme: themeIds.indexOf(get("theme")), query: get("query"), least: Number(choice("least", ["10", "30", "100"], "1")),
    places: sort("places", ["place", "reports", "items", ...themeKeys]), reports: sort("reports", ["title", "place", "level", "year", "items", "share"]),
    termsYear: config.years.includes(Number(get("terms"))) ? Number(get("terms")) : 0, against: choice("against", ["themes", "years"], "themes"),
  };
}

function address() {
  const parts = new URLSearchParams(), put = (name, value, otherwise) => { if (value !== otherwise) parts.set(name, value); };
  const sort = ({ key, down }) => (down ? `-${key}` : key);
  put("from", state.from, START.from);
  put("to", state.to, START.to);
  put("level", Array.from(state.levels, levelId).join(","), "");
  for (const name of ["place", "role", "weight", "query", "against"]) put(name, state[name], START[name]);
  put("theme", themeIds[state.theme] ?? "", "");
  for (const name of ["places", "reports"]) put(name, sort(state[name]), sort(START[name]));
  put("terms", state.termsYear, START.termsYear);
  put("least", state.least, START.least);
  return `#${parts}`;
}

function change(next) {
  Object.assign(state, next);
  if (state.from > state.to) [state.from, state.to] = "from" in next ? [state.from, state.from] : [state.to, state.to];
  // Another set of rows begins at its first page.
  if (!("places" in next)) placesPage = 0;
  reportsPage = 0;
  history.replaceState(null, "", address());
  render();
}

// ---- drawing
const tables = [
  attachTable(one("coverage"), "reports-by-year", () => coverageRows(currentView)),
  attachTable(one("levels"), "reports-by-level", () => levelRows(currentView)),
  attachTable(one("themes"), "themes", () => themeRows(currentView)),
  attachTable(one("trend"), "themes-by-year", () => trendRows(currentView)),
  attachTable(one("places"), "themes-by-place", () => placeRows(currentView)),
];

function render() {
  if (!store.size) return;
  hideTip();
  currentView = aggregate(state);
  drawControls();
  drawFigures(currentView);
  drawCharts();
  drawThemes(currentView, state);
  drawPlaces(currentView, state);
  for (const table of tables) table.refresh();
  return Promise.all([drawTerms(currentView, state), drawReports(currentView, state), drawErrors()]);
}

function drawCharts() {
  drawCoverage(currentView, state);
  drawLevels(currentView, state);
  drawTrend(currentView, state);
}

function drawFigures(view) {
  const places = view.placeReports.subarray(0, store.places.length).reduce((sum, reports) => sum + (reports > 0), 0);
  const years = trendYears(view);
  one("n-reports").textContent = number(view.reports.length);
  one("of-reports").textContent = view.reports.length === store.size ? "" : `/ ${number(store.size)}`;
  one("n-items").textContent = number(view.items);
  one("n-places").textContent = number(places);
  one("n-years").textContent = years.length ? (years.length > 1 ? `${years[0]}–${years.at(-1)}` : years[0]) : "–";
}

// ---- controls
function pills(box, entries) {
  replace(box, ...entries.map(({ key, label, pressed, action }) => {
    const pill = button("pill", label, action);
    pill.dataset.key = key;
    pill.setAttribute("aria-pressed", pressed);
    return pill;
  }));
}

function drawControls() {
  for (const [id, value] of [["from", state.from], ["to", state.to], ["least", state.least]]) one(id).value = value;
  pills(one("level-pills"), levelsShown().map((level) => ({ key: level, label: levelLabel(level), pressed: state.levels.has(level), action: () => toggleLevel(level) })));
  const roles = [["all", "全部", "All"], ...config.roles];
  pills(one("role-pills"), roles.map((role) => ({ key: role[0], label: nameOf(role), pressed: state.role === role[0], action: () => change({ role: role[0] }) })));
  pills(one("weight-pills"), [["items", "条目", "Items"], ["characters", "字数", "Characters"]].map((weight) => ({ key: weight[0], label: nameOf(weight), pressed: state.weight === weight[0], action: () => change({ weight: weight[0] }) })));
  for (const [id, value] of [["place-filter", state.place], ["query", state.query]]) if (document.activeElement !== one(id)) one(id).value = value;
  one("place-filter").placeholder = say("地区名称的一部分", "part of a name");
  one("query").placeholder = say("在标题、文件名、地区中查找", "title, file name or place");
  const filtered = address() !== "#";
  one("reset").hidden = !filtered;
  one("filter-count").textContent = filtered ? "●" : "";
}

function listen() {
  for (const id of ["from", "to"]) {
    one(id).replaceChildren(...config.years.map((year) => new Option(year, year)));
    one(id).addEventListener("change", () => change({ [id]: Number(one(id).value) }));
  }
  one("years-filter").hidden = !config.years.length;
  one("place-options").replaceChildren(...store.placeOrder.slice(0, 2000).map((place) => new Option("", store.places[place])));
  const later = (id, apply) => {
    let timer;
    one(id).addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(() => apply(one(id).value.trim()), 150); });
  };
  later("place-filter", (place) => change({ place }));
  later("query", (query) => change({ query }));
  one("least").addEventListener("change", () => change({ least: Number(one("least").value) }));
  one("reset").addEventListener("click", () => { change({ ...START, levels: new Set() }); one("text").focus({ preventScroll: true }); });
  addEventListener("hashchange", () => { Object.assign(state, parse(location.hash)); render(); });
  // Links within the page must not replace the state in its address.
  for (const link of all("a[data-to]")) {
    link.addEventListener("click", (event) => {
      event.preventDefault();
      const target = one(link.dataset.to);
      if (target.tagName === "DETAILS") target.open = true;
      target.scrollIntoView();
      (target.tagName === "MAIN" ? target : target.querySelector("h2, summary")).focus({ preventScroll: true });
    });
  }
  let width = innerWidth;
  addEventListener("resize", () => { if (innerWidth !== width) { width = innerWidth; drawCharts(); } });
  if (matchMedia("(max-width: 820px)").matches) one("filters").open = false;
}

loadCounts().then(() => {
  one("loading").hidden = true;
  one("text").hidden = store.size === 0;
  one("nothing").hidden = store.size > 0;
  listen();
  Object.assign(state, parse(location.hash));
  return render();
}).finally(() => { root.dataset.ready = "true"; });
