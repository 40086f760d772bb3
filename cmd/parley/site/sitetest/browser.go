package sitetest

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"

	"parley/store/storetest"
)

// stepTime bounds one step of a browser. It is long enough for the slowest machine.
const stepTime = 3 * time.Minute

// Browser is a window of Chromium that looks at the site.
type Browser struct {
	site *Site
	ctx  context.Context //nolint:containedctx // it is the tab
}

// Browser opens a window of Chromium. email is the address of the agent who is signed in; "" means that nobody is.
func (s *Site) Browser(email string) *Browser {
	s.T.Helper()
	b := s.Window()
	if email != "" {
		b.Open(s.Link(email))
		b.Press("form.page button")
		b.Until("signed in", "document.querySelector('.who')")
	}
	return b
}

// Window opens a window of Chromium in which nobody is signed in. With options for the command line it runs in a
// process of its own.
func (s *Site) Window(options ...chromedp.ExecAllocatorOption) *Browser {
	s.T.Helper()
	return &Browser{s, Tab(s.T, options...)}
}

// Do runs actions in the tab, and ends the test if one fails. what names them in the error.
func (b *Browser) Do(what string, actions ...chromedp.Action[chromedp.Void]) {
	b.site.T.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, stepTime)
	defer cancel()
	if err := Act(ctx, actions...); err != nil {
		b.site.T.Fatalf("%s: %v\n%s", what, err, b.Text())
	}
}

// Act runs actions in a tab. It runs them again if the page was replaced between finding an element and using it,
// in which case nothing was done to the element.
func Act(ctx context.Context, actions ...chromedp.Action[chromedp.Void]) error {
	for {
		err := chromedp.Do(ctx, actions...)
		if err == nil || ctx.Err() != nil || !strings.Contains(err.Error(), "Could not find node with given id") {
			return err
		}
	}
}

// Open opens a page.
func (b *Browser) Open(path string) {
	b.site.T.Helper()
	b.Do("open "+path, chromedp.Navigate(b.site.URL+path))
}

// Until waits for a condition in JavaScript.
func (b *Browser) Until(what, condition string) {
	b.site.T.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, stepTime)
	defer cancel()
	if err := Until(ctx, "document.readyState !== 'loading' && ("+condition+")"); err != nil {
		b.site.T.Fatalf("in vain: %s (%v)\n%s", what, err, b.Text())
	}
}

// Shows waits for a text on the page.
func (b *Browser) Shows(text string) {
	b.site.T.Helper()
	b.Until("the page shows "+text, fmt.Sprintf("document.body && document.body.innerText.includes(%q)", text))
}

// Press presses the first button or link of a selector.
func (b *Browser) Press(selector string) {
	b.site.T.Helper()
	b.Do("press "+selector, chromedp.WaitVisible(chromedp.CSS(selector)), chromedp.Click(chromedp.CSS(selector)))
}

// Write puts a text into a field in place of what stands there.
func (b *Browser) Write(selector, text string) {
	b.site.T.Helper()
	b.Do("write into "+selector, chromedp.WaitVisible(chromedp.CSS(selector)),
		chromedp.Evaluate[chromedp.Void](fmt.Sprintf("void (document.querySelector(%q).value = '')", selector)),
		chromedp.SendKeys(chromedp.CSS(selector), text))
}

// Keys types keys into whatever has the focus.
func (b *Browser) Keys(keys string) {
	b.site.T.Helper()
	b.Do("type", chromedp.KeyEvent(keys))
}

// Value evaluates JavaScript that gives a text.
func (b *Browser) Value(script string) string {
	b.site.T.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, stepTime)
	defer cancel()
	text, err := chromedp.Run(ctx, chromedp.Evaluate[string](script))
	if err != nil {
		b.site.T.Fatalf("%s: %v", script, err)
	}
	return text
}

// Text is what the page says.
func (b *Browser) Text() string {
	ctx, cancel := context.WithTimeout(b.ctx, stepTime)
	defer cancel()
	text, err := chromedp.Run(ctx, chromedp.Evaluate[string]("document.body ? document.body.innerText : ''"))
	if err != nil {
		return err.Error()
	}
	return text
}

// Size sets the window's size in pixels.
func (b *Browser) Size(width, height int64) {
	b.site.T.Helper()
	b.Do("resize", chromedp.EmulateViewport(width, height))
}

