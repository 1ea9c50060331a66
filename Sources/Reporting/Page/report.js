// The page says everything without this; it makes tables sortable and long lists short.
for (const table of document.querySelectorAll("table.sortable")) {
  const body = table.tBodies[0];
  const headers = [...table.tHead.rows[0].cells].filter((header) => header.textContent.trim());
  for (const header of headers) {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...header.childNodes);
    header.append(button);
    header.setAttribute("aria-sort", "none");
    button.addEventListener("click", () => {
      const column = header.cellIndex;
      const first = header.classList.contains("number") ? "descending" : "ascending";
      const other = first === "descending" ? "ascending" : "descending";
      const order = header.getAttribute("aria-sort") === first ? other : first;
      for (const each of headers) each.setAttribute("aria-sort", each === header ? order : "none");
      const sign = order === "ascending" ? 1 : -1;
      const rows = [...body.rows].map((row) => {
        const cell = row.cells[column];
        const value = cell.dataset.value;
        return { row, number: value === undefined ? NaN : Number(value), text: cell.textContent };
      });
      // What has no number stands last either way.
      rows.sort((a, b) => {
        if (!Number.isNaN(a.number) && !Number.isNaN(b.number)) return sign * (a.number - b.number);
        if (Number.isNaN(a.number) !== Number.isNaN(b.number) && header.classList.contains("number")) {
          return Number.isNaN(a.number) ? 1 : -1;
        }
        return sign * (a.text < b.text ? -1 : a.text > b.text ? 1 : 0);
      });
      body.append(...rows.map((entry) => entry.row));
    });
  }
}

const layers = document.querySelector(".layers");
if (layers && layers.children.length > 1) {
  const tools = document.createElement("div");
  tools.className = "filter";
  const search = document.createElement("input");
  search.type = "search";
  search.placeholder = "Layer or operator";
  search.setAttribute("aria-label", "Show layers whose name or operator contains");
  search.addEventListener("input", () => {
    const wanted = search.value.trim().toLowerCase();
    for (const each of layers.children) {
      each.hidden = !each.firstElementChild.textContent.toLowerCase().includes(wanted);
    }
  });
  const toggle = document.createElement("button");
  toggle.type = "button";
  toggle.textContent = "Open all";
  toggle.addEventListener("click", () => {
    const opens = toggle.textContent === "Open all";
    for (const each of layers.children) each.open = opens && !each.hidden;
    toggle.textContent = opens ? "Close all" : "Open all";
  });
  tools.append(search, toggle);
  layers.before(tools);
}
