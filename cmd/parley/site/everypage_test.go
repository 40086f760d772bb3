package site_test

import (
	"maps"
	"net/http"
	"os"
	"path"
	"slices"
	"strings"
	"testing"

	"parley/cmd/parley/site/sitetest"
)

// Everybody can use every page, even with everything set up and with long, foreign and hostile names. axe-core finds
// nothing serious, and no page is wider than a phone. Each control can be reached by the keyboard and shows that it
// has the focus. Without a script each page is whole, and each form can be sent. The short form of the test opens some
// pages of each kind.
// Requirement R-221: Pages for admins.
func TestEveryPageForEverybody(t *testing.T) {
	t.Parallel()
	s := startEverything(t)
	fillHostile(t, s)

	requests := requests()
	pages := slices.DeleteFunc(slices.Sorted(maps.Keys(requests)), func(pattern string) bool {
		return !strings.HasPrefix(pattern, "GET ") || path.Ext(pattern) != "" ||
			strings.HasPrefix(pattern, "GET /auth/with/") && !strings.HasSuffix(pattern, "/back") ||
			pattern == "GET /inbox/live" || strings.HasPrefix(pattern, "GET /api/") || strings.Contains(pattern, "/files/") ||
			strings.HasSuffix(pattern, "/export") || strings.Contains(
			pattern, "/certificate/")
	})
	if os.Getenv("PARLEY_TEST_LONG") == "" {
		pages = slices.DeleteFunc(pages, func(pattern string) bool {
			return !slices.Contains([]string{
				"GET /auth/sign-in", "GET /inbox/{id}", "GET /settings/accounts/{name}", "GET /settings/dashboard", "GET /settings/new-tag",
			}, pattern)
		})
	}

	for _, who := range []string{"", "ann@acme.test"} {
		b := s.Browser(who)
		for _, pattern := range pages {
			b.Size(360, 740)
			b.Theme("dark")
			b.Open(requests[pattern])
			b.FitsIn()
			b.CheckAccessibility()

			b.Theme("light")
			b.CheckAccessibilityOfLook()
			b.Reached()

			if who == "" && !strings.Contains(pattern, "/auth/") {
				break // it leads to the sign-in page, as all others do
			}
		}
		if who != "" {
			byKeysAlone(b)
			withoutScript(t, s, b, pages)
		}
	}
}

// byKeysAlone uses a page by the keyboard only: it skips the menu, goes through the form in its order, and sends it.
func byKeysAlone(b *sitetest.Browser) {
	b.Open("/settings/new-tag")
	b.Keys("\t")
	b.Until("the first stop leads past the menu",
		"document.activeElement.matches('a.skip') && document.activeElement.getBoundingClientRect().top >= 0")
	b.Keys("\r")
	b.Until("the page's own part is reached", "location.hash === '#main'")

	for _, stop := range []string{"f-name", "f-description", "f-color", "f-category", "f-kind"} {
		b.Keys("\t")
		b.Until("the next stop is "+stop, "document.activeElement.id === '"+stop+"'")
	}
	b.Keys("\t")
	b.Until("the button has the focus", "document.activeElement.matches('button.main')")
	b.Keys("\r")
	b.Until("what is wrong has the focus",
		"document.activeElement.id === 'f-name' && document.activeElement.getAttribute('aria-invalid') === 'true'")

	b.Keys("By keys")
	b.Keys("\r")
	b.Shows("By keys")
}

// withoutScript opens every page of the settings in a browser whose script is switched off, and sends each of its
// forms by its button.
func withoutScript(t *testing.T, s *sitetest.Site, b *sitetest.Browser, pages []string) {
	t.Helper()
	b.Script(false)
	defer b.Script(true)
	sent := map[string]bool{}
	ann := s.Visitor("ann@acme.test")

	for _, pattern := range pages {
		address := requests()[pattern]
		if !strings.HasPrefix(address, "/settings") {
			continue
		}
		for _, form := range ann.Get(address).Forms() {
			route := routeOf(s, form.Method, form.Action)
			if form.Method != http.MethodPost || sent[route] || slices.Contains(doing(), route) {
				continue
			}

			sent[route] = true
			b.Open(address)
			b.Until("no script runs in "+address, "!document.querySelector('[data-copy]:not([hidden])')")
			button := `form[action="` + form.Action + `"] button`
			b.Value(`(document.querySelector('` + button + `').closest('details') || ` +
				`{}).open = true, document.querySelector('` + button + `').form.noValidate = true, document.body.id = "before"`)
			b.Press(button)
			b.Until("the form of "+address+" is answered",
				"document.body.id !== 'before' && document.readyState === 'complete' && "+
					"document.querySelector('.flash, .note, .problem, .findings, .preview')")
		}
	}
	if len(sent) < 2 {
		t.Errorf("only %d forms were sent", len(sent))
	}
}
