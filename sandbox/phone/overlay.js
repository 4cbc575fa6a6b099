/** Things that lie over the phone's screen for a while: action sheets, large pictures, short notices. */

import { el, iconButton } from "./dom.js";

const NOTICE_TIME = 3200;

/**
 * Puts `node` over the screen and answers the function that takes it away. Meanwhile the rest of the
 * screen is inert, Esc closes, and the focus goes back where it was.
 */
function cover(screen, node) {
  const before = document.activeElement;
  const others = [...screen.children].filter((child) => !child.inert);
  for (const child of others) child.inert = true;
  const close = () => {
    node.remove();
    for (const child of others) child.inert = false;
    before?.focus({ preventScroll: true });
  };
  node.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    event.stopPropagation();
    close();
  });
  screen.append(node);
  node.querySelector("button")?.focus({ preventScroll: true });
  return close;
}

/** An action sheet. `choices` are {label, act, testid, danger}; a missing choice (null) is left out. */
export function sheet(screen, label, choices) {
  const option = ({ label, act, testid, danger }) =>
    el("button", { type: "button", class: danger ? "danger" : null, "data-testid": testid, onclick: () => { close(); act(); } }, label);
  const node = el("div", { class: "sheet", role: "dialog", "aria-modal": "true", "aria-label": label, onclick: (event) => event.target === node && close() },
    el("div", { class: "choices" }, choices.filter(Boolean).map(option), el("button", { type: "button", class: "cancel", onclick: () => close() }, "取消")));
  const close = cover(screen, node);
}

/** Shows {type: "image" | "video", url} as large as the screen allows. */
export function viewer(screen, { type, url }) {
  const media = type === "video" ? el("video", { src: url, controls: true, autoplay: true, playsinline: true }) : el("img", { src: url, alt: "图片" });
  const node = el("div", { class: "viewer", role: "dialog", "aria-modal": "true", "aria-label": type === "video" ? "视频" : "大图", "data-testid": "viewer", onclick: (event) => event.target !== media && close() },
    iconButton("close", "关闭", () => close()), media);
  const close = cover(screen, node);
}

/** A dark notice in the middle of the screen that goes away by itself. */
export function notice(screen, text) {
  screen.querySelector(".notice")?.remove();
  const node = el("div", { class: "notice", role: "alert" }, text);
  screen.append(node);
  setTimeout(() => node.remove(), NOTICE_TIME);
}
