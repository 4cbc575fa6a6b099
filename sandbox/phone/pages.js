/** Runs in WeChat's own pages: tells the phone which page this is, and makes the way back work. */

const framed = parent !== window;

addEventListener("pageshow", () => {
  if (framed) parent.postMessage({ sandbox: "page", title: document.title, url: location.href }, location.origin);
});

document.querySelector(".leave")?.addEventListener("click", () => {
  if (framed) parent.postMessage({ sandbox: "close" }, location.origin);
  else history.back();
});
