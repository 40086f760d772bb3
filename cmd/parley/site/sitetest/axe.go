package sitetest

import (
	"context"
	_ "embed"
	"strings"

	"github.com/chromedp/chromedp"
)

// This file checks the accessibility of pages with axe-core (https://github.com/dequelabs/axe-core), a script that runs in
// the page and finds text with too little contrast, buttons without a name, and so on.

// axeVersion is the version of axe/axe.min.js. Each check verifies that this version ran, because a page could define
// another version of axe, which would then be used instead.
const axeVersion = "4.14.1"

var (
	//go:embed axe/axe.min.js
	axeLibrary string // defines window.axe

	//go:embed axe/run.js
	axeRun string // runs axe and returns its version and findings
)

const (
	// allRules are the groups of axe rules that pages must satisfy: WCAG 2.2 AA and axe's best practices.
	allRules = `["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]`
	// appearanceRules are the rules whose result can depend on the theme or the width of the window.
	appearanceRules = `["color-contrast", "link-in-text-block", "target-size", "scrollable-region-focusable",
		"meta-viewport", "button-name", "link-name"]`
)

// CheckAccessibility fails the test if axe-core finds a serious problem in the current state of the page.
func (b *Browser) CheckAccessibility() {
	b.site.T.Helper()
	b.checkRules(allRules)
}

// CheckAccessibilityOfLook checks again a page that CheckAccessibility has checked and that now has another theme or width.
// It is faster because it runs only the rules whose result can differ.
func (b *Browser) CheckAccessibilityOfLook() {
	b.site.T.Helper()
	b.checkRules(appearanceRules)
}

// checkRules fails the test if axe-core finds a serious problem. rules is a JSON array of rule or tag names.
func (b *Browser) checkRules(rules string) {
	b.site.T.Helper()

	findings, err := b.runAxe(rules)
	if err != nil {
		b.site.T.Fatalf("run axe-core: %v", err)
	}
	if len(findings) == 0 || findings[0] != axeVersion {
		b.site.T.Fatalf("axe-core reported %q, want version %s first", findings, axeVersion)
	}
	if len(findings) > 1 {
		b.site.T.Errorf("%s: %s", b.Value("location.pathname"), strings.Join(findings[1:], "\n"))
	}
}

// runAxe returns axe's version, followed by one line for each finding. If the browser navigates to another page during the
// check, runAxe checks that page instead. It gives up after stepTime.
func (b *Browser) runAxe(rules string) ([]string, error) {
	ctx, cancel := context.WithTimeout(b.ctx, stepTime)
	defer cancel()

	// A single script loads and runs axe. With two scripts, the browser could navigate in between and lose axe.
	script := "if (!window.axe) {" + axeLibrary + "};\n" + strings.Replace(axeRun, "runOnly: RULES", "runOnly: "+rules, 1)
	for {
		findings, err := chromedp.Run(ctx, chromedp.Evaluate[[]string](script, chromedp.EvalAwaitPromise))
		if !IsPageLeft(err) || ctx.Err() != nil {
			return findings, err
		}
	}
}
