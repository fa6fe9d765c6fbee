// ---- most distinctive words of a theme, in all years or in one
/** The theme whose words are shown: the chosen one, else the largest. */
const termTheme = (view, state) => (state.theme >= 0 ? state.theme : themeOrder(view)[0]);

async function drawTerms(view, state) {
  const theme = termTheme(view, state), tables = await load("terms", theme);
  if (theme !== termTheme(currentView, state)) return; // the reader was faster than the file
  const choice = one("terms-theme"), year = one("terms-year");
  choice.replaceChildren(...config.themes.map((entry, i) => new Option(nameOf(entry), i, false, i === theme)));
  year.replaceChildren(new Option(say("全部年度", "All years"), 0), ...config.years.map((value) => new Option(value, value)));
  year.value = state.termsYear;
  const against = state.termsYear ? state.against : "themes";
  all("[name=against]").forEach((radio) => {
    radio.checked = radio.value === against;
    radio.disabled = !state.termsYear;
  });
  const words = tables[against][state.termsYear] ?? [], widest = Math.max(...words.map(([, , z]) => z));
  const list = one("terms-list");
  list.className = `words ${themeClass(theme)}`;
  list.replaceChildren(...words.map(([word, items, z]) => make("li", "", make("span", "word", word),
    make("span", "number", z.toFixed(1), make("small", "", `${number(items)} ${say("条", "items")}`)),
    draw("svg", { class: "bar", viewBox: "0 0 100 4", preserveAspectRatio: "none", "aria-hidden": "true" }, draw("rect", { width: (100 * z) / widest, height: 4 })))));
  one("no-terms").hidden = words.length > 0;
  one("terms-title").textContent = `${nameOf(config.themes[theme])} · ${state.termsYear || say("全部年度", "all years")}`;
}

/** All words of the theme: every year, both comparisons. */
async function downloadTerms() {
  const theme = termTheme(currentView, state), tables = await load("terms", theme), rows = [];
  for (const [against, years] of Object.entries(tables)) {
    for (const [year, words] of Object.entries(years)) {
      for (const [word, items, z] of words) rows.push([themeIds[theme], Number(year) || null, against, word, items, z]);
    }
  }
  download("terms", ["theme", "year", "compared_with", "term", "items", "z"], rows);
}

one("terms-theme").addEventListener("change", (event) => change({ theme: Number(event.target.value) }));
one("terms-year").addEventListener("change", (event) => change({ termsYear: Number(event.target.value) }));
for (const radio of all("[name=against]")) radio.addEventListener("change", () => change({ against: radio.value }));
one("terms").querySelector(".csv").addEventListener("click", downloadTerms);
