/**
 * Serve the pages of WeChat itself: choose their language, tell the phone which page this is, and close the
 * page by its button.
 */

import { translatePage } from "./language.js";

translatePage();

// The page that answers a form must be in the same language.
const lang = new URLSearchParams(location.search).get("lang");
if (lang !== null) {
  for (const form of document.forms) {
    const action = new URL(form.action);
    action.searchParams.set("lang", lang);
    form.action = action.href;
  }
}
const framed = parent !== window;

addEventListener("pageshow", () => {
  if (framed) parent.postMessage({ sandbox: "page", title: document.title, url: location.href, shown: true }, location.origin);
});

document.querySelector(".leave")?.addEventListener("click", () => {
  if (framed) parent.postMessage({ sandbox: "close" }, location.origin);
  else history.back();
});
