/**
 * Choose the page's language: `lang` in the address, else the phone's switch, which is remembered, else
 * Chinese. Used by the phone and by the pages of WeChat itself.
 */

const REMEMBERED = "sandbox-language";
const asked = new URLSearchParams(location.search).get("lang");

export const language = (asked ?? localStorage.getItem(REMEMBERED)) === "en" ? "en" : "zh";

/** @param {"zh" | "en"} chosen */
export const remember = (chosen) => localStorage.setItem(REMEMBERED, chosen);

export const applyToDocument = () => (document.documentElement.lang = language === "zh" ? "zh-CN" : "en");

/** Translate a page of WeChat: it is written in Chinese and holds the English in attributes. */
export function translatePage() {
  applyToDocument();
  if (language === "zh") return;
  for (const node of document.querySelectorAll("[data-en]")) node.textContent = node.getAttribute("data-en");
  for (const node of document.querySelectorAll("[data-en-alt]")) node.setAttribute("alt", node.getAttribute("data-en-alt") ?? "");
}
