// Hearts, what was opened, and the strip "For you". Without it a heart is a form, the strip a link.
const OPENED_MS = 3000; // so long a photo is looked at before it counts

const remembered = () => decodeURIComponent(document.cookie.match(/(?:^|; )taste=([^;]*)/)?.[1] ?? "");
const isHearted = (photo) => new RegExp(`(^|[."])h${photo}[.~]`).test(remembered());

const send = (form, act) => {
  const data = new FormData(form);
  data.set("act", act);
  return fetch(form.action, { method: "POST", body: data, keepalive: true });
};

for (const form of document.querySelectorAll("form[data-heart]")) {
  const button = form.querySelector("button");
  const act = form.elements.act;
  const show = () => {
    const hearted = isHearted(form.elements.photo.value);
    button.setAttribute("aria-pressed", hearted);
    act.value = hearted ? "unheart" : "heart";
  };
  show();
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    try {
      const answer = await send(form, act.value);
      if (!answer.ok) throw new Error(answer.status);
      show();
    } catch {
      form.submit(); // the page that answers says what is wrong
    }
  });
  setTimeout(() => {
    if (document.visibilityState === "visible") send(form, "open").catch(() => {});
  }, OPENED_MS);
}

const strip = document.querySelector("[data-for-you]");
if (strip && remembered()) {
  fetch(strip.dataset.forYou)
    .then((answer) => (answer.ok ? answer.text() : ""))
    .then((html) => {
      if (!html.trim()) return;
      // From this site, rendered like every page of it.
      strip.replaceChildren(document.createRange().createContextualFragment(html));
    })
    .catch(() => {}); // the link stays
}
