/** Give texts in the page's language: one table of words for each language, chosen by a switch. */

import en from "./words/en.js";
import { applyToDocument, language, remember } from "./language.js";
import reasons from "./words/reasons.js";
import zh from "./words/zh.js";

export { language };

/** @typedef {keyof typeof zh} Word a key of the tables of words */

/** @type {Record<Word, string>} */
const table = { zh, en }[language];
/** @type {Record<string, string | undefined>} */
const anyKey = table;

/**
 * Return the words called `key`, with `{name}` replaced by `values.name`.
 * @param {Word} key
 * @param {Record<string, string | number | undefined>} values
 */
export const t = (key, values = {}) =>
  table[key].replace(/\{(\w+)\}/g, (whole, name) => String(values[name] ?? whole));

/**
 * Return the words called `key`, or `otherwise` if there are none: for names that the server chooses.
 * @param {string} key
 * @param {string} [otherwise]
 */
export const tell = (key, otherwise) => anyKey[key] ?? otherwise ?? "";

/**
 * Translate the sandbox's `reason` of a refusal into the page's language, as far as there are words for it.
 * @param {string} reason
 */
export function inWords(reason) {
  const [pattern, words] = (language === "zh" && reasons.find(([known]) => known.test(reason))) || [];
  return pattern && words ? words.replace(/\$(\d)/g, (_, group) => pattern.exec(reason)?.[Number(group)] ?? "") : reason;
}

/**
 * Return the message of something that was thrown.
 * @param {unknown} error
 */
export const reasonOf = (error) => (error instanceof Error ? error.message : String(error));

/**
 * Put words where the HTML asks: `data-t` for the text, `data-t-label` for the label and the tooltip.
 * @param {ParentNode} root
 */
export function translate(root) {
  for (const node of root.querySelectorAll("[data-t]")) node.textContent = tell(node.getAttribute("data-t") ?? "");
  for (const node of root.querySelectorAll("[data-t-label]")) {
    const words = tell(node.getAttribute("data-t-label") ?? "");
    node.setAttribute("aria-label", words);
    if (node instanceof HTMLButtonElement) node.title = words;
  }
}

/** Load the page anew in the other language: all of it is drawn in one language. */
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
