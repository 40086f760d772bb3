package knowledge

import (
	"net/url"
	"testing"
)

// A site whose name has letters beyond ASCII is one site, and each of its pages one page, in both spellings: admins write the
// letters, and redirects have the ASCII form.
func TestSiteWithLettersBeyondASCII(t *testing.T) {
	t.Parallel()
	const letters, ascii = "https://Müller.example/hilfe/", "https://xn--mller-kva.example/hilfe/"
	for _, named := range []string{letters, ascii} {
		for _, found := range []string{letters, ascii} {
			c := &crawl{start: parseAddress(t, named)}
			if !c.isOnSite(parseAddress(t, found)) {
				t.Errorf("%s isn't on the site %s", found, named)
			}
			if got := normaliseAddress(parseAddress(t, found)); got != ascii {
				t.Errorf("%s is kept as %s, want %s", found, got, ascii)
			}
		}
	}
	c := &crawl{start: parseAddress(t, letters)}
	if other := "https://muller.example/hilfe/"; c.isOnSite(parseAddress(t, other)) {
		t.Errorf("%s is on the site %s", other, letters)
	}
}

func parseAddress(t *testing.T, address string) *url.URL {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	return u
}
