package app_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"path"
	"strings"
	"testing"
	"time"

	"parley/bridge/engine"
	"parley/channels"
	"parley/channels/emulator"
	"parley/cmd/parley/app"
	"parley/store"
)

// openTestFile opens the files of message 7: "aa" is whole, "half" breaks off, "shut" can't be read now, "removed" has no
// original any more, "untold" has the type of any bytes, "odd" has a type that isn't one.
func openTestFile(_ context.Context, message store.MessageID, file string) (channels.File, error) {
	f := channels.File{Name: "Größe \"1\".html", ContentType: "text/html; charset=utf-8", SizeBytes: 6}
	f.Open = func(context.Context) (io.ReadCloser, error) { return io.NopCloser(strings.NewReader("<b>hi!")), nil }
	switch {
	case message == 7 && file == "aa":
	case message == 7 && file == "half":
		f.SizeBytes = 0
		f.Open = func(context.Context) (io.ReadCloser, error) {
			return io.NopCloser(io.MultiReader(strings.NewReader("half"), broken{})), nil
		}
	case message == 7 && file == "shut":
		f.Open = func(context.Context) (io.ReadCloser, error) { return nil, errors.New("rate limited") }
	case message == 7 && file == "removed":
		f.Open = func(context.Context) (io.ReadCloser, error) {
			return nil, fmt.Errorf("its original: %w", engine.ErrNoFile)
		}
	case message == 7 && file == "untold":
		f.Name, f.ContentType = "report.pdf", "application/octet-stream"
	case message == 7 && file == "odd":
		f.Name, f.ContentType = "", "nonsense\r\nSet-Cookie: a=b"
	default:
		return channels.File{}, fmt.Errorf("message %d: %w", message, engine.ErrNoFile)
	}
	return f, nil
}

type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

// fileServer serves files by signed addresses.
type fileServer struct {
	url     string
	link    func(store.MessageID, string) string // signed with the newest key
	oldLink func(store.MessageID, string) string // signed with the key before
	foreign func(store.MessageID, string) string // signed with a key that is none of ours
	sign    func(string) string                  // signs any path
}

func newFileServer(t *testing.T) fileServer {
	t.Helper()
	old, fresh := []byte("old key"), []byte("new key")
	mux := http.NewServeMux()
	srv := httptest.NewServer(mux)
	t.Cleanup(srv.Close)
	s := fileServer{url: srv.URL}
	var serve http.HandlerFunc
	serve, s.link, s.sign = app.Files(srv.URL, [][]byte{fresh, old}, openTestFile)
	mux.HandleFunc("GET /files/{signed}", serve)
	_, s.oldLink, _ = app.Files(srv.URL, [][]byte{old}, openTestFile)
	_, s.foreign, _ = app.Files(srv.URL, [][]byte{[]byte("another")}, openTestFile)
	return s
}

// wantHeader checks header fields of an answer. A wanted value that ends in … is only a beginning.
func wantHeader(t *testing.T, name string, h http.Header, want map[string]string) {
	t.Helper()
	for field, value := range want {
		begin, isOpen := strings.CutSuffix(value, "…")
		if got := h.Get(field); got != value && !(isOpen && strings.HasPrefix(got, begin)) {
			t.Errorf("%s: %s: got %q, want %q", name, field, got, value)
		}
	}
}

// A provider can fetch a file by its signed address, even if that was signed with an older key. A browser downloads the
// file instead of showing it.
func TestFileLinks(t *testing.T) {
	t.Parallel()
	s := newFileServer(t)
	for name, address := range map[string]string{"newest key": s.link(7, "aa"), "old key": s.oldLink(7, "aa")} {
		resp, body := fetch(t, address)
		if resp.StatusCode != http.StatusOK || body != "<b>hi!" {
			t.Errorf("%s: got %d %q, want %d and the file", name, resp.StatusCode, body, http.StatusOK)
		}
		wantHeader(t, name, resp.Header, map[string]string{
			"Content-Type":            "text/html; charset=utf-8",
			"Content-Length":          "6",
			"Content-Disposition":     "attachment; filename…",
			"X-Content-Type-Options":  "nosniff",
			"Content-Security-Policy": "sandbox;…",
			"Cache-Control":           "private, no-store",
		})
	}

	resp, _ := fetch(t, s.link(7, "untold"))
	wantHeader(t, "a type that the surface doesn't tell", resp.Header, map[string]string{"Content-Type": "application/pdf"})

	resp, _ = fetch(t, s.link(7, "odd"))
	if resp.StatusCode != http.StatusOK {
		t.Errorf("an odd type: got %d, want %d", resp.StatusCode, http.StatusOK)
	}
	wantHeader(t, "an odd type", resp.Header, map[string]string{
		"Content-Type":        "application/octet-stream",
		"Content-Disposition": "attachment",
		"Set-Cookie":          "",
	})
}

// The original of a mail is a page that can't run scripts or load anything. Its links open in tabs of their own, to which
// these limits don't apply.
func TestOriginalOfMail(t *testing.T) {
	t.Parallel()
	resp, body := fetch(t, newFileServer(t).sign(fmt.Sprintf("o.7.%d", time.Now().Add(time.Minute).Unix())))
	if resp.StatusCode != http.StatusOK || body != "<p>A mail" {
		t.Errorf("got %d %q, want %d and the mail", resp.StatusCode, body, http.StatusOK)
	}
	wantHeader(t, "original", resp.Header, map[string]string{
		"Content-Security-Policy": "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; img-src data:; style-src 'unsafe-inline'",
		"Referrer-Policy":         "no-referrer",
	})
}

// If an address isn't signed by us, has ended, or leads to a file that isn't there, the answer is 404 without a file.
func TestFileLinksRefused(t *testing.T) {
	t.Parallel()
	s := newFileServer(t)
	good := s.link(7, "aa")
	end := strings.Split(path.Base(good), ".")[3]
	for name, address := range map[string]string{
		"another key":           s.foreign(7, "aa"),
		"another message":       strings.Replace(good, "f.7.", "f.8.", 1),
		"another file":          strings.Replace(good, ".aa.", ".bb.", 1),
		"as an original":        strings.Replace(good, "/f.", "/o.", 1),
		"longer":                strings.Replace(good, end, end+"9", 1),
		"cut":                   good[:len(good)-1],
		"empty MAC":             good[:strings.LastIndexByte(good, '.')+1],
		"signed, but over":      s.sign(fmt.Sprintf("f.7.aa.%d", time.Now().Add(-time.Second).Unix())),
		"signed, but not there": s.link(8, "aa"),
		"removed since":         s.link(7, "removed"),
		"unknown letter":        s.sign("x.7.aa." + end),
		"no number":             s.sign("f.x.aa." + end),
		"too short":             s.sign("f." + end),
		"points":                s.url + "/files/....",
	} {
		resp, body := fetch(t, address)
		if resp.StatusCode != http.StatusNotFound || strings.Contains(body, "hi!") {
			t.Errorf("%s: got %d %q, want %d without the file", name, resp.StatusCode, body, http.StatusNotFound)
		}
		wantHeader(t, name, resp.Header, map[string]string{"X-Content-Type-Options": "nosniff"})
	}
}

func fetch(t *testing.T, address string) (*http.Response, string) {
	t.Helper()
	req := must(http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil))(t)
	resp := must(emulator.NewClient().Do(req))(t)
	defer resp.Body.Close()
	body := must(io.ReadAll(resp.Body))(t)
	return resp, string(body)
}
