/**
 * Run the phone's browser: an iframe with WeChat's title bar. Pages that load the JS-SDK tell their title and
 * address by postMessage, and so do the sandbox's own pages; of other pages the phone knows only the host.
 */

/** @import { ShareCard, User } from "../types.js" */
/** @import { Hand } from "./hand.js" */
/** @import { Options, WebPage } from "./jsapi.js" */

import { el, webAddress } from "../dom.js";
import { focused, query } from "../query.js";
import { reasonOf, t } from "../words.js";
import { History } from "./history.js";
import { phoneApi } from "./jsapi.js";
import { pageMenu } from "./pagemenu.js";

/** The page's rights: as in WeChat, but it must not navigate the phone itself away. */
const RIGHTS = "allow-scripts allow-same-origin allow-forms allow-popups allow-modals allow-downloads";
const DEVICES = "geolocation; camera; microphone; clipboard-write; autoplay";

/** How long after its load, in milliseconds, a page may introduce itself before it counts as silent. */
const INTRODUCTION = 150;

/**
 * Return true for a page of WeChat itself. Such pages introduce themselves; a silent one has redirected.
 * @param {string} url
 */
const leadsOn = (url) => url.startsWith(`${location.origin}/connect/`) || url.startsWith(`${location.origin}/mp/`);

/**
 * Return where a page of WeChat itself redirects, as its address says; null for any other page.
 * @param {string} url
 */
const ledTo = (url) => (leadsOn(url) ? webAddress(new URL(url).searchParams.get("redirect_uri") ?? "") : null);

/**
 * @typedef {object} PageMessage what a page says by postMessage
 * @property {unknown} [title]
 * @property {unknown} [url]
 * @property {unknown} [shown] true once for each load of the page
 * @property {unknown} [id] number of a call of the JS-SDK
 * @property {unknown} [name] name of the call
 * @property {Options} [options]
 */

/**
 * The phones share the cookies. `own` makes them this phone's, and must settle before a page is loaded. While
 * another phone has them, a veil lies over this page until the user touches it.
 * @param {HTMLElement} root
 * @param {HTMLElement} screen
 * @param {HTMLElement[]} beneath the sections that the web view covers
 * @param {Hand} hand
 * @param {object} actions
 * @param {() => Promise<void>} actions.own
 * @param {(text: string) => void} actions.say
 * @param {() => User[]} actions.users
 * @param {(openid: string, card: ShareCard) => Promise<unknown>} actions.share
 */
