// Draws an answer of the query page as SVG: lines over periods, or bars by label. Everything it says is in the table, too.
"use strict";
const iccsPicture = (() => {
  const MOST_SERIES = 12;
  const MOST_BARS = 40;
  const WIDTH = 760;
  const NUMBER = /^-?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;
  const PERIOD = /^\d{4}(-(0[1-9]|1[0-2]))?$/;
  const COLOURS = ["#000000", "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#7F3C8D"];
  const DASHES = ["", "7 3", "2 3"];
  const LIMITS = /(_low|_high|_lower|_upper|^p_value|^adjusted_p)$/;
  const BESIDE = /caveats|note|reason|status|limits|composition|handling|population_source|^is_|^break_|other_series/; // says more of a figure, not which it is
  const FIRST_CHOICES = ["rate_per_100k", "value", "apc", "change_percent"];

  const column = (found, place) => found.rows.map((row) => row[place]);
  const given = (values) => values.filter((value) => value !== null);
  const every = (values, pattern) => given(values).length > 0 && given(values).every((value) => pattern.test(value));

  // Which column is of periods, which are numbers, which are words. Codes of categories are words: they begin with 0.
  function read(found) {
    const names = found.names;
    const all = names.map((name, place) => ({ name, place, values: column(found, place) }));
    const isCode = ({ name, values }) => /^iccs|code$/.test(name) || given(values).some((value) => /^0\d/.test(value));
    const period = all.find(({ name, values }) => /^(time_)?period$|^year$|^month$/.test(name) && every(values, PERIOD));
    const numbers = all.filter((one) => one !== period && !isCode(one) && every(one.values, NUMBER) && !/_(year|period)$/.test(one.name));
    const words = all.filter((one) => one !== period && !numbers.includes(one) && given(one.values).length);
    return { period, numbers, words };
  }

  function columns(found) {
    const names = read(found).numbers.map(({ name }) => name);
    const rank = (name) => [...FIRST_CHOICES, name].indexOf(name) + (LIMITS.test(name) ? 100 : 0);
    return [...names].sort((one, other) => rank(one) - rank(other));
  }

  const element = (name, attributes, text) => {
    const made = document.createElementNS("http://www.w3.org/2000/svg", name);
    Object.entries(attributes).forEach(([key, value]) => made.setAttribute(key, value));
    if (text !== undefined) made.textContent = text;
    return made;
  };
  const short = (text, most) => (text.length > most ? `${text.slice(0, most - 1)}…` : text);
  const step = (span) => {
    const power = 10 ** Math.floor(Math.log10(span / 4 || 1));
    return [1, 2, 5, 10].map((by) => by * power).find((one) => span / one <= 6);
  };
  const marks = (low, high) => {
    const by = step(high - low || 1);
    const first = Math.floor(low / by);
    const last = Math.ceil(high / by);
    return Array.from({ length: last - first + 1 }, (_, at) => Number(((first + at) * by).toPrecision(12)));
  };
  const round = (value) => String(Number(value.toPrecision(4)));
  const index = (period) => (period.length === 4 ? Number(period) : (12 * period.slice(0, 4) + Number(period.slice(5)) - 1) / 12);
  const sign = (svg, shape, x, y, colour) => {
    if (shape === 0) svg.append(element("circle", { cx: x, cy: y, r: 2.8, fill: colour }));
    if (shape === 1) svg.append(element("path", { d: `M${x - 3} ${y - 3}h6v6h-6z`, fill: "#fff", stroke: colour }));
  };

  function frame(height, title, text) {
    const look = { viewBox: `0 0 ${WIDTH} ${height}`, role: "img", class: "chart", "font-size": 12, "font-family": "sans-serif" };
    const svg = element("svg", { ...look, "aria-label": `${title}. ${text}` });
    svg.append(element("title", {}, title), element("desc", {}, text));
    svg.append(element("rect", { width: WIDTH, height, fill: "#fff" }));
    return svg;
  }

  const fill = (text, values) => Object.entries(values).reduce((made, [key, value]) => made.replace(`{${key}}`, value), text);

  // Several series where a column of words has several values; a series with two figures of a period has points, no line.
  function lines(found, number, period, words, texts) {
    const own = words.filter(({ name, values }) => new Set(values).size > 1 && !BESIDE.test(name));
    // Where the answer says which figures are compared, and where the series breaks, no line is drawn across.
    const said = (name) => found.names.indexOf(name);
    const [compared, broken] = [said("is_compared"), said("break_before")];
    const series = new Map();
    found.rows.forEach((row, at) => {
      if (period.values[at] === null) return;
      const key = own.map(({ place }) => row[place] ?? "").join(", ");
      if (!series.has(key)) series.set(key, []);
      series.get(key).push({ period: period.values[at], x: index(period.values[at]), y: number.values[at] === null ? null : Number(number.values[at]), alone: compared >= 0 && row[compared] === "false", since: broken < 0 ? null : row[broken] });
    });
    const drawn = [...series].filter(([, points]) => points.some(({ y }) => y !== null)).slice(0, MOST_SERIES);
    const all = drawn.flatMap(([, points]) => points).filter(({ y }) => y !== null);
    const [low, high] = [Math.min(0, ...all.map(({ y }) => y)), Math.max(0, ...all.map(({ y }) => y))];
    const ticks = marks(low, high);
    const xs = all.map(({ x }) => x);
    const [first, last] = [Math.min(...xs), Math.max(...xs)];
    const [left, right, top, bottom] = [70, WIDTH - 20, 30, 300];
    const x = (value) => Number((left + ((right - left) * (value - first)) / (last - first || 1)).toFixed(1));
    const y = (value) => Number((bottom - ((bottom - top) * (value - ticks[0])) / (ticks.at(-1) - ticks[0] || 1)).toFixed(1));
    const title = `${number.name}, ${period.name}`;
    const text = fill(texts.text, { n: all.length, low: round(Math.min(...all.map((one) => one.y))), high: round(Math.max(...all.map((one) => one.y))) });
    const left_out = series.size > drawn.length ? fill(texts.part, { m: drawn.length, n: series.size }) : "";
    const named = drawn.length > 1 ? drawn : [];
    const svg = frame(bottom + 40 + 18 * named.length, title, `${text} ${left_out}`.trim());
    svg.append(element("text", { x: 8, y: 16, fill: "#1a1a1a" }, title));
    ticks.forEach((tick) => {
      svg.append(element("path", { d: `M${left} ${y(tick)}H${right}`, stroke: "#d9d9d9" }));
      svg.append(element("text", { x: left - 8, y: y(tick) + 4, "text-anchor": "end", fill: "#333" }, String(tick)));
    });
    const years = Math.floor(last) - Math.ceil(first) + 1;
    for (let year = Math.ceil(first); year <= last; year += Math.max(1, Math.ceil(years / 10))) {
      svg.append(element("text", { x: x(year), y: bottom + 18, "text-anchor": "middle", fill: "#333" }, String(year)));
    }
    drawn.forEach(([name, points], number_of) => {
      const colour = COLOURS[number_of % COLOURS.length];
      const look = { fill: "none", stroke: colour, "stroke-width": 1.6, "stroke-dasharray": DASHES[number_of % DASHES.length] };
      const ordered = points.filter((point) => point.y !== null).sort((one, other) => one.x - other.x);
      const single = new Set(ordered.map((point) => point.x)).size === ordered.length;
      const gap = ordered.every((point) => point.period.length === 4) ? 1.01 : 1.01 / 12;
      ordered.forEach((point, at) => {
        const before = ordered[at - 1];
        const goesOn = before && point.x - before.x <= gap && point.since === before.since && !point.alone && !before.alone;
        if (single && goesOn) {
          svg.append(element("path", { d: `M${x(before.x)} ${y(before.y)}L${x(point.x)} ${y(point.y)}`, ...look }));
        }
        sign(svg, Math.floor(number_of / COLOURS.length), x(point.x), y(point.y), colour);
      });
      if (!named.length) return;
      const row = bottom + 40 + 18 * number_of;
      svg.append(element("path", { d: `M${left} ${row - 4}h30`, ...look }));
      sign(svg, Math.floor(number_of / COLOURS.length), left + 15, row - 4, colour);
      svg.append(element("text", { x: left + 40, y: row, fill: "#1a1a1a" }, short(name, 90)));
    });
    return { svg, text: `${text} ${left_out}`.trim() };
  }

  function bars(found, number, words, texts) {
    const telling = words.filter(({ name }) => !BESIDE.test(name));
    const several = telling.filter(({ values }) => new Set(values).size > 1);
    const labels = (several.length ? several : telling).slice(0, 3);
    const rows = found.rows.map((row, at) => ({ label: labels.map(({ place }) => row[place] ?? "").join(", ") || String(at + 1), value: row[number.place] }));
    const there = rows.filter(({ value }) => value !== null);
    const drawn = there.slice(0, MOST_BARS).map(({ label, value }) => ({ label, value: Number(value) }));
    const values = drawn.map(({ value }) => value);
    const ticks = marks(Math.min(0, ...values), Math.max(0, ...values));
    const [left, right, top, height] = [250, WIDTH - 70, 30, 18];
    const x = (value) => Number((left + ((right - left) * (value - ticks[0])) / (ticks.at(-1) - ticks[0] || 1)).toFixed(1));
    const text = fill(texts.text, { n: drawn.length, low: round(Math.min(...values)), high: round(Math.max(...values)) });
    const part = there.length > drawn.length ? fill(texts.rows, { m: drawn.length, n: there.length }) : "";
    const bottom = top + height * drawn.length;
    const svg = frame(bottom + 24, number.name, `${text} ${part}`.trim());
    svg.append(element("text", { x: 8, y: 16, fill: "#1a1a1a" }, number.name));
    ticks.forEach((tick) => {
      svg.append(element("path", { d: `M${x(tick)} ${top}V${bottom}`, stroke: "#d9d9d9" }));
      svg.append(element("text", { x: x(tick), y: bottom + 16, "text-anchor": "middle", fill: "#333" }, String(tick)));
    });
    drawn.forEach(({ label, value }, at) => {
      const y = top + height * at;
      const [from, to] = [Math.min(x(0), x(value)), Math.max(x(0), x(value))];
      svg.append(element("text", { x: left - 8, y: y + 13, "text-anchor": "end", fill: "#1a1a1a" }, short(label, 36)));
      svg.append(element("path", { d: `M${from} ${y + 3}H${to}v12H${from}z`, fill: "#0072B2" }));
      svg.append(element("text", { x: to + 6, y: y + 13, fill: "#1a1a1a" }, round(value)));
    });
    return { svg, text: `${text} ${part}`.trim() };
  }

  // Returns the picture and what it says in words; null where no column is of numbers.
  function draw(found, name, texts) {
    const { period, numbers, words } = read(found);
    const number = numbers.find((one) => one.name === name);
    if (!number) return null;
    // Where each thing has its own single period, as the latest of each country, there is no line to draw.
    const things = new Set(found.rows.map((row) => words.filter(({ name: of }) => !BESIDE.test(of)).map(({ place }) => row[place]).join("\n")));
    const isCourse = period && new Set(period.values).size > 1 && 2 * things.size <= found.rows.length;
    return isCourse ? lines(found, number, period, words, texts) : bars(found, number, period && things.size > 1 ? [...words, period] : words, texts);
  }

  return { columns, draw };
})();
