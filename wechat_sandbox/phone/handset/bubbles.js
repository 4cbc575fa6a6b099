/** Build what stands inside a message's bubble, by the type of the message. */

/** @import { Children } from "../dom.js" */
/** @import * as Types from "../types.js" */
/** @import { MapPlace, Media } from "./overlay.js" */

import { button, el, webAddress } from "../dom.js";
import { icon } from "../icons.js";
import { t } from "../words.js";
import { menuLink, richText } from "./richtext.js";
import { music, video, voice } from "./sounds.js";

/** @typedef {(url: string) => void} Open opens a page in the web view */

/**
 * What a touch of a bubble does.
 * @typedef {object} BubbleActions
 * @property {Open} open
 * @property {(media: Media) => void} view shows a picture or a video large
 * @property {(place: MapPlace) => void} show shows a map
 * @property {(item: Types.MenuItem) => void} choose taps an item of a message menu
 * @property {(text: string) => void} say tells the user that something cannot be done
 */

/**
 * Build the inside of a message's bubble.
 * @param {Types.MessageFields} message
 * @param {BubbleActions} actions
 * @returns {Children}
 */
export function bubbleContent(message, actions) {
  switch (message.type) {
    case "text": return richText(message.content, actions);
    case "image": return image(message, actions);
    case "voice": return voice(message, actions);
    case "video":
    case "shortvideo": return video(message, actions);
    case "music": return music(message, actions);
    case "news": return news(message, actions);
    case "location": return location(message, actions);
    case "link":
    case "share": return linkCard(message, actions);
    case "msgmenu": return msgmenu(message, actions);
    case "template": return template(message, actions);
    default: return el("span", { class: "unknown" }, message.content ? String(message.content) : `[${message.type}]`);
  }
}

/** Types that are drawn without the coloured box around them. */
export const BARE = new Set(["image", "video", "shortvideo", "news", "template"]);

/**
 * @param {Types.ImageFields} message
 * @param {BubbleActions} actions
 */
function image({ url }, { view }) {
  const picture = el("img", { class: "picture", src: url, alt: t("bubble.picture"), loading: "lazy" });
  return button({ class: "plain", "aria-label": t("bubble.look"), onclick: () => view({ type: "image", url }) }, picture);
}

/**
 * @param {Types.LocationFields} message
 * @param {BubbleActions} actions
 */
function location({ label, latitude, longitude, scale }, { show }) {
  return button({ class: "plain card place", "aria-label": `${t("bubble.place")} ${label}`, onclick: () => show({ name: label, latitude, longitude, scale }) },
    el("span", { class: "words" }, el("strong", {}, label || t("bubble.place")), el("span", {}, `${latitude}, ${longitude}`)),
    el("span", { class: "map", "aria-hidden": "true" }, icon("place")));
}

/**
 * @param {Types.LinkCard} link
 * @param {{ open: Open }} actions
 */
export function linkCard({ title, description, url, pic_url }, { open }) {
  const picture = webAddress(pic_url);
  return card("link-card", url, open,
    el("strong", {}, title || url),
    el("span", { class: "link-row" },
      el("span", {}, description ?? ""),
      el("span", { class: "thumb" }, picture ? el("img", { src: picture, alt: "" }) : icon("link"))));
}

/**
 * @param {Types.MsgMenuFields} message
 * @param {BubbleActions} actions
 */
function msgmenu({ head_content, list, tail_content }, actions) {
  return el("div", { class: "msgmenu" },
    head_content ? el("p", {}, richText(head_content, actions)) : null,
    el("ul", {}, list.map((item) => el("li", {}, menuLink(item, actions.choose)))),
    tail_content ? el("p", {}, richText(tail_content, actions)) : null);
}

/**
 * Build the bubble of a template message or a subscription notice: a title, rows of name and value, and a
 * link to the details.
 * @param {Types.TemplateFields & { via?: string }} message
 * @param {BubbleActions} actions
 */
function template({ title, content, url, miniprogram, via }, { open, say }) {
  const app = miniprogram?.appid;
  const address = url ? webAddress(url) : null;
  const label = t(via === "notice" ? "bubble.notice" : via === "one-time" ? "bubble.oneTime" : "bubble.template");
  /** @param {string} line */
  const row = (line) => {
    const [, name, value] = /^([^:：]{1,12})[:：](.*)$/.exec(line) ?? [];
    return el("span", { class: "pair" }, name ? [el("span", {}, name), el("span", {}, value)] : el("span", {}, line));
  };
  const inside = [
    el("span", { class: "notice-head" }, el("span", { class: "quiet" }, label), el("strong", {}, title || label)),
    el("span", { class: "pairs" }, (content ?? "").split("\n").map(row)),
    app || address ? el("span", { class: "notice-foot" }, t(app ? "bubble.miniprogram" : "bubble.details"), icon("chevron")) : null,
  ];
  if (app) return button({ class: "plain card template", onclick: () => say(t("miniprogram.none", { appid: app })) }, inside);
  if (address) return button({ class: "plain card template", onclick: () => open(address) }, inside);
  return el("div", { class: "card template" }, inside);
}

/**
 * Build a card that opens its address, if that is one of the web.
 * @param {string} className
 * @param {string | undefined} url
 * @param {Open} open
 * @param {Children[]} children
 */
function card(className, url, open, ...children) {
  const address = webAddress(url);
  if (!url || !address) return el("div", { class: `card ${className}` }, ...children);
  return button({ class: `plain card ${className}`, onclick: () => open(address) }, ...children);
}

/**
 * @param {string | undefined} pic_url
 * @param {string} className
 */
function cover(pic_url, className) {
  const address = pic_url ? webAddress(pic_url) : null;
  const box = el("span", { class: className });
  if (!address) return box;
  const picture = el("img", { src: address, alt: "", loading: "lazy" });
  picture.addEventListener("error", () => picture.remove());
  box.append(picture);
  return box;
}

/**
 * @param {Types.NewsFields} message
 * @param {BubbleActions} actions
 */
function news({ articles: [first, ...others] }, { open }) {
  return others.length === 0 ? bigCard(first, open) : cardList(first, others, open);
}

/**
 * @param {Types.Article} article
 * @param {Open} open
 */
function bigCard({ title, description, pic_url, url }, open) {
  return card("news", url, open,
    pic_url ? cover(pic_url, "cover") : null,
    el("strong", {}, title),
    description ? el("span", { class: "digest" }, description) : null);
}

/**
 * @param {Types.Article} first
 * @param {Types.Article[]} others
 * @param {Open} open
 */
function cardList(first, others, open) {
  return el("div", { class: "card news-list" },
    card("news-first", first.url, open, cover(first.pic_url, "cover"), el("strong", {}, first.title)),
    others.map((article) => card("news-row", article.url, open, el("span", {}, article.title), cover(article.pic_url, "thumb"))));
}
