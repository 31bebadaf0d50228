// A photograph grows from its card into its page, and back, where the browser has transitions
// between documents. site.css names the large picture; here its card gets the same name for a
// moment, because a name may be on a page only once.
const NAME = "photo";

const cardOf = (address) => {
  if (!address) return null;
  const { pathname } = new URL(address);
  const inView = (frame) => {
    const { top, bottom } = frame.getBoundingClientRect();
    return bottom > 0 && top < innerHeight;
  };
  return [...document.querySelectorAll("a.frame")].find((frame) => frame.pathname === pathname && inView(frame));
};

const morph = (transition, address) => {
  if (!transition || document.querySelector(".whole")) return;
  const card = cardOf(address);
  if (!card) return;
  card.style.viewTransitionName = NAME;
  transition.finished.finally(() => {
    card.style.viewTransitionName = "";
  });
};

addEventListener("pageswap", (event) => morph(event.viewTransition, event.activation?.entry?.url));
addEventListener("pagereveal", (event) => morph(event.viewTransition, globalThis.navigation?.activation?.from?.url));
