// Draws the countries that a reader chooses in one picture; without it, or where it does not run, the small ones stand.
"use strict";
(() => {
  const NAMESPACE = "http://www.w3.org/2000/svg";
  // As in the pictures of matplotlib: line and marker tell the series apart without the colour.
  const CIRCLE = "M-3.2 0a3.2 3.2 0 1 0 6.4 0a3.2 3.2 0 1 0 -6.4 0z";
  const SQUARE = "M-3 -3h6v6h-6z";
  const UP = "M0 -4l4 7h-8z";
  const DOWN = "M0 4l4 -7h-8z";
  const DIAMOND = "M0 -4.5l4 4.5l-4 4.5l-4 -4.5z";
  const PLUS = "M-4 0h8M0 -4v8";
  const CROSS = "M-3 -3l6 6m0 -6l-6 6";
  const STYLES = [
    ["", CIRCLE, true, "#000000"], ["7 3", SQUARE, true, "#0072B2"], ["1.5 2.5", UP, true, "#D55E00"],
    ["7 2 1.5 2", DIAMOND, true, "#009E73"], ["9 2 1.5 2 1.5 2", DOWN, true, "#CC79A7"], ["1.5 5", PLUS, true, "#56B4E9"],
    ["", SQUARE, false, "#E69F00"], ["7 3", CIRCLE, false, "#7F3C8D"], ["1.5 2.5", DIAMOND, false, "#005A32"],
    ["7 2 1.5 2", UP, false, "#8C510A"], ["13 3", CROSS, false, "#01665E"], ["5 2 1.5 2", PLUS + CROSS, true, "#A50F15"],
  ];
  const RING = "M-6 0a6 6 0 1 0 12 0a6 6 0 1 0 -12 0z";
  const [WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM, LINE] = [720, 340, 56, 190, 14, 30, 15];
  const box = document.getElementById("choose");
  const language = document.documentElement.lang;
  const small = [...document.querySelectorAll(".courses > svg")];
  const texts = box.dataset;

  // "2010 1.5,2011 1.7;2013 2*": runs of years that may be joined; a star: not compared with other years.
  const countries = small.map((svg) => ({
    code: svg.dataset.code,
    name: svg.dataset.name,
    runs: svg.dataset.rates.split(";").map((run) => run.split(",").map((point) => {
      const [year, rate] = point.split(" ");
      return { year: Number(year), rate: parseFloat(rate), apart: rate.endsWith("*") };
    })),
  }));
  const points = ({ runs }) => runs.flat();
  const years = countries.flatMap(points).map(({ year }) => year);
  const [first, last] = [Math.min(...years), Math.max(...years)];

  const element = (name, look, text) => {
    const made = document.createElementNS(NAMESPACE, name);
    Object.entries(look).forEach(([key, value]) => made.setAttribute(key, value));
    if (text !== undefined) made.textContent = text;
    return made;
  };
  const sign = (shape, colour, filled, x, y) =>
    element("path", { d: shape, transform: `translate(${x} ${y})`, fill: filled ? colour : "#fff", stroke: colour, "stroke-width": 1.4 });
  const number = (value) => value.toLocaleString(language, { minimumFractionDigits: value < 10 ? 2 : 1, maximumFractionDigits: value < 10 ? 2 : 1 });

  const short = (name) => (name.length < 21 ? name : `${name.slice(0, 19)}…`);

  function marks(highest) {
    const power = 10 ** Math.floor(Math.log10(highest / 4 || 1));
    const step = [1, 2, 5, 10].map((by) => by * power).find((one) => highest / one <= 6);
    return Array.from({ length: Math.max(Math.ceil(highest / step), 1) + 1 }, (_, at) => at * step);
  }

  // Heights at least a line apart, as near to the ends of the lines as can be.
  function spread(places) {
    const pools = [];
    places.forEach((place, at) => {
      pools.push([place - at * LINE, 1]);
      while (pools.length > 1 && pools.at(-2)[0] > pools.at(-1)[0]) {
        const [mean, size] = pools.pop();
        const [other, many] = pools.at(-1);
        pools[pools.length - 1] = [(other * many + mean * size) / (many + size), many + size];
      }
    });
    const heights = pools.flatMap(([mean, size]) => Array(size).fill(mean)).map((height, at) => height + at * LINE);
    const lowest = (at) => HEIGHT - 10 - (heights.length - 1 - at) * LINE;
    return heights.map((height, at) => Math.min(height, lowest(at)));
  }

  function draw(chosen) {
    const ticks = marks(Math.max(...chosen.flatMap(points).map(({ rate }) => rate)));
    const x = (year) => Number((LEFT + ((WIDTH - LEFT - RIGHT) * (year - first)) / (last - first || 1)).toFixed(1));
    const y = (rate) => Number((HEIGHT - BOTTOM - ((HEIGHT - TOP - BOTTOM) * rate) / ticks.at(-1)).toFixed(1));
    const ends = chosen.map((one) => ({ one, last: points(one).at(-1) }));
    const said = ends.map(({ one, last: end }) => `${one.name} ${end.year}: ${number(end.rate)}`);
    const svg = element("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, class: "chart chosen", role: "img", "aria-label": said.join("; ") });
    ticks.forEach((tick) => {
      svg.append(element("path", { class: "grid", d: `M${LEFT} ${y(tick)}H${WIDTH - RIGHT}` }));
      svg.append(element("text", { class: "mark", x: LEFT - 6, y: y(tick) + 4, "text-anchor": "end" }, tick.toLocaleString(language)));
    });
    for (let year = first; year <= last; year += Math.ceil((last - first + 1) / 9)) {
      svg.append(element("text", { class: "mark", x: x(year), y: HEIGHT - 10, "text-anchor": "middle" }, String(year)));
    }
    const places = ends.map(({ one, last: end }, at) => ({ one, end, at })).sort((a, b) => y(a.end.rate) - y(b.end.rate));
    const heights = spread(places.map(({ end }) => y(end.rate)));
    places.forEach(({ one, end, at }, place) => {
      const [dashes, shape, filled, colour] = STYLES[at];
      one.runs.forEach((run) => {
        svg.append(element("path", { d: `M${run.map(({ year, rate }) => `${x(year)} ${y(rate)}`).join("L")}`, fill: "none", stroke: colour, "stroke-width": 1.8, "stroke-dasharray": dashes }));
        run.forEach(({ year, rate, apart }) => {
          if (apart) svg.append(sign(RING, "#333", false, x(year), y(rate)));
          svg.append(sign(shape, colour, filled, x(year), y(rate)));
        });
      });
      const start = WIDTH - RIGHT + 10;
      svg.append(element("path", { d: `M${x(end.year) + 5} ${y(end.rate)}L${start} ${heights[place].toFixed(1)}h6`, fill: "none", stroke: colour, "stroke-width": 0.6 }));
      svg.append(sign(shape, colour, filled, start + 11, heights[place].toFixed(1)));
      svg.append(element("text", { class: "mark", x: start + 20, y: (heights[place] + 4).toFixed(1) }, `${short(one.name)} ${number(end.rate)}`));
    });
    return svg;
  }

  function show() {
    const codes = [...box.querySelectorAll("input:checked")].map(({ value }) => value);
    // In the order in which they were chosen, so that a country keeps its colour while others come and go.
    order = [...order.filter((code) => codes.includes(code)), ...codes.filter((code) => !order.includes(code))];
    box.querySelectorAll("input").forEach((input) => { input.disabled = !input.checked && codes.length >= STYLES.length; });
    const chosen = order.map((code) => countries.find((one) => one.code === code));
    box.querySelector("figure").replaceChildren(chosen.length ? draw(chosen) : document.createTextNode(texts.none));
    const hash = chosen.length ? `#${order.join(",")}` : "#";
    if (location.hash !== hash && !(hash === "#" && !location.hash)) history.replaceState(null, "", hash);
  }

  let order = location.hash.slice(1).split(",").filter((code) => countries.some((one) => one.code === code)).slice(0, STYLES.length);
  if (!order.length) order = countries.slice(0, 3).map(({ code }) => code);
  const list = document.createElement("fieldset");
  const legend = document.createElement("legend");
  legend.textContent = texts.legend.replace("{n}", STYLES.length);
  list.append(legend);
  [...countries].sort((a, b) => a.name.localeCompare(b.name, language)).forEach(({ code, name }) => {
    const label = document.createElement("label");
    const input = Object.assign(document.createElement("input"), { type: "checkbox", value: code, checked: order.includes(code) });
    input.addEventListener("change", show);
    label.append(input, ` ${name}`);
    list.append(label);
  });
  box.append(list, Object.assign(document.createElement("figure"), { tabIndex: 0 }));
  box.hidden = false;
  show();
})();
