// Light or dark by choice: set before the page is painted. Without it the system decides.
(() => {
  const root = document.documentElement;
  const dark = matchMedia("(prefers-color-scheme: dark)");
  let chosen = null;
  try {
    chosen = localStorage.getItem("theme");
  } catch {
    // Storage is forbidden: the choice lasts as long as the page.
  }
  if (chosen) root.dataset.theme = chosen;

  // What is around the page: the colour of the one or the other paper, by the system or by choice.
  const bars = [...document.querySelectorAll('meta[name="theme-color"]')];
  const papers = bars.map((bar) => bar.content);
  const colourBars = () =>
    bars.forEach((bar, at) => {
      bar.content = papers[root.dataset.theme ? Number(isDark()) : at];
    });

  const isDark = () => (root.dataset.theme ? root.dataset.theme === "dark" : dark.matches);

  colourBars();

  document.addEventListener("DOMContentLoaded", () => {
    const button = document.querySelector("[data-theme-toggle]");
    button.hidden = false;
    const show = () => button.classList.toggle("is-dark", isDark());
    show();
    dark.addEventListener("change", show);
    button.addEventListener("click", () => {
      root.dataset.theme = isDark() ? "light" : "dark";
      colourBars();
      try {
        localStorage.setItem("theme", root.dataset.theme);
      } catch {
        // As above.
      }
      show();
    });
  });
})();
