/** A text message (SMS): its banner at the top of the screen, and its bubble. A tap copies the code in it. */

import { button, el } from "../dom.js";
import { icon } from "../icons.js";
import { t } from "../words.js";

const SHOWN = 20_000;
const CODE = /(?<!\d)\d{4,8}(?!\d)/;

const codeIn = (text) => CODE.exec(text)?.[0];

const hint = (code) => (code ? el("span", { class: "quiet" }, t("sms.tap", { code })) : null);

async function copy(code, say) {
  try {
    await navigator.clipboard.writeText(code);
    say(t("sms.copied", { code }));
  } catch {
    say(t("sms.code", { code }));
  }
}

/** `seen` is told when the user has tapped it. */
export function showBanner(screen, { phone, text }, { say, seen }) {
  screen.querySelector(".banner")?.remove();
  const code = codeIn(text);
  const node = button({ class: "banner", "data-testid": "sms", onclick: tapped },
    el("span", { class: "banner-icon" }, icon("message")),
    el("span", { class: "words" },
      el("span", { class: "line" }, el("strong", {}, t("sms.title")), el("span", { class: "quiet" }, phone)),
      el("span", { class: "text" }, text),
      hint(code)));

  function tapped() {
    node.remove();
    seen();
    if (code) copy(code, say);
  }
  screen.append(node);
  setTimeout(() => node.remove(), SHOWN);
}

export function smsBubble({ text }, say) {
  const code = codeIn(text);
  if (!code) return el("div", { class: "bubble text" }, text);
  return button({ class: "plain bubble text sms", "data-testid": "sms-bubble", onclick: () => copy(code, say) }, text, hint(code));
}
