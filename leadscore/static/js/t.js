// leadscore for websites: docs/tracking.md. Page views, campaigns, marked forms; nothing without consent.
((w, d, n) => {
  const tag = d.currentScript, url = tag.src.replace(/\/t\.js.*/, "/v1/batch"), ask = tag.dataset.consent === "ask";
  const never = n.globalPrivacyControl || n.doNotTrack === "1", early = w.leadscore;
  let me = {}, queue = [], timer, last;
  try { me = JSON.parse(localStorage.leadscore); } catch { /* new here */ }

  const id = () => Date.now().toString(36) + Math.random().toString(36).slice(2) + Math.random().toString(36).slice(2);
  const may = () => !never && (ask ? me.ok === 1 : me.ok !== 0);
  const keep = () => { try { localStorage.leadscore = JSON.stringify(me); } catch { /* this page only */ } };
  const soon = (ms) => { clearTimeout(timer); timer = setTimeout(send, ms); };

  function add(type, more, traits) {
    if (never || me.ok === 0) return;
    const at = location, campaign = {};
    new URLSearchParams(at.search).forEach((v, k) => {
      if (k.startsWith("utm_")) campaign[k === "utm_campaign" ? "name" : k.slice(4)] = v;
    });
    const page = { url: at.href, path: at.pathname, referrer: d.referrer, title: d.title };
    queue.push({ type, messageId: id(), timestamp: new Date(), context: { page, campaign, userAgent: n.userAgent, traits }, ...more });
    soon(300);
  }

  function send() {
    if (!may() || !queue.length) return;
    if (!me.id) { me.id = id(); keep(); }
    const batch = queue.splice(0, 20).map((m) => ({ anonymousId: me.id, userId: me.user, ...m }));
    const again = () => { queue = batch.concat(queue).slice(0, 100); soon(5000); };
    const body = JSON.stringify({ writeKey: tag.dataset.key, sentAt: new Date(), batch });
    fetch(url, { method: "POST", body, keepalive: true, credentials: "omit", headers: { "Content-Type": "text/plain" } })
      .then((r) => r.status === 429 || r.status > 499 ? again() : send(), again);
  }

  const api = w.leadscore = {
    consent(yes) { me = yes ? { ...me, ok: 1 } : { ok: 0 }; keep(); if (yes) send(); else queue = []; },
    identify(user, traits) {
      if (user instanceof Object) [user, traits] = [me.user, user];
      me.user = user;
      if (may()) keep();
      add("identify", { traits });
    },
    track(event, properties) { add("track", { event, properties }); },
    page() { if (last !== location.href) { last = location.href; add("page"); } },
    reset() { me = { ok: me.ok }; keep(); },
  };

  d.addEventListener("submit", ({ target: form }) => {
    const name = form.dataset.leadscore, said = {};
    if (name === undefined) return;
    new FormData(form).forEach((v, k) => {
      if (v && v.slice && !/password|hidden|file/.test(form.elements[k].type)) said[k] = v.slice(0, 1000);
    });
    add("track", { event: "Form Submitted", properties: { ...said, form: name } }, said);
    send();
  }, true);
  const push = history.pushState;
  history.pushState = (...to) => { push.apply(history, to); setTimeout(api.page); };
  w.addEventListener("popstate", api.page);
  d.addEventListener("visibilitychange", send);
  if (Array.isArray(early)) early.forEach(([name, ...said]) => api[name](...said));
  api.page();
})(window, document, navigator);
