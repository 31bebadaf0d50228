// Photographs one by one, as large as the window: those of a list, or a photo's page, and on
// through the pages before and after. Without it cards and pages are links, as they are.
const SLIDE_MS = 5000;
const PATIENCE_MS = 300; // for a picture that is not there yet; then what there is of it is shown
const SWIPE_PX = 40;
const LEFT = "left the lightbox";

const dialog = document.querySelector("[data-lightbox-dialog]");
const box = dialog.firstElementChild; // a dialog itself cannot fill the screen
const stage = dialog.querySelector(".stage");
const caption = dialog.querySelector(".caption a");
const status = dialog.querySelector("[role=status]");
const button = (name) => dialog.querySelector(`[data-do="${name}"]`);

let photos = [];
let at = 0;
let ends = {}; // the address of the page before and after
let playing = false;
let timer;
let turn = 0; // counts, so that a slow picture does not replace a later one
let opener;
let leaving = false; // until the history is back at the page
let following = false; // the caption, to the photo's page

// --- What there is to see ---
const photosOf = (page, address) => {
  const absolute = (link) => new URL(link.getAttribute("href"), address).href;
  const whole = page.querySelector(".whole picture");
  if (whole) {
    return [{ href: address, title: page.querySelector("h1").textContent, picture: whole }];
  }
  return [...page.querySelectorAll("[data-lightbox-list] .card")]
    .filter((card) => card.querySelector("picture"))
    .map((card) => ({
      id: card.id,
      page: address,
      href: absolute(card.querySelector("a.frame")),
      title: card.querySelector(".card-title")?.textContent ?? "",
      picture: card.querySelector("picture"),
    }));
};

const endOf = (page, address, rel) => {
  const link = page.querySelector(`main [rel="${rel}"]`);
  return link && { address: new URL(link.getAttribute("href"), address).href };
};

const fetched = async (rel, { address }) => {
  const answer = await fetch(address);
  if (!answer.ok) throw new Error(answer.statusText);
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const known = new Set(photos.map(({ href }) => href));
  const found = photosOf(page, address).filter(({ href }) => !known.has(href));
  ends[rel] = found.length ? endOf(page, address, rel) : null;
  if (rel === "next") photos.push(...found);
  else {
    photos.unshift(...found);
    at += found.length;
  }
  markEnds();
};

// Add the page at an end. Without a connection that end stays where it is, and is asked again.
const extend = (rel) => {
  const end = ends[rel];
  if (!end) return null;
  end.asked ??= fetched(rel, end).catch(() => {
    end.asked = null;
  });
  return end.asked;
};

// --- Showing ---
const enlarged = (photo) => {
  if (photo.large) return photo.large;
  const large = document.importNode(photo.picture, true);
  const image = large.querySelector("img");
  const ratio = image.getAttribute("width") / image.getAttribute("height");
  const wanted = Math.min(innerWidth, innerHeight * ratio) * devicePixelRatio;
  const sizes = `min(100vw, ${Math.round(100 * ratio)}vh)`;
  for (const source of large.querySelectorAll("source")) {
    const widest = Math.max(...[...source.srcset.matchAll(/ (\d+)w/g)].map(([, width]) => width));
    const isLast = !source.nextElementSibling.matches("source");
    if (source.media || (widest < wanted && !isLast)) source.remove();
    else source.sizes = sizes;
  }
  image.removeAttribute("loading");
  image.sizes = sizes;
  image.style.maxWidth = `${image.getAttribute("width")}px`; // not larger than it is
  image.draggable = false;
  photo.large = large;
  return large;
};

const loaded = (photo) => enlarged(photo).querySelector("img").decode().catch(() => {});
const pause = (ms) => new Promise((done) => setTimeout(done, ms));

const markEnds = () => {
  button("previous").ariaDisabled = String(!photos[at - 1] && !ends.prev);
  button("next").ariaDisabled = String(!photos[at + 1] && !ends.next);
};

const show = async (place) => {
  at = place;
  turn += 1;
  const mine = turn;
  const photo = photos[at];
  clearTimeout(timer);
  await Promise.race([loaded(photo), pause(PATIENCE_MS)]);
  if (mine !== turn || !dialog.open) return;
  stage.replaceChildren(photo.large);
  caption.textContent = photo.title || photo.large.querySelector("img").alt;
  caption.href = photo.href;
  status.textContent = caption.textContent;
  history.replaceState({ lightbox: true }, "", photo.href);
  markEnds();
  await Promise.all([at === photos.length - 1 && extend("next"), at === 0 && extend("prev")]);
  if (mine !== turn) return;
  for (const near of [photos[at + 1], photos[at - 1]]) if (near) loaded(near);
  play(playing && at + 1 < photos.length);
};

const move = async (step) => {
  if (!photos[at + step]) await extend(step > 0 ? "next" : "prev");
  if (photos[at + step]) show(at + step);
};

