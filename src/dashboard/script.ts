/** What pages do better with a script: local times, questions before what cannot be taken back, fresh numbers, hover. */
export const SCRIPT = String.raw`"use strict";
(() => {
  const local = (root) => {
    for (const time of root.querySelectorAll("time[datetime]")) {
      const at = new Date(time.dateTime);
      if (Number.isNaN(at.getTime()) || time.dataset.kind === "date") continue;
      time.title = time.dateTime.replace("T", " ").replace(/(\.\d+)?Z$/, " UTC");
      time.textContent = at.toLocaleString(undefined, { dateStyle: "medium", timeStyle: "short" });
    }
  };
  local(document);

  document.addEventListener("submit", (event) => {
    const form = event.target;
    const button = event.submitter;
    const question = form.dataset.confirm;
    if (!question || form.dataset.asked) {
      if (button) setTimeout(() => { button.disabled = true; });
      return;
    }
    event.preventDefault();
    const dialog = document.createElement("dialog");
    const text = document.createElement("p");
    text.textContent = question;
    const actions = document.createElement("div");
    actions.className = "actions";
    const no = document.createElement("button");
    no.type = "button";
    no.className = "quiet";
    no.textContent = "Cancel";
    const yes = document.createElement("button");
    yes.type = "button";
    yes.className = "danger";
    yes.textContent = form.dataset.yes || "Yes, go on";
    no.addEventListener("click", () => dialog.close());
    yes.addEventListener("click", () => { form.dataset.asked = "1"; dialog.close(); form.requestSubmit(button); });
    dialog.addEventListener("close", () => dialog.remove());
    actions.append(no, yes);
    dialog.append(text, actions);
    document.body.append(dialog);
    dialog.showModal();
    no.focus();
  });

  for (const field of document.querySelectorAll("[data-auto-submit]")) {
    field.addEventListener("change", () => field.form.requestSubmit());
  }

  const tip = document.createElement("div");
  tip.className = "tip";
  tip.hidden = true;
  tip.setAttribute("aria-hidden", "true");
  document.body.append(tip);
  for (const chart of document.querySelectorAll("svg[data-chart]")) {
    chart.addEventListener("pointermove", (event) => {
      const mark = event.target.closest("[data-tip]");
      tip.hidden = !mark;
      if (!mark) return;
      tip.textContent = mark.dataset.tip;
      tip.style.left = Math.min(event.clientX + 12, innerWidth - tip.offsetWidth - 8) + "px";
      tip.style.top = event.clientY + 14 + "px";
    });
    chart.addEventListener("pointerleave", () => { tip.hidden = true; });
  }

  const live = document.querySelector("[data-live]");
  if (live) {
    const refresh = async () => {
      if (document.hidden || document.querySelector("dialog")) return;
      try {
        const response = await fetch(location.href, { headers: { accept: "text/html" } });
        const fresh = response.ok && !response.redirected && new DOMParser().parseFromString(await response.text(), "text/html").querySelector("[data-live]");
        if (fresh) { local(fresh); live.replaceChildren(...fresh.childNodes); }
      } catch { /* the next time */ }
    };
    setInterval(refresh, 1000 * Number(live.dataset.live));
  }

  const editor = document.querySelector("textarea[data-validate]");
  if (editor) {
    const output = document.getElementById(editor.dataset.output);
    let timer;
    const validate = async () => {
      const response = await fetch(editor.dataset.validate, { method: "POST", body: new URLSearchParams({ _csrf: editor.form.elements._csrf.value, catalog: editor.value }) });
      if (!response.ok) return;
      output.innerHTML = "";
      output.append(...new DOMParser().parseFromString(await response.text(), "text/html").body.childNodes);
    };
    editor.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(validate, 350); });
  }
})();
`;