// Theme shows pages as in a light or a dark system that asks for no motion: a picture shows no colour on its way to another.
func (b *Browser) Theme(theme string) {
	b.site.T.Helper()
	b.emulate("screen", theme)
}

// Paper shows pages as they are printed on A4, until a theme is chosen.
func (b *Browser) Paper() {
	b.site.T.Helper()
	b.Size(718, 1000)
	b.emulate("print", "light")
}

func (b *Browser) emulate(medium, theme string) {
	b.site.T.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, stepTime)
	defer cancel()
	_, err := chromedp.Call(ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Media: medium,
		Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: theme}, {Name: "prefers-reduced-motion", Value: "reduce"}}})
	if err != nil {
		b.site.T.Fatalf("show the %s theme on a %s: %v", theme, medium, err)
	}
}

// cutButtons is a script that lists the buttons whose words are not all to be read.
const cutButtons = `[...document.querySelectorAll("button, .button")].filter((e) =>
	e.checkVisibility() && (e.scrollWidth > e.clientWidth || e.scrollHeight > e.clientHeight)).map((e) => e.textContent.trim()).join(", ")`

// FitsIn fails the test if the page is wider than the window, or a button is too narrow for its words.
func (b *Browser) FitsIn() {
	b.site.T.Helper()
	if cut := b.Value(cutButtons); cut != "" {
		b.site.T.Errorf("%s cuts buttons off: %s", b.Value("location.pathname"), cut)
	}
	if wide := b.Value("String(document.documentElement.scrollWidth - document.documentElement.clientWidth)"); wide != "0" {
		b.site.T.Errorf("%s is %s pixels wider than the window", b.Value("location.pathname"), wide)
	}
}

// Shot leaves a picture of the whole page in the folder that PARLEY_TEST_SHOTS names; without it, it does nothing.
func (b *Browser) Shot(name string) {
	b.site.T.Helper()
	dir := shots()
	if dir == "" {
		return
	}

	ctx, cancel := context.WithTimeout(b.ctx, stepTime)
	defer cancel()
	picture, err := chromedp.Run(ctx, chromedp.FullScreenshot(100))
	if err == nil {
		err = os.WriteFile(filepath.Join(filepath.Clean(dir), name+".png"), picture, 0o600)
	}
	if err != nil {
		b.site.T.Fatalf("take the picture %s: %v", name, err)
	}
}

// shots is the folder for pictures; "" if nobody looks at any.
func shots() string { return os.Getenv("PARLEY_TEST_SHOTS") }

// Looks leaves pictures of a page in both themes and on a phone, and checks that it fits in both. Whether everybody can use it
// axe-core judges in the long form of the tests: every page in its usual state it judges in TestEveryPageForEverybody, what a page
// shows only for a while, such as a refused form, here.
func (b *Browser) Looks(name string) {
	b.site.T.Helper()
	b.Size(1280, 900)
	b.Theme("light")
	b.FitsIn()
	if storetest.LongForm() {
		b.CheckAccessibility()
	}

	b.Shot(name + "-light")
	b.Size(360, 740)
	b.FitsIn()
	if storetest.LongForm() || shots() != "" { // the theme changes colours alone, and is painted in vain if nobody looks
		b.Theme("dark")
		if storetest.LongForm() {
			b.CheckAccessibilityOfLook()
		}

		b.Shot(name + "-dark-phone")
		b.Theme("light")
	}

	b.Size(1280, 900)
}

// Frame returns the frame of another site in the page, by the site's host, as if it were a window.
func (b *Browser) Frame(host string) *Browser {
	b.site.T.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, stepTime)
	defer cancel()

	for ctx.Err() == nil {
		found, err := chromedp.Targets(b.ctx)
		if err != nil {
			b.site.T.Fatalf("frames: %v", err)
		}

		for _, target := range found {
			if target.Type == "iframe" && strings.Contains(target.URL, host) {
				tab, end := chromedp.NewContext(b.ctx, chromedp.WithTargetID(target.TargetID))
				b.site.T.Cleanup(end)
				return &Browser{b.site, tab}
			}
		}
	}

	b.site.T.Fatalf("there is no frame of %s", host)
	return nil
}
