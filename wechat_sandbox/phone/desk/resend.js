/** Send a delivery again: edited, signed anew, or wrong on purpose. */

/** @import { DeliveryEntry } from "../journal.js" */
/** @import { ActOutcome, Attempt } from "../types.js" */

import * as api from "../api.js";
import { el } from "../dom.js";
import { inWords, reasonOf, t, tell } from "../words.js";
import { readable, textOf } from "./pretty.js";

/** @type {("none" | "signature" | "receiver" | "stale")[]} what can be made wrong */
const TAMPERS = ["none", "signature", "receiver", "stale"];

/** @param {DeliveryEntry} entry */
export function resendForm(entry) {
  const xml = el("textarea", { name: "xml", spellcheck: "false", rows: "9", "aria-label": t("resend.xml"), "data-testid": "resend-xml" });
  xml.value = textOf(entry.request_xml);
  const fresh = el("input", { type: "checkbox", checked: true });
  // A server takes an edited message with the old MsgId for a retry, and returns the old answer.
  const asNew = el("input", { type: "checkbox", checked: true, "data-testid": "resend-new" });
  const tamper = el("select", { "aria-label": t("resend.tamper") }, TAMPERS.map((name) => el("option", { value: name === "none" ? "" : name }, t(`resend.tamper.${name}`))));
  const result = el("div", { "aria-live": "polite" });
  const submit = el("button", { class: "primary", "data-testid": "resend-send" }, t("resend.send"));

  /** @param {SubmitEvent} event */
  async function send(event) {
    event.preventDefault();
    submit.disabled = true;
    result.textContent = t("resend.running");
    try {
      const changes = { xml: xml.value, fresh: fresh.checked, as_new: asNew.checked, ...(tamper.value && { tamper: tamper.value }) };
      result.replaceChildren(resendResult(await api.resend(entry, changes)));
    } catch (error) {
      result.replaceChildren(el("p", { class: "fault" }, reasonOf(error)));
    }
    submit.disabled = false;
  }

  return el("form", { class: "resend-form", onsubmit: send }, xml,
    el("div", { class: "line" },
      el("label", { class: "check" }, asNew, t("resend.new")), el("label", { class: "check" }, fresh, t("resend.fresh")), tamper, submit), result);
}

/**
 * Build the result: each attempt, and what the user saw.
 * @param {ActOutcome} outcome
 */
export function resendResult({ deliveries, shown }) {
  /** @param {Attempt} attempt */
  const attempt = ({ attempt: number, outcome, status, elapsed_ms, error, reply }) => el("li", {},
    el("span", { class: ["reply", "success", "empty"].includes(outcome) ? "good" : "bad" }, tell(`outcome.${outcome}`, outcome)),
    ` ${t("log.attempt", { number })} · ${status ?? "—"} · ${Math.round(elapsed_ms)} ms`,
    error ? el("p", { class: "fault" }, inWords(error)) : null,
    reply ? el("pre", {}, readable(reply)) : null);
  const seen = shown.map((message) => ("content" in message ? message.content : null) ?? `[${tell(`kind.${message.type}`, message.type)}]`);
  return el("div", { class: "resend-result", "data-testid": "resend-result" },
    el("ol", {}, deliveries.map(attempt)),
    el("p", {}, t("resend.seen"), el("strong", {}, seen.length ? seen.join(" / ") : t("resend.nothing"))));
}
