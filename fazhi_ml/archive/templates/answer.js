"use strict";
(() => {
  const root = document.documentElement;
  document.getElementById("language").addEventListener("click", () => {
    root.dataset.ui = root.dataset.ui === "zh" ? "en" : "zh";
    root.lang = root.dataset.ui === "zh" ? "zh-CN" : "en";
  });

  const table = document.querySelector("table");
  if (!table) return;
  const body = table.tBodies[0], headers = Array.from(table.tHead.rows[0].cells);
  const rows = Array.from(body.rows);
  const collator = new Intl.Collator("zh-CN", { numeric: true });
  // What is not known has no value, and stays last in either direction.
  const compare = (one, other, isNumber) => (isNumber ? Number(one) - Number(other) : collator.compare(one, other));

  headers.forEach((header, column) => {
    header.firstElementChild.addEventListener("click", () => {
      const isNumber = !header.classList.contains("word") || "number" in header.dataset;
      const before = header.getAttribute("aria-sort");
      // Shares and counts are asked for from the top, names from the beginning.
      const first = header.classList.contains("word") ? "ascending" : "descending";
      const second = first === "ascending" ? "descending" : "ascending";
      const order = before === first ? second : first;
      for (const cell of headers) cell.removeAttribute("aria-sort");
      header.setAttribute("aria-sort", order);
      const valueOf = (row) => row.cells[column].dataset.value;
      const sorted = rows.map((row, place) => ({ row, place, value: valueOf(row) })).sort((one, other) => {
        const known = (other.value !== undefined) - (one.value !== undefined);
        if (known || one.value === undefined) return known || one.place - other.place;
        const by = compare(one.value, other.value, isNumber) * (order === "ascending" ? 1 : -1);
        return by || one.place - other.place;
      });
      body.append(...sorted.map(({ row }) => row));
    });
  });
})();
