// Evaluates to a promise of axe-core's version, followed by one line for each serious or critical finding in the page.
// RULES stands for the rules, or groups of rules, that run: ["wcag2a", "wcag2aa"].
(() => {
  // A colour that is just changing would be judged half-way, so this waits until animations are over.
  const settled = Promise.allSettled(document.getAnimations().map((animation) => animation.finished));

  // Findings of other rules are never serious, so that these rules would only take time. axe.getRules doesn't say how serious a
  // rule's findings are; only _audit, which is private to axe, does. That is why the version of axe is fixed (see axe.go).
  const harmless = axe._audit.rules.filter((rule) => ['minor', 'moderate'].includes(rule.impact));
  const options = {
    runOnly: RULES,
    rules: Object.fromEntries(harmless.map((rule) => [rule.id, { enabled: false }])),
    resultTypes: ['violations'], // saves the time to list what passes
    preload: false, // saves loading style sheets again: none of these rules reads them
  };

  const line = (violation) => {
    const elements = violation.nodes.map((node) => node.target.join(' ')).slice(0, 5);
    return `${violation.id} (${violation.help}): ${elements.join(', ')}`;
  };

  return settled
    .then(() => axe.run(document, options))
    .then((result) => {
      const serious = result.violations.filter((violation) => ['serious', 'critical'].includes(violation.impact));
      return [axe.version, ...serious.map(line)];
    });
})()
