// Hands a photo's address to the system's share sheet, or copies it. Without it there is no button.
for (const button of document.querySelectorAll("[data-share]")) {
  const said = document.querySelector("[data-share-status]");
  const url = button.dataset.share;
  button.hidden = !navigator.share && !navigator.clipboard;
  button.addEventListener("click", async () => {
    try {
      if (navigator.share) {
        await navigator.share({ title: document.querySelector("h1").textContent, url });
      } else {
        await navigator.clipboard.writeText(url);
        said.textContent = button.dataset.copied;
      }
    } catch {
      // Closed without choosing, or not allowed: nothing was promised.
    }
  });
}
