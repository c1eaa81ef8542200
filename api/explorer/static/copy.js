// Shows the copy buttons (they are of no use without JavaScript) and makes them work. Also after new parts came in.
const reveal = (root) => root.querySelectorAll("button[data-copy]").forEach((b) => (b.hidden = false));
reveal(document);
document.addEventListener("moa:arrived", () => reveal(document));

document.addEventListener("click", async (event) => {
  const button = event.target.closest?.("button[data-copy]");
  if (!button) return;
  const label = button.textContent;
  try {
    await navigator.clipboard.writeText(button.dataset.copy);
    button.textContent = "Copied";
  } catch {
    // No clipboard (plain http, or refused): select the full value instead, so that the keyboard can copy it.
    const code = button.previousElementSibling;
    code.textContent = button.dataset.copy;
    getSelection().selectAllChildren(code);
    button.textContent = "Selected";
  }
  setTimeout(() => (button.textContent = label), 2000);
});
