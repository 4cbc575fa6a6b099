/** XML and JSON made readable: indented, and coloured with elements that hold text only. */

import { el } from "../dom.js";

/** One element a line, CDATA kept. What does not parse is answered as it came. */
export function indent(xml) {
  const document = new DOMParser().parseFromString(xml, "text/xml");
  if (document.querySelector("parsererror")) return xml;
  return lines(document.documentElement, "").join("\n");
}

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

/** A readable block of whatever was sent: XML, JSON, or text as it is. */
export function readable(content) {
  const text = textOf(content);
  const trimmed = text.trimStart();
  if (trimmed.startsWith("<")) return paint(text, XML, paintXml);
  if (trimmed.startsWith("{") || trimmed.startsWith("[")) return paint(text, JSON_TOKEN, paintJson);
  return [text];
}

/** The same as text, for copying and editing. */
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

function paint(text, pattern, painted) {
  const nodes = [];
  let end = 0;
  for (const match of text.matchAll(pattern)) {
    nodes.push(text.slice(end, match.index), ...painted(match));
    end = match.index + match[0].length;
  }
  nodes.push(text.slice(end));
  return nodes.filter((node) => node !== "");
}

const paintXml = ([, open, inside, close, tag]) =>
  tag ? [el("span", { class: "tok-tag" }, tag)] : [el("span", { class: "tok-dim" }, open), el("span", { class: "tok-text" }, inside), el("span", { class: "tok-dim" }, close)];

function paintJson([whole, string, colon]) {
  if (string && colon) return [el("span", { class: "tok-tag" }, string), colon];
  return [el("span", { class: string ? "tok-text" : "tok-number" }, whole)];
}
