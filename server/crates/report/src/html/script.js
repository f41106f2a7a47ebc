(function () {
  "use strict";
  var form = document.querySelector(".filters");
  if (!form) return;
  var cards = Array.prototype.slice.call(document.querySelectorAll("[data-finding]"));
  var shown = form.querySelector(".shown");
  function chosen(name) {
    return Array.prototype.slice.call(form.querySelectorAll("input[name=" + name + "]:checked")).map(function (i) { return i.value; });
  }
  function apply() {
    var severities = chosen("severity"), agents = chosen("agent"), n = 0;
    cards.forEach(function (card) {
      var by = card.dataset.agents.trim().split(" ");
      var on = severities.indexOf(card.dataset.severity) >= 0 && by.some(function (a) { return agents.indexOf(a) >= 0; });
      card.hidden = !on;
      if (on) n += 1;
    });
    shown.textContent = n + " of " + cards.length + " findings";
  }
  form.addEventListener("change", apply);
  form.addEventListener("submit", function (e) { e.preventDefault(); });
  form.querySelector(".theme").addEventListener("click", function () {
    var root = document.documentElement;
    var dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
    root.dataset.theme = dark ? "light" : "dark";
  });
  form.hidden = false;
  apply();
})();
