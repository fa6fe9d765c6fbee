// ---- tables: the same rows are shown and downloaded
/** Return CSV for spreadsheets: a byte order mark, CRLF, and no cell that would be taken for a formula. */
function toCsv(columns, rows) {
  const cell = (value) => {
    if (value === null || value === undefined) return "";
    let text = String(value);
    if (typeof value === "string" && /^[=+\-@\t\r\n＝＋－＠]/.test(text)) text = `'${text}`;
    return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  return `\ufeff${[columns, ...rows].map((row) => row.map(cell).join(",")).join("\r\n")}\r\n`;
}

function download(name, columns, rows) {
  const address = URL.createObjectURL(new Blob([toCsv(columns, rows)], { type: "text/csv;charset=utf-8" }));
  const link = make("a");
  link.href = address;
  link.download = `fazhi-${name}.csv`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 1000);
}

/** Give a section its CSV button and, where it is a chart, a table of the same numbers.
 *  `rows` returns {columns, labels, rows}: stable names for files, names for readers, and values (shares below 1). */
function attachTable(section, name, rows) {
  all(".csv", section).forEach((csv) => csv.addEventListener("click", () => {
    const { columns, rows: values } = rows();
    download(name, columns, values);
  }));
  const details = section.querySelector(".as-table");
  const fill = () => {
    if (!details.open) return;
    const { labels, rows: values, shares } = rows();
    const cells = (row) => row.map((value, i) => {
      const cell = make(i ? "td" : "th", "", value === null ? "–" : shares(i) ? percent(value) : i && typeof value === "number" ? number(value) : String(value));
      if (!i) cell.scope = "row";
      return cell;
    });
    const head = labels.map((label) => { const cell = make("th", "", label); cell.scope = "col"; return cell; });
    const body = values.map((row) => make("tr", "", ...cells(row)));
    const table = make("table", "", make("thead", "", make("tr", "", ...head)), make("tbody", "", ...body));
    details.lastElementChild.replaceChildren(table);
  };
  details?.addEventListener("toggle", fill);
  return { refresh: () => { if (details) fill(); } };
}

// ---- pages of long tables
function pager(nav, count, size, page, turn) {
  const last = Math.max(0, Math.ceil(count / size) - 1);
  const first = count ? page * size + 1 : 0, until = Math.min(count, (page + 1) * size);
  const range = say(`第 ${number(first)}–${number(until)} 行，共 ${number(count)} 行`, `${number(first)}–${number(until)} of ${number(count)}`);
  const step = (label, name, target) => {
    const element = button("step", label, () => turn(target));
    element.dataset.key = label;
    element.setAttribute("aria-label", name);
    element.disabled = target < 0 || target > last || target === page;
    return element;
  };
  const text = make("span", "range", range);
  text.setAttribute("role", "status");
  nav.hidden = count <= size;
  replace(nav,
    step("«", say("第一页", "First page"), 0), step("‹", say("上一页", "Previous page"), page - 1), text,
    step("›", say("下一页", "Next page"), page + 1), step("»", say("最后一页", "Last page"), last),
  );
}

// ---- arrow keys: one element of a table is in the tab order, arrows move among them
function arrowKeys(table, selector) {
  const grid = () => all("tr", table).map((row) => all(selector, row)).filter((row) => row.length);
  const enter = (cell) => {
    for (const other of all(`${selector}[tabindex="0"]`, table)) other.tabIndex = -1;
    cell.tabIndex = 0;
    cell.focus();
  };
  table.addEventListener("keydown", (event) => {
    const rows = grid(), row = rows.findIndex((cells) => cells.includes(event.target));
    if (row < 0 || event.altKey || event.metaKey) return;
    const column = rows[row].indexOf(event.target);
    const to = {
      ArrowUp: [row - 1, column], ArrowDown: [row + 1, column], ArrowLeft: [row, column - 1], ArrowRight: [row, column + 1],
      Home: [event.ctrlKey ? 0 : row, 0], End: event.ctrlKey ? [rows.length - 1, Infinity] : [row, Infinity],
    }[event.key];
    if (!to || !rows[to[0]] || to[1] < 0) return;
    event.preventDefault();
    enter(rows[to[0]][Math.min(to[1], rows[to[0]].length - 1)]);
  });
  table.addEventListener("focusin", (event) => {
    if (event.target.matches(selector) && event.target.tabIndex !== 0) enter(event.target);
  });
  const reset = () => {
    const cells = grid().flat(), current = cells.includes(document.activeElement) ? document.activeElement : cells[0];
    for (const cell of cells) cell.tabIndex = cell === current ? 0 : -1;
  };
  return { reset };
}

/** Make a header cell that sorts; `sort` is {key, down}. */
function sortable(label, key, sort, choose, name = "") {
  const cell = make("th", name);
  cell.scope = "col";
  const active = sort.key === key;
  cell.setAttribute("aria-sort", active ? (sort.down ? "descending" : "ascending") : "none");
  const mark = make("span", "arrow", active ? (sort.down ? "▼" : "▲") : "");
  mark.setAttribute("aria-hidden", "true");
  const press = button("sort", "", () => choose(key));
  press.dataset.key = `sort ${name} ${key}`;
  press.append(...label, mark);
  cell.append(press);
  return cell;
}
