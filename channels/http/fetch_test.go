package http_test

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"parley/channels"
	"parley/channels/http/httpfake"
)

// A customer's file is fetched from https, or from the host of a callback in the own network. It is fetched from nowhere
// else.
func TestFetch(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.shop.PutFile("box.txt", &httpfake.File{Type: "text/plain", Content: []byte("a box")})
	fetcher := w.channel.(channels.Fetcher)

	f, err := fetcher.Fetch(t.Context(), w.base+"/files/box.txt")
	noError(t, err)
	got, err := io.ReadAll(f.Body)
	if err = errors.Join(err, f.Body.Close()); err != nil {
		t.Error(err)
	}
	wantEqual(t, "content", string(got), "a box")
	wantEqual(t, "type", f.ContentType, "text/plain")

	elsewhere := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		t.Errorf("%s was called", r.URL)
	}))
	defer elsewhere.Close()
	for name, ref := range map[string]string{
		"gone":      w.base + "/files/none",
		"elsewhere": elsewhere.URL + "/x",
		"a file":    "file:///etc/passwd",
		"a user":    "https://u:p@x.test/",
		"nothing":   "",
	} {
		_, err := fetcher.Fetch(t.Context(), ref)
		wantEqual(t, name+": class of the error", channels.ClassOf(err), channels.BadContent)
	}
}

// fetchFrom fetches a file from a server with this handler.
func fetchFrom(t *testing.T, h http.HandlerFunc) (channels.Fetched, error) {
	t.Helper()
	c, base := newChannelTo(t, h)
	return c.(channels.Fetcher).Fetch(t.Context(), base+"/file")
}

func TestFetchTrouble(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		class  channels.Class
		answer http.HandlerFunc
	}{
		"busy":      {channels.Retry, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTooManyRequests) }},
		"stumbles":  {channels.Retry, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) }},
		"too slow":  {channels.Retry, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusRequestTimeout) }},
		"forbidden": {channels.BadContent, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusForbidden) }},
		"too large": {channels.BadContent, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "999999999")
			w.WriteHeader(200)
		}},
		"breaks off": {channels.Retry, func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }},
		"circles":    {channels.BadContent, func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/again", http.StatusFound) }},
		"leads inside": {channels.BadContent, func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "http://127.0.0.1:1/", http.StatusFound)
		}},
	} {
		_, err := fetchFrom(t, c.answer)
		wantEqual(t, name+": class of the error", channels.ClassOf(err), c.class)
	}
}
