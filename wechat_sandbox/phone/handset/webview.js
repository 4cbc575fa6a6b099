/**
 * The phone's browser: an iframe with WeChat's title bar. Pages that load the JS-SDK tell their title
 * and address by postMessage (the sandbox's own pages do too); of others the phone knows the host only.
 */

import { el, webAddress } from "../dom.js";
import { t } from "../words.js";
import { History } from "./history.js";
import { phoneApi } from "./jsapi.js";
import { pageMenu } from "./pagemenu.js";

/** A page may do all it may do in WeChat, but not navigate the phone itself away. */
const RIGHTS = "allow-scripts allow-same-origin allow-forms allow-popups allow-modals allow-downloads";
const DEVICES = "geolocation; camera; microphone; clipboard-write; autoplay";

/** How long a page that has loaded may take to introduce itself before it counts as one that says nothing. */
const INTRODUCTION = 150;

/** WeChat's own pages introduce themselves: of one that keeps silent nothing was seen but where it led. */
const leadsOn = (url) => url.startsWith(`${location.origin}/connect/`) || url.startsWith(`${location.origin}/mp/`);

/** Where a page of WeChat's own leads, as its link says; null for any other page. */
const ledTo = (url) => (leadsOn(url) ? webAddress(new URL(url).searchParams.get("redirect_uri") ?? "") : null);

/**
 * `own(openid)` must settle before a page is loaded: from then on the visitor is that user. Another phone's
 * page may own the cookies meanwhile; a veil then lies over this one until the hand comes back.
 */
