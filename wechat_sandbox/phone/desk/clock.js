/** Move the sandbox's clock. It can only go forward, and what expires follows it. */

/** @import { Tool } from "./desk.js" */

import * as api from "../api.js";
import { button, el } from "../dom.js";
import { reasonOf, t } from "../words.js";
import { span } from "../time.js";

/** @type {["m5" | "h2" | "h48" | "d3" | "d30", number][]} jumps and their seconds; the words say what each brings about */
const JUMPS = [["m5", 300], ["h2", 7200], ["h48", 172_800], ["d3", 259_200], ["d30", 2_592_000]];

/** @type {["s" | "m" | "h" | "d", number][]} units and their seconds */
const UNITS = [["s", 1], ["m", 60], ["h", 3600], ["d", 86400]];

/** @type {Tool} */
export function clockTool(root, world) {
  const face = el("p", { class: "clock-face" });
  const ahead = el("p", { class: "quiet" });
  const said = el("p", { class: "fault", role: "alert" });
  const amount = el("input", { type: "number", min: "1", value: "60", required: true, "aria-label": t("clock.amount") });
  const unit = el("select", { "aria-label": t("clock.unit") }, UNITS.map(([name, size]) => el("option", { value: String(size) }, t(`unit.${name}`))));
  const form = el("form", { class: "line", onsubmit: (event) => { event.preventDefault(); jump(Number(amount.value) * Number(unit.value)); } }, amount, unit, el("button", { class: "primary" }, t("clock.go")));
  root.append(
    el("section", { class: "card-box clock-box" }, face, ahead),
    el("section", { class: "card-box" }, el("h3", {}, t("clock.jumps")),
      el("div", { class: "jumps" }, JUMPS.map(([name, seconds]) => button({ "data-jump": name, onclick: () => jump(seconds) }, el("strong", {}, `+ ${span(seconds)}`), el("small", {}, t(`clock.${name}`))))),
      el("h3", {}, t("clock.own")), form, said, el("p", { class: "quiet" }, t("clock.server"))));

  /** @param {number} seconds */
  async function jump(seconds) {
    said.textContent = "";
    try {
      world.setClock((await api.clock(seconds)).offset_seconds);
    } catch (error) {
      said.textContent = reasonOf(error);
    }
  }

  function tick() {
    if (root.hidden) return;
    face.textContent = new Date(world.now() * 1000).toLocaleString(document.documentElement.lang, { dateStyle: "full", timeStyle: "medium" });
    ahead.textContent = Math.abs(world.clockOffset) < 1 ? t("clock.real") : t("clock.ahead", { span: span(world.clockOffset) });
  }

  setInterval(tick, 1000);
  world.addEventListener("clock", tick);
  return { shown: tick };
}
