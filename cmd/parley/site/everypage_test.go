package site_test

import (
	"maps"
	"path"
	"slices"
	"strings"
	"testing"

	"parley/bot/web/openid"
	"parley/cmd/parley/site/sitetest"
)

// Everybody can use every page: axe-core finds nothing serious in any, and none is wider
// than a phone.
func TestEveryPageForEverybody(t *testing.T) {
	t.Parallel()
	s := sitetest.Start(t, sitetest.Acme, allProviders(t))
	requests := requests()
	pages := slices.DeleteFunc(slices.Sorted(maps.Keys(requests)), func(pattern string) bool {
		return !strings.HasPrefix(pattern, "GET ") || path.Ext(pattern) != "" || strings.HasPrefix(pattern, "GET /auth/with/") && !strings.HasSuffix(pattern, "/back")
	})
	for _, who := range []string{"", "ann@acme.test"} {
		b := s.Browser(who)
		for _, pattern := range pages {
			b.Size(360, 740)
			b.Theme("dark") // the tests of the pages look at them in the light, too
			b.Open(requests[pattern])
			b.FitsIn()
			b.Accessible()
			if who == "" && !strings.Contains(pattern, "/auth/") {
				break // it leads to the sign-in page, as all others do
			}
		}
	}
}

// Somebody signs in with nothing but a keyboard, on a phone.
//
func TestSignInByKeyboard(t *testing.T) {
	t.Parallel()
	d := startDoor(t, openid.Any, annAlone())
	b := d.Browser("")
	b.Open("/settings/company")
	b.Shows("Sign in")
	b.Looks("sign-in")
	b.Size(360, 740)
	b.Keys("\t")
	b.Until("the button of the provider has the focus", "document.activeElement.textContent.includes('Sign in with')")
	b.Keys("\r")
	b.Shows("Who are you?")
	b.Keys("\t")
	b.Keys("\r")
	b.Until("Ann is at the page that she asked for", "location.pathname === '/settings/company'")
	b.Open("/auth/with/oidc/back?state=x&code=y")
	b.Shows("This sign-in can't be finished.")
	b.Looks("sign-in-refused")
}
