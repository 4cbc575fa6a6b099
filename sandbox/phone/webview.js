/**
 * The phone's browser: an iframe with WeChat's title bar. Pages that load the JS-SDK tell their title
 * and address by postMessage (the sandbox's own pages do too); of others the phone knows the host only.
 */

import { el, webAddress } from "./dom.js";
import { sheet } from "./overlay.js";

/** A page may do all it may do in WeChat, but not navigate the phone itself away. */
const RIGHTS = "allow-scripts allow-same-origin allow-forms allow-popups allow-modals allow-downloads";

/** A page introduces itself around its load event; the message comes at most this much before or after it. */
const INTRODUCTION = 150;

/** `own(openid)` must settle before a page is loaded: from then on the visitor is that user. */
export function webView(root, screen, chat, store, { own, say }) {
  const title = root.querySelector("[data-testid=webview-title]");
  const address = root.querySelector(".address");
  const stage = root.querySelector(".stage");
  const more = root.querySelector(".more");
  let frame = null;
  let opener = null;
  /** `opened` and `url`: what was asked for and where a reload leads; `told`: when a page last introduced itself. */
  let page = null;

  function show(name, url) {
    page.url = url;
    title.textContent = name;
    address.textContent = new URL(url).host;
    address.title = url;
  }

  /** The frame has moved on to a page that says nothing: its address cannot be known from outside. */
  function showUnknown() {
    page.url = page.opened;
    title.textContent = "网页";
    address.textContent = "";
    address.title = "";
  }

  async function open(url) {
    const target = webAddress(url);
    if (!target) {
      say("这个网址打不开");
      return;
    }
    if (root.hidden) opener = document.activeElement;
    root.hidden = false;
    chat.inert = true;
    more.hidden = false;
    unload();
    const mine = (page = { opened: target, told: -Infinity, shares: new Map() });
    show(new URL(target).host, target);
    root.querySelector("[data-testid=webview-close]").focus({ preventScroll: true });
    try {
      await own(store.active);
      if (page === mine) load(target);
    } catch (error) {
      close();
      say(error.message);
    }
  }

  /** The first load is the page that was asked for; each later one is a page that it led to. */
  function load(url) {
    const mine = el("iframe", { src: url, sandbox: RIGHTS, title: "网页", allow: "geolocation; camera; microphone; clipboard-write" });
    let first = true;
    mine.addEventListener("load", () => {
      root.classList.remove("loading");
      const silentSince = performance.now() - INTRODUCTION;
      if (!first) setTimeout(() => frame === mine && page.told < silentSince && showUnknown(), INTRODUCTION);
      first = false;
    });
    root.classList.add("loading");
    frame = mine;
    stage.replaceChildren(mine);
  }

  function unload() {
    frame = null;
    stage.replaceChildren();
    root.classList.add("loading");
  }

  function close() {
    if (root.hidden) return;
    root.hidden = true;
    chat.inert = false;
    unload();
    page = null;
    opener?.focus({ preventScroll: true });
  }

  const reload = () => load(page.url);

  /** What pages say. The address is believed only if it is where the message comes from. */
  const heard = {
    page: (said, origin) => {
      const url = webAddress(said.url);
      if (!url || new URL(url).origin !== origin) return;
      page.told = performance.now();
      show(String(said.title || new URL(url).host), url);
    },
    close,
    "option-menu": (said) => (more.hidden = !said.visible),
    share: (said) => page.shares.set(String(said.kind), said.data),
  };

  window.addEventListener("message", ({ source, origin, data }) => {
    if (frame && source === frame.contentWindow && Object.hasOwn(heard, data?.sandbox)) heard[data.sandbox](data, origin);
  });

  function menu() {
    const shares = [...page.shares].map(([kind, data]) => ({
      label: kind === "timeline" ? "分享到朋友圈（预览）" : "发送给朋友（预览）",
      act: () => preview(kind, data ?? {}),
    }));
    sheet(screen, "网页", [
      ...shares,
      { label: "复制链接", act: () => navigator.clipboard.writeText(page.url).then(() => say("已复制"), () => say(page.url)) },
      { label: "在浏览器中打开", act: () => window.open(page.url, "_blank", "noopener") },
      { label: "刷新", act: reload },
    ]);
  }

  /** The card a friend would get, drawn from what the page told updateAppMessageShareData and its like. */
  function preview(kind, { title: name, desc, link, imgUrl }) {
    const picture = webAddress(imgUrl);
    const card = el("dialog", { class: "ask" },
      el("form", { method: "dialog" },
        el("h2", {}, kind === "timeline" ? "朋友圈里会看到" : "朋友会收到"),
        el("div", { class: "share" },
          el("strong", {}, String(name || link || page.url)),
          el("span", {}, kind === "timeline" ? "" : String(desc || "")),
          picture ? el("img", { src: picture, alt: "" }) : null),
        el("p", { class: "hint" }, String(link || page.url)),
        el("div", { class: "actions" }, el("button", { class: "primary" }, "知道了"))));
    card.addEventListener("close", () => card.remove());
    document.body.append(card);
    card.showModal();
  }

  root.querySelector("[data-testid=webview-close]").addEventListener("click", close);
  root.querySelector(".reload").addEventListener("click", reload);
  more.addEventListener("click", menu);
  root.addEventListener("keydown", (event) => event.key === "Escape" && close());

  return { open, close };
}
