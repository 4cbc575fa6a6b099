// Shows whether WeChat took the JS-SDK's configuration, and the network it reports.
const status = document.getElementById("jssdk-status");

function show({ ok, message }) {
  status.dataset.state = ok ? "ready" : "failed";
  status.textContent = ok ? status.dataset.ready : message ? status.dataset.failed + message : status.dataset.missing;
  if (!ok) return;
  wx.getNetworkType({
    success: (result) => { document.getElementById("network").textContent = result.networkType; },
  });
}

if (window.jssdk) show(window.jssdk);
else document.addEventListener("jssdk", (event) => show(event.detail), { once: true });
