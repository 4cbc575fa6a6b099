/** Everything that passed between WeChat and the account's server, live: what was pushed, what was called. */

import { button, el } from "../dom.js";
import { icon } from "../icons.js";
import { journalTime } from "../time.js";
import { t, tell } from "../words.js";
import { detailView } from "./detail.js";
import { rowList } from "./rows.js";

/** What a delivery is about, in its XML. */
const GIST = /<(?:Content|EventKey|Label|Title)><!\[CDATA\[([\s\S]*?)\]\]>/;
const ROW = 36;
/** Milliseconds from one look at the running time to the next. */
const LOOK = 200;
const SORTS = ["all", "delivery", "call", "bad"];

const gistOf = (entry) =>
  entry.request_xml ? (GIST.exec(entry.request_xml)?.[1] ?? "").slice(0, 80) : entry.errcode ? (entry.response.errmsg ?? "") : "";

export function logTool(root, world) {
  const text = el("input", { type: "search", placeholder: t("log.search"), "aria-label": t("log.search"), "data-testid": "log-search", oninput: refilter });
  const user = el("select", { "aria-label": t("log.user"), "data-testid": "log-user", onchange: refilter });
  const kind = el("select", { "aria-label": t("log.kind"), "data-testid": "log-kind", onchange: refilter });
  const sorts = el("div", { class: "segments", role: "radiogroup", "aria-label": t("log.sort") });
  const count = el("span", { class: "quiet count", "data-testid": "log-count" });
  const list = el("div", { class: "rows", "data-testid": "log" });
  const empty = el("p", { class: "empty" });
  const detail = el("section", { class: "detail", "data-testid": "detail", hidden: true });
  const waiting = el("div", { class: "waiting", "data-testid": "waiting-list" });
  root.append(el("div", { class: "filters" }, sorts, text, user, kind, count), waiting, el("div", { class: "list" }, list, empty), detail);

  let sort = "all";
  /** What passes the filter, oldest first, each with its number in the whole journal. */
  let passing = [];
  let seen = 0;
  let version = -1;
  const kinds = new Set();
  let look = null;

  const nickname = (openid) => world.users.get(openid)?.nickname ?? openid ?? "";
  const show = detailView(detail, world, { nickname, close: () => { rows.select(null); list.focus(); } });

  const rows = rowList(list, ROW, {
    label: t("desk.log"),
    at: (index) => passing[passing.length - 1 - index].entry,
    build: (entry) => (entry.sort === "delivery" ? deliveryRow(entry) : callRow(entry)),
    choose(entry) {
      detail.hidden = !entry;
      root.classList.toggle("with-detail", Boolean(entry));
      if (entry) show(entry);
    },
  });

  function row(entry, way, who, chips, result, rest) {
    return el("div", { class: `entry ${entry.good ? "" : "wrong"}`, "data-testid": entry.sort, "data-outcome": entry.outcome },
      el("span", { class: "at" }, journalTime(entry.at)),
      el("span", { class: `way ${entry.sort}`, title: t(`log.${entry.sort}`) }, icon(way)),
      el("span", { class: "what" }, entry.title, chips, el("span", { class: "gist" }, gistOf(entry))),
      el("span", { class: "who" }, who),
      el("span", { class: entry.good ? "result good" : "result bad", title: entry.error || "" }, result),
      rest);
  }

  function deliveryRow(entry) {
    const deadline = entry.deadline_ms ?? (world.account.deadline ?? 5) * 1000;
    const left = Math.max(0, Math.min(1, (entry.left_ms ?? deadline - entry.elapsed_ms) / deadline));
    const bar = el("span", { class: "left", title: t("log.left", { limit: deadline / 1000, ms: Math.round(left * deadline) }) }, el("span", { class: "left-bar" }));
    bar.firstChild.style.width = `${left * 100}%`;
    return row(entry, "in", nickname(entry.openid), entry.attempt > 1 ? el("span", { class: "chip" }, t("log.attempt", { number: entry.attempt })) : null,
      tell(`outcome.${entry.outcome}`, entry.outcome), el("span", { class: "rest" }, bar, el("span", {}, `${Math.round(entry.elapsed_ms)} ms`)));
  }

  /** What the server has not answered yet, with the time that runs. */
  function drawWaiting() {
    const now = performance.now();
    waiting.replaceChildren(...[...world.waiting.values()].map((entry) => waitingRow(entry, now - entry.since)));
    if (world.waiting.size && !look) look = setTimeout(() => { look = null; drawWaiting(); }, LOOK);
  }

  function waitingRow(entry, elapsed) {
    const bar = el("span", { class: "left" }, el("span", { class: "left-bar running" }));
    bar.firstChild.style.animation = `run-out ${entry.deadline_ms}ms linear -${Math.round(elapsed)}ms both`;
    return row({ ...entry, sort: "waiting", title: entry.kind, good: true }, "in", nickname(entry.openid),
      entry.attempt > 1 ? el("span", { class: "chip" }, t("log.attempt", { number: entry.attempt })) : null,
      t("log.waiting"), el("span", { class: "rest" }, bar, el("span", {}, `${(elapsed / 1000).toFixed(1)} s`)));
  }

  const callRow = (entry) => row(entry, "out", entry.method, entry.simulated === false ? el("span", { class: "chip hot" }, t("log.unsimulated")) : null,
    entry.errcode ? String(entry.errcode) : String(entry.status), el("span", { class: "rest" }, el("span"), el("span", {}, entry.good ? "ok" : "")));

  /** All that can be searched in an entry; gathered when it is first asked for. */
  function haystack(entry) {
    entry.haystack ??= [entry.title, entry.openid, nickname(entry.openid), entry.request_xml, entry.response_xml, entry.response_raw, entry.error, entry.method,
      entry.sort === "call" ? JSON.stringify([entry.query, entry.body, entry.response]) : ""].join("\n").toLowerCase();
    return entry.haystack;
  }

  function passes(entry) {
    if (sort === "bad" ? entry.good : sort !== "all" && entry.sort !== sort) return false;
    if (user.value && entry.openid !== user.value && !haystack(entry).includes(user.value.toLowerCase())) return false;
    if (kind.value && entry.title !== kind.value) return false;
    const wanted = text.value.trim().toLowerCase();
    return !wanted || haystack(entry).includes(wanted);
  }

  function draw(anew = false) {
    const { entries, forgotten } = world.journal;
    const begin = anew || version !== world.journal.version;
    if (begin) {
      passing = [];
      seen = forgotten;
      version = world.journal.version;
    }
    const before = passing.length;
    for (let number = Math.max(seen, forgotten); number < forgotten + entries.length; number += 1) {
      const entry = entries[number - forgotten];
      noteKind(entry.title);
      if (passes(entry)) passing.push({ entry, number });
    }
    const added = passing.length - before;
    const gone = passing.findIndex(({ number }) => number >= forgotten);
    if (gone > 0) passing.splice(0, gone);
    seen = forgotten + entries.length;
    rows.set(passing.length, added, begin);
    count.textContent = passing.length === entries.length ? String(entries.length) : `${passing.length} / ${entries.length}`;
    empty.hidden = passing.length > 0;
    empty.textContent = t(entries.length ? "log.nothing" : "log.empty");
  }

  function noteKind(title) {
    if (kinds.has(title)) return;
    kinds.add(title);
    kind.append(el("option", { value: title }, title));
  }

  function refilter() {
    draw(true);
  }

  function drawSorts() {
    sorts.replaceChildren(...SORTS.map((name) =>
      button({ role: "radio", "aria-checked": String(name === sort), "data-sort": name, onclick: () => { sort = name; drawSorts(); refilter(); sorts.querySelector("[aria-checked=true]").focus(); } }, t(`log.${name}`))));
  }

  function drawUsers() {
    const before = user.value;
    user.replaceChildren(el("option", { value: "" }, t("log.everybody")), ...[...world.users.values()].map(({ openid, nickname: name }) => el("option", { value: openid }, name)));
    user.value = world.users.has(before) ? before : "";
  }

  kind.append(el("option", { value: "" }, t("log.everything")));
  drawSorts();
  let people = null;
  world.addEventListener("users", () => {
    const now = [...world.users.values()].map(({ openid, nickname: name }) => openid + name).join();
    if (now === people) return;
    people = now;
    drawUsers();
    refilter();
  });
  world.addEventListener("journal", () => { draw(); drawWaiting(); });
  world.addEventListener("waiting", drawWaiting);
  root.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || detail.hidden) return;
    event.stopPropagation();
    rows.select(null);
    list.focus();
  });

  return { shown: () => draw() };
}
