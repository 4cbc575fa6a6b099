/** The account and WeChat's behaviour, every switch of them, saved one by one as they are changed. */

import * as api from "../api.js";
import { el, iconButton } from "../dom.js";
import { t, tell } from "../words.js";

const CHOICES = {
  kind: ["subscription", "subscription-verified", "service", "service-verified", "test"],
  mode: ["plain", "compatible", "safe"],
  consent: ["ask", "silent-for-followers"],
  escaped_names: ["refuse", "literal"],
  prove_domains: ["always", "not-loopback", "never"],
  expired_code_errcode: ["42003", "40029"],
  stranger_errcode: ["40003", "43004", "45015"],
};
/** Told to the developer, changed only on the command line. */
const FIXED = ["app_id", "app_secret", "original_id", "verify_file", "verify_text", "site_app_id", "site_app_secret", "one_time_template_id"];
const ACCOUNT = ["name", "kind", "mode", "token", "aes_key", "web_domains", "js_domains", "site_domains", "ip_whitelist"];
/** What the state tells besides, and is no setting. */
const NOT_SETTINGS = new Set(["callback", "callback_ok", "avatar"]);

export function settingsTool(root, world) {
  const save = el("p", { class: "said", role: "status" });
  let drawn = null;

  function draw() {
    const values = { ...world.account, ...world.behaviour };
    const now = JSON.stringify(values);
    if (now === drawn || root.contains(document.activeElement)) return;
    drawn = now;
    const rest = Object.keys(values).filter((name) => ![...FIXED, ...ACCOUNT].includes(name) && !NOT_SETTINGS.has(name));
    const known = (names) => names.filter((name) => values[name] !== undefined);
    root.replaceChildren(save,
      group("settings.account", known(ACCOUNT).map((name) => row(name, values[name]))),
      group("settings.behaviour", rest.map((name) => row(name, values[name]))),
      group("settings.fixed", known(FIXED).map((name) => fixed(name, values[name]))));
  }

  const group = (title, rows) => el("section", { class: "card-box" }, el("h3", {}, t(title)), el("div", { class: "settings" }, rows));

  function fixed(name, value) {
    return el("div", { class: "setting" }, el("span", {}, label(name)), el("code", {}, String(value)),
      iconButton("copy", `${t("copy")} ${label(name)}`, () => navigator.clipboard.writeText(String(value)).then(() => (save.textContent = t("copied")), () => {})));
  }

  const label = (name) => tell(`setting.${name}`, name.replaceAll("_", " "));

  function row(name, value) {
    const fault = el("span", { class: "fault", role: "alert" });
    const control = controlFor(name, value);
    control.node.addEventListener("change", async () => {
      fault.textContent = "";
      try {
        world.setSettings(await api.setSettings({ [name]: control.read() }));
        save.textContent = t("settings.saved", { name: label(name) });
      } catch (error) {
        fault.textContent = error.message;
      }
    });
    return el("label", { class: "setting" }, el("span", { title: name }, label(name)), control.node, fault);
  }

  world.addEventListener("account", draw);
  root.addEventListener("focusout", () => setTimeout(draw));
  return { shown: draw };
}

/** The control that fits the value, and how it is read back. */
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
  const node = el("input", { ...attributes, type: "text", autocomplete: "off", spellcheck: "false", value: list ? value.join(", ") : (value ?? "") });
  return { node, read: () => (list ? node.value.split(/[\s,，]+/).filter(Boolean) : node.value) };
}
