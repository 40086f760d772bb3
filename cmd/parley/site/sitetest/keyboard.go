package sitetest

import (
	"context"
	"strings"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

// runReached is a script that lists what is wrong with the controls of a page for somebody who has only a keyboard.
// It gives each control the focus in the order of the page. Tab takes the same way, because a control that has a place
// of its own in the order (tabindex) is one of the faults that it lists.
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

// Reached fails the test if somebody who has only a keyboard can't reach a control of the page, or can't see that they
// have reached it.
func (b *Browser) Reached() {
	b.site.T.Helper()
	b.Keys("\t") // browsers show where the focus is once a key was used to move it
	ctx, cancel := context.WithTimeout(b.ctx, stepTime)
	defer cancel()
	wrong, err := chromedp.Run(ctx, chromedp.Evaluate[[]string](runReached))
	if err != nil {
		b.site.T.Fatalf("by keyboard: %v", err)
	}
	if len(wrong) > 0 {
		b.site.T.Errorf("%s: %s", b.Value("location.pathname"), strings.Join(wrong, "\n"))
	}
}

// Script lets the scripts of pages run (on), or keeps them from running.
func (b *Browser) Script(on bool) {
	b.site.T.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, stepTime)
	defer cancel()
	if _, err := chromedp.Call(ctx, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: !on}); err != nil {
		b.site.T.Fatalf("switch scripts: %v", err)
	}
}
