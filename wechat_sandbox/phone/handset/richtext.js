/**
 * Text as a WeChat bubble shows it: newlines, bare web addresses, `<a href="http(s)…">…</a>` and
 * `<a href="weixin://bizmsgmenu?…">…</a>` that can be tapped. Every other tag stays visible as the text
 * it is.
 */

import { button, el, webAddress } from "../dom.js";

const ANCHOR = /<a\s[^<>]*?href\s*=\s*(?:"([^"]*)"|'([^']*)')[^<>]*>([\s\S]*?)<\/a>/gi;
const ADDRESS = /https?:\/\/[\w\-.~:/?#[\]@!$&'()*+,;=%]*[\w\-~/#=&%]/g;
const TAG = /<[^<>]*>/g;
const MENU_ITEM = /^weixin:\/\/bizmsgmenu\?(.*)$/i;

/** Nodes for `text`. `open(url)` is called when a link is tapped, `choose({id, content})` for a menu item. */
export function richText(text, { open, choose }) {
  return split(text, ANCHOR, plainText(open), (match) => {
    const [whole, href = match[2], , inner] = match;
    const item = menuItem(href ?? match[2]);
    if (item) return menuLink({ ...item, label: inner.replace(TAG, "") }, choose);
    const url = /^https?:/i.test(href) ? webAddress(href) : null;
    return url ? link(url, inner.replace(TAG, ""), open) : whole;
  });
}

/** `text` as one line says it: of its links, the words. */
export const wordsOf = (text) => text.replace(ANCHOR, (whole, quoted, other, inner) => inner.replace(TAG, ""));

/** An item of a message menu: tapping it says its words in the user's name. */
export function menuLink({ id, content, label }, choose) {
  return button({ class: "menu-link", "data-testid": "menu-link", onclick: () => choose({ id, content }) }, label ?? content);
}

function menuItem(href) {
  const [, query] = MENU_ITEM.exec(href.replaceAll("&amp;", "&")) ?? [];
  if (query === undefined) return null;
  const fields = new URLSearchParams(query);
  const content = fields.get("msgmenucontent");
  return content ? { content, id: fields.get("msgmenuid") ?? "" } : null;
}

const plainText = (open) => (text) => split(text, ADDRESS, (rest) => [rest], (match) => link(match[0], match[0], open));

function split(text, pattern, between, matched) {
  const nodes = [];
  let end = 0;
  for (const match of text.matchAll(pattern)) {
    nodes.push(...between(text.slice(end, match.index)), matched(match));
    end = match.index + match[0].length;
  }
  nodes.push(...between(text.slice(end)));
  return nodes.filter((node) => node !== "");
}

function link(url, label, open) {
  return el("a", {
    href: url,
    onclick: (event) => {
      event.preventDefault();
      open(url);
    },
  }, label);
}
