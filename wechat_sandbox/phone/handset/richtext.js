/**
 * Build text as a WeChat bubble shows it. Web addresses, `<a href="http(s)…">…</a>` and
 * `<a href="weixin://bizmsgmenu?…">…</a>` can be tapped; all other tags are shown as text.
 */

/** @import { MenuItem } from "../types.js" */

/** @typedef {(url: string) => void} Open */
/** @typedef {(item: MenuItem) => void} Choose */

import { button, el, webAddress } from "../dom.js";

const ANCHOR = /<a\s[^<>]*?href\s*=\s*(?:"([^"]*)"|'([^']*)')[^<>]*>([\s\S]*?)<\/a>/gi;
const ADDRESS = /https?:\/\/[\w\-.~:/?#[\]@!$&'()*+,;=%]*[\w\-~/#=&%]/g;
const TAG = /<[^<>]*>/g;
const MENU_ITEM = /^weixin:\/\/bizmsgmenu\?(.*)$/i;

/**
 * Build the nodes for `text`.
 * @param {string} text
 * @param {{ open: Open, choose: Choose }} actions called for a tap on a link or on a menu item
 */
export function richText(text, { open, choose }) {
  return split(text, ANCHOR, plainText(open), (match) => {
    const [whole, href = match[2], , inner] = match;
    const item = menuItem(href);
    if (item) return menuLink({ ...item, label: inner.replace(TAG, "") }, choose);
    const url = /^https?:/i.test(href) ? webAddress(href) : null;
    return url ? link(url, inner.replace(TAG, ""), open) : whole;
  });
}

/**
 * Return `text` with each link replaced by its words.
 * @param {string} text
 */
export const wordsOf = (text) => text.replace(ANCHOR, (_whole, _quoted, _other, /** @type {string} */ inner) => inner.replace(TAG, ""));

/**
 * Build an item of a message menu: a tap on it sends its words as the user's message.
 * @param {MenuItem & { label?: string }} item
 * @param {Choose} choose
 */
export function menuLink({ id, content, label }, choose) {
  return button({ class: "menu-link", "data-testid": "menu-link", onclick: () => choose({ id, content }) }, label ?? content);
}

/**
 * Return the item of a message menu that `href` names, or null.
 * @param {string} href
 */
function menuItem(href) {
  const [, query] = MENU_ITEM.exec(href.replaceAll("&amp;", "&")) ?? [];
  if (query === undefined) return null;
  const fields = new URLSearchParams(query);
  const content = fields.get("msgmenucontent");
  return content ? { content, id: fields.get("msgmenuid") ?? "" } : null;
}

/** @type {(open: Open) => (text: string) => (Node | string)[]} */
const plainText = (open) => (text) => split(text, ADDRESS, (rest) => [rest], (match) => link(match[0], match[0], open));

/**
 * Build nodes for `text`: by `matched` for what `pattern` matches, by `between` for the rest.
 * @param {string} text
 * @param {RegExp} pattern
 * @param {(text: string) => (Node | string)[]} between
 * @param {(match: RegExpExecArray) => Node | string} matched
 */
function split(text, pattern, between, matched) {
  /** @type {(Node | string)[]} */
  const nodes = [];
  let end = 0;
  for (const match of text.matchAll(pattern)) {
    nodes.push(...between(text.slice(end, match.index)), matched(match));
    end = match.index + match[0].length;
  }
  nodes.push(...between(text.slice(end)));
  return nodes.filter((node) => node !== "");
}

/**
 * @param {string} url
 * @param {string} label
 * @param {Open} open
 */
function link(url, label, open) {
  return el("a", {
    href: url,
    onclick(event) {
      event.preventDefault();
      open(url);
    },
  }, label);
}
