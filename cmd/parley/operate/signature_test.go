package operate

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
	"parley/channels/wire"
)

// png returns bytes that begin like a PNG. No code under test reads more of them.
func png(size int) []byte {
	return append([]byte("\x89PNG\r\n\x1a\n"), bytes.Repeat([]byte{7}, size)...)
}

// logo returns the picture of all tests.
func logo() []byte {
	const size = 10
	return png(size)
}

// startPictureServer serves pictures, and files that aren't pictures, by https.
func startPictureServer(t *testing.T) *httptest.Server {
	t.Helper()
	serve := func(content []byte) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(content) }
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /logo", serve(logo()))
	mux.HandleFunc("GET /moved.png", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/logo", http.StatusFound) })
	mux.HandleFunc("GET /plain.png", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "http://"+r.Host+"/logo", http.StatusFound)
	})
	mux.HandleFunc("GET /round.png", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/round.png", http.StatusFound) })
	mux.HandleFunc("GET /large.png", serve(png(maxPictureBytes)))
	mux.HandleFunc("GET /page.png", serve([]byte("<html>")))
	srv := httptest.NewTLSServer(mux)
	t.Cleanup(srv.Close)
	return srv
}

// newReader returns a reader of pictures that reads files from dir. It may fetch from srv, although srv is on this machine.
func newReader(dir string, srv *httptest.Server) *Reader {
	reader := NewSignature(dir, wire.New("127.0.0.1"))
	roots := srv.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs
	reader.client.Transport.(*http.Transport).TLSClientConfig = &tls.Config{RootCAs: roots}
	return reader
}

// writePicture writes a file.
func writePicture(t *testing.T, dir, name string, content []byte) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), content, 0o600); err != nil {
		t.Fatal(err)
	}
}

// A picture comes from a file, from a public https address or from the signature itself. Only the last kind is inline. The
// others have a name of their own, with the extension of their content.
//
// Requirement R-176: Signatures.
func TestPicture(t *testing.T) {
	t.Parallel()
	dir, srv := t.TempDir(), startPictureServer(t)
	reader := newReader(dir, srv)
	writePicture(t, dir, "logo.png", logo())
	writePicture(t, dir, "logo.jpeg", logo())
	writePicture(t, dir, "photo.PNG.txt", logo())
	inline := "data:image/png;base64," + base64.StdEncoding.EncodeToString(logo())

	for _, tt := range []struct {
		name       string
		from       string
		wantName   string
		wantInline bool
	}{
		{name: "a file beside parley.yaml", from: "logo.png", wantName: "logo.png"},
		{name: "a file by its whole path", from: filepath.Join(dir, "logo.png"), wantName: "logo.png"},
		{name: "a file with a wrong extension", from: "photo.PNG.txt", wantName: "photo.PNG.png"},
		{name: "a PNG with the extension of a JPEG", from: "logo.jpeg", wantName: "logo.png"},
		{name: "in the signature itself", from: inline, wantName: "picture.png", wantInline: true},
		{name: "an address without an extension", from: srv.URL + "/logo", wantName: "logo.png"},
		{name: "an address that leads to another", from: srv.URL + "/moved.png", wantName: "moved.png"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p, err := reader.Picture(t.Context(), tt.from)
			if err != nil {
				t.Fatalf("Picture: %v", err)
			}
			if p.Name != tt.wantName {
				t.Errorf("the name is %q, want %q", p.Name, tt.wantName)
			}
			if want := "image/png"; p.ContentType != want {
				t.Errorf("the type is %q, want %q", p.ContentType, want)
			}
			if !bytes.Equal(p.Content, logo()) {
				t.Errorf("the content is %q, want %q", p.Content, logo())
			}
			if p.IsInline != tt.wantInline {
				t.Errorf("it is inline: %t, want %t", p.IsInline, tt.wantInline)
			}
		})
	}
}

// checkRefused checks that an error says why a signature is refused and has a hint what to do.
func checkRefused(t *testing.T, err error, want string) {
	t.Helper()
	var problem *setup.SignatureError
	if !errors.As(err, &problem) {
		t.Fatalf("got the error %v, want a SignatureError", err)
	}
	if problem.Hint == "" {
		t.Errorf("%v: there is no hint what to do", err)
	}
	if !strings.Contains(err.Error(), want) {
		t.Errorf("the error is %q, want %q in it", err, want)
	}
}

// A picture is refused if it isn't one, is too large or is at an address that isn't allowed. The error has a hint what to
// do.
//
// Requirement R-176: Signatures.
func TestPictureRefused(t *testing.T) {
	t.Parallel()
	dir, srv := t.TempDir(), startPictureServer(t)
	reader := newReader(dir, srv)
	writePicture(t, dir, "notes.png", []byte("notes"))
	_, err := reader.AddPicture("", []byte("notes"), "") // it has no address that could be told
	checkRefused(t, err, "the picture that you chose is no PNG")
	writePicture(t, dir, "large.png", png(maxPictureBytes)) // its first bytes are too many

	for _, tt := range []struct {
		name string
		from string
		want string // in the error
	}{
		// Files.
		{name: "no such file", from: "gone.png", want: "can't be opened"},
		{name: "a folder", from: ".", want: "can't be read"},
		{name: "a file that isn't a picture", from: "notes.png", want: "no PNG, JPEG or GIF"},
		{name: "a large file", from: "large.png", want: "more than 256 KB"},

		// In the signature itself.
		{name: "data that isn't base64", from: "data:image/png,abc", want: "can't be read"},
		{name: "data in broken base64", from: "data:image/png;base64,!", want: "base64 is broken"},
		{name: "data that isn't a picture", from: "data:text/html;base64,PGI+", want: "no PNG"},

		// Addresses.
		{name: "a page", from: srv.URL + "/page.png", want: "no PNG"},
		{name: "a large picture", from: srv.URL + "/large.png", want: "more than 256 KB"},
		{name: "no such picture", from: srv.URL + "/none.png", want: "status 404"},
		{name: "a redirect away from https", from: srv.URL + "/plain.png", want: "doesn't go"},
		{name: "a redirect without end", from: srv.URL + "/round.png", want: "doesn't go"},

		// Neither a file nor an https address.
		{name: "http", from: "http://acme.test/logo.png", want: "not fetched"},
		{name: "a part of a mail", from: "cid:logo", want: "not fetched"},
		{name: "a file by its address", from: "file:///etc/passwd", want: "not fetched"},
		{name: "no scheme", from: "//acme.test/logo.png", want: "not fetched"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := reader.Picture(t.Context(), tt.from)
			checkRefused(t, err, tt.want)
		})
	}
}

// The reader that parley apply uses doesn't fetch from this machine.
func TestGuardedPictureIsNotFetchedFromThisMachine(t *testing.T) {
	t.Parallel()
	srv := startPictureServer(t)

	_, err := NewGuarded(t.TempDir()).Picture(t.Context(), srv.URL+"/logo")

	checkRefused(t, err, "doesn't go")
}
