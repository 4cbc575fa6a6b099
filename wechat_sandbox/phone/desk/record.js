/** A conversation as a file: saved, loaded, replayed against the live account, exported as a test. */

import * as api from "../api.js";
import { askFile } from "../dialogs.js";
import { action, download, el } from "../dom.js";
import { icon } from "../icons.js";
import { t, tell } from "../words.js";

export function recordTool(root, world, { readMore }) {
  let recording = null;
  const facts = el("p", { class: "quiet", "data-testid": "recording" });
  const said = el("p", { class: "said", role: "status" });
  const steps = el("ol", { class: "steps" });
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

  /** What is loaded, or else everything so far. */
  async function current() {
    if (!recording) use(await api.recording(), t("record.now"));
    return recording;
  }

  function use(given, name) {
    if (!Array.isArray(given?.steps)) throw new Error(t("record.notOne"));
    recording = given;
    facts.textContent = t("record.holds", { name, count: given.steps.length });
    steps.replaceChildren(...given.steps.map((step) => row(step, step.nickname, words(step.shown))));
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

  const side = (title, shown, same) => el("div", { class: same ? "same" : "other" }, el("h4", {}, t(title)), el("p", {}, words(shown)));

  const difference = (text) => text.split("\n").map((line) =>
    el("span", { class: line.startsWith("+") ? "added" : line.startsWith("-") ? "removed" : "" }, `${line}\n`));

  function row({ act: what }, nickname, answer, same) {
    const { type = "", body = {} } = what ?? {};
    return el("li", { class: "step", "data-testid": "step", "data-same": same === undefined ? null : String(same) },
      el("p", { class: "step-head" },
        same === undefined ? null : el("span", { class: same ? "good" : "bad" }, icon(same ? "check" : "close")),
        el("strong", {}, nickname ?? ""), el("span", { class: "chip" }, tell(`act.${type}`, type)), detailOf(body)),
      answer === null ? null : el("p", { class: "quiet" }, answer));
  }

  /** A tap says where; people know the button by its name, if the menu still has it. */
  function buttonAt(path) {
    let item = { sub_button: world.more.menu?.button };
    for (const index of path) item = item?.sub_button?.[index];
    return item?.name;
  }

  const detailOf = ({ content, type, ...rest }) => content ?? (rest.path && buttonAt(rest.path)) ?? [type, Object.keys(rest).length ? JSON.stringify(rest) : ""].filter(Boolean).join(" ");

  const words = (shown = []) => shown.length ? shown.map(({ content, type, title }) => content ?? title ?? `[${tell(`kind.${type}`, type)}]`).join("\n") : t("resend.nothing");

  world.addEventListener("account", () => (facts.textContent ||= t("record.nothing")));
  return { shown: readMore };
}
