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
	a := r.one(t, channels.InboundMessage).Attachments[0]
	r.fault(t, graphfake.Fault{Route: "messenger.cdn", Action: graphfake.ActionStatus, Status: http.StatusNotFound, Times: 2}) // for a moment
	f, err := r.Fetch(t.Context(), a.Ref)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Body.Close()
	content, err := io.ReadAll(f.Body)
	if err != nil || string(content) != "JPEG" || f.ContentType != "image/jpeg" {
		t.Errorf("fetched %q, %s, %v", content, f.ContentType, err)
	}
	for _, req := range r.meta.RequestsTo("messenger.cdn") {
		if req.Header.Get("Authorization") != "" {
			t.Error("the Page's token went along")
		}
	}
	r.customer.Sticker(1, []byte("PNG"))
	if a := r.one(t, channels.InboundMessage).Attachments[0]; !a.Inline {
		t.Errorf("edge case 25: a sticker became %+v", a)
	}
}

// Edge case 16: files that are gone, too large, or not Facebook's.
func TestFetchFails(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.customer.Media("image", "photo.jpg", "image/jpeg", []byte("JPEG"))
	ref := r.one(t, channels.InboundMessage).Attachments[0].Ref
	fails := func(name, ref string, class channels.Class) {
		t.Helper()
		f, err := r.Fetch(t.Context(), ref)
		if err == nil {
			_ = f.Body.Close()
		}
		if se := sendError(t, err); se.Class != class || se.Text == "" || class == channels.Throttled && se.Wait <= 0 {
			t.Errorf("%s: %v", name, err)
		}
	}
	fails("another host", "https://evil.test/photo.jpg", channels.BadContent)
	fails("a host that ends like it", "https://evilfbcdn.net/photo.jpg", channels.BadContent)
	fails("not encrypted", "http://scontent.xx.fbcdn.net/photo.jpg", channels.BadContent)
	fails("a port of its own", "https://scontent.xx.fbcdn.net:8443/photo.jpg", channels.BadContent)
	fails("inside", "http://169.254.169.254/latest", channels.BadContent)
	fails("no address", "riddle", channels.BadContent)
	fails("never there", r.meta.URL()+"/cdn/1/x", channels.BadContent)
	r.fault(t, graphfake.Fault{Route: "messenger.cdn", Action: graphfake.ActionStatus, Status: 429})
	fails("busy", ref, channels.Throttled)
	r.fault(t, graphfake.Fault{Route: "messenger.cdn", Action: graphfake.ActionStatus, Status: 502})
	fails("stumbles", ref, channels.Retry)
	r.fault(t, graphfake.Fault{Route: "messenger.cdn", Action: graphfake.ActionDropBefore, Times: graphfake.Forever})
	fails("hangs up", ref, channels.Retry)
	r.meta.ClearFaults()
	r.clock.move(25 * time.Hour)
	fails("expired", ref, channels.BadContent)

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
	r.Channel = c
	fails("too large", huge.URL+"/film.mp4", channels.BadContent)
	endless, err := r.Fetch(t.Context(), huge.URL+"/stream")
	if err != nil {
		t.Fatal(err)
	}
	defer endless.Body.Close()
	if n, err := io.Copy(io.Discard, endless.Body); n > maxFetchBytes || channels.ClassOf(err) != channels.BadContent {
		t.Errorf("a file without an end: %d bytes, %v", n, err)
	}
}

// zeros never end.
type zeros struct{}

// Read implements io.Reader.
func (zeros) Read(b []byte) (int, error) { return len(b), nil }
