/**
 * Which language: what the address asks for (`lang=en`), else the phone's switch, which is remembered; else
 * Chinese. Runs in the phone and in WeChat's own pages.
 */

const REMEMBERED = "sandbox-language";
const asked = new URLSearchParams(location.search).get("lang");

export const language = (asked ?? localStorage.getItem(REMEMBERED)) === "en" ? "en" : "zh";

export const remember = (chosen) => localStorage.setItem(REMEMBERED, chosen);

export const applyToDocument = () => (document.documentElement.lang = language === "zh" ? "zh-CN" : "en");

/** WeChat's pages are written in Chinese, with the English beside it. */
export function translatePage() {
  applyToDocument();
  if (language === "zh") return;
  for (const node of document.querySelectorAll("[data-en]")) node.textContent = node.dataset.en;
  for (const node of document.querySelectorAll("[data-en-alt]")) node.alt = node.dataset.enAlt;
}
