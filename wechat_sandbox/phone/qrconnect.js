/**
 * Run WeChat's page of a website QR login: wait at the long poll for what the phone does, show it, and go
 * to the site once the login is confirmed. After a refusal the page stays. The options of wxLogin.js (style,
 * href, self_redirect …) are in the page's own address.
 */

import { language, translatePage } from "./language.js";
import { query } from "./query.js";

const uuid = document.body.dataset.uuid ?? "";
const asked = new URLSearchParams(location.search);
const english = language === "en";
const embedded = asked.get("login_type") === "jssdk";

/** The answers of the long poll (`wx_errcode`). */
const WAITING = 408;
const SCANNED = 404;
const CONFIRMED = 405;
const CANCELLED = 403;
const EXPIRED = 402;
const PAUSE = 2000;

/** @typedef {"waiting" | "scanned" | "cancelled" | "expired" | "confirmed" | "lost"} Stage */

/** @type {Record<Stage, [string | null, string]> & { title: string, refresh: string }} headline and advice */
const WORDS = english
  ? {
      title: "WeChat login",
      waiting: [null, "Scan with WeChat to log in"],
      scanned: ["Scanned", "Tap “Allow” in WeChat"],
      cancelled: ["You cancelled this login", "Scan again, or close this window"],
      expired: ["The QR code has expired", "Refresh it and scan again"],
      confirmed: ["Confirmed", "Going back to the site"],
      lost: [null, "No answer from WeChat, trying again"],
      refresh: "Refresh the QR code",
    }
  : {
      title: "微信登录",
      waiting: [null, "使用微信扫一扫登录"],
      scanned: ["扫描成功", "请在微信中点击允许即可登录"],
      cancelled: ["你已取消此次登录", "可再次扫描登录，或关闭窗口"],
      expired: ["二维码已过期", "请刷新二维码后重新扫描"],
      confirmed: ["登录成功", "正在返回网站"],
      lost: [null, "连不上微信，正在重试"],
      refresh: "刷新二维码",
    };

const status = query(document, ".status");
const [headline, hint] = [query(status, "h4"), query(status, "p")];
const refresh = query(document, ".refresh");

/** @param {Stage} stage */
function show(stage) {
  const [words, advice] = WORDS[stage];
  status.dataset.status = stage;
  status.classList.toggle("status_succ", stage === "scanned" || stage === "confirmed");
  status.classList.toggle("status_fail", stage === "cancelled" || stage === "expired");
  query(status, ".status_icon").hidden = words === null;
  headline.hidden = words === null;
  headline.textContent = words ?? "";
  hint.textContent = advice;
  refresh.hidden = stage !== "expired";
}

/**
 * Ask the long poll. Its answer is a script, `window.wx_errcode=N;window.wx_code='…';`, which is read, not run.
 * @param {number} last the last answer
 */
async function poll(last) {
  const answer = await fetch(`/connect/l/qrconnect?uuid=${encodeURIComponent(uuid)}${last ? `&last=${last}` : ""}&_=${Date.now()}`);
  const text = await answer.text();
  return { errcode: Number(/wx_errcode=(\d+)/.exec(text)?.[1]), code: /wx_code='([^']*)'/.exec(text)?.[1] ?? "" };
}

/**
 * Go to the site: with self_redirect in this frame, otherwise in the whole window.
 * @param {string} code
 */
function goBack(code) {
  const target = asked.get("redirect_uri") ?? "";
  const joined = `${target}${target.includes("?") ? "&" : "?"}code=${encodeURIComponent(code)}&state=${encodeURIComponent(asked.get("state") ?? "")}`;
  const own = !embedded || asked.get("self_redirect") === "true";
  (own ? window : (window.top ?? window)).location.href = joined;
}

const pause = () => new Promise((resolve) => setTimeout(resolve, PAUSE));

async function wait() {
  let last = 0;
  for (;;) {
    const { errcode, code } = await poll(last).catch(() => ({ errcode: 0, code: "" }));
    switch (errcode) {
      case CONFIRMED:
        show("confirmed");
        goBack(code);
        return;
      case SCANNED:
        show("scanned");
        last = SCANNED;
        break;
      case CANCELLED:
        show("cancelled");
        last = CANCELLED;
        await pause();
        break;
      case EXPIRED:
        show("expired");
        return;
      case WAITING:
        if (status.dataset.status === "lost") show("waiting");
        break;
      default:
        show("lost");
        await pause();
    }
  }
}

/** Dress the page as its options say. As in WeChat, the small layout takes no style sheet of the site. */
function dress() {
  translatePage();
  document.title = WORDS.title;
  query(document, ".title").textContent = WORDS.title;
  refresh.textContent = WORDS.refresh;
  document.body.classList.toggle("white", asked.get("style") === "white");
  document.body.classList.toggle("embedded", embedded);
  document.body.classList.toggle("lite", asked.get("stylelite") === "1");
  document.documentElement.dataset.scheme = asked.get("color_scheme") ?? "light";
  const href = asked.get("href") ?? "";
  if (asked.get("stylelite") === "1" || !/^(https?:|data:text\/css[;,])/i.test(href)) return;
  const sheet = document.createElement("link");
  sheet.rel = "stylesheet";
  sheet.href = href;
  document.head.append(sheet);
}

/** Tell wxLogin.js that the picture is there, for its `onQRcodeReady`. */
async function tellReady() {
  if (parent === window) return;
  await query(document, ".qrcode", HTMLImageElement).decode().then(() => parent.postMessage({ sandbox: "qrcode-ready" }, "*"), () => {});
}

refresh.addEventListener("click", () => location.reload());
dress();
show("waiting");
tellReady();
wait();
