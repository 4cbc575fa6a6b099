/** One delivery or one API call in full: what went out, what came back, and doing it again. */

import * as api from "../api.js";
import { action, el, iconButton } from "../dom.js";
import { icon } from "../icons.js";
import { journalTime } from "../time.js";
import { inWords, t, tell } from "../words.js";
import { readable, textOf } from "./pretty.js";
import { resendForm, resendResult } from "./resend.js";

/** Answers `show(entry)`. `close` is called by the button that closes. */
export function detailView(root, world, { nickname, close }) {
  function show(entry) {
    const delivery = entry.sort === "delivery";
    const said = el("p", { class: "said", role: "status", "data-testid": "said" });
    const below = el("div", { class: "below" });
    const act = (name, label, work, testid) => action({ "data-testid": testid }, work, said, icon(name), label);

    const again = async () => {
      said.textContent = t("resend.running");
      below.replaceChildren(resendResult(await api.resend(entry)));
      said.textContent = "";
    };
    root.replaceChildren(
      el("header", {}, el("h3", {}, delivery ? entry.kind : `${entry.method} ${entry.path}`),
        iconButton("close", t("close"), close)),
      el("div", { class: "body" },
        el("div", { class: "acts" },
          act("copy", t("detail.curl"), async () => { await copy((await api.curl(entry)).curl, said); }, "copy-curl"),
          delivery ? act("again", t("detail.resend"), again, "resend") : null,
          delivery ? act("edit", t("detail.edit"), () => below.replaceChildren(resendForm(entry)), "edit-resend") : null,
          said),
        below,
        el("dl", {}, (delivery ? deliveryFacts(entry) : callFacts(entry)).filter(([, value]) => value).map(([name, value]) =>
          el("div", {}, el("dt", {}, t(name)), el("dd", {}, value)))),
        el("div", { class: "parts" }, (delivery ? deliveryParts(entry) : callParts(entry)).filter(Boolean).map(([name, content]) => part(t(name), content)))));
    root.querySelector(".body").scrollTop = 0;
  }

  const deliveryFacts = (entry) => [
    ["detail.at", journalTime(entry.at)],
    ["detail.user", `${nickname(entry.openid)}  ${entry.openid}`],
    ["detail.attempt", t("log.attempt", { number: entry.attempt })],
    ["detail.address", entry.url],
    ["detail.result", `${tell(`outcome.${entry.outcome}`, entry.outcome)} · ${entry.status ?? t("detail.noStatus")} · ${Math.round(entry.elapsed_ms)} ms`],
    ["detail.error", entry.error && inWords(entry.error)],
  ];

  const callFacts = (entry) => [
    ["detail.at", journalTime(entry.at)],
    ["detail.status", String(entry.status)],
    ["detail.error", entry.errcode ? `${entry.errcode} ${entry.response?.errmsg ?? ""}` : ""],
  ];

  function deliveryParts(entry) {
    const encrypted = entry.request_raw && entry.request_raw !== entry.request_xml;
    const answered = entry.response_raw && entry.response_raw !== entry.response_xml;
    return [
      ["detail.request", entry.request_xml],
      ["detail.reply", entry.response_xml || (answered ? entry.response_raw : t("detail.empty"))],
      encrypted && ["detail.requestRaw", entry.request_raw],
      answered && entry.response_xml && ["detail.replyRaw", entry.response_raw],
    ];
  }

  const callParts = (entry) => [
    entry.query && Object.keys(entry.query).length > 0 && ["detail.query", entry.query],
    entry.body && ["detail.body", entry.body],
    ["detail.response", entry.response ?? t("detail.empty")],
  ];

  function part(name, content) {
    const said = el("span", { class: "quiet", role: "status" });
    return el("section", {},
      el("h4", {}, name, said, iconButton("copy", t("copy"), () => copy(textOf(content), said))),
      el("pre", { tabindex: "0" }, readable(content)));
  }

  return show;
}

/** Where the clipboard is refused, the text is shown for the hand to copy. */
async function copy(text, said) {
  try {
    await navigator.clipboard.writeText(text);
    said.textContent = t("copied");
  } catch {
    said.textContent = text;
  }
}
