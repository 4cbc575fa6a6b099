/** The phone's screen as a whole: its title, its clock, and whether chat or profile is on show. */

export function screenView(screen, store) {
  const title = screen.querySelector(".conversation header h1");
  const badge = screen.querySelector(".back .badge");
  const offline = screen.querySelector(".offline");
  const clock = screen.querySelector(".status-bar time");

  function drawTitle() {
    title.textContent = store.typing.has(store.active) ? "对方正在输入…" : (store.account.name ?? "");
    document.title = store.user ? `${store.account.name} · ${store.user.nickname}` : (store.account.name ?? "沙盒");
  }

  function drawMode() {
    screen.classList.toggle("stranger", !store.user?.subscribed);
    drawTitle();
  }

  function tick() {
    clock.textContent = new Date(store.now() * 1000).toTimeString().slice(0, 5);
  }

  for (const event of ["account", "active"]) store.addEventListener(event, drawMode);
  store.addEventListener("typing", drawTitle);
  store.addEventListener("online", () => (offline.hidden = store.online));
  store.addEventListener("users", () => {
    badge.hidden = store.unread.size === 0;
    badge.textContent = store.unread.size;
  });
  tick();
  setInterval(tick, 1000);
}
