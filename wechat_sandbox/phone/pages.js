/** Runs in WeChat's own pages: their language, telling the phone which page this is, and the way back. */

import { translatePage } from "./language.js";

translatePage();

// The page that answers a form speaks as the one that asked.
const lang = new URLSearchParams(location.search).get("lang");
for (const form of lang ? document.forms : []) {
  const action = new URL(form.action);
  action.searchParams.set("lang", lang);
  form.action = action;
}
const framed = parent !== window;

addEventListener("pageshow", () => {
  if (framed) parent.postMessage({ sandbox: "page", title: document.title, url: location.href, shown: true }, location.origin);
});

document.querySelector(".leave")?.addEventListener("click", () => {
  if (framed) parent.postMessage({ sandbox: "close" }, location.origin);
  else history.back();
});
