/** Show live what passes between WeChat and the account's server: deliveries and API calls. */

/** @import { Children } from "../dom.js" */
/** @import { IconName } from "../icons.js" */
/** @import { CallEntry, DeliveryEntry, Entry } from "../journal.js" */
/** @import { Waiting } from "../types.js" */
/** @import { Tool } from "./desk.js" */

import { button, el } from "../dom.js";
import { icon } from "../icons.js";
import { query } from "../query.js";
import { journalTime } from "../time.js";
import { t, tell } from "../words.js";
import { detailView } from "./detail.js";
import { rowList } from "./rows.js";

/** Matches what a delivery is about, in its XML. */
const GIST = /<(?:Content|EventKey|Label|Title)><!\[CDATA\[([\s\S]*?)\]\]>/;
/** Height of a row, in pixels. */
const ROW = 36;
/** How often the running time of a waiting delivery is drawn, in milliseconds. */
const LOOK = 200;
/** @typedef {"all" | "delivery" | "call" | "bad"} Sort which entries are shown */
/** @type {Sort[]} */
const SORTS = ["all", "delivery", "call", "bad"];

/** @typedef {{ sort: "waiting", title: string, good: true } & Waiting} WaitingEntry */

/**
 * Return a few words of what an entry is about.
 * @param {Entry | WaitingEntry} entry
 */
function gistOf(entry) {
  if (entry.sort === "call") return entry.errcode ? (entry.response?.errmsg ?? "") : "";
  return (GIST.exec(entry.request_xml)?.[1] ?? "").slice(0, 80);
}

/** @type {Tool} */
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

  /** @type {Sort} */
  let sort = "all";
  /**
   * The entries that pass the filter, oldest first, each with its number in the whole journal.
   * @type {{ entry: Entry, number: number }[]}
   */
  let passing = [];
  let seen = 0;
  let version = -1;
  /** @type {Set<string>} */
  const kinds = new Set();
  let look = 0;

  /** @param {string} openid */
  const nickname = (openid) => world.users.get(openid)?.nickname ?? openid;
  const show = detailView(detail, { nickname, close: () => { rows.select(null); list.focus(); } });

  const rows = rowList(list, ROW, {
    label: t("desk.log"),
    /** @param {number} index */
    at: (index) => passing[passing.length - 1 - index].entry,
    build: (entry) => (entry.sort === "delivery" ? deliveryRow(entry) : callRow(entry)),
    choose(entry) {
      detail.hidden = !entry;
      root.classList.toggle("with-detail", Boolean(entry));
      if (entry) show(entry);
    },
  });

  /**
   * @param {Entry | WaitingEntry} entry
   * @param {IconName} way
   * @param {string} who
   * @param {Children} chips
   * @param {string} result
   * @param {HTMLElement} rest
   */
  function row(entry, way, who, chips, result, rest) {
    return el("div", { class: `entry ${entry.good ? "" : "wrong"}`, "data-testid": entry.sort, "data-outcome": entry.sort === "delivery" && entry.outcome },
      el("span", { class: "at" }, journalTime(entry.at)),
      el("span", { class: `way ${entry.sort}`, title: t(`log.${entry.sort}`) }, icon(way)),
      el("span", { class: "what" }, entry.title, chips, el("span", { class: "gist" }, gistOf(entry))),
      el("span", { class: "who" }, who),
      el("span", { class: entry.good ? "result good" : "result bad", title: (entry.sort === "delivery" && entry.error) || "" }, result),
      rest);
  }

  /** The chip of a second or later attempt. @param {number} number */
  const attemptChip = (number) => (number > 1 ? el("span", { class: "chip" }, t("log.attempt", { number })) : null);

  /** @param {DeliveryEntry} entry */
  function deliveryRow(entry) {
    const deadline = entry.deadline_ms ?? (world.behaviour.deadline ?? 5) * 1000;
    const left = Math.max(0, Math.min(1, (entry.left_ms ?? deadline - entry.elapsed_ms) / deadline));
    const bar = el("span", { class: "left", title: t("log.left", { limit: deadline / 1000, ms: Math.round(left * deadline) }) }, el("span", { class: "left-bar" }));
    query(bar, ".left-bar").style.width = `${left * 100}%`;
    return row(entry, "in", nickname(entry.openid), attemptChip(entry.attempt),
      tell(`outcome.${entry.outcome}`, entry.outcome), el("span", { class: "rest" }, bar, el("span", {}, `${Math.round(entry.elapsed_ms)} ms`)));
  }

  /** Draw the deliveries that the server has not answered yet, with their running time. */
  function drawWaiting() {
    const now = performance.now();
    waiting.replaceChildren(...[...world.waiting.values()].map((entry) => waitingRow(entry, now - entry.since)));
    if (world.waiting.size && !look) look = setTimeout(() => { look = 0; drawWaiting(); }, LOOK);
  }

  /**
   * @param {Waiting} entry
   * @param {number} elapsed milliseconds
   */
  function waitingRow(entry, elapsed) {
    const bar = el("span", { class: "left" }, el("span", { class: "left-bar running" }));
    query(bar, ".left-bar").style.animation = `run-out ${entry.deadline_ms}ms linear -${Math.round(elapsed)}ms both`;
    return row({ ...entry, sort: "waiting", title: entry.kind, good: true }, "in", nickname(entry.openid),
      attemptChip(entry.attempt), t("log.waiting"), el("span", { class: "rest" }, bar, el("span", {}, `${(elapsed / 1000).toFixed(1)} s`)));
  }

  /** @param {CallEntry} entry */
  const callRow = (entry) => row(entry, "out", entry.method, entry.simulated === false ? el("span", { class: "chip hot" }, t("log.unsimulated")) : null,
    entry.errcode ? String(entry.errcode) : String(entry.status), el("span", { class: "rest" }, el("span"), el("span", {}, entry.good ? "ok" : "")));

  /**
   * Return all that can be searched in an entry. It is put together at the first search and kept.
   * @param {Entry} entry
   */
  function haystack(entry) {
    if (entry.haystack !== undefined) return entry.haystack;
    const parts = entry.sort === "call"
      ? [entry.title, entry.method, JSON.stringify([entry.query, entry.body, entry.response])]
      : [entry.title, entry.openid, nickname(entry.openid), entry.request_xml, entry.response_xml, entry.response_raw, entry.error];
    entry.haystack = parts.join("\n").toLowerCase();
    return entry.haystack;
  }

  /** @param {Entry} entry */
  function passes(entry) {
    if (sort === "bad" ? entry.good : sort !== "all" && entry.sort !== sort) return false;
    if (user.value && !(entry.sort === "delivery" && entry.openid === user.value) && !haystack(entry).includes(user.value.toLowerCase())) return false;
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

  /** @param {string} title */
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
      button({ role: "radio", "aria-checked": String(name === sort), "data-sort": name, onclick: () => { sort = name; drawSorts(); refilter(); query(sorts, "[aria-checked=true]").focus(); } }, t(`log.${name}`))));
  }

  function drawUsers() {
    const before = user.value;
    user.replaceChildren(el("option", { value: "" }, t("log.everybody")), ...[...world.users.values()].map(({ openid, nickname: name }) => el("option", { value: openid }, name)));
    user.value = world.users.has(before) ? before : "";
  }

  kind.append(el("option", { value: "" }, t("log.everything")));
  drawSorts();
  /** @type {string | null} the openids and nicknames that the selection of users shows */
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
