/** Show the sheet behind ⋯ of the conversation: what the user can do beside chatting. */

/** @import { attempts } from "../attempt.js" */
/** @import { Hand } from "./hand.js" */

import * as api from "../api.js";
import { askNumber } from "../dialogs.js";
import { t } from "../words.js";
import { sheet } from "./overlay.js";

/**
 * @param {HTMLElement} screen
 * @param {Hand} hand
 * @param {object} actions
 * @param {ReturnType<typeof attempts>} actions.attempt
 * @param {() => void} actions.scan
 * @param {() => void} actions.showProfile
 * @param {() => void} actions.switchUser
 * @param {() => void} actions.openDesk
 */
export function showMoreMenu(screen, hand, { attempt, scan, showProfile, switchUser, openDesk }) {
  const { openid, user, world } = hand;

  const setNumber = attempt(async () => {
    const phone = await askNumber(user?.phone);
    if (!phone || !user) return;
    await api.setPhone(openid, phone);
    world.setUser({ ...user, phone });
  });

  sheet(screen, t("more"), [
    { label: t("scan"), act: scan, testid: "scan" },
    user?.subscribed && { label: t("profile.open"), act: showProfile, testid: "open-profile" },
    { label: t("location.report"), act: attempt(() => api.location(openid)), testid: "report-location" },
    { label: t("sms.number"), act: setNumber },
    { label: t("people.switch"), act: switchUser },
    { label: t("desk.open"), act: openDesk, testid: "open-desk" },
    user?.subscribed && { label: t("unfollow"), act: attempt(() => api.unsubscribe(openid)), testid: "unfollow", danger: true },
  ]);
}
