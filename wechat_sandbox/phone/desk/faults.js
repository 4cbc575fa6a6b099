/** Edit the rules that make API calls or deliveries fail on purpose. The first rule that fits counts. */

/** @import { Attributes } from "../dom.js" */
/** @import { Fault } from "../types.js" */
/** @import { Word } from "../words.js" */
/** @import { Tool } from "./desk.js" */

import * as api from "../api.js";
import { field } from "../dialogs.js";
import { button, el, iconButton } from "../dom.js";
import { reasonOf, t, tell } from "../words.js";

/** @type {[Word, Fault][]} the rules that one click adds */
const PRESETS = [
  ["faults.p.busy", { path: "/cgi-bin/*", errcode: -1, count: 1 }],
  ["faults.p.invalid", { path: "/cgi-bin/*", errcode: 40001, count: 1 }],
  ["faults.p.expired", { path: "/cgi-bin/*", errcode: 42001, count: 1 }],
  ["faults.p.quota", { path: "/cgi-bin/*", errcode: 45009 }],
  ["faults.p.minute", { path: "/cgi-bin/*", errcode: 45011, count: 3 }],
  ["faults.p.ip", { path: "/cgi-bin/*token", errcode: 40164, count: 1 }],
  ["faults.p.slowApi", { path: "/*", delay: 3 }],
  ["faults.p.html", { path: "/cgi-bin/*", content_type: "text/html", count: 1 }],
  ["faults.p.lost", { path: "delivery", drop: true, count: 1 }],
  ["faults.p.twice", { path: "delivery", duplicate: 1 }],
  ["faults.p.swapped", { path: "delivery", reorder: true }],
  ["faults.p.overlap", { path: "delivery", overlap: true }],
];

/** @typedef {"path" | "errcode" | "status" | "delay" | "content_type" | "duplicate" | "probability" | "count"} Field */
/** @typedef {"drop" | "reorder" | "overlap"} Switch */

/** @type {Record<Field, Attributes>} the fields of a rule and their controls */
const FIELDS = {
  path: { type: "text", required: true, value: "/cgi-bin/*", list: "fault-paths" },
  errcode: { type: "number" },
  status: { type: "number" },
  delay: { type: "number", step: "any" },
  content_type: { type: "text" },
  duplicate: { type: "number" },
  probability: { type: "number", step: "any", min: "0", max: "1" },
  count: { type: "number" },
};
const FIELD_NAMES = /** @type {Field[]} */ (Object.keys(FIELDS));
/** @type {Switch[]} */
const SWITCHES = ["drop", "reorder", "overlap"];
const PATHS = ["delivery", "/cgi-bin/*", "/cgi-bin/token", "/cgi-bin/stable_token", "/cgi-bin/message/custom/send", "/cgi-bin/menu/*", "/cgi-bin/media/*", "/sns/*"];

/**
 * Return true for a rule that has struck as often as it may. It is shown until the list is changed.
 * @param {Fault} rule
 */
const isSpent = ({ count }) => count === 0;

/** @type {Tool} */
export function faultsTool(root, world) {
  const list = el("ul", { class: "fault-list" });
  const said = el("p", { class: "fault", role: "alert" });
  const form = el("form", { class: "fault-form", onsubmit: add },
    FIELD_NAMES.map((name) => field(t(`faults.${name}`), el("input", { name, autocomplete: "off", ...FIELDS[name] }))),
    el("div", { class: "switches" }, SWITCHES.map((name) => el("label", { class: "check" }, el("input", { type: "checkbox", name }), t(`faults.${name}`)))),
    el("datalist", { id: "fault-paths" }, PATHS.map((value) => el("option", { value }))),
    el("button", { class: "primary" }, t("faults.add")));
  const presets = el("div", { class: "presets" }, PRESETS.map(([key, rule]) => button({ class: "chip", onclick: () => change([...world.faults, rule]) }, t(key))));
  root.append(el("section", { class: "card-box" }, el("h3", {}, t("faults.now")), list, said),
    el("section", { class: "card-box" }, el("h3", {}, t("faults.presets")), presets),
    el("section", { class: "card-box" }, el("h3", {}, t("faults.own")), form));

  /** @param {Fault[]} rules */
  async function change(rules) {
    said.textContent = "";
    try {
      world.setFaults((await api.setFaults(rules.filter((rule) => !isSpent(rule)))).faults);
    } catch (error) {
      said.textContent = reasonOf(error);
    }
  }

  /** @param {SubmitEvent} event */
  function add(event) {
    event.preventDefault();
    const given = new FormData(form);
    const fields = FIELD_NAMES.filter((name) => given.get(name) !== "").map((name) =>
      [name, FIELDS[name].type === "number" ? Number(given.get(name)) : given.get(name)]);
    const switches = SWITCHES.filter((name) => given.has(name)).map((name) => [name, true]);
    change([...world.faults, { path: String(given.get("path")), ...Object.fromEntries([...fields, ...switches]) }]);
  }

  /**
   * @param {Fault} rule
   * @param {number} index
   */
  function row(rule, index) {
    const { path, ...rest } = rule;
    return el("li", { class: isSpent(rule) ? "spent" : "", "data-testid": "fault" }, el("code", {}, path),
      isSpent(rule) ? el("span", { class: "chip" }, t("faults.spent")) : null,
      Object.entries(rest).map(([name, value]) => el("span", { class: "chip" }, `${tell(`faults.${name}`, name)}${value === true ? "" : ` ${value}`}`)),
      iconButton("trash", t("faults.remove"), () => change(world.faults.filter((_, other) => other !== index))));
  }

  function draw() {
    list.replaceChildren(...(world.faults.length ? world.faults.map(row) : [el("li", { class: "quiet" }, t("faults.none"))]));
  }

  /** Read the rules, unless an event brings newer ones meanwhile. */
  function read() {
    const before = world.faults;
    api.faults().then(({ faults }) => world.faults === before && world.setFaults(faults), () => {});
  }

  world.addEventListener("faults", draw);
  world.addEventListener("account", read);
  draw();
  return { shown: read };
}
