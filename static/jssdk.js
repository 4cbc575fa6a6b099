// Hands the server's configuration to the JS-SDK, sets the share card, and says how it went: `jssdk` on
// document, with {ok, reason, message}. With the signature doctor on the page, says what differs, at once.
(() => {
  const read = (id) => JSON.parse(document.getElementById(id).textContent);
  const { share, signed } = read("jssdk-page");
  const doctor = document.getElementById("jssdk-doctor");
  const SILENCE = 5000; // longer than WeChat takes to check a signature, in milliseconds
  // WeChat's browser says who it is; what is in a frame is WeChat's web view as the sandbox shows it.
  const inWeChat = /MicroMessenger/i.test(navigator.userAgent) || window.parent !== window;

  // `reason`, where not ok: missing, outside, silent or refused.
  function tell(ok, reason, message) {
    window.jssdk = { ok, reason, message };
    document.dispatchEvent(new CustomEvent("jssdk", { detail: window.jssdk }));
    diagnose(ok ? "well" : reason, message);
  }

  function differences(ours, theirs) {
    const found = [];
    if (ours.includes("#")) found.push("hash");
    const [a, b] = [new URL(ours.split("#")[0]), new URL(theirs)];
    if (a.protocol !== b.protocol) found.push("protocol");
    if (a.host !== b.host) found.push("host");
    for (const part of ["pathname", "search"]) {
      if (a[part] === b[part]) continue;
      const plain = (text) => { try { return decodeURIComponent(text); } catch { return text; } };
      if (plain(a[part]) === plain(b[part])) found.push("encoding");
      else if (a[part].replaceAll("&amp;", "&") === b[part].replaceAll("&amp;", "&")) found.push("entity");
      else found.push(part === "pathname" ? "path" : "query");
    }
    // URL() tidies both up; WeChat compares the raw texts.
    if (!found.length && ours !== theirs) found.push("encoding");
    return found.length ? [...new Set(found)] : ["none"];
  }

  function diagnose(outcome, message) {
    if (!doctor) return;
    const here = location.href.split("#")[0];
    const found = differences(signed, here);
    const same = found[0] === "none";
    const said = !same ? found : outcome === "well" ? ["well"] : outcome === "refused" ? ["none", "console"] : ["none"];
    document.getElementById("doctor-page").replaceChildren(...marked(here, signed));
    document.getElementById("doctor-signed").replaceChildren(...marked(signed, here));
    document.getElementById("doctor-answer").textContent = message;
    const verdict = document.getElementById("doctor-verdict");
    verdict.dataset.state = !same || outcome === "refused" ? "failed" : outcome === "well" ? "ready" : "waiting";
    verdict.dataset.differs = found.join(" ");
    const words = said.map((name) => doctor.querySelector(`li[data-differs=${name}]`).textContent);
    verdict.textContent = words.join(" ");
  }

  // The part of `text` that differs from `other`, marked.
  function marked(text, other) {
    if (text === other) return [text];
    let start = 0;
    while (start < text.length && text[start] === other[start]) start += 1;
    let end = 0;
    while (end < text.length - start && end < other.length - start && text.at(-1 - end) === other.at(-1 - end)) end += 1;
    const mark = document.createElement("mark");
    mark.textContent = text.slice(start, text.length - end) || "∅";
    return [text.slice(0, start), mark, text.slice(text.length - end)];
  }

  diagnose("", "—");
  if (!window.wx) {
    tell(false, "missing", "the script has not loaded");
    return;
  }
  if (!inWeChat) {
    tell(false, "outside", "only inside WeChat"); // its script would never call anybody back
    return;
  }
  wx.config(read("jssdk-config"));
  let refused = false;
  const silent = setTimeout(() => tell(false, "silent", "no answer from WeChat"), SILENCE);
  wx.error((result) => {
    clearTimeout(silent);
    refused = true;
    tell(false, "refused", result.errMsg);
  });
  wx.ready(() => {
    clearTimeout(silent);
    if (refused) return; // the SDK calls ready after error, too
    if (share) {
      const card = { title: share.title, desc: share.desc, link: share.link, imgUrl: share.image };
      wx.updateAppMessageShareData(card);
      wx.updateTimelineShareData(card);
    }
    tell(true, "", "config:ok");
  });
})();
