/** Show a text message (SMS): a banner at the top of the screen, and a bubble. A tap copies the code in it. */

/** @import { Sms } from "../types.js" */

/** @typedef {(text: string) => void} Say shows a short notice on the screen */

import { button, el, iconButton } from "../dom.js";
import { icon } from "../icons.js";
import { t } from "../words.js";

/** How long the banner stays, in milliseconds. */
const SHOWN = 8000;
/** How far a finger must drag the banner up to close it, in pixels. */
const FLICK = 24;
/** In China a text message begins with the name of its sender: 【…】. */
const SENDER = /^【(.+?)】/;
const CODE = /(?<!\d)\d{4,8}(?!\d)/;

/** @param {string} text */
const codeIn = (text) => CODE.exec(text)?.[0];

/** @param {string | undefined} code */
const hint = (code) => (code ? el("span", { class: "quiet" }, t("sms.tap", { code })) : null);

/**
 * Copy the code, and tell the user; where the browser refuses it, show the code.
 * @param {string} code
 * @param {Say} say
 */
async function copy(code, say) {
  try {
    await navigator.clipboard.writeText(code);
    say(t("sms.copied", { code }));
  } catch {
    say(t("sms.code", { code }));
  }
}

/**
 * Show the banner.
 * @param {HTMLElement} screen
 * @param {Sms} sms
 * @param {{ say: Say, seen: () => void }} actions `seen` is called when the user taps the banner
 */
export function showBanner(screen, { text }, { say, seen }) {
  screen.querySelector(".banner")?.remove();
  const code = codeIn(text);
  const open = button({ class: "banner-open", "data-testid": "sms", onclick: tapped },
    el("span", { class: "banner-icon" }, icon("message")),
    el("span", { class: "words" },
      el("span", { class: "line" }, el("strong", {}, t("sms.title")), el("span", { class: "quiet" }, SENDER.exec(text)?.[1])),
      el("span", { class: "text" }, text),
      hint(code)));
  /** @type {HTMLElement} */
  const node = el("div", { class: "banner" }, open, iconButton("close", t("close"), () => node.remove(), { class: "icon-button banner-close" }));
  /** @type {number | null} */
  let from = null;
  node.addEventListener("pointerdown", ({ clientY }) => (from = clientY));
  for (const event of /** @type {const} */ (["pointermove", "pointerleave"])) {
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

/**
 * Build the bubble of a text message.
 * @param {Sms} sms
 * @param {Say} say
 */
export function smsBubble({ text }, say) {
  const code = codeIn(text);
  if (!code) return el("div", { class: "bubble text" }, text);
  return button({ class: "plain bubble text sms", "data-testid": "sms-bubble", onclick: () => copy(code, say) }, text, hint(code));
}
