// Puts the next pages of a list below it as they are reached. The address is always that of the
// page in view, so that a reload, a bookmark and the back button lead there. Without script, and
// when a page cannot be fetched, the links to the next and previous page work as they are.
const BY_ITSELF = 5; // pages, then the link waits: the foot of the page stays reachable
const AHEAD = "150% 0px"; // of the window, so that nobody sees the rows move
const READ = 0.5; // of the window: what crosses this line is in view

const pager = document.querySelector("nav.pages[data-more]");
const list = pager?.previousElementSibling;
const link = pager?.querySelector('[rel="next"]');

if (list && link) {
  const status = document.createElement("p");
  status.className = "visually-hidden";
  status.setAttribute("role", "status");
  pager.after(status);

  // The first item of each page -> its address.
  const pages = new Map([[list.firstElementChild, location.href]]);
  let left = BY_ITSELF;
  let loading = false;
  let isAsked = false; // for the page that is on its way, by a press
  let leaving = false; // for a photograph: its page of the list is what the back button leads to

  const isCovered = () => document.querySelector("dialog[open]"); // then the address is a photo's
  const keepAddress = (address) => {
    if (address !== location.href && !leaving && !isCovered()) history.replaceState(history.state, "", address);
  };
  const pageOf = (reached) => [...pages].filter(([item]) => reached(item)).at(-1)?.[1];
  const crossing = new IntersectionObserver(
    () => {
      const line = innerHeight * READ;
      const shown = pageOf((item) => item.getBoundingClientRect().top < line);
      keepAddress(shown ?? pages.values().next().value);
    },
    // All above the line, or what jumps from below it to above the window would tell nothing.
    { rootMargin: `1000000px 0px -${READ * 100}% 0px` },
  );
  crossing.observe(list.firstElementChild);

  // Who is at the foot of the page by keyboard, the link included, keeps it: nothing comes unasked
  // before it.
  const isAtFoot = () =>
    pager.compareDocumentPosition(document.activeElement) & Node.DOCUMENT_POSITION_FOLLOWING;

  const load = async () => {
    const address = link.href;
    loading = true;
    link.textContent = pager.dataset.busy;
    link.setAttribute("aria-busy", "true");
    try {
      const answer = await fetch(address);
      if (!answer.ok) throw new Error(answer.statusText);
      const text = await answer.text();
      if (!isAsked && isAtFoot()) { // now: nothing is waited for until the items stand there
        left += 1;
        return;
      }
      const page = new DOMParser().parseFromString(text, "text/html");
      const theirs = page.querySelector("nav.pages");
      const items = [...(theirs?.previousElementSibling?.children ?? [])];
      const next = theirs?.querySelector('[rel="next"]')?.getAttribute("href");
      const isHere = document.activeElement === link;
      list.append(...items);
      if (items.length) {
        pages.set(items[0], address);
        crossing.observe(items[0]);
        status.textContent = pager.dataset.added;
      }
      if (next) link.href = next;
      else finish();
      if (isHere) focusOn(items[0]);
    } catch {
      left = 0;
      link.removeEventListener("click", pressed); // it leads to the next page by itself
    } finally {
      loading = isAsked = false;
      link.removeAttribute("aria-busy");
      link.textContent = pager.dataset.more;
      lookAgain();
    }
  };

  const focusOn = (item) => item?.querySelector("a")?.focus({ preventScroll: true });

  const finish = () => {
    link.remove();
    if (!pager.childElementCount) pager.remove();
  };

  const nearing = new IntersectionObserver(
    ([entry]) => {
      if (!entry.isIntersecting || loading || left < 1 || leaving || isAtFoot() || isCovered()) return;
      left -= 1;
      load();
    },
    { rootMargin: AHEAD },
  );

  // A pager that is still near tells nothing by itself.
  const lookAgain = () => {
    nearing.unobserve(pager);
    if (link.isConnected) nearing.observe(pager);
  };

  const isElsewhere = (click) => click.ctrlKey || click.metaKey || click.shiftKey || click.button;

  const pressed = (event) => {
    if (isElsewhere(event)) return;
    event.preventDefault();
    leaving = false;
    left = BY_ITSELF;
    isAsked = true;
    if (!loading) load();
  };

  link.textContent = pager.dataset.more;
  link.addEventListener("click", pressed);
  pager.addEventListener("focusout", lookAgain);
  nearing.observe(pager);

  // Back from a photograph: to the page that it is on, and to the photograph.
  list.addEventListener("click", (event) => {
    const opened = event.target.closest("a[href]");
    if (!opened || isElsewhere(event)) return;
    const item = [...list.children].find((one) => one.contains(opened));
    const before = Node.DOCUMENT_POSITION_PRECEDING | Node.DOCUMENT_POSITION_CONTAINED_BY;
    keepAddress(pageOf((first) => first === item || item.compareDocumentPosition(first) & before));
    history.replaceState({ ...history.state, opened: opened.pathname }, "");
    leaving = true;
    history.scrollRestoration = "manual"; // the browser would scroll by a list of another length
  });
  addEventListener("pageshow", () => (leaving = false)); // out of the browser's memory
}

const opened = history.state?.opened;
const [visit] = performance.getEntriesByType("navigation");
if (opened && ["back_forward", "reload"].includes(visit?.type)) {
  const frame = [...document.querySelectorAll("main a.frame")].find((one) => one.pathname === opened);
  const { top = 0, bottom = 0 } = frame?.getBoundingClientRect() ?? {};
  if (frame && (top < 0 || bottom > innerHeight)) frame.scrollIntoView({ block: "center" });
  frame?.focus({ preventScroll: true });
}
