// Runs before the page is drawn, so that a theme chosen by hand does not flash in the other one. Its own file: the
// server's policy allows no script inside a page.
try {
  const chosen = localStorage.getItem("theme");
  if (chosen === "light" || chosen === "dark") document.documentElement.dataset.theme = chosen;
} catch {
  // Storage is switched off: the system's theme holds.
}
