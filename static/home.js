// Show whether WeChat has accepted the JS-SDK's configuration, and the network that it reports.
const status = /** @type {HTMLElement} */ (document.getElementById("jssdk-status"));
const network = /** @type {HTMLElement} */ (document.getElementById("network"));

/** @param {JssdkOutcome} outcome */
function show({ ok, reason, message }) {
  status.dataset.state = ok ? "ready" : reason === "outside" ? reason : "failed";
  const words = status.dataset[ok ? "ready" : reason] ?? "";
  status.textContent = reason === "refused" ? words + message : words;
  if (!ok) return;
  wx.getNetworkType({
    success: (result) => { network.textContent = String(result.networkType); },
  });
}

document.addEventListener("jssdk", (event) => show(/** @type {CustomEvent<JssdkOutcome>} */ (event).detail)); // the answer can come late
if (window.jssdk) show(window.jssdk);