export function webView(root, screen, beneath, hand, { own, say, users, share }) {
  const find = (selector) => root.querySelector(selector);
  const [title, address, stage, more, back, veil, snapshotBar, foreign] =
    ["[data-testid=webview-title]", ".address", ".stage", ".more", ".web-back", ".veil", ".snapshot", ".foreign"].map(find);
  const history = new History();
  const api = phoneApi(screen, hand, { say });
  let frame = null;
  let opener = null;
  /**
   * `opened` and `url`: what was asked for and where a reload leads; `introduced`: a page has said that it
   * is shown, and its load event has yet to come; `silent`: the other way round; `shares`, `hidden` and
   * `menu`: what the JS-SDK has set; `full`: where a snapshot's full service is.
   */
  let page = null;

  function show(name, url) {
    page.url = url;
    title.textContent = name;
    address.textContent = new URL(url).host;
    address.title = url;
    foreign.hidden = isOurs(url);
    foreign.querySelector("a").href = url;
  }

  /** Others may forbid to be shown in a frame, or be out of reach; the browser then draws a bare grey page. */
  function isOurs(url) {
    const { host, hostname } = new URL(url);
    const { web_domains = [], js_domains = [] } = hand.account;
    return [location.hostname, ...web_domains, ...js_domains].some((domain) => domain === host || domain === hostname);
  }

  /**
   * The frame has moved on to a page that says nothing: its address cannot be known from outside, unless
   * WeChat's own page has just led there (`url`).
   */
  function showUnknown(url) {
    page.url = url ?? page.opened;
    title.textContent = t("web.page");
    address.textContent = url ? new URL(url).host : "";
    address.title = url ?? "";
  }

  async function open(url) {
    const target = webAddress(url);
    if (!target) {
      say(t("web.unable"));
      return;
    }
    if (root.hidden) opener = document.activeElement;
    root.hidden = false;
    for (const section of beneath) section.inert = true;
    unload();
    snapshotBar.hidden = true;
    const mine = (page = { opened: target, shares: new Map(), hidden: new Set(), menu: true, open });
    show(new URL(target).host, target);
    root.querySelector(".web-close").focus({ preventScroll: true });
    try {
      await own(hand.openid);
      if (page === mine) load(target);
    } catch (error) {
      close();
      say(error.message);
    }
  }

  /**
   * The first load is the page that was asked for; each later one is a page that it led to. A page that
   * introduces itself does so once for its load, a little before or after it. The two must be paired: by
   * time alone, a page that is left at once would lend its title to the silent one that follows.
   */
  function load(url) {
    const mine = el("iframe", { src: url, sandbox: RIGHTS, title: t("web.page"), allow: DEVICES });
    let loads = 0;
    page.introduced = false;
    page.silent = false;
    mine.addEventListener("load", () => {
      root.classList.remove("loading");
      if (frame !== mine) return;
      loads += 1;
      const now = loads;
      page.silent = !page.introduced;
      page.introduced = false;
      const elsewhere = now > 1 || leadsOn(url);
      if (now > 1) history.loaded();
      if (page.silent && elsewhere) {
        setTimeout(() => frame === mine && now === loads && page.silent && showUnknown(ledTo(page.url)), INTRODUCTION);
      }
      back.hidden = !history.canGoBack;
    });
    root.classList.add("loading");
    frame = mine;
    veil.hidden = true;
    history.begin();
    back.hidden = true;
    more.hidden = false;
    stage.replaceChildren(mine);
  }

  function unload() {
    api.leave();
    frame = null;
    stage.replaceChildren();
    root.classList.add("loading");
  }

  function close() {
    if (root.hidden) return;
    root.hidden = true;
    for (const section of beneath) section.inert = false;
    unload();
    page = null;
    if (opener?.isConnected) opener.focus({ preventScroll: true });
  }

  /** A page that is loaded anew has told the JS-SDK nothing yet. */
  function reload() {
    page.shares.clear();
    page.hidden.clear();
    unload();
    load(page.url);
  }

  /** WeChat gave the page a virtual identity: it may be looked at, and has no JS-SDK. */
  function snapshot(full) {
    if (!page) return;
    page.full = webAddress(full);
    snapshotBar.hidden = false;
  }

  /** Another phone's page is in use now; this one waits until it is touched. */
  function rest() {
    if (!root.hidden) veil.hidden = false;
  }

  async function wake() {
    if (veil.hidden) return;
    await own(hand.openid);
    veil.hidden = true;
  }

  /** What pages say. The address is believed only if it is where the message comes from. */
  const heard = {
    page(said, origin) {
      const url = webAddress(said.url);
      if (!url || new URL(url).origin !== origin) return;
      if (said.shown) {
        page.introduced = !page.silent;
        page.silent = false;
      }
      show(String(said.title || new URL(url).host), url);
      foreign.hidden = true;
    },
    close,
    async call({ id, name, options }, origin) {
      const asking = frame;
      const answer = page.full ? { status: "fail", why: "permission denied" } : await api.call(page, String(name), options ?? {});
      if (asking === frame) asking.contentWindow.postMessage({ sandbox: "answer", id, ...answer }, origin);
      more.hidden = page ? !page.menu : true;
    },
  };

  const leaving = new AbortController();
  window.addEventListener("message", ({ source, origin, data }) => {
    if (frame && source === frame.contentWindow && Object.hasOwn(heard, data?.sandbox)) heard[data.sandbox](data, origin);
  }, { signal: leaving.signal });

  /** Tells the page that the user has shared it (or thought better of it), for onMenuShare… */
  const tellShared = (kind, outcome) => frame?.contentWindow.postMessage({ sandbox: "shared", kind, outcome }, "*");

  root.querySelector(".web-close").addEventListener("click", close);
  root.querySelector(".reload").addEventListener("click", reload);
  back.addEventListener("click", () => history.back());
  more.addEventListener("click", () => pageMenu(screen, hand, page, { reload, say, users, share, tellShared }));
  find("[data-testid=full-service]").addEventListener("click", () => open(page.full));
  veil.textContent = t("web.rest");
  for (const event of ["click", "pointerenter"]) veil.addEventListener(event, wake);
  root.addEventListener("keydown", (event) => event.key === "Escape" && close());

  return { open, close, rest, snapshot, leave: () => { close(); leaving.abort(); } };
}
