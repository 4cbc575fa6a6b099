/** Show the developer's desk beside the phones: the account at the top, and one tool at a time below. */

/** @import { World } from "../world.js" */

import * as api from "../api.js";
import { button, el, iconButton } from "../dom.js";
import { span } from "../time.js";
import { reasonOf, t, tell } from "../words.js";
import { clockTool } from "./clock.js";
import { dataTool } from "./data.js";
import { faultsTool } from "./faults.js";
import { logTool } from "./log.js";
import { recordTool } from "./record.js";
import { settingsTool } from "./settings.js";
import { tabs } from "./tabs.js";

/** Key of sessionStorage for the name of the tool on show. */
const REMEMBERED = "sandbox-desk";

/**
 * Build a tool in its pane. `shown` is called whenever the developer turns to it; `readMore` reads tokens,
 * quotas and the like anew.
 * @typedef {(root: HTMLElement, world: World, actions: { readMore: () => void }) => { shown: () => void }} Tool
 */

/** @typedef {"log" | "settings" | "data" | "faults" | "clock" | "record"} ToolName */

/** @type {Record<ToolName, Tool>} */
const TOOLS = { log: logTool, settings: settingsTool, data: dataTool, faults: faultsTool, clock: clockTool, record: recordTool };

const NAMES = /** @type {ToolName[]} */ (Object.keys(TOOLS));

/**
 * @param {HTMLElement} root
 * @param {World} world
 * @param {object} actions
 * @param {() => void} actions.readMore reads tokens, quotas and the like anew
 * @param {() => void} actions.close shuts the desk where it is a drawer
 */
export function deskView(root, world, { readMore, close }) {
  const head = el("header", { class: "desk-head" });
  const bar = el("div", { class: "desk-tabs", role: "tablist", "aria-label": t("desk.title") });
  const tools = new Map(NAMES.map((name) => {
    const pane = el("section", {
      class: `tool tool-${name}`, role: "tabpanel", id: `tool-${name}`, "aria-label": t(`desk.${name}`), hidden: true,
    });
    return [name, { pane, ...TOOLS[name](pane, world, { readMore }) }];
  }));
  root.replaceChildren(head, bar, ...[...tools.values()].map(({ pane }) => pane));

  const items = NAMES.map((name) => ({ name, label: t(`desk.${name}`), controls: `tool-${name}` }));
  const select = tabs(bar, items, (name) => {
    for (const [other, { pane }] of tools) pane.hidden = other !== name;
    sessionStorage.setItem(REMEMBERED, name);
    tools.get(name)?.shown();
  });

  const address = el("input", { type: "url", placeholder: "http://127.0.0.1:8080/wechat", "aria-label": t("callback.label"), autocomplete: "off", spellcheck: "false", "data-testid": "callback" });
  const save = el("button", {}, t("callback.verify"));
  const fault = el("p", { class: "fault", role: "alert" });
  const state = el("span", { class: "state" });
  const title = el("div", { class: "desk-title" });
  const form = el("form", { class: "callback", onsubmit: verify }, state, el("div", { class: "line" }, address, save));
  head.append(title, form, fault);

  function draw() {
    const { name, kind, mode, app_id, callback, callback_ok } = world.account;
    const offset = world.clockOffset;
    const faults = world.faults.filter(({ count }) => count !== 0).length;
    title.replaceChildren(
      el("h2", {}, name ?? ""),
      el("span", { class: "chip" }, tell(`account.kind.${kind}`, kind)),
      el("span", { class: "chip" }, tell(`account.mode.${mode}`, mode)),
      Math.abs(offset) >= 1 ? button({ class: "chip hot", onclick: () => select("clock") }, t("clock.ahead", { span: span(offset) })) : "",
      faults ? button({ class: "chip hot", onclick: () => select("faults") }, t("faults.active", { count: faults })) : "",
      el("code", { class: "app-id" }, app_id ?? ""),
      iconButton("close", t("fold"), close, { class: "icon-button desk-close" }));
    state.className = `state ${callback && callback_ok ? "good" : "bad"}`;
    state.textContent = t(callback ? (callback_ok ? "callback.good" : "callback.bad") : "callback.none");
    if (document.activeElement !== address) address.value = callback ?? "";
  }

  /** @param {SubmitEvent} event */
  async function verify(event) {
    event.preventDefault();
    save.disabled = true;
    fault.textContent = "";
    try {
      await api.setCallback(address.value.trim());
    } catch (error) {
      fault.textContent = reasonOf(error);
    }
    save.disabled = false;
  }

  for (const topic of ["account", "clock", "faults"]) world.addEventListener(topic, draw);
  select(sessionStorage.getItem(REMEMBERED) ?? "log");
}
