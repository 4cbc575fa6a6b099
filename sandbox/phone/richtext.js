/**
 * Text as a WeChat bubble shows it: newlines, bare web addresses and `<a href="http(s)…">…</a>` that
 * can be tapped. Every other tag stays visible as the text it is.
 */

import { el, webAddress } from "./dom.js";

const ANCHOR = /<a\s[^<>]*?href\s*=\s*(?:"([^"]*)"|'([^']*)')[^<>]*>([\s\S]*?)<\/a>/gi;
const ADDRESS = /https?:\/\/[\w\-.~:/?#[\]@!$&'()*+,;=%]*[\w\-~/#=&%]/g;
const TAG = /<[^<>]*>/g;

/** Nodes for `text`; `open(url)` is called when a link is tapped. */
export function richText(text, open) {
  return split(text, ANCHOR, plainText(open), (match) => {
    const url = /^https?:/i.test(match[1] ?? match[2]) ? webAddress(match[1] ?? match[2]) : null;
    return url ? link(url, match[3].replace(TAG, ""), open) : match[0];
  });
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
