package site_test

import (
	"context"
	"encoding/base64"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"parley/bridge/setup"
	"parley/channels/guard"
	"parley/cmd/parley/app"
	"parley/cmd/parley/signature"
	"parley/cmd/parley/site/sitetest"
)

// awayPicture is the address of a picture that could be fetched when the set-up was applied, and can't be any more.
const awayPicture = "https://127.0.0.1:1/logo.png"

// operatorReader reads signatures as `parley apply` does on a machine that has the files of a folder, and reaches awayPicture.
type operatorReader struct {
	*signature.Reader

	away []byte // the picture at awayPicture
}

// Picture implements setup.SignatureReader.
func (r operatorReader) Picture(ctx context.Context, from string) (setup.Picture, error) {
	if from == awayPicture {
		return setup.Picture{Name: "logo.png", ContentType: "image/png", Content: r.away}, nil
	}
	return r.Reader.Picture(ctx, from)
}

// applySignature applies Acme with a signature of support-mail, and of Ben, on a machine on which logo.png stands beside parley.yaml.
func applySignature(t *testing.T, s *sitetest.Site, text string) {
	t.Helper()
	folder := t.TempDir()
	check(t, os.WriteFile(filepath.Join(folder, "logo.png"), logo(t), 0o600))
	yaml := strings.NewReplacer(
		"kind: email", "kind: email\n    signature: "+text,
		"name: Ben Osei,", "name: Ben Osei, signature: "+text+",",
	).Replace(sitetest.Acme)
	file := must(setup.Parse([]byte(yaml), os.LookupEnv))(t)
	reader := operatorReader{Reader: signature.New(folder, guard.New()), away: logo(t)}
	must(setup.Apply(t.Context(), s.Pool, file, setup.Options{
		Sealer:     sitetest.Sealer(t),
		Specs:      app.Specs(),
		Operator:   true,
		Signatures: reader,
	}))(t)
}

// A signature that is in use is shown with its pictures, as mails carry them, though the site can't read them from where they came.
// Requirement R-176: Signatures.
func TestStoredPicturesAreShown(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, signature string }{
		{name: "file of another machine", signature: `"Acme ![logo](logo.png)"`},
		{name: "host that is away", signature: `"Acme ![logo](` + awayPicture + `)"`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := sitetest.Start(t, sitetest.Acme)
			applySignature(t, s, tt.signature)
			pages := []struct{ email, path string }{
				{email: "ann@acme.test", path: "/settings/accounts/support-mail/signature"},
				{email: "ben@acme.test", path: "/settings/me"},
			}
			for _, p := range pages {
				page := s.Visitor(p.email).Get(p.path)

				wantStatus(t, p.path, page, http.StatusOK)
				wantShown(t, p.path, page, "data:image/png;base64,"+base64.StdEncoding.EncodeToString(logo(t)))
				wantHidden(t, p.path, page, "aria-invalid")
			}
		})
	}
}
