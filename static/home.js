// Shows whether WeChat took the JS-SDK's configuration, and the network it reports.
const status = document.getElementById("jssdk-status");

function show({ ok, reason, message }) {
  status.dataset.state = ok ? "ready" : reason === "outside" ? reason : "failed";
  status.textContent = ok ? status.dataset.ready : reason === "refused" ? status.dataset.refused + message : status.dataset[reason];
  if (!ok) return;
  wx.getNetworkType({
    success: (result) => { document.getElementById("network").textContent = result.networkType; },
  });
}

document.addEventListener("jssdk", (event) => show(event.detail)); // an answer may come late
if (window.jssdk) show(window.jssdk);
