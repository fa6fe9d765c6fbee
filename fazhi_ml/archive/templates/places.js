// ---- place × theme
const PLACES_PER_PAGE = 20;
let placesPage = 0;
const heat = one("heat");
const heatKeys = arrowKeys(heat, ".cell");

const themeKeys = themeIds.map((id) => `theme:${id}`); // a theme may be called "items"
const placeName = (place) => store.places[place] ?? say("未知地区", "Place unknown");

/** Places with enough items, in the order asked for. */
function placesShown(view, state) {
  const cells = (place) => view.byPlace.subarray(place * WIDTH, (place + 1) * WIDTH);
  const places = [];
  view.placeReports.forEach((reports, place) => { if (reports && cells(place)[0] >= state.least) places.push(place); });
  const { key, down } = state.places, theme = themeKeys.indexOf(key);
  const value = { reports: (place) => view.placeReports[place], items: (place) => cells(place)[0] }[key]
    ?? (theme >= 0 ? (place) => shareOf(cells(place), theme) ?? -1 : null);
  const rank = (place) => store.placeRank[place] ?? Infinity;
  const byName = (a, b) => (rank(a) === rank(b) ? 0 : rank(a) - rank(b));
  const keys = value && new Map(places.map((place) => [place, value(place)]));
  places.sort((a, b) => (down ? -1 : 1) * (value ? keys.get(a) - keys.get(b) : byName(a, b)) || byName(a, b));
  return { places, cells };
}

function drawPlaces(view, state) {
  const { places, cells } = placesShown(view, state), themes = Array.from(config.themes.keys());
  placesPage = Math.min(placesPage, Math.max(0, Math.ceil(places.length / PLACES_PER_PAGE) - 1));
  const rows = places.slice(placesPage * PLACES_PER_PAGE, (placesPage + 1) * PLACES_PER_PAGE);
  // Colours compare places within a theme: the deepest is the largest share of all places listed.
  const top = themes.map((theme) => places.reduce((most, place) => Math.max(most, shareOf(cells(place), theme) ?? 0), 0));
  const choose = (key) => {
    placesPage = 0;
    change({ places: { key, down: state.places.key === key ? !state.places.down : key !== "place" } });
  };
  const header = (label, key, name) => sortable(label, key, state.places, choose, name);
  const head = make("tr", "", header([say("地区", "Place")], "place", "place"), header([say("报告", "Reports")], "reports", "count"), header([measureName()], "items", "count"),
    ...themes.map((theme) => header([dot(theme), nameOf(config.themes[theme])], themeKeys[theme], "theme")));
  const body = rows.map((place) => {
    const known = place < store.places.length, name = make("th", "place");
    name.scope = "row";
    const go = button("cell", placeName(place), () => change({ place: store.places[place] }));
    go.dataset.key = `${place}`;
    go.disabled = !known;
    go.title = known ? say("只看这个地区", "Show this place alone") : "";
    name.append(go);
    const values = themes.map((theme) => {
      const share = shareOf(cells(place), theme), cell = make("td", `heat ${themeClass(theme)}`);
      const label = button("cell", percent(share), () => showReports(place, theme));
      label.dataset.key = `${place} ${theme}`;
      label.setAttribute("aria-label", `${placeName(place)}, ${nameOf(config.themes[theme])}: ${percent(share)}`);
      cell.style.setProperty("--depth", top[theme] ? ((share ?? 0) / top[theme]).toFixed(3) : 0);
      cell.append(label);
      return cell;
    });
    return make("tr", "", name, make("td", "number", number(view.placeReports[place])), make("td", "number", number(cells(place)[0])), ...values);
  });
  replace(heat, make("thead", "", head), make("tbody", "", ...body));
  heatKeys.reset();
  one("no-places").hidden = places.length > 0;
  pager(one("places-pager"), places.length, PLACES_PER_PAGE, placesPage, (page) => { placesPage = page; drawPlaces(currentView, state); });
}

/** Filter by a place and a theme and go to the reports behind the number. */
function showReports(place, theme) {
  change({ theme, ...(place < store.places.length ? { place: store.places[place] } : {}) });
  one("reports").scrollIntoView();
  one("reports-title").focus({ preventScroll: true });
}

function placeRows(view) {
  const { places, cells } = placesShown(view, state), themes = Array.from(config.themes.keys());
  return {
    columns: ["place", "reports", state.weight, ...themeIds],
    rows: places.map((place) => [store.places[place] ?? null, view.placeReports[place], cells(place)[0], ...themes.map((theme) => shareOf(cells(place), theme))]),
  };
}
