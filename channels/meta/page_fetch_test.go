package meta

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

// receivePhoto lets the customer send a picture, and returns its address.
func (r *rig) receivePhoto(t *testing.T) (ref string) {
	t.Helper()
	r.customer.Media("image", "photo.jpg", "image/jpeg", []byte("JPEG"))
	return onlyAttachment(t, r.takeOne(t, channels.InboundMessage)).Ref
}

// onlyAttachment returns the only file of a message.
func onlyAttachment(t *testing.T, in channels.Inbound) channels.Attachment {
	t.Helper()
	if len(in.Attachments) != 1 {
		t.Fatalf("got the attachments %+v, want one", in.Attachments)
	}
	return in.Attachments[0]
}

// wantFetchFails checks that fetching fails with an error of a class that has words for people.
func (r *rig) wantFetchFails(t *testing.T, ref string, class channels.Class) {
	t.Helper()
	f, err := r.Fetch(t.Context(), ref)
	if err == nil {
		_ = f.Body.Close()
	}
	_ = wantClass(t, "fetching "+ref, err, class)
	se := sendError(t, err)
	if se.Text == "" {
		t.Errorf("the error %v has no words for people", err)
	}
	if class == channels.Throttled && se.Wait <= 0 {
		t.Errorf("got a wait of %s, want some time", se.Wait)
	}
}

// Fetch asks only Facebook's file servers, over an encrypted connection.
func TestFetchFromForeignHost(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	tests := []struct {
		name string
		ref  string
	}{
		{name: "another host", ref: "https://evil.test/photo.jpg"},
		{name: "another host that ends alike", ref: "https://evilfbcdn.net/photo.jpg"},
		{name: "not encrypted", ref: "http://scontent.xx.fbcdn.net/photo.jpg"},
		{name: "another port", ref: "https://scontent.xx.fbcdn.net:8443/photo.jpg"},
		{name: "address of a private network", ref: "http://169.254.169.254/latest"},
		{name: "no address", ref: "riddle"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r.wantFetchFails(t, tt.ref, channels.BadContent)
		})
	}
}

// A file that its server doesn't hand out at the moment is fetched later. A file whose address has expired is not.
func TestPageFetchFails(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		setUp func(*testing.T, *rig)
		want  channels.Class
	}{
		{
			name: "too many requests",
			setUp: func(t *testing.T, r *rig) {
				r.addFault(t, graphfake.Fault{Route: "messenger.cdn", Action: graphfake.ActionStatus, Status: 429})
			},
			want: channels.Throttled,
		},
		{
			name: "error of a gateway",
			setUp: func(t *testing.T, r *rig) {
				r.addFault(t, graphfake.Fault{Route: "messenger.cdn", Action: graphfake.ActionStatus, Status: 502})
			},
			want: channels.Retry,
		},
		{
			name: "connection lost",
			setUp: func(t *testing.T, r *rig) {
				r.addFault(t, graphfake.Fault{Route: "messenger.cdn", Action: graphfake.ActionDropBefore, Times: graphfake.Forever})
			},
			want: channels.Retry,
		},
		{
			name:  "a day passed, for which the address works",
			setUp: func(_ *testing.T, r *rig) { r.clock.move(25 * time.Hour) },
			want:  channels.BadContent,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			ref := r.receivePhoto(t)
			tt.setUp(t, r)
			r.wantFetchFails(t, ref, tt.want)
		})
	}
}

// newLargeFileRig makes a rig, without a Page or a customer, whose file server sends files that are too large. Only film.mp4
// announces its length.
func newLargeFileRig(t *testing.T) *rig {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/film.mp4" {
			w.Header().Set("Content-Length", fmt.Sprint(maxFetchBytes+1))
		}
		_ = http.NewResponseController(w).Flush()
		_, _ = io.CopyN(w, zeros{}, maxFetchBytes+1) // the reader hangs up
	}))
	t.Cleanup(server.Close)
	c, err := newPage(channels.Account{Config: config()}, channels.Env{APIURL: server.URL, Now: time.Now})
	noError(t, err)
	return &rig{Page: c, url: server.URL}
}

// A file of unknown length is read until it is too large.
func TestFetchWithoutEnd(t *testing.T) {
	t.Parallel()
	r := newLargeFileRig(t)
	f, err := r.Fetch(t.Context(), r.url+"/stream")
	noError(t, err)
	defer f.Body.Close()
	n, err := io.Copy(io.Discard, f.Body)
	_ = wantClass(t, "reading", err, channels.BadContent)
	if n > maxFetchBytes {
		t.Errorf("read %d bytes, want at most %d", n, maxFetchBytes)
	}
}

// zeros is a reader that never ends.
type zeros struct{}

func (zeros) Read(b []byte) (int, error) { return len(b), nil }