const play = (on) => {
  playing = on;
  clearTimeout(timer);
  if (on) timer = setTimeout(() => show(at + 1), SLIDE_MS);
  button("play").ariaPressed = String(on);
  status.ariaLive = on ? "off" : "polite"; // who plays need not hear each one
};

const fillScreen = () =>
  (document.fullscreenElement ? document.exitFullscreen() : box.requestFullscreen()).catch(() => {});

// --- Opening and closing: one entry in the history, whose address is that of the photo ---
const open = (from) => {
  photos = photosOf(document, location.href);
  if (!photos.length || leaving) return;
  ends = Object.fromEntries(["next", "prev"].map((rel) => [rel, endOf(document, location.href, rel)]));
  const inView = photos.findIndex(({ id }) => id && document.getElementById(id).getBoundingClientRect().bottom > 0);
  opener = from;
  history.scrollRestoration = "manual"; // back at this page, land() says where
  history.pushState({ lightbox: true }, "", photos[Math.max(inView, 0)].href);
  dialog.showModal();
  dialog.focus();
  following = false;
  playing = from.dataset.lightbox === "play";
  show(Math.max(inView, 0));
};

// Leave at a photo: to its card, if need be on another page of the list, or to its own page.
const land = () => {
  const photo = photos[at];
  const card = photo.id && document.getElementById(photo.id);
  const link = card?.querySelector("a.frame");
  history.scrollRestoration = "auto";
  if (card) {
    const { top, bottom } = card.getBoundingClientRect();
    if (top < 0 || bottom > innerHeight) card.scrollIntoView({ block: "center" });
    link.focus({ preventScroll: true });
  }
  if (following && link) link.click(); // as by hand, so that the list keeps its place
  else if (following) location.assign(photo.href);
  else if (card) return;
  else if (document.contains(photo.picture)) opener.focus();
  else if (photo.id) location.replace(`${photo.page.split("#")[0]}#${photo.id}`);
  else {
    window.name = LEFT; // goes with the window, and needs no storage
    location.replace(photo.href);
  }
};

dialog.addEventListener("close", () => {
  play(false);
  if (document.fullscreenElement) document.exitFullscreen();
  stage.replaceChildren();
  leaving = Boolean(history.state?.lightbox);
  if (leaving) history.back();
  else land();
});

addEventListener("popstate", () => {
  leaving = false;
  if (dialog.open) dialog.close();
  else if (history.state?.lightbox) location.reload(); // forward: the photo's page
  else if (photos.length) land();
});

// --- Keys, buttons, fingers ---
const acts = {
  next: () => move(1),
  previous: () => move(-1),
  play: () => play(!playing && at + 1 < photos.length),
  screen: fillScreen,
  close: () => dialog.close(),
};
const ahead = () => (getComputedStyle(dialog).direction === "rtl" ? -1 : 1);
const keys = {
  ArrowRight: () => move(ahead()),
  ArrowLeft: () => move(-ahead()),
  Home: () => show(0),
  End: () => show(photos.length - 1),
  f: fillScreen,
  " ": acts.play,
};

dialog.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === " " && event.target.closest("button")) return; // it presses the button
  const act = keys[event.key.length === 1 ? event.key.toLowerCase() : event.key];
  if (!act) return;
  event.preventDefault();
  act();
});

dialog.addEventListener("click", (event) => acts[event.target.closest("[data-do]")?.dataset.do]?.());

caption.addEventListener("click", (event) => {
  if (event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  following = !document.contains(photos[at].picture) || Boolean(photos[at].id);
  dialog.close();
});

let touched = null;
stage.addEventListener("pointerdown", (event) => {
  const mayTurn = event.pointerType !== "mouse" && event.isPrimary && !(visualViewport?.scale > 1);
  touched = mayTurn ? event : null;
});
stage.addEventListener("pointerup", (event) => {
  if (!touched || !event.isPrimary) return;
  const [x, y] = [event.clientX - touched.clientX, event.clientY - touched.clientY];
  touched = null;
  if (Math.abs(x) > SWIPE_PX && Math.abs(x) > 2 * Math.abs(y)) move(x < 0 ? ahead() : -ahead());
});

if (history.state?.lightbox) history.replaceState(null, "", location.href); // it was reloaded
button("screen").hidden = !document.fullscreenEnabled;
for (const one of document.querySelectorAll("[data-lightbox]")) {
  one.hidden = false;
  one.addEventListener("click", () => open(one));
}
if (window.name === LEFT) { // here: the keyboard goes on where it was, at another photo
  window.name = "";
  document.querySelector("[data-lightbox]")?.focus({ preventScroll: true });
}
const whole = document.querySelector(".whole .frame");
if (whole) {
  whole.style.cursor = "zoom-in";
  whole.addEventListener("click", () => open(document.querySelector("[data-lightbox]")));
}
