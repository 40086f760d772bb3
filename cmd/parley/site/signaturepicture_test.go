package site_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"parley/cmd/parley/site/sitetest"
)

// An uploaded picture is added to a signature as mails read the rest of it: as HTML if it begins with a tag, and as Markdown otherwise.
// Requirement R-176: Signatures.
func TestSignatureGetsPictureInItsForm(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, text string }{
		{name: "HTML below an empty line", text: "\r\n <p>Acme lamps</p>"},
		{name: "Markdown that begins with an address", text: "<https://acme.test> lamps"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := sitetest.Start(t, sitetest.Acme)
			ann := s.Visitor("ann@acme.test")
			const path = "/settings/accounts/support-mail/signature"
			values := url.Values{"version": {ann.Get(path).Version()}, "signature": {tt.text}, "picture_says": {"Logo"}}
			a := ann.Upload(path, values, sitetest.File{Field: "picture", Name: "a.png", Type: "image/png", Content: logo(t)})
			wantStatus(t, "the answer", a, http.StatusSeeOther)

			stored := accountOf(t, s, "support-mail")
			if stored.RichSignature == nil || len(stored.RichSignature.Pictures) != 1 {
				t.Fatalf("mails have no picture: %+v, %s", stored.RichSignature, stored.Signature)
			}
			if strings.Contains(stored.RichSignature.HTML+stored.Signature, "data:image") {
				t.Errorf("mails show the bytes of the picture as text: %s, %s", stored.RichSignature.HTML, stored.Signature)
			}
		})
	}
}
