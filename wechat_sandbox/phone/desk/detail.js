/** Show one delivery or one API call in full: what went out, what came back, and how to send it again. */

/** @import { IconName } from "../icons.js" */
/** @import { CallEntry, DeliveryEntry, Entry } from "../journal.js" */
/** @import { Word } from "../words.js" */

import * as api from "../api.js";
import { action, el, iconButton } from "../dom.js";
import { icon } from "../icons.js";
import { query } from "../query.js";
import { journalTime } from "../time.js";
import { inWords, t, tell } from "../words.js";
import { readable, textOf } from "./pretty.js";
import { resendForm, resendResult } from "./resend.js";

/**
 * Return the function that shows an entry.
 * @param {HTMLElement} root
 * @param {object} actions
 * @param {(openid: string) => string} actions.nickname
 * @param {() => void} actions.close is called by the button that closes
 */
export function detailView(root, { nickname, close }) {
  /** @param {Entry} entry */
  function show(entry) {
    const delivery = entry.sort === "delivery" ? entry : null;
    const said = el("p", { class: "said", role: "status", "data-testid": "said" });
    const below = el("div", { class: "below" });
    /** @type {(name: IconName, label: string, work: () => unknown, testid: string) => HTMLElement} */
    const act = (name, label, work, testid) => action({ "data-testid": testid }, work, said, icon(name), label);

    const again = async () => {
      said.textContent = t("resend.running");
      below.replaceChildren(resendResult(await api.resend(entry)));
      said.textContent = "";
    };
    root.replaceChildren(
      el("header", {}, el("h3", {}, entry.sort === "delivery" ? entry.kind : `${entry.method} ${entry.path}`),
        iconButton("close", t("close"), close)),
      el("div", { class: "body" },
        el("div", { class: "acts" },
          act("copy", t("detail.curl"), async () => { await copy((await api.curl(entry)).curl, said); }, "copy-curl"),
          delivery ? act("again", t("detail.resend"), again, "resend") : null,
          delivery ? act("edit", t("detail.edit"), () => below.replaceChildren(resendForm(delivery)), "edit-resend") : null,
          said),
        below,
        el("dl", {}, (entry.sort === "delivery" ? deliveryFacts(entry) : callFacts(entry)).filter(([, value]) => value).map(([name, value]) =>
          el("div", {}, el("dt", {}, t(name)), el("dd", {}, value)))),
        el("div", { class: "parts" }, (entry.sort === "delivery" ? deliveryParts(entry) : callParts(entry)).filter((found) => found !== null).map(([name, content]) => part(t(name), content)))));
    query(root, ".body").scrollTop = 0;
  }

  /** @type {(entry: DeliveryEntry) => [Word, string | null][]} name and value; null is left out */
  const deliveryFacts = (entry) => [
    ["detail.at", journalTime(entry.at)],
    ["detail.user", `${nickname(entry.openid)}  ${entry.openid}`],
    ["detail.attempt", t("log.attempt", { number: entry.attempt })],
    ["detail.address", entry.url],
    ["detail.result", `${tell(`outcome.${entry.outcome}`, entry.outcome)} · ${entry.status ?? t("detail.noStatus")} · ${Math.round(entry.elapsed_ms)} ms`],
    ["detail.error", entry.error && inWords(entry.error)],
  ];

  /** @type {(entry: CallEntry) => [Word, string][]} */
  const callFacts = (entry) => [
    ["detail.at", journalTime(entry.at)],
    ["detail.status", String(entry.status)],
    ["detail.error", entry.errcode ? `${entry.errcode} ${entry.response?.errmsg ?? ""}` : ""],
  ];

  /**
   * @param {DeliveryEntry} entry
   * @returns {([Word, unknown] | null)[]} name and content; null is left out
   */
  function deliveryParts(entry) {
    const encrypted = entry.request_raw && entry.request_raw !== entry.request_xml;
    const answered = entry.response_raw && entry.response_raw !== entry.response_xml;
    return [
      ["detail.request", entry.request_xml],
      ["detail.reply", entry.response_xml || (answered ? entry.response_raw : t("detail.empty"))],
      encrypted ? ["detail.requestRaw", entry.request_raw] : null,
      answered && entry.response_xml ? ["detail.replyRaw", entry.response_raw] : null,
    ];
  }

  /** @type {(entry: CallEntry) => ([Word, unknown] | null)[]} */
  const callParts = (entry) => [
    entry.query && Object.keys(entry.query).length > 0 ? ["detail.query", entry.query] : null,
    entry.body ? ["detail.body", entry.body] : null,
    ["detail.response", entry.response ?? t("detail.empty")],
  ];

  /**
   * @param {string} name
   * @param {unknown} content
   */
  function part(name, content) {
    const said = el("span", { class: "quiet", role: "status" });
    return el("section", {},
      el("h4", {}, name, said, iconButton("copy", t("copy"), () => copy(textOf(content), said))),
      el("pre", { tabindex: "0" }, readable(content)));
  }

  return show;
}

/**
 * Copy `text`; where the browser refuses the clipboard, show it.
 * @param {string} text
 * @param {HTMLElement} said
 */
async function copy(text, said) {
  try {
    await navigator.clipboard.writeText(text);
    said.textContent = t("copied");
  } catch {
    said.textContent = text;
  }
}
