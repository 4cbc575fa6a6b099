/** Edit the settings of the account and of WeChat's behaviour. Each one is saved when it is changed. */

/** @import { Setting } from "../types.js" */
/** @import { Tool } from "./desk.js" */

import * as api from "../api.js";
import { el, iconButton } from "../dom.js";
import { reasonOf, t, tell } from "../words.js";

/** @type {Record<string, string[]>} the values of settings that have only a few */
const CHOICES = {
  kind: ["subscription", "subscription-verified", "service", "service-verified", "test"],
  mode: ["plain", "compatible", "safe"],
  consent: ["ask", "silent-for-followers"],
  escaped_names: ["refuse", "literal"],
  prove_domains: ["always", "not-loopback", "never"],
  expired_code_errcode: ["42003", "40029"],
  stranger_errcode: ["40003", "43004", "45015"],
};
/** Settings that only the command line can change. */
const FIXED = ["app_id", "app_secret", "original_id", "verify_file", "verify_text", "site_app_id", "site_app_secret", "one_time_template_id"];
const ACCOUNT = ["name", "kind", "mode", "token", "aes_key", "web_domains", "js_domains", "site_domains", "ip_whitelist"];
/** Fields of the account that are no settings. */
const NOT_SETTINGS = new Set(["callback", "callback_ok", "avatar"]);

/** @type {Tool} */
export function settingsTool(root, world) {
  const save = el("p", { class: "said", role: "status" });
  /** @type {string | null} */
  let drawn = null;

  function draw() {
    /** @type {Record<string, Setting | undefined>} */
    const values = { ...world.account, ...world.behaviour };
    const now = JSON.stringify(values);
    if (now === drawn || root.contains(document.activeElement)) return;
    drawn = now;
    const rest = Object.keys(values).filter((name) => ![...FIXED, ...ACCOUNT].includes(name) && !NOT_SETTINGS.has(name));
    /** @type {(names: string[], build: (name: string, value: Setting) => HTMLElement) => HTMLElement[]} */
    const built = (names, build) => names.flatMap((name) => {
      const value = values[name];
      return value === undefined ? [] : [build(name, value)];
    });
    root.replaceChildren(save,
      group("settings.account", built(ACCOUNT, row)),
      group("settings.behaviour", built(rest, row)),
      group("settings.fixed", built(FIXED, fixed)));
  }

  /** @type {(title: "settings.account" | "settings.behaviour" | "settings.fixed", rows: HTMLElement[]) => HTMLElement} */
  const group = (title, rows) => el("section", { class: "card-box" }, el("h3", {}, t(title)), el("div", { class: "settings" }, rows));

  /**
   * @param {string} name
   * @param {Setting} value
   */
  function fixed(name, value) {
    return el("div", { class: "setting" }, el("span", {}, label(name)), el("code", {}, String(value)),
      iconButton("copy", `${t("copy")} ${label(name)}`, () => navigator.clipboard.writeText(String(value)).then(() => (save.textContent = t("copied")), () => {})));
  }

  /** @param {string} name */
  const label = (name) => tell(`setting.${name}`, name.replaceAll("_", " "));

  /**
   * @param {string} name
   * @param {Setting} value
   */
  function row(name, value) {
    const fault = el("span", { class: "fault", role: "alert" });
    const control = controlFor(name, value);
    control.node.addEventListener("change", async () => {
      fault.textContent = "";
      try {
        world.setSettings(await api.setSettings({ [name]: control.read() }));
        save.textContent = t("settings.saved", { name: label(name) });
      } catch (error) {
        fault.textContent = reasonOf(error);
      }
    });
    return el("label", { class: "setting" }, el("span", { title: name }, label(name)), control.node, fault);
  }

  world.addEventListener("account", draw);
  root.addEventListener("focusout", () => setTimeout(draw));
  return { shown: draw };
}

/**
 * Return the control that fits the value, and the function that reads it.
 * @param {string} name
 * @param {Setting} value
 * @returns {{ node: HTMLElement, read: () => Setting }}
 */
function controlFor(name, value) {
  const attributes = { name, "data-setting": name };
  if (CHOICES[name]) {
    const words = ["kind", "mode"].includes(name) ? `account.${name}` : name;
    const node = el("select", attributes, CHOICES[name].map((choice) => el("option", { value: choice, selected: choice === String(value) }, tell(`${words}.${choice}`, choice))));
    return { node, read: () => (typeof value === "number" ? Number(node.value) : node.value) };
  }
  if (typeof value === "boolean") {
    const node = el("input", { ...attributes, type: "checkbox", checked: value });
    return { node, read: () => node.checked };
  }
  if (typeof value === "number") {
    const node = el("input", { ...attributes, type: "number", step: "any", value: String(value) });
    return { node, read: () => Number(node.value) };
  }
  const list = Array.isArray(value);
  const text = Array.isArray(value) ? value.join(", ") : (value ?? "");
  const node = el("input", { ...attributes, type: "text", autocomplete: "off", spellcheck: "false", value: text });
  return { node, read: () => (list ? node.value.split(/[\s,，]+/).filter(Boolean) : node.value) };
}
