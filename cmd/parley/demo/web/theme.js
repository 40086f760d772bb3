// Before the first paint: the theme that was chosen here, else the system's.
(function () {
  var chosen = null;
  try { chosen = localStorage.getItem('theme'); } catch (e) { /* storage is off */ }
  if (chosen === 'light' || chosen === 'dark') document.documentElement.dataset.theme = chosen;
})();
