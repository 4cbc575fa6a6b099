/** One delivery or one API call in full: what went out and what came back. */

import { el, iconButton } from "./dom.js";
import { journalTime } from "./time.js";
import { OUTCOMES } from "./words.js";
import { indent } from "./xml.js";

export function showDelivery(entry, nickname) {
  const [words] = OUTCOMES[entry.outcome] ?? [entry.outcome];
  const encrypted = entry.request_raw && entry.request_raw !== entry.request_xml;
  const answered = entry.response_raw && entry.response_raw !== entry.response_xml;
  show(`推送 ${entry.kind}`, [
    ["时间", journalTime(entry.at)],
    ["用户", nickname],
    ["第几次", String(entry.attempt)],
    ["地址", entry.url],
    ["结果", `${words} · ${entry.status ?? "无状态码"} · ${Math.round(entry.elapsed_ms)} ms`],
    ["出错", entry.error],
  ], [
    ["推送的内容", readable(entry.request_xml)],
    ["服务器的回复", readable(entry.response_xml) || (answered ? entry.response_raw : "（空）")],
    encrypted ? ["推送的原文", entry.request_raw] : null,
    answered && entry.response_xml ? ["回复的原文", entry.response_raw] : null,
  ]);
}

export function showCall(entry) {
  show(`${entry.method} ${entry.path}`, [
    ["时间", journalTime(entry.at)],
    ["状态码", String(entry.status)],
  ], [
    ["查询参数", readable(entry.query)],
    entry.body ? ["请求体", readable(entry.body)] : null,
    ["返回", readable(entry.response)],
  ]);
}

function readable(content) {
  if (content === null || content === undefined) return "";
  if (typeof content === "string") return content.trimStart().startsWith("<") ? indent(content) : content;
  return JSON.stringify(content, null, 2);
}

function show(title, facts, parts) {
  const dialog = el("dialog", { class: "detail", "aria-label": title, "data-testid": "detail" },
    el("header", {}, el("h2", {}, title), iconButton("close", "关闭", () => dialog.close())),
    el("div", { class: "body" },
      el("dl", {}, facts.filter(([, value]) => value).map(([name, value]) => el("div", {}, el("dt", {}, name), el("dd", {}, value)))),
      parts.filter(Boolean).map(([name, content]) => el("section", {}, el("h3", {}, name), el("pre", { tabindex: "0" }, content)))));
  dialog.addEventListener("close", () => dialog.remove());
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
  document.body.append(dialog);
  dialog.showModal();
}
