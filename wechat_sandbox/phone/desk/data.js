/** Show what the account has: menu, tokens, quotas, QR codes, users, tags, templates, login pages. */

/** @import { Children } from "../dom.js" */
/** @import * as Types from "../types.js" */
/** @import { Word } from "../words.js" */
/** @import { Tool } from "./desk.js" */

import * as api from "../api.js";
import { ask, askNumber } from "../dialogs.js";
import { avatar, button, el } from "../dom.js";
import { icon } from "../icons.js";
import { reasonOf, t, tell } from "../words.js";
import { span } from "../time.js";

/** How many users the table shows. */
const USERS_SHOWN = 200;

/** @type {Tool} */
export function dataTool(root, world, { readMore }) {
  const refresh = button({ class: "refresh", onclick: readMore }, icon("reload"), t("data.refresh"));

  const said = el("p", { class: "fault", role: "alert" });
  const reset = button({ class: "refresh", "data-testid": "reset", onclick: async () => {
    if (!await ask({ title: t("data.reset"), hint: t("data.resetHint"), submit: t("data.reset") })) return;
    said.textContent = "";
    await api.reset().catch((error) => { said.textContent = reasonOf(error); });
  } }, icon("again"), t("data.reset"));

  /** @type {(title: Word, content: Children, count?: number) => HTMLElement} */
  const box = (title, content, count) => el("section", { class: "card-box" },
    el("h3", {}, t(title), count === undefined ? null : el("span", { class: "quiet" }, ` ${count}`)),
    content ?? el("p", { class: "quiet" }, t("data.none")));

  /** @type {(heads: Word[], rows: Children[][]) => HTMLElement | null} */
  const table = (heads, rows) => rows.length === 0 ? null : el("div", { class: "table-wrap" }, el("table", {},
    el("thead", {}, el("tr", {}, heads.map((head) => el("th", { scope: "col" }, t(head))))),
    el("tbody", {}, rows.map((cells) => el("tr", {}, cells.map((cell) => el("td", {}, cell)))))));

  /** @type {(seconds: number | null) => string} */
  const lifetime = (seconds) => seconds === null ? t("qr.permanent") : seconds <= 0 ? t("data.expired") : span(seconds);

  /** @param {Types.Menu | null | undefined} menu */
  function menuTree(menu) {
    if (!menu?.button.length) return null;
    /** @type {(button: Types.MenuButton) => HTMLElement} */
    const item = ({ name, type, key, url, sub_button: below = [] }) => el("li", {},
      el("strong", {}, name), type ? el("span", { class: "chip" }, type) : null, el("code", {}, key ?? url ?? ""),
      below.length ? el("ul", {}, below.map(item)) : null);
    return el("ul", { class: "menu-tree" }, menu.button.map(item));
  }

  /** @type {(menus: Types.ConditionalMenu[]) => Children} */
  const conditional = (menus) => menus.length === 0 ? null : menus.map(({ menuid, matchrule, button: buttons }) =>
    el("div", { class: "conditional" }, el("p", { class: "quiet" }, `menuid ${menuid ?? ""} · ${JSON.stringify(matchrule ?? {})}`), menuTree({ button: buttons ?? [] })));

  /** @type {(quota: Types.Quota) => Children[]} */
  const quota = ({ path, limit, used, remain }) => [
    el("code", {}, path),
    el("meter", { min: "0", max: String(limit), value: String(used), title: `${used} / ${limit}` }),
    `${used} / ${limit}`, String(remain),
  ];

  /** @type {(list: Types.QrCode[]) => Children} */
  const codes = (list) => list.length === 0 ? null : el("div", { class: "qr-codes" }, list.map(({ scene, ticket, permanent, expires_in, url }) =>
    el("figure", {}, el("img", { src: `/cgi-bin/showqrcode?ticket=${encodeURIComponent(ticket)}`, alt: url, loading: "lazy" }),
      el("figcaption", {}, el("strong", {}, String(scene)), el("span", { class: "quiet" }, permanent ? t("qr.permanent") : lifetime(expires_in))))));

  /** @param {Types.User} user */
  function userRow(user) {
    const { openid, nickname, avatar: face, subscribed, phone } = user;
    const number = button({ class: "link", onclick: async () => {
      const given = await askNumber(phone);
      if (!given) return;
      await api.setPhone(openid, given).catch((error) => { number.textContent = reasonOf(error); });
      world.setUser({ ...user, phone: given });
    } }, phone || t("sms.set"));
    return [el("span", { class: "who-cell" }, avatar(face, nickname, "avatar small"), nickname), el("code", {}, openid),
      t(subscribed ? "people.follows" : "people.stranger"), number];
  }

  function draw() {
    if (root.hidden) return;
    const { tokens = [], quotas = [], qr_codes = [], tags = [], templates = [], notice_templates = [], conditional_menus = [], logins = [], menu } = world.more;
    const users = [...world.users.values()];
    root.replaceChildren(el("div", { class: "tool-acts" }, said, reset, refresh),
      box("data.users", table(["people.nickname", "openid", "data.state", "sms.number"], users.slice(0, USERS_SHOWN).map(userRow)), users.length),
      box("data.menu", menuTree(menu)),
      box("data.conditional", conditional(conditional_menus), conditional_menus.length),
      box("data.tokens", table(["data.kind", "data.value", "data.expires"], tokens.map(({ kind, value_end, expires_in }) => [kind, el("code", {}, `…${value_end}`), lifetime(expires_in)]))),
      box("data.quotas", table(["data.path", "data.used", "", "data.remain"], quotas.map(quota))),
      box("data.codes", codes(qr_codes), qr_codes.length),
      box("data.templates", table(["template_id", "data.title", "data.content"], [...templates, ...notice_templates].map(({ template_id, title, content }) => [el("code", {}, template_id), title, el("span", { class: "pre" }, content)]))),
      box("data.tags", table(["id", "data.title"], tags.map(({ id, name }) => [String(id), name]))),
      box("data.logins", table(["uuid", "data.state", "appid"], logins.map(({ uuid, status, appid }) => [el("code", {}, uuid), tell(`login.status.${status}`, String(status)), el("code", {}, appid)]))));
  }

  for (const topic of ["more", "users"]) world.addEventListener(topic, draw);
  return {
    shown() {
      draw();
      readMore();
    },
  };
}
