// ---- data: chunks of script, each of which calls receive()
const waiting = new Map();
function receive(kind, chunk, value) { waiting.get(`${kind}-${chunk}`)?.(value); }

const loaded = new Map();
/** Load one chunk, once. */
function load(kind, chunk) {
  const key = `${kind}-${chunk}`;
  if (!loaded.has(key)) {
    loaded.set(key, new Promise((resolve, reject) => {
      waiting.set(key, resolve);
      const script = document.createElement("script");
      script.src = `data/${config.files[kind][chunk]}`;
      script.addEventListener("error", () => {
        one("trouble").hidden = false;
        one("trouble-file").textContent = script.getAttribute("src");
        reject(new Error(`${script.getAttribute("src")} cannot be loaded`));
      });
      script.addEventListener("load", () => script.remove());
      document.head.append(script);
    }));
  }
  return loaded.get(key);
}
const loadAll = (kind) => Promise.all(config.files[kind].map((_, chunk) => load(kind, chunk)));

// ---- reports as columns; a report's cells are those from first[report] to first[report + 1]
const UNKNOWN = -1;
const store = { size: 0 };
const WIDTH = NAMES + 1; // a role's total, then its themes

async function loadCounts() {
  const [chunks, places] = await Promise.all([loadAll("counts"), loadAll("places")]);
  const column = (name) => chunks.flatMap((chunk) => chunk[name]);
  store.year = Int16Array.from(column("years"));
  store.level = Int16Array.from(column("levels"));
  store.place = Int32Array.from(column("places"));
  store.size = store.year.length;
  store.places = places.flat();
  const counts = column("n"), cells = chunks.reduce((sum, chunk) => sum + chunk.cells.length, 0) / 3;
  store.first = new Int32Array(store.size + 1);
  counts.forEach((count, report) => { store.first[report + 1] = store.first[report] + count; });
  store.position = new Uint16Array(cells);
  store.items = new Int32Array(cells);
  store.characters = new Int32Array(cells);
  let at = 0;
  for (const chunk of chunks) {
    for (let i = 0; i < chunk.cells.length; i += 3, at += 1) {
      store.position[at] = chunk.cells[i];
      store.items[at] = chunk.cells[i + 1];
      store.characters[at] = chunk.cells[i + 2];
    }
  }
  store.chunkStart = [0];
  for (const chunk of chunks) store.chunkStart.push(store.chunkStart.at(-1) + chunk.years.length);
  store.titles = new Array(store.size);
  store.levelsSeen = new Set(store.level);
  const order = Array.from(store.places.keys()).sort((a, b) => collator.compare(store.places[a], store.places[b]));
  store.placeRank = new Int32Array(store.places.length);
  order.forEach((place, rank) => { store.placeRank[place] = rank; });
  store.placeOrder = order;
}

/** Load titles, paths and pages of some reports (of all where none are given). */
async function loadTitles(reports) {
  const chunkOf = (report) => store.chunkStart.findIndex((start) => start > report) - 1;
  const wanted = reports ? new Set(Array.from(reports, chunkOf)) : config.files.titles.keys();
  await Promise.all(Array.from(wanted, async (chunk) => {
    const titles = await load("titles", chunk);
    titles.forEach((title, i) => { store.titles[store.chunkStart[chunk] + i] = title; });
  }));
}

// ---- what the filters let through
/** Return a test of reports by one filter each, so that a chart can leave its own out. */
function tests(state) {
  const place = state.place.toLowerCase();
  const inPlace = Uint8Array.from(store.places, (name) => name.toLowerCase().includes(place));
  const allYears = state.from === config.years[0] && state.to === config.years.at(-1);
  return {
    year: (report) => allYears || (store.year[report] >= state.from && store.year[report] <= state.to),
    level: (report) => !state.levels.size || state.levels.has(store.level[report]),
    place: (report) => !place || inPlace[store.place[report]] === 1,
  };
}

/** Add up the counts of the reports that pass: in all, by year, by place; and how many reports there are. */
function aggregate(state) {
  const passes = tests(state), measure = store[state.weight];
  const role = config.roles.findIndex(([id]) => id === state.role);
  const reports = [], total = new Float64Array(WIDTH), byYear = new Map();
  const byPlace = new Float64Array((store.places.length + 1) * WIDTH), placeReports = new Int32Array(store.places.length + 1);
  const coverage = new Map(), byLevel = new Map();
  const count = (map, key) => map.set(key, (map.get(key) ?? 0) + 1);
  let items = 0;
  for (let report = 0; report < store.size; report += 1) {
    const year = store.year[report], level = store.level[report];
    const ofYear = passes.year(report), ofLevel = passes.level(report);
    if (!passes.place(report)) continue;
    if (ofLevel) count(coverage, `${year} ${level}`);
    if (ofYear) count(byLevel, level);
    if (!ofYear || !ofLevel) continue;
    reports.push(report);
    if (!byYear.has(year)) byYear.set(year, { reports: 0, cells: new Float64Array(WIDTH) });
    const ofThisYear = byYear.get(year);
    ofThisYear.reports += 1;
    // The last place is the unknown one.
    const place = store.place[report] === UNKNOWN ? store.places.length : store.place[report];
    placeReports[place] += 1;
    for (let i = store.first[report]; i < store.first[report + 1]; i += 1) {
      if (role >= 0 && Math.floor(store.position[i] / WIDTH) !== role) continue;
      const column = store.position[i] % WIDTH, value = measure[i];
      if (column === 0) items += store.items[i];
      total[column] += value;
      ofThisYear.cells[column] += value;
      byPlace[place * WIDTH + column] += value;
    }
  }
  return { reports, items, total, byYear, byPlace, placeReports, coverage, byLevel };
}

/** Return the counts of one report in the role and measure asked for: its total, then its themes. */
function countsOf(report, state) {
  const role = config.roles.findIndex(([id]) => id === state.role), counts = new Float64Array(WIDTH);
  for (let i = store.first[report]; i < store.first[report + 1]; i += 1) {
    if (role >= 0 && Math.floor(store.position[i] / WIDTH) !== role) continue;
    counts[store.position[i] % WIDTH] += store[state.weight][i];
  }
  return counts;
}
