package site_test

import (
	"bytes"
	"encoding/base64"
	"image"
	"image/png"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"parley/bridge"
	"parley/cmd/parley/site/sitetest"
	"parley/store"
)

// logo is a small picture.
func logo(t *testing.T) []byte {
	t.Helper()
	var b bytes.Buffer
	check(t, png.Encode(&b, image.NewGray(image.Rect(0, 0, 80, 24))))
	return b.Bytes()
}

func accountOf(t *testing.T, s *sitetest.Site, name string) store.Account {
	t.Helper()
	accounts := directoryOf(t, s).Accounts
	return accounts[slices.IndexFunc(accounts, func(a store.Account) bool { return a.Name == name })]
}

// An admin writes the signature of an account, looks at it as customers see it, and adds a picture from her machine.
// Requirement R-176: Signatures.
// Requirement R-177: Signatures of accounts and of people.
func TestSignaturePage(t *testing.T) {
	t.Parallel()
	s := sitetest.Start(t, sitetest.Acme)
	file := filepath.Join(t.TempDir(), "logo.png")
	check(t, os.WriteFile(file, logo(t), 0o600))
	b := s.Browser("ann@acme.test")
	b.Open("/settings/accounts/support-mail")
	b.Press("a[href$='/replies']")
	b.Until("the page is there", "document.querySelector('#f-picture')")
	b.Looks("signature-none")

	b.Write("#f-signature", "**Acme** [Shop](https://acme.test)")
	b.Press("button[name=preview]")
	b.Until("it is shown",
		"document.querySelector('.mail strong').innerText === 'Acme' && document.querySelector('.mail a').href === 'https://acme.test/'")
	if got := accountOf(t, s, "support-mail").Signature; got != "" {
		t.Errorf("looking at it saved %q", got)
	}

	b.Do("choose a file", chromedp.SetUploadFiles(chromedp.CSS("#f-picture"), []string{file}))
	b.Write("#f-picture_says", "Our [logo]")
	b.Press("form.page button.main")
	b.Shows("Saved.")
	b.Until("the picture is shown",
		"document.querySelector('.mail img').naturalWidth === 80 && document.querySelector('.mail img').alt === 'Our (logo)'")
	b.Looks("signature")

	a := accountOf(t, s, "support-mail")
	if a.RichSignature == nil || len(a.RichSignature.Pictures) != 1 || a.RichSignature.Pictures[0].ContentType != "image/png" {
		t.Errorf("stored: %+v", a.RichSignature)
	}
}

// No signature reads files of the machine or uses its network, and none does anything on the page.
// Requirement R-176: Signatures.
func TestSignatureIsHarmless(t *testing.T) {
	t.Parallel()
	s := sitetest.Start(t, sitetest.Acme)
	ben := s.Visitor("ben@acme.test")
	try := func(signature string) sitetest.Answer {
		return ben.Post("/settings/me", url.Values{"version": {ben.Get("/settings/me").Version()}, "signature": {signature}})
	}

	picture := filepath.Join(t.TempDir(), "secret.png")
	check(t, os.WriteFile(picture, logo(t), 0o600))
	for signature, want := range map[string]string{
		"![x](" + picture + ")":                        "is a file of the machine",
		"![x](https://127.0.0.1:1/a.png)":              "problem",
		"![x](https://169.254.169.254/latest/a.png)":   "problem",
		"![x](http://acme.test/a.png)":                 "has an address that is not fetched",
		"![x](data:image/png;base64,bm8gcGljdHVyZQ==)": "no PNG, JPEG or GIF",
		"![x](data:image/svg+xml;base64,PHN2Zy8+)":     "Has a picture as SVG",
		"<p>Ben</p><SVG width=9><path d=M0></SVG>":     "Has a picture as SVG",
	} {
		if a := try(signature); a.Status != http.StatusUnprocessableEntity || !a.Has(want) || !a.Has("<textarea") {
			t.Errorf("%s: %d", signature, a.Status)
		}
	}

	for _, signature := range []string{
		"<p onclick=alert(1)>Hi<script>alert(2)</script><iframe src=//evil.test></iframe><a href='javascript:alert(3)'>x</a></p>",
		"<b style='position:fixed'>big</b>", "</div></main><form action=/auth/sign-out-everywhere><button>", "[x](javascript:alert(4))",
	} {
		if a := try(signature); a.Status != http.StatusSeeOther {
			t.Errorf("%s: %d", signature, a.Status)
			continue
		}
		_, shown, _ := strings.Cut(ben.Get("/settings/me").Body, `class="mail"`)
		for _, bad := range []string{"<script", "onclick", "<iframe", "javascript:", " style=", "<form", "<button", "svg+xml"} {
			if strings.Contains(shown, bad) {
				t.Errorf("%s shows %s", signature, shown)
			}
		}
	}
}

// Ben changes what is his, and nothing else, whatever he sends.
// Requirement R-177: Signatures of accounts and of people.
// Requirement R-221: Pages for admins.
func TestOwnPage(t *testing.T) {
	t.Parallel()
	s := sitetest.Start(t, sitetest.Acme)
	b := s.Walk("ben@acme.test")
	b.Open("/settings/me")
	b.Looks("me-none")

	b.Write("#f-zone", "Nowhere/Land")
	b.Write("#f-signature", "Ben, *Acme*")
	b.Press("form.page button.main")
	b.Shows("isn't a time zone")
	b.Holds("#f-signature", "Ben, *Acme*")

	b.Write("#f-zone", "Europe/Lisbon")
	b.Choose("#f-presence", bridge.PresenceAway)
	b.Press("input[name=quiet][value=assigned]")
	b.Press("form.page button.main")
	b.Shows("Saved.")
	b.Looks("me")

	ben := s.Visitor("ben@acme.test")
	version := ben.Get("/settings/me").Version()
	ben.Post("/settings/me", url.Values{
		"version":   {version},
		"zone":      {"Europe/Lisbon"},
		"signature": {"Ben"},
		"roles":     {"admin"},
		"name":      {"Boss"},
		"email":     {"ann@acme.test"},
	})

	d := directoryOf(t, s)
	i := slices.IndexFunc(d.Agents, func(a store.Agent) bool { return a.Email == "ben@acme.test" })
	if a := d.Agents[i]; a.Name != "Ben Osei" || slices.Contains(a.Roles, "admin") || a.Signature != "Ben" || a.Zone != "Europe/Lisbon" {
		t.Errorf("Ben is %+v", a)
	} else if a.Presence != bridge.PresenceAway || len(a.Quiet) > 0 { // boxes that are not ticked are not sent
		t.Errorf("Ben is %q, and does without %q", a.Presence, a.Quiet)
	}

	if a := ben.Post("/settings/me", url.Values{"version": {version}, "signature": {"Benny"}}); a.Status != http.StatusUnprocessableEntity ||
		!a.Has("Somebody else changed") || !a.Has("Benny") {
		t.Errorf("an old page: %d", a.Status)
	}

	big := base64.StdEncoding.EncodeToString(bytes.Repeat([]byte("x"), 600<<10))
	huge := url.Values{"version": {ben.Get("/settings/me").Version()}, "signature": {big}}
	if a := ben.Post("/settings/me", huge); a.Status != http.StatusUnprocessableEntity {
		t.Errorf("a huge signature: %d", a.Status)
	}
}
