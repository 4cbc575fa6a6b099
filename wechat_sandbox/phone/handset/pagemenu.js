/** The sheet behind ⋯ of the web view: sharing and what else one does with a page, as far as the page allows. */

import { askFriend } from "../dialogs.js";
import { el, webAddress } from "../dom.js";
import { t } from "../words.js";
import { confirmSheet, tileSheet } from "./overlay.js";

/** Not hidden by hideAllNonBaseMenuItem. */
const BASE = new Set(["menuItem:refresh"]);

/** `shares` are told with the kind the page used; the newest of a group wins. */
const GROUPS = {
  friend: ["updateAppMessageShareData", "onMenuShareAppMessage"],
  timeline: ["updateTimelineShareData", "onMenuShareTimeline"],
  qq: ["onMenuShareQQ"],
  weibo: ["onMenuShareWeibo"],
  qzone: ["onMenuShareQZone"],
};

export function pageMenu(screen, hand, page, { reload, say, users, share, tellShared }) {
  const allowed = ({ id }) => !page.hidden.has(id) && !(page.hidden.has("*") && !BASE.has(id));
  const has = (group) => GROUPS[group].some((name) => page.shares.has(name));
  const shared = (group, name, outcome) => {
    for (const known of GROUPS[group]) if (page.shares.has(known)) tellShared(known, outcome);
    if (outcome === "ok") say(t("share.done", { name }));
  };

  async function toFriend() {
    const openid = await askFriend(users().filter((user) => user.openid !== hand.openid));
    if (!openid) return shared("friend", "", "cancel");
    await send("friend", openid, hand.world.users.get(openid)?.nickname ?? openid);
  }

  async function toTimeline() {
    const card = cardOf(page, "timeline");
    const yes = await confirmSheet(screen, t("share.timeline"), preview(card), [
      { label: t("cancel"), value: null }, { label: t("share.post"), value: "yes", primary: true },
    ], "share-preview");
    if (!yes) return shared("timeline", "", "cancel");
    await send("timeline", "timeline", t("share.timeline"));
  }

  async function send(group, to, name) {
    try {
      await share(hand.openid, { to, ...cardOf(page, group) });
      shared(group, name, "ok");
    } catch (error) {
      say(error.message);
      shared(group, name, "fail");
    }
  }

  /** QQ and Weibo are other programs: the page's card is shown, and the page told what they would tell it. */
  const elsewhere = (group) => async () => {
    const yes = await confirmSheet(screen, t(`share.${group}`), preview(cardOf(page, group)), [
      { label: t("cancel"), value: null }, { label: t("share.do"), value: "yes", primary: true },
    ], "share-preview");
    shared(group, t(`share.${group}`), yes ? "ok" : "cancel");
  };

  const copy = () => navigator.clipboard.writeText(page.url).then(() => say(t("copied")), () => say(page.url));
  const sharing = [
    { id: "menuItem:share:appMessage", icon: "share", label: t("share.friend"), act: toFriend },
    { id: "menuItem:share:timeline", icon: "moments", label: t("share.timelineDo"), act: toTimeline },
    has("qq") && { id: "menuItem:share:qq", icon: "person", label: "QQ", act: elsewhere("qq") },
    has("weibo") && { id: "menuItem:share:weiboApp", icon: "globe", label: t("share.weibo"), act: elsewhere("weibo") },
    has("qzone") && { id: "menuItem:share:QZone", icon: "moments", label: t("share.qzone"), act: elsewhere("qzone") },
  ].filter(Boolean);
  const tools = [
    { id: "menuItem:copyUrl", icon: "copy", label: t("web.copy"), act: copy },
    { id: "menuItem:openWithSafari", icon: "globe", label: t("web.browser"), act: () => window.open(page.url, "_blank", "noopener") },
    { id: "menuItem:refresh", icon: "reload", label: t("web.reload"), act: reload },
  ];
  tileSheet(screen, t("web.menu"), t("web.origin", { host: new URL(page.url).host }), [sharing.filter(allowed), tools.filter(allowed)]);
}

/** What the receiver will see. Without the JS-SDK, or with a link to another site, WeChat shares the bare page. */
function cardOf(page, group) {
  const data = GROUPS[group].map((name) => page.shares.get(name)).findLast(Boolean) ?? {};
  const link = webAddress(data.link);
  const same = link && new URL(link).hostname === new URL(page.url).hostname;
  return {
    title: String(data.title || new URL(page.url).host),
    desc: String(data.desc || (group === "timeline" ? "" : page.url)),
    link: same ? link : page.url,
    imgUrl: webAddress(data.imgUrl) ?? "",
  };
}

function preview({ title, desc, link, imgUrl }) {
  return el("div", { class: "share" },
    el("strong", {}, title),
    el("span", {}, desc),
    imgUrl ? el("img", { src: imgUrl, alt: "" }) : null,
    el("p", { class: "quiet" }, link));
}
