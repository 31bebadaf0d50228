// Completes what is being typed into a search box. Without it the box works as it is.
const PAUSE_MS = 120;

for (const [number, input] of document.querySelectorAll("input[data-suggestions]").entries()) {
  const list = document.createElement("datalist");
  list.id = `suggestions-${number}`;
  input.after(list);
  input.setAttribute("list", list.id);

  let timer;
  let asked = new AbortController();

  const suggest = async () => {
    asked.abort();
    asked = new AbortController();
    const text = input.value;
    if (text.trim().length < 2) {
      list.replaceChildren();
      return;
    }
    const address = `${input.dataset.suggestions}?${new URLSearchParams({ q: text })}`;
    try {
      const answer = await fetch(address, { signal: asked.signal, credentials: "omit" });
      if (!answer.ok) return;
      const { suggestions } = await answer.json();
      list.replaceChildren(...suggestions.map((one) => new Option("", one)));
    } catch {
      // Superseded by the next key, or no connection: what was offered stays.
    }
  };

  input.addEventListener("input", (event) => {
    clearTimeout(timer);
    // A suggestion that was chosen needs no others.
    if (event.inputType === "insertReplacementText" || !event.inputType) return;
    timer = setTimeout(suggest, PAUSE_MS);
  });
}
