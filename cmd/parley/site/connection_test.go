package site_test

import (
	"net/http/httptest"
	"net/url"
	"testing"
	"time"

	"parley/channels/http/httpfake"
)

// An account of the http channel has a page on which its callback is tested, like any other account. The page shows
// the address to which the company's own system posts. It doesn't offer to ask a provider, because there is none.
func TestConnectionOfOwnSystem(t *testing.T) {
	t.Parallel()
	shop := httptest.NewServer(httpfake.New("shop-s3cret-that-is-long", time.Now))
	t.Cleanup(shop.Close)
	w := newNumberWorld(t, bare+`
accounts:
  - {name: shop, kind: http, team: Support, http: {secret: "shop-s3cret-that-is-long", callback_url: "`+shop.URL+`", allow_private: "true"}}
  - {name: stale, kind: http, team: Support, http: {secret: "former-s3cret-of-the-shop", callback_url: "`+shop.URL+
		`", allow_private: "true"}}
`)

	v := w.Visitor("ann@acme.test")
	if a := v.Get("/settings/accounts/shop"); !a.Has(`href="/settings/numbers/shop"`) {
		t.Error("the account doesn't lead to its connection")
	}
	page := v.Get("/settings/numbers/shop")
	if !page.Has("Test now") || !page.Has(w.public+"/hooks/shop") || page.Has("/settings/numbers/shop/webhook") ||
		page.Has("your system calls") {
		t.Errorf("its page: %d %s", page.Status, page.Body)
	}

	if a := v.Post("/settings/numbers/shop/check", nil); a.Has("Fault") || !a.Has("can be asked about messages") {
		t.Errorf("tested: %d %s", a.Status, a.Body)
	}
	if a := v.Post("/settings/numbers/stale/check", nil); !a.Has("Fault") || !a.Has("Give both sides the same secret") {
		t.Errorf("with the former secret: %d %s", a.Status, a.Body)
	}

	b := w.Browser("ann@acme.test")
	b.Open("/settings/numbers/stale")
	b.Press("form[action$='/check'] button")
	b.Shows("Give both sides the same secret")
	b.Looks("own-system-refused")

	if a := v.Post("/settings/numbers/shop/webhook", url.Values{"set": {"yes"}}); a.Has("It was set.") {
		t.Errorf("nothing is set at one's own system: %s", a.Body)
	}
	if a := v.Get("/settings/add-number/http"); a.Status != 404 {
		t.Errorf("it is added elsewhere: %d", a.Status)
	}
}