export function webView(root, screen, beneath, hand, { own, say, users, share }) {
  /** @param {string} selector */
  const find = (selector) => query(root, selector);
  const [title, address, stage, more, back, veil, snapshotBar, foreign] =
    ["[data-testid=webview-title]", ".address", ".stage", ".more", ".web-back", ".veil", ".snapshot", ".foreign"].map(find);
  const history = new History();
  const api = phoneApi(screen, hand, { say });
  /** @type {HTMLIFrameElement | null} */
  let frame = null;
  /** @type {HTMLElement | null} */
  let opener = null;
  /** @type {WebPage | null} */
  let page = null;

  /**
   * Show the title and the address of a page.
   * @param {WebPage} page
   * @param {string} name
   * @param {string} url
   */
  function show(page, name, url) {
    page.url = url;
    title.textContent = name;
    address.textContent = new URL(url).host;
    address.title = url;
    foreign.hidden = isOurs(url);
    query(foreign, "a", HTMLAnchorElement).href = url;
  }

  /**
   * Return true for a page of the account. Other sites can forbid frames or be out of reach; the browser then
   * draws a grey page, and the phone offers to open them in the browser.
   * @param {string} url
   */
  function isOurs(url) {
    const { host, hostname } = new URL(url);
    const { web_domains = [], js_domains = [] } = hand.account;
    return [location.hostname, ...web_domains, ...js_domains].some((domain) => domain === host || domain === hostname);
  }

  /**
   * Show that the frame has moved on to a silent page. Its address is unknown, unless a page of WeChat itself
   * has just redirected there.
   * @param {WebPage} page
   * @param {string | null} url
   */
  function showUnknown(page, url) {
    page.url = url ?? page.opened;
    title.textContent = t("web.page");
    address.textContent = url ? new URL(url).host : "";
    address.title = url ?? "";
  }

  /** @param {string} url */
  async function open(url) {
    const target = webAddress(url);
    if (!target) {
      say(t("web.unable"));
      return;
    }
    if (root.hidden) opener = focused();
    root.hidden = false;
    for (const section of beneath) section.inert = true;
    unload();
    snapshotBar.hidden = true;
    const mine = newPage(target, open);
    page = mine;
    show(mine, new URL(target).host, target);
    find(".web-close").focus({ preventScroll: true });
    try {
      await own();
      if (page === mine) load(mine, target);
    } catch (error) {
      close();
      say(reasonOf(error));
    }
  }

  /**
   * Load an address into a new frame. The frame's first load event belongs to this address, each later one to
   * a page that follows. A page introduces itself once for its load, a little before or after the event. The
   * two must be paired: by time alone, the title of a page that is left at once could be shown for the silent
   * page that follows.
   * @param {WebPage} page
   * @param {string} url
   */
  function load(page, url) {
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
        setTimeout(() => frame === mine && now === loads && page.silent && showUnknown(page, ledTo(page.url)), INTRODUCTION);
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

  /** Load the page anew, without what it has set by the JS-SDK. */
  function reload() {
    if (!page) return;
    page.shares.clear();
    page.hidden.clear();
    unload();
    load(page, page.url);
  }

  /**
   * Show that the page is a snapshot: WeChat gave it a virtual identity, and it has no JS-SDK.
   * @param {string} full address of the full service
   */
  function snapshot(full) {
    if (!page) return;
    page.full = webAddress(full);
    snapshotBar.hidden = false;
  }

  /** Put the veil over the page, because another phone's page is in use. */
  function rest() {
    if (!root.hidden) veil.hidden = false;
  }

  async function wake() {
    if (veil.hidden) return;
    await own();
    veil.hidden = true;
  }

  /**
   * Handle what pages say. An address counts only if it belongs to the origin of the message.
   * @type {Record<string, (said: PageMessage, origin: string, page: WebPage) => void>}
   */
  const heard = {
    page(said, origin, page) {
      const url = webAddress(said.url);
      if (!url || new URL(url).origin !== origin) return;
      if (said.shown) {
        page.introduced = !page.silent;
        page.silent = false;
      }
      show(page, String(said.title || new URL(url).host), url);
      foreign.hidden = true;
    },
    close,
    async call({ id, name, options }, origin, asked) {
      const asking = frame;
      const answer = asked.full ? { status: "fail", why: "permission denied" } : await api.call(asked, String(name), options ?? {});
      if (asking === frame) asking?.contentWindow?.postMessage({ sandbox: "answer", id, ...answer }, origin);
      more.hidden = page ? !page.menu : true;
    },
  };

  const leaving = new AbortController();
  window.addEventListener("message", ({ source, origin, data }) => {
    if (page && frame && source === frame.contentWindow && data && Object.hasOwn(heard, data.sandbox)) heard[data.sandbox](data, origin, page);
  }, { signal: leaving.signal });

  /**
   * Tell the page how sharing ended, for onMenuShare….
   * @type {(kind: string, outcome: string) => void}
   */
  const tellShared = (kind, outcome) => frame?.contentWindow?.postMessage({ sandbox: "shared", kind, outcome }, "*");

  find(".web-close").addEventListener("click", close);
  find(".reload").addEventListener("click", reload);
  back.addEventListener("click", () => history.back());
  more.addEventListener("click", () => page && pageMenu(screen, hand, page, { reload, say, users, share, tellShared }));
  find("[data-testid=full-service]").addEventListener("click", () => page?.full && open(page.full));
  veil.textContent = t("web.rest");
  for (const event of ["click", "pointerenter"]) veil.addEventListener(event, wake);
  root.addEventListener("keydown", (event) => event.key === "Escape" && close());

  return { open, close, rest, snapshot, leave: () => { close(); leaving.abort(); } };
}

/**
 * @param {string} url
 * @param {(url: string) => void} open
 * @returns {WebPage}
 */
const newPage = (url, open) =>
  ({ opened: url, url, introduced: false, silent: false, shares: new Map(), hidden: new Set(), menu: true, full: null, open });
