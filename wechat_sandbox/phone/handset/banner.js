/** A text message (SMS): its banner at the top of the screen, and its bubble. A tap copies the code in it. */

import { button, el, iconButton } from "../dom.js";
import { icon } from "../icons.js";
import { t } from "../words.js";

const SHOWN = 8000;
/** How far a finger must drag the banner up to be rid of it, in pixels. */
const FLICK = 24;
/** A text message names its sender first, by law: 【…】. */
const SENDER = /^【(.+?)】/;
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
export function showBanner(screen, { text }, { say, seen }) {
  screen.querySelector(".banner")?.remove();
  const code = codeIn(text);
  const open = button({ class: "banner-open", "data-testid": "sms", onclick: tapped },
    el("span", { class: "banner-icon" }, icon("message")),
    el("span", { class: "words" },
      el("span", { class: "line" }, el("strong", {}, t("sms.title")), el("span", { class: "quiet" }, SENDER.exec(text)?.[1])),
      el("span", { class: "text" }, text),
      hint(code)));
  const node = el("div", { class: "banner" }, open, iconButton("close", t("close"), () => node.remove(), { class: "icon-button banner-close" }));
  let from = null;
  node.addEventListener("pointerdown", ({ clientY }) => (from = clientY));
  for (const event of ["pointermove", "pointerleave"]) {
    node.addEventListener(event, ({ clientY }) => from !== null && from - clientY > FLICK && node.remove());
  }

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
