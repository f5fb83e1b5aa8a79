// Looks through the index beside the page. Every word must begin a word of an entry; accents and capitals do not count.
"use strict";
(() => {
  const MOST = 60;
  const fold = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
  const split = (text) => fold(text).split(/[^\p{L}\p{N}]+/u).filter(Boolean);
  const { countries, categories, figures, others } = iccsIndex;
  const prepare = ([title, path, more]) => ({ title, path, words: split(title), more: split(more) });
  const places = countries.map(prepare);
  const kinds = categories.map(prepare);
  const rest = others.map(prepare);

  // 2: in the title, 1: in its other words, 0: nowhere.
  const weight = (entry, word) =>
    entry.words.some((own) => own.startsWith(word)) ? 2 : entry.more.some((own) => own.startsWith(word)) ? 1 : 0;
  const score = (weights) => (weights.every(Boolean) ? weights.reduce((sum, one) => sum + one, 0) / weights.length : 0);

  function search(text) {
    const words = split(text);
    if (!words.length) return [];
    const found = [];
    const add = (title, path, rank, value) => value && found.push({ title, path, rank, value });
    const byPlace = places.map((entry) => words.map((word) => weight(entry, word)));
    const byKind = kinds.map((entry) => words.map((word) => weight(entry, word)));
    places.forEach((entry, at) => add(entry.title, entry.path, 0, score(byPlace[at])));
    kinds.forEach((entry, at) => add(entry.title, entry.path, 1, score(byKind[at])));
    rest.forEach((entry) => add(entry.title, entry.path, 3, score(words.map((word) => weight(entry, word)))));
    // A figure is of a category and a country: each has to have at least one of the words.
    kinds.forEach((kind, at) => {
      if (!byKind[at].some(Boolean)) return;
      figures[at].forEach((place) => {
        if (!byPlace[place].some(Boolean)) return;
        const path = places[place].path.replace(".html", "/") + kind.path.replace("category/", "");
        const best = words.map((_, word) => Math.max(byKind[at][word], byPlace[place][word]));
        add(`${kind.title}: ${places[place].title}`, path, 2, score(best));
      });
    });
    return found.sort((a, b) => b.value - a.value || a.rank - b.rank || a.title.localeCompare(b.title));
  }

  const form = document.getElementById("search");
  const input = document.getElementById("words");
  const count = document.getElementById("count");
  const list = document.getElementById("found");

  function show() {
    const found = search(input.value);
    list.replaceChildren(
      ...found.slice(0, MOST).map(({ title, path }) => {
        const link = document.createElement("a");
        link.href = path;
        link.textContent = title;
        const item = document.createElement("li");
        item.append(link);
        return item;
      }),
    );
    const { none, some, most } = count.dataset;
    const text = !found.length ? none : found.length > MOST ? most : some;
    count.textContent = split(input.value).length ? text.replace("{n}", found.length).replace("{m}", MOST) : "";
  }

  form.hidden = false;
  form.addEventListener("submit", (event) => event.preventDefault());
  input.addEventListener("input", show);
  input.value = new URLSearchParams(location.search).get("q") ?? "";
  show();
})();
