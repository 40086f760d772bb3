package knowledge_test

import (
	"slices"
	"strings"
	"testing"
)

// Parley reads only the folder of a site that was named, however links and redirects are written. The page that was named
// may redirect to another folder, which is read then.
func TestSiteStaysInItsFolder(t *testing.T) {
	t.Parallel()
	const basket = "<p>Warranty of the basket</p>"
	s := newSite(t, map[string]string{
		"/help/":               `<p>Hello</p><a href="moved">a</a><a href="%2e%2e/shop/basket">b</a>`,
		"/help/moved":          "-> /shop/basket",
		"/help/../shop/basket": basket,
		"/shop/basket":         basket,
		"/start/":              "-> /support/",
		"/support/":            "<p>Repairs of lamps</p>",
	})

	pool := createPlaces(t, s.URL+"/help/", s.URL+"/start/")
	readPlaces(t, pool)
	if got := s.requests(); slices.ContainsFunc(got, func(path string) bool { return strings.HasSuffix(path, "basket") }) {
		t.Errorf("asked for %q", got)
	}
	if got := findTitles(t, pool, "repairs of lamps"); len(got) != 1 {
		t.Errorf("found %q", got)
	}
}
