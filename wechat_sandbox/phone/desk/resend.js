/** Sending a delivery again: edited, signed anew, or tampered with on purpose. */

import * as api from "../api.js";
import { el } from "../dom.js";
import { inWords, t, tell } from "../words.js";
import { readable, textOf } from "./pretty.js";

const TAMPERS = ["", "signature", "receiver", "stale"];

export function resendForm(entry) {
  const xml = el("textarea", { name: "xml", spellcheck: "false", rows: "9", "aria-label": t("resend.xml"), "data-testid": "resend-xml" });
  xml.value = textOf(entry.request_xml);
  const fresh = el("input", { type: "checkbox", checked: true });
  // An edited message under the old MsgId is a retry to every server that knows retries: it gets the old answer.
  const asNew = el("input", { type: "checkbox", checked: true, "data-testid": "resend-new" });
  const tamper = el("select", { "aria-label": t("resend.tamper") }, TAMPERS.map((name) => el("option", { value: name }, t(`resend.tamper.${name || "none"}`))));
  const result = el("div", { "aria-live": "polite" });
  const submit = el("button", { class: "primary", "data-testid": "resend-send" }, t("resend.send"));

  async function send(event) {
    event.preventDefault();
    submit.disabled = true;
    result.textContent = t("resend.running");
    try {
      const changes = { xml: xml.value, fresh: fresh.checked, as_new: asNew.checked, ...(tamper.value && { tamper: tamper.value }) };
      result.replaceChildren(resendResult(await api.resend(entry, changes)));
    } catch (error) {
      result.replaceChildren(el("p", { class: "fault" }, error.message));
    }
    submit.disabled = false;
  }

  return el("form", { class: "resend-form", onsubmit: send }, xml,
    el("div", { class: "line" },
      el("label", { class: "check" }, asNew, t("resend.new")), el("label", { class: "check" }, fresh, t("resend.fresh")), tamper, submit), result);
}

/** What came of it: each attempt, and what the user saw. */
export function resendResult({ deliveries, shown }) {
  const attempt = ({ attempt: number, outcome, status, elapsed_ms, error, reply }) => el("li", {},
    el("span", { class: ["reply", "success", "empty"].includes(outcome) ? "good" : "bad" }, tell(`outcome.${outcome}`, outcome)),
    ` ${t("log.attempt", { number })} · ${status ?? "—"} · ${Math.round(elapsed_ms)} ms`,
    error ? el("p", { class: "fault" }, inWords(error)) : null,
    reply ? el("pre", {}, readable(reply)) : null);
  const seen = shown.map(({ type, content }) => content ?? `[${tell(`kind.${type}`, type)}]`);
  return el("div", { class: "resend-result", "data-testid": "resend-result" },
    el("ol", {}, deliveries.map(attempt)),
    el("p", {}, t("resend.seen"), el("strong", {}, seen.length ? seen.join(" / ") : t("resend.nothing"))));
}
