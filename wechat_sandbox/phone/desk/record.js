/** Save a conversation as a file, load it, replay it against the live account, export it as a test. */

/** @import { IconName } from "../icons.js" */
/** @import { Act, ActBody, MenuButton, Recording, ShownMessage } from "../types.js" */
/** @import { Word } from "../words.js" */
/** @import { Tool } from "./desk.js" */

import * as api from "../api.js";
import { askFile } from "../dialogs.js";
import { action, download, el } from "../dom.js";
import { icon } from "../icons.js";
import { t, tell } from "../words.js";

/** @type {Tool} */
export function recordTool(root, world, { readMore }) {
  /** @type {Recording | null} */
  let recording = null;
  const facts = el("p", { class: "quiet", "data-testid": "recording" });
  const said = el("p", { class: "said", role: "status" });
  const steps = el("ol", { class: "steps" });
  /** @type {(name: IconName, key: Word, work: () => unknown, testid: string) => HTMLElement} */
  const act = (name, key, work, testid) => action({ "data-testid": testid }, work, said, icon(name), t(key));

  root.append(
    el("section", { class: "card-box" }, el("h3", {}, t("record.title")), el("p", { class: "quiet" }, t("record.text")), facts,
      el("div", { class: "acts" },
        act("record", "record.take", async () => use(await api.recording(), t("record.now")), "record-take"),
        act("download", "record.save", async () => download("conversation.json", JSON.stringify(await current(), null, 2), "application/json"), "record-save"),
        act("upload", "record.load", load, "record-load"),
        act("again", "record.replay", replay, "record-replay"),
        act("check", "record.export", async () => download("test_conversation.py", await api.exportTest(await current()), "text/x-python"), "record-export")),
      said),
    steps);

  /** Return the recording that was loaded from a file. If none was loaded, return all steps recorded so far. */
  async function current() {
    return recording ?? use(await api.recording(), t("record.now"));
  }

  /**
   * Take a recording and show it.
   * @param {Recording | null} given null or anything else if a file is no recording
   * @param {string} name
   * @returns {Recording}
   */
  function use(given, name) {
    if (!given || !Array.isArray(given.steps)) throw new Error(t("record.notOne"));
    recording = given;
    facts.textContent = t("record.holds", { name, count: given.steps.length });
    steps.replaceChildren(...given.steps.map((step) => row(step, step.nickname, words(step.shown))));
    return given;
  }

  async function load() {
    const file = await askFile("application/json,.json");
    if (!file) return;
    let parsed;
    try {
      parsed = JSON.parse(await file.text());
    } catch {
      throw new Error(t("record.notOne"));
    }
    use(parsed, file.name);
  }

  async function replay() {
    const wanted = await current();
    said.textContent = t("record.running");
    const { steps: done, same } = await api.replay(wanted);
    said.textContent = t(same ? "record.same" : "record.different", { count: done.filter((step) => !step.same).length });
    steps.replaceChildren(...done.map((step, index) => {
      const node = row(step, wanted.steps[index]?.nickname, null, step.same);
      node.append(el("div", { class: "both" }, side("record.before", step.before, step.same), side("record.after", step.after, step.same)));
      if (!step.same && step.difference) node.append(el("pre", { class: "difference" }, difference(step.difference)));
      return node;
    }));
  }

  /** @type {(title: "record.before" | "record.after", shown: ShownMessage[], same: boolean) => HTMLElement} */
  const side = (title, shown, same) => el("div", { class: same ? "same" : "other" }, el("h4", {}, t(title)), el("p", {}, words(shown)));

  /** @param {string} text */
  const difference = (text) => text.split("\n").map((line) =>
    el("span", { class: line.startsWith("+") ? "added" : line.startsWith("-") ? "removed" : "" }, `${line}\n`));

  /**
   * Build the row of a step.
   * @param {{ act: Act }} step
   * @param {string | undefined} nickname
   * @param {string | null} answer what the user saw
   * @param {boolean} [same] whether a replay gave the same answer
   */
  function row({ act: what }, nickname, answer, same) {
    const { type = "", body = {} } = what ?? {};
    return el("li", { class: "step", "data-testid": "step", "data-same": same === undefined ? null : String(same) },
      el("p", { class: "step-head" },
        same === undefined ? null : el("span", { class: same ? "good" : "bad" }, icon(same ? "check" : "close")),
        el("strong", {}, nickname ?? ""), el("span", { class: "chip" }, tell(`act.${type}`, type)), detailOf(body)),
      answer === null ? null : el("p", { class: "quiet" }, answer));
  }

  /**
   * Return the name of the menu's button at `path`, if the menu still has it.
   * @param {number[]} path
   */
  function buttonAt(path) {
    /** @type {Partial<MenuButton> | undefined} */
    let item = { sub_button: world.more.menu?.button };
    for (const index of path) item = item?.sub_button?.[index];
    return item?.name;
  }

  /** @type {(body: ActBody) => string} */
  const detailOf = ({ content, type, ...rest }) => content ?? (rest.path && buttonAt(rest.path)) ?? [type, Object.keys(rest).length ? JSON.stringify(rest) : ""].filter(Boolean).join(" ");

  /** @type {(shown?: ShownMessage[]) => string} */
  const words = (shown = []) => shown.length ? shown.map(({ content, type, title }) => content ?? title ?? `[${tell(`kind.${type}`, type)}]`).join("\n") : t("resend.nothing");

  world.addEventListener("account", () => (facts.textContent ||= t("record.nothing")));
  return { shown: readMore };
}
