"use strict";
(() => {
  const byId = (id) => document.getElementById(id);
  const read = (name) => JSON.parse(byId(`${name}-data`).textContent);

  /* Everything that was crawled goes through here: as text, in its own writing direction. */
  const make = (tag, text, name) => {
    const element = document.createElement(tag);
    if (text !== undefined) element.textContent = text;
    if (name) element.className = name;
    return element;
  };
  const apart = (text) => {
    const element = make("bdi", text);
    element.dir = "auto";
    return element;
  };

  const themes = ["auto", "light", "dark"];
  const button = byId("theme");
  let theme = "auto";
  const remember = (value) => { try { localStorage.setItem("atom-data-theme", value); } catch (error) { return; } };
  const use = (value) => {
    theme = value;
    if (value === "auto") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = value;
    button.textContent = `Theme: ${value}`;
  };
  try { theme = localStorage.getItem("atom-data-theme") || "auto"; } catch (error) { theme = "auto"; }
  use(themes.includes(theme) ? theme : "auto");
  button.hidden = false;
  button.addEventListener("click", () => {
    use(themes[(themes.indexOf(theme) + 1) % themes.length]);
    remember(theme);
  });

  const shapes = read("shapes");
  for (const select of document.querySelectorAll("select[data-stage]")) {
    const charts = document.querySelectorAll(`[data-charts="${CSS.escape(select.dataset.stage)}"] figure`);
    select.addEventListener("change", () => {
      for (const figure of charts) {
        const picture = figure.querySelector("svg");
        const groups = shapes[picture.dataset.name] || {};
        const found = groups[select.value] || ["", "", "", "no such documents here", ""];
        ["kept", "missed", "other"].forEach((kind, at) => picture.querySelector(`path.${kind}`).setAttribute("d", found[at]));
        picture.querySelector(".most").textContent = found[3];
        figure.querySelector(".counts").textContent = found[4];
      }
    });
    select.closest(".controls").hidden = false;
  }

  const samples = read("samples");
  if (!samples.length) return;
  const list = byId("list"), stage = byId("stage"), reason = byId("reason"), words = byId("words"), more = byId("more");
  const PAGE = 20;
  let found = [], shown = 0;
  const texts = samples.map((one) => [one.id, one.url, one.title, one.text, one.missed.join(" "), one.reason].join("\n").toLowerCase());

  const option = (select, value, label) => {
    const element = make("option", label);
    element.value = value;
    select.append(element);
  };
  const counted = (key, some) => {
    const counts = new Map();
    for (const one of some) counts.set(one[key], (counts.get(one[key]) || 0) + 1);
    return counts;
  };
  const reasons = () => {
    const before = reason.value;
    reason.replaceChildren();
    option(reason, "*", "kept and dropped");
    const some = samples.filter((one) => stage.value === "*" || one.stage === stage.value);
    for (const [name, count] of counted("reason", some)) option(reason, `=${name}`, `${name || "kept"} (${count})`);
    reason.value = before;
    if (reason.selectedIndex < 0) reason.value = "*";
  };
  const numbers = (values) => {
    const line = make("p", undefined, "where");
    for (const [name, value] of Object.entries(values)) line.append(make("code", `${name} `), apart(value), "  ");
    return line;
  };
  const changes = (one) => {
    const items = make("ul");
    for (const [before, kept, dropped, after] of one.changes) {
      const item = make("li");
      item.append("... ", apart(before), " ");
      if (kept) { const part = make("ins"); part.append(apart(kept)); item.append(part, " "); }
      if (dropped) { const part = make("del"); part.append(apart(dropped)); item.append(part, " "); }
      item.append(apart(after), " ...");
      items.append(item);
    }
    return items;
  };
  const card = (one) => {
    const box = make("article", undefined, one.reason ? "" : "good");
    const why = make("p", undefined, "why");
    why.append(one.reason ? "dropped: " : "kept", apart(one.reason), ` in ${one.stage}`);
    box.append(why);
    if (one.title) { const title = make("p"); title.append(apart(one.title)); box.append(title); }
    for (const line of one.missed) { const said = make("p"); said.append(apart(line)); box.append(said); }
    const where = make("p", undefined, "where");
    where.append(apart(one.id), "  ", apart(one.url));
    box.append(where);
    if (Object.keys(one.numbers).length) box.append(numbers(one.numbers));
    if (one.kept) {
      const line = make("p");
      line.append("kept instead: ", apart(one.kept), ` (${one.compared})`);
      box.append(line);
      if (one.changes.length) {
        const legend = make("p", undefined, "where");
        legend.append(make("ins", "only in the kept one"), "  ", make("del", "only in this one"));
        box.append(legend, changes(one));
      }
    }
    if (one.text) {
      const text = make("pre", one.text);
      text.dir = "auto";
      text.tabIndex = 0;
      box.append(text);
    }
    if (one.left_out) box.append(make("p", `${one.left_out.toLocaleString("en")} characters more`, "where"));
    return box;
  };
  const extend = () => {
    const next = found.slice(shown, shown + PAGE);
    list.append(...next.map((at) => card(samples[at])));
    shown += next.length;
    more.hidden = shown >= found.length;
    byId("count").textContent = `${shown.toLocaleString("en")} of ${found.length.toLocaleString("en")} samples`;
  };
  const filter = () => {
    const asked = words.value.toLowerCase().split(/\s+/).filter(Boolean);
    found = [];
    samples.forEach((one, at) => {
      if (stage.value !== "*" && one.stage !== stage.value) return;
      if (reason.value !== "*" && `=${one.reason}` !== reason.value) return;
      if (asked.every((word) => texts[at].includes(word))) found.push(at);
    });
    list.replaceChildren();
    shown = 0;
    extend();
  };
  option(stage, "*", "all stages");
  for (const [name, count] of counted("stage", samples)) option(stage, name, `${name} (${count})`);
  reasons();
  stage.addEventListener("change", () => { reasons(); filter(); });
  reason.addEventListener("change", filter);
  let wait = 0;
  words.addEventListener("input", () => { clearTimeout(wait); wait = setTimeout(filter, 120); });
  more.addEventListener("click", extend);
  byId("search").hidden = false;
  filter();
})();
