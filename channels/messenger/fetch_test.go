package messenger

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"parley/channels"
	"parley/channels/graphfake"
)

// A customer's file is fetched at the address that the message gave.
func TestFetch(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.customer.Media("image", "photo.jpg", "image/jpeg", []byte("JPEG"))
	a := r.takeOne(t, channels.InboundMessage).Attachments[0]
	r.addFault(t, graphfake.Fault{Route: "messenger.cdn", Action: graphfake.ActionStatus, Status: http.StatusNotFound, Times: 2}) // for a moment
	f, err := r.Fetch(t.Context(), a.Ref)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Body.Close()
	content, err := io.ReadAll(f.Body)
	if err != nil {
		t.Fatal(err)
	}
	wantEqual(t, "content", string(content), "JPEG")
	wantEqual(t, "content type", f.ContentType, "image/jpeg")
	for _, req := range r.meta.RequestsTo("messenger.cdn") {
		wantEqual(t, "token that goes along to the file server", req.Header.Get("Authorization"), "")
	}
}

// Edge case 25: a sticker is shown inside the message.
func TestStickerIsInline(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.customer.Sticker(1, []byte("PNG"))
	wantEqual(t, "the sticker is inline", r.takeOne(t, channels.InboundMessage).Attachments[0].Inline, true)
}

// wantFetchFails checks that fetching fails with an error of this class.
func (r *rig) wantFetchFails(t *testing.T, name, ref string, class channels.Class) {
	t.Helper()
	f, err := r.Fetch(t.Context(), ref)
	if err == nil {
		_ = f.Body.Close()
	}
	wantClass(t, name, err, class)
	se := sendError(t, err)
	if se.Text == "" {
		t.Errorf("%s: the error has no words for people: %v", name, err)
	}
	if class == channels.Throttled && se.Wait <= 0 {
		t.Errorf("%s: got a wait of %s, want some time", name, se.Wait)
	}
}

// Edge case 16: files that are not Facebook's, or gone, or that its server doesn't hand out now.
func TestFetchFails(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.customer.Media("image", "photo.jpg", "image/jpeg", []byte("JPEG"))
	ref := r.takeOne(t, channels.InboundMessage).Attachments[0].Ref
	for name, foreign := range map[string]string{
		"another host":             "https://evil.test/photo.jpg",
		"a host that ends like it": "https://evilfbcdn.net/photo.jpg",
		"not encrypted":            "http://scontent.xx.fbcdn.net/photo.jpg",
		"a port of its own":        "https://scontent.xx.fbcdn.net:8443/photo.jpg",
		"inside":                   "http://169.254.169.254/latest",
		"no address":               "riddle",
		"never there":              r.meta.URL() + "/cdn/1/x",
	} {
		r.wantFetchFails(t, name, foreign, channels.BadContent)
	}
	r.addFault(t, graphfake.Fault{Route: "messenger.cdn", Action: graphfake.ActionStatus, Status: 429})
	r.wantFetchFails(t, "busy", ref, channels.Throttled)
	r.addFault(t, graphfake.Fault{Route: "messenger.cdn", Action: graphfake.ActionStatus, Status: 502})
	r.wantFetchFails(t, "a gateway's error", ref, channels.Retry)
	r.addFault(t, graphfake.Fault{Route: "messenger.cdn", Action: graphfake.ActionDropBefore, Times: graphfake.Forever})
	r.wantFetchFails(t, "hangs up", ref, channels.Retry)
	r.meta.ClearFaults()
	r.clock.move(25 * time.Hour)
	r.wantFetchFails(t, "expired", ref, channels.BadContent)
}

// Edge case 16: a file that is too large isn't read to its end, whether its length is announced or not.
func TestFetchTooLarge(t *testing.T) {
	t.Parallel()
	huge := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/film.mp4" {
			w.Header().Set("Content-Length", fmt.Sprint(maxFetchBytes+1))
		}
		_ = http.NewResponseController(w).Flush()
		_, _ = io.CopyN(w, zeros{}, maxFetchBytes+1) // the reader hangs up
	}))
	defer huge.Close()
	c, err := newChannel(channels.Account{Config: config()}, channels.Env{APIURL: huge.URL, Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	r := &rig{Channel: c}
	r.wantFetchFails(t, "an announced length", huge.URL+"/film.mp4", channels.BadContent)
	endless, err := r.Fetch(t.Context(), huge.URL+"/stream")
	if err != nil {
		t.Fatal(err)
	}
	defer endless.Body.Close()
	n, err := io.Copy(io.Discard, endless.Body)
	wantClass(t, "a file without an end", err, channels.BadContent)
	if n > maxFetchBytes {
		t.Errorf("read %d bytes of a file without an end, want at most %d", n, maxFetchBytes)
	}
}

// zeros is a reader that never ends.
type zeros struct{}

func (zeros) Read(b []byte) (int, error) { return len(b), nil }
