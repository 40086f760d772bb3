// What the server tells the page once.
export const boot = JSON.parse(document.getElementById('boot').textContent);
