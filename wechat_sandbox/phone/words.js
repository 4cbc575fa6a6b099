/** The page's language: one table of words for each, chosen by a switch and remembered. */

import en from "./words/en.js";
import { applyToDocument, language, remember } from "./language.js";
import reasons from "./words/reasons.js";
import zh from "./words/zh.js";

export { language };

const table = { zh, en }[language];

/** The words called `key`, with `{name}` replaced by `values.name`. */
export const t = (key, values = {}) =>
  table[key].replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);

/** As `t`, or `otherwise` if there are no words for this key: for names that the server chooses. */
export const tell = (key, otherwise) => table[key] ?? otherwise ?? "";

/** What the sandbox says is wrong, in the page's language as far as there are words for it. */
export function inWords(reason) {
  const [pattern, words] = (language === "zh" && reasons.find(([known]) => known.test(reason))) || [];
  return pattern ? words.replace(/\$(\d)/g, (_, group) => pattern.exec(reason)[group] ?? "") : reason;
}

/** Puts words where the HTML asks: `data-t` for the text, `data-t-label` for the label and the tooltip. */
export function translate(root) {
  for (const node of root.querySelectorAll("[data-t]")) node.textContent = t(node.dataset.t);
  for (const node of root.querySelectorAll("[data-t-label]")) {
    node.setAttribute("aria-label", t(node.dataset.tLabel));
    if (node.tagName === "BUTTON") node.title = t(node.dataset.tLabel);
  }
}

/** Everything on the page is drawn in one language; the other one starts it anew. */
export function switchLanguage() {
  remember(language === "zh" ? "en" : "zh");
  const address = new URL(location.href);
  address.searchParams.delete("lang");
  if (address.href === location.href) location.reload();
  else location.replace(address);
}

export function applyLanguage() {
  applyToDocument();
  translate(document);
}
