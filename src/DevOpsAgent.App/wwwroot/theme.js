// Before the first paint, so that a dark page never flashes white.
(() => {
  let saved = null;
  try { saved = localStorage.getItem('theme'); } catch { /* storage is off: the system's choice stands */ }
  if (saved === 'light' || saved === 'dark') document.documentElement.dataset.theme = saved;
})();
