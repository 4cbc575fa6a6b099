/** One function for each kind of message: what stands inside its bubble. */

import { button, el, webAddress } from "../dom.js";
import { icon } from "../icons.js";
import { t } from "../words.js";
import { menuLink, richText } from "./richtext.js";
import { music, video, voice } from "./sounds.js";

/**
 * The inside of a message's bubble. `open(url)` opens the web view, `view(media)` shows a picture or a
 * video large, `show(place)` shows a map, `choose(item)` taps a message menu's item, `say(text)` tells
 * the user that something cannot be done.
 */
export function bubbleContent(message, actions) {
  return (KINDS[message.type] ?? unknown)(message, actions);
}

/** Kinds that are drawn without the coloured box around them. */
export const BARE = new Set(["image", "video", "shortvideo", "news", "template"]);

const KINDS = {
  text: ({ content }, actions) => richText(content, actions),
  image,
  voice,
  video,
  shortvideo: video,
  music,
  news: ({ articles }, { open }) => (articles.length === 1 ? bigCard(articles[0], open) : cardList(articles, open)),
  location,
  link: linkCard,
  share: linkCard,
  msgmenu,
  template,
};

function unknown({ type, content }) {
  return el("span", { class: "unknown" }, content ? String(content) : `[${type}]`);
}

function image({ url }, { view }) {
  const picture = el("img", { class: "picture", src: url, alt: t("bubble.picture"), loading: "lazy" });
  return button({ class: "plain", "aria-label": t("bubble.look"), onclick: () => view({ type: "image", url }) }, picture);
}

function location({ label, latitude, longitude, scale }, { show }) {
  return button({ class: "plain card place", "aria-label": `${t("bubble.place")} ${label}`, onclick: () => show({ name: label, latitude, longitude, scale }) },
    el("span", { class: "words" }, el("strong", {}, label || t("bubble.place")), el("span", {}, `${latitude}, ${longitude}`)),
    el("span", { class: "map", "aria-hidden": "true" }, icon("place")));
}

export function linkCard({ title, description, url, pic_url }, { open }) {
  const picture = webAddress(pic_url);
  return card("link-card", url, open,
    el("strong", {}, title || url),
    el("span", { class: "link-row" },
      el("span", {}, description ?? ""),
      el("span", { class: "thumb" }, picture ? el("img", { src: picture, alt: "" }) : icon("link"))));
}

function msgmenu({ head_content, list, tail_content }, actions) {
  return el("div", { class: "msgmenu" },
    head_content ? el("p", {}, richText(head_content, actions)) : null,
    el("ul", {}, list.map((item) => el("li", {}, menuLink(item, actions.choose)))),
    tail_content ? el("p", {}, richText(tail_content, actions)) : null);
}

/** `via` -> what WeChat calls it. */
const NOTICES = { notice: "bubble.notice", "one-time": "bubble.oneTime" };

/** Template messages and subscription notices: a title, rows of name and value, and a way to the details. */
function template({ title, content, url, miniprogram, via }, { open, say }) {
  const app = miniprogram?.appid;
  const address = url ? webAddress(url) : null;
  const label = t(NOTICES[via] ?? "bubble.template");
  const row = (line) => {
    const [, name, value] = /^([^:：]{1,12})[:：](.*)$/.exec(line) ?? [];
    return el("span", { class: "pair" }, name ? [el("span", {}, name), el("span", {}, value)] : el("span", {}, line));
  };
  const inside = [
    el("span", { class: "notice-head" }, el("span", { class: "quiet" }, label), el("strong", {}, title || label)),
    el("span", { class: "pairs" }, (content ?? "").split("\n").map(row)),
    app || address ? el("span", { class: "notice-foot" }, t(app ? "bubble.miniprogram" : "bubble.details"), icon("chevron")) : null,
  ];
  if (!app && !address) return el("div", { class: "card template" }, inside);
  return button({ class: "plain card template", onclick: () => (app ? say(t("miniprogram.none", { appid: app })) : open(address)) }, inside);
}

/** Something that can be tapped if its address is one of the web, and only looked at if not. */
function card(className, url, open, ...children) {
  const address = webAddress(url);
  if (!url || !address) return el("div", { class: `card ${className}` }, children);
  return button({ class: `plain card ${className}`, onclick: () => open(address) }, children);
}

function cover(pic_url, className) {
  const address = pic_url ? webAddress(pic_url) : null;
  const box = el("span", { class: className });
  if (!address) return box;
  const picture = el("img", { src: address, alt: "", loading: "lazy" });
  picture.addEventListener("error", () => picture.remove());
  box.append(picture);
  return box;
}

function bigCard({ title, description, pic_url, url }, open) {
  return card("news", url, open,
    pic_url ? cover(pic_url, "cover") : null,
    el("strong", {}, title),
    description ? el("span", { class: "digest" }, description) : null);
}

function cardList([first, ...others], open) {
  return el("div", { class: "card news-list" },
    card("news-first", first.url, open, cover(first.pic_url, "cover"), el("strong", {}, first.title)),
    others.map((article) => card("news-row", article.url, open, el("span", {}, article.title), cover(article.pic_url, "thumb"))));
}
