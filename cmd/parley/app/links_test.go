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

	"parley/bridge/engine/files"
	"parley/channels"
	"parley/cmd/parley/app"
	"parley/store"
)

// stock opens file "aa" of message 7; "half" breaks off, "shut" can't be read now.
func stock(_ context.Context, message store.MessageID, file string) (channels.File, error) {
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
			return nil, fmt.Errorf("its original: %w", files.ErrNoFile)
		}
	case message == 7 && file == "odd":
		f.Name, f.ContentType = "", "nonsense\r\nSet-Cookie: a=b"
	default:
		return channels.File{}, fmt.Errorf("message %d: %w", message, files.ErrNoFile)
	}
	return f, nil
}

type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

// TestFileLinks: a provider fetches a file by its signed address, on any replica and also
// after a new key; everything else gets nothing.
func TestFileLinks(t *testing.T) {
	t.Parallel()
	old, fresh := []byte("old key"), []byte("new key")
	mux := http.NewServeMux()
	srv := httptest.NewServer(mux)
	defer srv.Close()
	serve, link, sign := app.Files(srv.URL, [][]byte{fresh, old}, stock)
	mux.HandleFunc("GET /files/{signed}", serve)
	_, oldLink, _ := app.Files(srv.URL, [][]byte{old}, stock)
	_, foreign, _ := app.Files(srv.URL, [][]byte{[]byte("another")}, stock)
	for name, address := range map[string]string{"fresh": link(7, "aa"), "old key": oldLink(7, "aa")} {
		resp, body := fetch(t, address)
		h := resp.Header
		if resp.StatusCode != 200 || body != "<b>hi!" || h.Get("Content-Type") != "text/html; charset=utf-8" || h.Get("Content-Length") != "6" ||
			!strings.HasPrefix(h.Get("Content-Disposition"), "attachment; filename") || h.Get("X-Content-Type-Options") != "nosniff" ||
			!strings.HasPrefix(h.Get("Content-Security-Policy"), "sandbox;") || h.Get("Cache-Control") != "private, no-store" {
			t.Errorf("%s: %d %q %v", name, resp.StatusCode, body, h)
		}
	}
	if resp, _ := fetch(t, link(7, "odd")); resp.StatusCode != 200 || resp.Header.Get("Content-Type") != "application/octet-stream" ||
		resp.Header.Get("Content-Disposition") != "attachment" || resp.Header.Get("Set-Cookie") != "" {
		t.Errorf("an odd type: %v", resp.Header)
	}
	good := link(7, "aa")
	end := strings.Split(path.Base(good), ".")[3]
	for name, address := range map[string]string{
		"another key": foreign(7, "aa"), "another message": strings.Replace(good, "f.7.", "f.8.", 1), "another file": strings.Replace(good, ".aa.", ".bb.", 1),
		"signed, but not there": link(8, "aa"), "removed since": link(7, "removed"), "as an original": strings.Replace(good, "/f.", "/o.", 1), "longer": strings.Replace(good, end, end+"9", 1),
		"over": sign(fmt.Sprintf("f.7.aa.%d", time.Now().Add(-time.Second).Unix())), "cut": good[:len(good)-1], "empty MAC": good[:strings.LastIndexByte(good, '.')+1],
		"unknown letter": sign("x.7.aa." + end), "no number": sign("f.x.aa." + end), "too short": sign("f." + end), "points": srv.URL + "/files/....",
	} {
		if resp, body := fetch(t, address); resp.StatusCode != http.StatusNotFound || strings.Contains(body, "hi!") || resp.Header.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s: %d %q", name, resp.StatusCode, body)
		}
	}
	if resp, _ := fetch(t, link(7, "shut")); resp.StatusCode != http.StatusServiceUnavailable || resp.Header.Get("Retry-After") == "" {
		t.Errorf("not readable now: %d", resp.StatusCode)
	}
	resp, err := http.Get(link(7, "half"))
	if err == nil {
		_, err = io.ReadAll(resp.Body)
		_ = resp.Body.Close()
	}
	if err == nil {
		t.Error("half a file was taken for the whole")
	}
}

func fetch(t *testing.T, address string) (*http.Response, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp, string(body)
}
