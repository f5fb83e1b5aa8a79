// Asks the release in the browser. Nothing is loaded before the button is pressed, and nothing from another machine.
"use strict";
(() => {
  const MOST = 500;
  const by = (id) => document.getElementById(id);
  const { engine, file } = by("ask").dataset;
  const url = (base, name) => new URL(`${base}${name}`, location.href).href;
  let connection = null;

  async function load() {
    const db = new duckdb.AsyncDuckDB(new duckdb.VoidLogger(), new Worker(url(engine, "worker.js")));
    await db.instantiate(url(engine, "duckdb-eh.wasm"));
    const answer = await fetch(url("", file));
    if (!answer.ok) throw new Error(`${answer.status} ${file}`);
    await db.registerFileBuffer("release.duckdb", new Uint8Array(await answer.arrayBuffer()));
    const opened = await db.connect();
    await opened.query("ATTACH 'release.duckdb' AS release (READ_ONLY)");
    await opened.query("USE release");
    await opened.query("SET autoinstall_known_extensions = false");
    await opened.query("SET autoload_known_extensions = false");
    return opened;
  }

  // Every value as DuckDB writes it: what a browser makes of large or decimal numbers is another thing.
  async function ask(sql) {
    const text = sql.trim().replace(/;\s*$/, "");
    const found = await connection.query(`SELECT CAST(COLUMNS(*) AS VARCHAR) FROM (${text}\n)`);
    const names = found.schema.fields.map((field) => field.name);
    const rows = found.toArray().map((row) => Array.from(row, ([, value]) => value));
    return { names, rows };
  }

  // A text that a spreadsheet would take for a formula begins with an apostrophe, as in the files of `iccs query`.
  const harmless = (value) => (/^[=+\-@\t\r]/.test(value) && Number.isNaN(Number(value)) ? `'${value}` : value);
  const quoted = (value) => (value === "" || /[",\r\n]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value);
  const quote = (value) => (value === null ? "" : quoted(harmless(value)));
  const csv = ({ names, rows }) => [names, ...rows].map((row) => row.map(quote).join(",")).join("\r\n") + "\r\n";

  function element(name, text, parent, className) {
    const made = document.createElement(name);
    made.textContent = text;
    if (className) made.className = className;
    parent.append(made);
    return made;
  }

  function show(found) {
    const table = document.createElement("table");
    const head = element("tr", "", element("thead", "", table));
    found.names.forEach((name) => (element("th", name, head).scope = "col"));
    const body = element("tbody", "", table);
    found.rows.slice(0, MOST).forEach((row) => {
      const line = element("tr", "", body);
      row.forEach((value) => element("td", value ?? "NULL", line, value === null ? "note" : /^-?[\d.]+$/.test(value) ? "n" : ""));
    });
    by("result").replaceChildren(table);
    const { all, part } = by("state").dataset;
    const text = found.rows.length > MOST ? part : all;
    by("state").textContent = text.replace("{n}", found.rows.length).replace("{m}", MOST);
    const link = by("csv");
    URL.revokeObjectURL(link.href);
    link.href = URL.createObjectURL(new Blob([csv(found)], { type: "text/csv" }));
    link.hidden = false;
    offer(found);
    window.iccsResult = found;
  }

  // The picture is of one column of numbers, which the reader may change.
  let shown = null;
  function offer(found) {
    shown = found;
    const names = iccsPicture.columns(found);
    by("column").replaceChildren(...names.map((name) => new Option(name, name)));
    by("drawn").hidden = !names.length;
    by("picture").replaceChildren();
    if (names.length) paint();
  }

  function paint() {
    const { svg, text } = iccsPicture.draw(shown, by("column").value, by("drawn").dataset);
    by("picture").replaceChildren(svg);
    by("said").textContent = text;
    const link = by("svg");
    URL.revokeObjectURL(link.href);
    link.href = URL.createObjectURL(new Blob([new XMLSerializer().serializeToString(svg)], { type: "image/svg+xml" }));
  }

  async function run() {
    by("state").textContent = by("state").dataset.busy;
    by("csv").hidden = true;
    by("drawn").hidden = true;
    by("result").replaceChildren();
    window.iccsResult = null;
    try {
      show(await ask(by("sql").value));
    } catch (error) {
      by("state").textContent = String(error.message ?? error);
      window.iccsResult = { error: String(error) };
    }
  }

  by("load").addEventListener("click", async () => {
    by("load").disabled = true;
    by("state").textContent = by("state").dataset.busy;
    try {
      connection = await load();
      by("questions").hidden = false;
      by("state").textContent = "";
      by("sql").focus();
    } catch (error) {
      by("state").textContent = `${by("state").dataset.failed} (${error.message ?? error})`;
      by("load").disabled = false;
    }
  });
  by("column").addEventListener("change", paint);
  by("form").addEventListener("submit", (event) => {
    event.preventDefault();
    run();
  });
  document.querySelectorAll("#ready button").forEach((button) =>
    button.addEventListener("click", () => {
      by("sql").value = button.value;
      run();
    }),
  );
  by("ask").hidden = false;
})();
