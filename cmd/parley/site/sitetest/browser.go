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

// stepTime limits one step of a browser. It is long enough for a slow, busy machine.
const stepTime = 3 * time.Minute

// Browser is a Chromium window in which a test uses the site. Its methods end the test if a step fails. For example:
//
//	b := s.Browser("ann@acme.test")
//	b.Open("/settings/accounts")
//	b.Press("a.add")
//	b.Shows("New account")
type Browser struct {
	site *Site
	ctx  context.Context //nolint:containedctx // chromedp identifies a tab by its context
}

// Browser opens a window in which the agent with an email address is signed in, or nobody if email is "".
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

// Window opens a window in which nobody is signed in. With command-line options, it starts a separate Chromium process.
func (s *Site) Window(options ...chromedp.ExecAllocatorOption) *Browser {
	s.T.Helper()
	return &Browser{s, Tab(s.T, options...)}
}

// Do runs actions in the window. what describes them in the error message.
func (b *Browser) Do(what string, actions ...chromedp.Action[chromedp.Void]) {
	b.site.T.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, stepTime)
	defer cancel()
	if err := Act(ctx, actions...); err != nil {
		b.site.T.Fatalf("%s: %v\n%s", what, err, b.Text())
	}
}

// Act runs actions in a tab. It runs them again if the page was replaced between finding an element and using it; the
// failed attempt did nothing to the element.
func Act(ctx context.Context, actions ...chromedp.Action[chromedp.Void]) error {
	for {
		err := chromedp.Do(ctx, actions...)
		if err == nil || ctx.Err() != nil || !strings.Contains(err.Error(), "Could not find node with given id") {
			return err
		}
	}
}

// Open opens the page at a path of the site.
func (b *Browser) Open(path string) {
	b.site.T.Helper()
	b.Do("open "+path, chromedp.Navigate(b.site.URL+path))
}

// Until waits until a JavaScript expression is true. what describes the condition in the error message.
func (b *Browser) Until(what, condition string) {
	b.site.T.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, stepTime)
	defer cancel()
	if err := Until(ctx, "document.readyState !== 'loading' && ("+condition+")"); err != nil {
		b.site.T.Fatalf("in vain: %s (%v)\n%s", what, err, b.Text())
	}
}

// Shows waits until the page shows a text, whatever space is between its words.
func (b *Browser) Shows(text string) {
	b.site.T.Helper()
	words := strings.Join(strings.Fields(text), " ")
	b.Until("the page shows "+text, fmt.Sprintf(`document.body && document.body.innerText.replace(/\s+/g, " ").includes(%q)`, words))
}

// Press clicks the first element that matches a CSS selector.
func (b *Browser) Press(selector string) {
	b.site.T.Helper()
	b.Do("press "+selector, chromedp.WaitVisible(chromedp.CSS(selector)), chromedp.Click(chromedp.CSS(selector)))
}

// Write replaces the text in a field.
func (b *Browser) Write(selector, text string) {
	b.site.T.Helper()
	b.Do("write into "+selector, chromedp.WaitVisible(chromedp.CSS(selector)),
		chromedp.Evaluate[chromedp.Void](fmt.Sprintf("void (document.querySelector(%q).value = '')", selector)),
		chromedp.SendKeys(chromedp.CSS(selector), text))
}

// Keys types keys into the element that has the focus.
func (b *Browser) Keys(keys string) {
	b.site.T.Helper()
	b.Do("type", chromedp.KeyEvent(keys))
}

// Value evaluates a JavaScript expression and returns its value, which must be a string.
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

// Text returns the visible text of the page, or the error if it can't be read. It is used in error messages.
func (b *Browser) Text() string {
	ctx, cancel := context.WithTimeout(b.ctx, stepTime)
	defer cancel()
	text, err := chromedp.Run(ctx, chromedp.Evaluate[string]("document.body ? document.body.innerText : ''"))
	if err != nil {
		return err.Error()
	}
	return text
}

// Size sets the size of the page's viewport in pixels.
func (b *Browser) Size(width, height int64) {
	b.site.T.Helper()
	b.Do("resize", chromedp.EmulateViewport(width, height))
}

// Theme sets the preferred colour scheme: "light" or "dark". It also requests reduced motion, so that screenshots don't
// catch colours in transition.
func (b *Browser) Theme(theme string) {
	b.site.T.Helper()
	b.emulate("screen", theme)
}

// emulate sets the CSS medium ("screen" or "print") and the theme.
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

// cutButtons is a script that returns the texts of the buttons that are too small for their text.
const cutButtons = `[...document.querySelectorAll("button, .button")].filter((e) =>
	e.checkVisibility() && (e.scrollWidth > e.clientWidth || e.scrollHeight > e.clientHeight)).map((e) => e.textContent.trim()).join(", ")`

// FitsIn fails the test if the page is wider than the window or if a button is too small for its text.
func (b *Browser) FitsIn() {
	b.site.T.Helper()
	if cut := b.Value(cutButtons); cut != "" {
		b.site.T.Errorf("%s cuts buttons off: %s", b.Value("location.pathname"), cut)
	}
	if wide := b.Value("String(document.documentElement.scrollWidth - document.documentElement.clientWidth)"); wide != "0" {
		b.site.T.Errorf("%s is %s pixels wider than the window", b.Value("location.pathname"), wide)
	}
}

// Shot saves a screenshot of the whole page as NAME.png in the directory PARLEY_TEST_SHOTS. It does nothing if that
// environment variable is empty.
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

// shots returns the directory for screenshots, or "" if none are wanted.
func shots() string { return os.Getenv("PARLEY_TEST_SHOTS") }

// Looks checks that the page fits on a desktop and on a phone, and takes screenshots in both sizes and themes.
//
// In the long form of the tests, it also checks the accessibility of the page. TestEveryPageForEverybody checks each page in
// its usual state; Looks covers temporary states, such as a form that was refused.
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
	if storetest.LongForm() || shots() != "" { // the theme changes only colours, which the short form doesn't check
		b.Theme("dark")
		if storetest.LongForm() {
			b.CheckAccessibilityOfLook()
		}

		b.Shot(name + "-dark-phone")
		b.Theme("light")
	}

	b.Size(1280, 900)
}

// Frame waits for a frame in the page whose URL contains host, and returns it as a Browser.
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
