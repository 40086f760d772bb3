package sitetest

import (
	"context"
	"strings"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

// runReached is a script that returns a list of keyboard accessibility problems, such as "button Save can't have the focus".
//
// It focuses each control in document order. This is the order of the Tab key as well, because the script reports every
// control whose tabindex would change it.
const runReached = `(() => {
	const wrong = [];
	const kinds = "a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex]";
	const controls = [...document.querySelectorAll(kinds)].filter((e) =>
		!e.disabled && e.checkVisibility({ visibilityProperty: true }) && !(e.type === "radio" && !e.checked));
	for (const e of controls) {
		const name = e.tagName.toLowerCase() + " " + (e.id || e.getAttribute("href") || e.textContent.trim().slice(0, 40));
		if (e.tabIndex !== 0) wrong.push(name + " has its own place in the order, or none: " + e.tabIndex);
		e.focus();
		if (document.activeElement !== e) { wrong.push(name + " can't have the focus"); continue; }
		const look = getComputedStyle(e), box = e.getBoundingClientRect();
		const outlined = look.outlineStyle !== "none" && parseFloat(look.outlineWidth) !== 0;
		if (!e.matches(":focus-visible") || !outlined && look.boxShadow === "none") wrong.push(name + " doesn't show that it has the focus");
		const empty = box.width < 1 || box.height < 1;
		const outside = box.bottom < 0 || box.top > innerHeight || box.right < 0 || box.left > innerWidth;
		if (empty || outside) wrong.push(name + " is out of sight while it has the focus");
	}
	return controls.length === 0 ? ["there are no controls"] : wrong;
})()`

// Reached fails the test if a person who uses only the keyboard can't focus a control of the page, or can't see which control
// has the focus.
func (b *Browser) Reached() {
	b.site.T.Helper()
	b.Keys("\t") // browsers show the focus only after the keyboard has been used
	ctx, cancel := context.WithTimeout(b.ctx, stepTime)
	defer cancel()
	problems, err := chromedp.Run(ctx, chromedp.Evaluate[[]string](runReached))
	if err != nil {
		b.site.T.Fatalf("by keyboard: %v", err)
	}
	if len(problems) > 0 {
		b.site.T.Errorf("%s: %s", b.Value("location.pathname"), strings.Join(problems, "\n"))
	}
}

// Script enables or disables JavaScript in pages, to test the site without it.
func (b *Browser) Script(on bool) {
	b.site.T.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, stepTime)
	defer cancel()
	if _, err := chromedp.Call(ctx, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: !on}); err != nil {
		b.site.T.Fatalf("switch scripts: %v", err)
	}
}
