/** Make XML and JSON readable: indent it, and colour it with elements that hold text only. */

import { el } from "../dom.js";

/**
 * Return XML with one element a line, CDATA kept. What does not parse is returned as it is.
 * @param {string} xml
 */
export function indent(xml) {
  const document = new DOMParser().parseFromString(xml, "text/xml");
  if (document.querySelector("parsererror")) return xml;
  return lines(document.documentElement, "").join("\n");
}

/**
 * @param {Element} element
 * @param {string} margin
 * @returns {string[]}
 */
function lines(element, margin) {
  if (element.children.length === 0) {
    const inside = [...element.childNodes].map((node) => new XMLSerializer().serializeToString(node)).join("");
    return [`${margin}<${element.nodeName}>${inside}</${element.nodeName}>`];
  }
  const inner = [...element.children].flatMap((child) => lines(child, `${margin}  `));
  return [`${margin}<${element.nodeName}>`, ...inner, `${margin}</${element.nodeName}>`];
}

const XML = /(<!\[CDATA\[)([\s\S]*?)(\]\]>)|(<\/?[\w.-]+>)/g;
const JSON_TOKEN = /("(?:[^"\\]|\\.)*")(\s*:)?|\b(?:true|false|null)\b|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;

/**
 * Build a readable block of XML, JSON or other text.
 * @param {unknown} content
 */
export function readable(content) {
  const text = textOf(content);
  const trimmed = text.trimStart();
  if (trimmed.startsWith("<")) return paint(text, XML, paintXml);
  if (trimmed.startsWith("{") || trimmed.startsWith("[")) return paint(text, JSON_TOKEN, paintJson);
  return [text];
}

/**
 * Return the same as text, for copying and editing.
 * @param {unknown} content
 */
export function textOf(content) {
  if (content === null || content === undefined) return "";
  if (typeof content !== "string") return JSON.stringify(content, null, 2);
  const trimmed = content.trim();
  if (trimmed.startsWith("<")) return indent(trimmed);
  if (!trimmed.startsWith("{") && !trimmed.startsWith("[")) return content;
  try {
    return JSON.stringify(JSON.parse(trimmed), null, 2);
  } catch {
    return content;
  }
}

/** @typedef {string | HTMLElement} Piece */

/**
 * Replace what `pattern` matches by `painted`.
 * @param {string} text
 * @param {RegExp} pattern
 * @param {(match: RegExpExecArray) => Piece[]} painted
 */
function paint(text, pattern, painted) {
  /** @type {Piece[]} */
  const nodes = [];
  let end = 0;
  for (const match of text.matchAll(pattern)) {
    nodes.push(text.slice(end, match.index), ...painted(match));
    end = match.index + match[0].length;
  }
  nodes.push(text.slice(end));
  return nodes.filter((node) => node !== "");
}

/** @type {(match: RegExpExecArray) => Piece[]} */
const paintXml = ([, open, inside, close, tag]) =>
  tag ? [el("span", { class: "tok-tag" }, tag)] : [el("span", { class: "tok-dim" }, open), el("span", { class: "tok-text" }, inside), el("span", { class: "tok-dim" }, close)];

/**
 * @param {RegExpExecArray} match
 * @returns {Piece[]}
 */
function paintJson([whole, string, colon]) {
  if (string && colon) return [el("span", { class: "tok-tag" }, string), colon];
  return [el("span", { class: string ? "tok-text" : "tok-number" }, whole)];
}
