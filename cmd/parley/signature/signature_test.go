package signature

import (
	"bytes"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"parley/bridge/setup"
	"parley/channels/guard"
)

// png begins like a picture of that kind; nobody looks further.
func png(size int) []byte {
	return append([]byte("\x89PNG\r\n\x1a\n"), bytes.Repeat([]byte{7}, size)...)
}

// gallery serves pictures and what is none, by https.
func gallery(t *testing.T) *httptest.Server {
	t.Helper()
	mux := http.NewServeMux()
	mux.HandleFunc("GET /logo", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(png(10)) })
	mux.HandleFunc("GET /moved.png", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/logo", http.StatusFound) })
	mux.HandleFunc("GET /plain.png", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "http://"+r.Host+"/logo", http.StatusFound)
	})
	mux.HandleFunc("GET /round.png", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/round.png", http.StatusFound) })
	mux.HandleFunc("GET /large.png", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(png(maxPictureBytes)) })
	mux.HandleFunc("GET /page.png", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("<html>")) })
	srv := httptest.NewTLSServer(mux)
	t.Cleanup(srv.Close)
	return srv
}

// Pictures come from files, public https addresses and the signature itself; what is no picture,
// too large, or elsewhere, is refused with what to do.
//
//
func TestPicture(t *testing.T) {
	t.Parallel()
	dir, srv := t.TempDir(), gallery(t)
	for name, content := range map[string][]byte{"logo.png": png(10), "photo.PNG.txt": png(10), "notes.png": []byte("notes"), "large.png": png(maxPictureBytes)} {
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	near := New(dir, guard.New("127.0.0.1"))
	near.client.Transport.(*http.Transport).TLSClientConfig = &tls.Config{RootCAs: srv.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs}
	data := "data:image/png;base64," + base64.StdEncoding.EncodeToString(png(10))
	for _, c := range []struct {
		from, name, refused string // name of the picture, or why it is refused
	}{
		{from: "logo.png", name: "logo.png"}, {from: filepath.Join(dir, "logo.png"), name: "logo.png"}, {from: "photo.PNG.txt", name: "photo.PNG.png"},
		{from: data, name: "picture.png"}, {from: srv.URL + "/logo", name: "logo.png"}, {from: srv.URL + "/moved.png", name: "moved.png"},
		{from: "gone.png", refused: "can't be opened"}, {from: ".", refused: "can't be read"}, {from: "notes.png", refused: "no PNG, JPEG or GIF"}, {from: "large.png", refused: "more than 256 KB"},
		{from: "data:image/png,abc", refused: "can't be read"}, {from: "data:image/png;base64,!", refused: "base64 is broken"},
		{from: "data:text/html;base64,PGI+", refused: "no PNG"}, {from: srv.URL + "/page.png", refused: "no PNG"}, {from: srv.URL + "/large.png", refused: "more than 256 KB"},
		{from: srv.URL + "/none.png", refused: "status 404"}, {from: srv.URL + "/plain.png", refused: "doesn't go"}, {from: srv.URL + "/round.png", refused: "doesn't go"},
		{from: "http://acme.test/logo.png", refused: "not fetched"}, {from: "cid:logo", refused: "not fetched"}, {from: "file:///etc/passwd", refused: "not fetched"}, {from: "//acme.test/logo.png", refused: "not fetched"},
	} {
		p, err := near.Picture(t.Context(), c.from)
		var problem *setup.SignatureError
		switch {
		case c.refused == "" && (err != nil || p.Name != c.name || p.ContentType != "image/png" || !bytes.Equal(p.Content, png(10)) || p.IsInline != (c.from == data)):
			t.Errorf("%s: %+v, %v; want %s", shorten(c.from), p, err, c.name)
		case c.refused != "" && (!errors.As(err, &problem) || problem.Hint == "" || !strings.Contains(err.Error(), c.refused)):
			t.Errorf("%s: %v, want %q", shorten(c.from), err, c.refused)
		}
	}
	// The way that parley apply takes doesn't lead to this machine.
	if _, err := Guarded(dir).Picture(t.Context(), srv.URL+"/logo"); err == nil || !strings.Contains(err.Error(), "doesn't go") {
		t.Errorf("a picture on this machine: %v", err)
	}
	if _, err := near.Read(strings.Repeat("x", maxSourceBytes+1)); err == nil {
		t.Error("a signature of any length is read")
	}
}
