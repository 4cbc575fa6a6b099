/** Show the sheet behind ⋯ of the web view: share the page, copy it, reload it, as far as the page allows. */

/** @import { ShareCard, User } from "../types.js" */
/** @import { Hand } from "./hand.js" */
/** @import { WebPage } from "./jsapi.js" */
/** @import { Tile } from "./overlay.js" */

import { askFriend } from "../dialogs.js";
import { el, webAddress } from "../dom.js";
import { reasonOf, t } from "../words.js";
import { confirmSheet, tileSheet } from "./overlay.js";

/** What hideAllNonBaseMenuItem does not hide. */
const BASE = new Set(["menuItem:refresh"]);

/** The calls of the JS-SDK by what they share to. The newest call of a group counts. */
const GROUPS = {
  friend: ["updateAppMessageShareData", "onMenuShareAppMessage"],
  timeline: ["updateTimelineShareData", "onMenuShareTimeline"],
  qq: ["onMenuShareQQ"],
  weibo: ["onMenuShareWeibo"],
  qzone: ["onMenuShareQZone"],
};

/** @typedef {keyof typeof GROUPS} Group */

/**
 * @param {HTMLElement} screen
 * @param {Hand} hand
 * @param {WebPage} page
 * @param {object} actions
 * @param {() => void} actions.reload
 * @param {(text: string) => void} actions.say
 * @param {() => User[]} actions.users
 * @param {(openid: string, card: ShareCard) => Promise<unknown>} actions.share
 * @param {(name: string, outcome: "ok" | "cancel" | "fail") => void} actions.tellShared tells the page how the
 *   share of a JS-SDK call ended
 */
export function pageMenu(screen, hand, page, { reload, say, users, share, tellShared }) {
  /** @param {Tile} tile */
  const allowed = ({ id }) => !page.hidden.has(id) && !(page.hidden.has("*") && !BASE.has(id));
  /** @param {Group} group */
  const has = (group) => GROUPS[group].some((name) => page.shares.has(name));
  /**
   * @param {Group} group
   * @param {string} name of the receiver
   * @param {"ok" | "cancel" | "fail"} outcome
   */
  const shared = (group, name, outcome) => {
    for (const known of GROUPS[group]) if (page.shares.has(known)) tellShared(known, outcome);
    if (outcome === "ok") say(t("share.done", { name }));
  };

  async function toFriend() {
    const openid = await askFriend(users().filter((user) => user.openid !== hand.openid));
    if (openid) await send("friend", openid, hand.world.users.get(openid)?.nickname ?? openid);
    else shared("friend", "", "cancel");
  }

  async function toTimeline() {
    const card = cardOf(page, "timeline");
    const yes = await confirmSheet(screen, t("share.timeline"), preview(card), [
      { label: t("cancel"), value: null }, { label: t("share.post"), value: "yes", primary: true },
    ], "share-preview");
    if (yes) await send("timeline", "timeline", t("share.timeline"));
    else shared("timeline", "", "cancel");
  }

  /**
   * @param {Group} group
   * @param {string} to openid or "timeline"
   * @param {string} name
   */
  async function send(group, to, name) {
    try {
      await share(hand.openid, { to, ...cardOf(page, group) });
      shared(group, name, "ok");
    } catch (error) {
      say(reasonOf(error));
      shared(group, name, "fail");
    }
  }

  /**
   * Return the act that shares to another program, QQ or Weibo: show the card, and tell the page the outcome.
   * @param {"qq" | "weibo" | "qzone"} group
   */
  const elsewhere = (group) => async () => {
    const yes = await confirmSheet(screen, t(`share.${group}`), preview(cardOf(page, group)), [
      { label: t("cancel"), value: null }, { label: t("share.do"), value: "yes", primary: true },
    ], "share-preview");
    shared(group, t(`share.${group}`), yes ? "ok" : "cancel");
  };

  const copy = () => navigator.clipboard.writeText(page.url).then(() => say(t("copied")), () => say(page.url));
  /** @type {(Tile | false)[]} */
  const sharing = [
    { id: "menuItem:share:appMessage", icon: "share", label: t("share.friend"), act: toFriend },
    { id: "menuItem:share:timeline", icon: "moments", label: t("share.timelineDo"), act: toTimeline },
    has("qq") && { id: "menuItem:share:qq", icon: "person", label: "QQ", act: elsewhere("qq") },
    has("weibo") && { id: "menuItem:share:weiboApp", icon: "globe", label: t("share.weibo"), act: elsewhere("weibo") },
    has("qzone") && { id: "menuItem:share:QZone", icon: "moments", label: t("share.qzone"), act: elsewhere("qzone") },
  ];
  /** @type {Tile[]} */
  const tools = [
    { id: "menuItem:copyUrl", icon: "copy", label: t("web.copy"), act: copy },
    { id: "menuItem:openWithSafari", icon: "globe", label: t("web.browser"), act: () => window.open(page.url, "_blank", "noopener") },
    { id: "menuItem:refresh", icon: "reload", label: t("web.reload"), act: reload },
  ];
  tileSheet(screen, t("web.menu"), t("web.origin", { host: new URL(page.url).host }), [sharing.filter((tile) => tile !== false).filter(allowed), tools.filter(allowed)]);
}

/**
 * Return what the receiver will see. Without the JS-SDK, or with a link to another site, WeChat shares the
 * page itself.
 * @param {WebPage} page
 * @param {Group} group
 */
function cardOf(page, group) {
  /** @type {Partial<Record<"title" | "desc" | "link" | "imgUrl", unknown>>} */
  const data = GROUPS[group].map((name) => page.shares.get(name)).findLast((data) => data !== undefined) ?? {};
  const link = webAddress(data.link);
  const same = link && new URL(link).hostname === new URL(page.url).hostname;
  return {
    title: String(data.title || new URL(page.url).host),
    desc: String(data.desc || (group === "timeline" ? "" : page.url)),
    link: same ? link : page.url,
    imgUrl: webAddress(data.imgUrl) ?? "",
  };
}

/** @param {Omit<ShareCard, "to">} card */
function preview({ title, desc, link, imgUrl }) {
  return el("div", { class: "share" },
    el("strong", {}, title),
    el("span", {}, desc),
    imgUrl ? el("img", { src: imgUrl, alt: "" }) : null,
    el("p", { class: "quiet" }, link));
}
