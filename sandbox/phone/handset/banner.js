/** The banner of a text message (SMS) at the top of the screen. A tap copies the code in it. */

import { button, el } from "../dom.js";
import { icon } from "../icons.js";
import { t } from "../words.js";

const SHOWN = 20_000;
const CODE = /(?<!\d)\d{4,8}(?!\d)/;

export function showBanner(screen, { phone, text }, say) {
  screen.querySelector(".banner")?.remove();
  const [code] = CODE.exec(text) ?? [];
  const node = button({ class: "banner", "data-testid": "sms", onclick: tapped },
    el("span", { class: "banner-icon" }, icon("message")),
    el("span", { class: "words" },
      el("span", { class: "line" }, el("strong", {}, t("sms.title")), el("span", { class: "quiet" }, phone)),
      el("span", { class: "text" }, text),
      code ? el("span", { class: "quiet" }, t("sms.tap", { code })) : null));

  async function tapped() {
    node.remove();
    if (!code) return;
    try {
      await navigator.clipboard.writeText(code);
      say(t("sms.copied", { code }));
    } catch {
      say(t("sms.code", { code }));
    }
  }
  screen.append(node);
  setTimeout(() => node.remove(), SHOWN);
}
