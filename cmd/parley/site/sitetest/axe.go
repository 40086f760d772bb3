package sitetest

import (
	"context"
	_ "embed"
	"fmt"
	"strings"

	"github.com/chromedp/chromedp"
)

// axe-core (https://github.com/dequelabs/axe-core) looks in a page for what keeps people with a disability from using it.

// axeVersion is the version of axe/axe.min.js. A page that brought another axe along would be judged by that one.
const axeVersion = "4.14.1"

//go:embed axe/axe.min.js
var axe string

// runAxe is a script that returns axe-core's version, and then one line for each serious or critical finding. %s is the list of
// rules, or of groups of rules, that run.
//
// It waits until animations are over, because a colour that is just changing would be judged half-way. Three things only save
// time: rules of minor and moderate impact are off, since no finding of theirs would be listed; what passes isn't listed
// (resultTypes); and style sheets aren't loaded again (preload), because none of these rules reads them.
const runAxe = `Promise.allSettled(document.getAnimations().map(a => a.finished)).then(() => axe.run(document, {runOnly: %s,
	rules: Object.fromEntries(axe._audit.rules.filter(r => ["minor", "moderate"].includes(r.impact)).map(r => [r.id, {enabled: false}])),
	resultTypes: ["violations"], preload: false})).then(r => [axe.version].concat(
	r.violations.filter(v => v.impact === "serious" || v.impact === "critical")
		.map(v => v.id + " (" + v.help + "): " + v.nodes.map(n => n.target.join(" ")).slice(0, 5).join(", "))))`

const (
	// allRules are the groups of axe's rules by which pages are judged.
	allRules = `["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]`
	// appearanceRules are the rules whose result can depend on the theme or on the width of the window.
	appearanceRules = `["color-contrast", "link-in-text-block", "target-size", "scrollable-region-focusable", "meta-viewport", "button-name", "link-name"]`
)

// Accessible fails the test if axe-core finds something serious in the page as it is shown now.
func (b *Browser) Accessible() {
	b.site.T.Helper()
	b.checkRules(allRules)
}

// AccessibleInOtherLook is Accessible for a page that was judged already, and is now shown in another theme or width. Only the rules
// run whose result can differ.
func (b *Browser) AccessibleInOtherLook() {
	b.site.T.Helper()
	b.checkRules(appearanceRules)
}

// checkRules fails the test if axe-core finds something by these rules.
func (b *Browser) checkRules(rules string) {
	b.site.T.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, stepTime)
	defer cancel()
	// One script loads axe and runs it: between two, the browser may leave the page, and axe with it.
	script := "if (!window.axe) {" + axe + "}; " + fmt.Sprintf(runAxe, rules)
	found, err := chromedp.Run(ctx, chromedp.Evaluate[[]string](script, chromedp.EvalAwaitPromise))
	for IsPageLeft(err) && ctx.Err() == nil {
		found, err = chromedp.Run(ctx, chromedp.Evaluate[[]string](script, chromedp.EvalAwaitPromise))
	}

	if err != nil {
		b.site.T.Fatalf("run axe-core: %v", err)
	}
	if len(found) == 0 || found[0] != axeVersion {
		b.site.T.Fatalf("axe-core reported %q, want version %s first", found, axeVersion)
	}
	if len(found) > 1 {
		b.site.T.Errorf("%s: %s", b.Value("location.pathname"), strings.Join(found[1:], "\n"))
	}
}
