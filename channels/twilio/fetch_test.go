package twilio

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"parley/channels"
	"parley/channels/twilio/twiliofake"
)

// wantFetchFails checks that a file can't be fetched, with an error of a class.
func (w *world) wantFetchFails(ref string, want channels.Class) {
	w.t.Helper()
	_, err := w.channel.(channels.Fetcher).Fetch(w.t.Context(), ref)
	_ = wantClass(w.t, "fetching "+ref, err, want)
}

// newPictureWorld makes a world in which Ann sent a picture with the content "png!", and returns its reference.
func newPictureWorld(t *testing.T) (w *world, ref string) {
	t.Helper()
	w = newWorld(t, viaWhatsApp)
	w.annSends(twiliofake.Message{Media: pngMedia("png!")})
	in := w.takeMessages(1)[0]
	if len(in.Attachments) != 1 {
		t.Fatalf("got the attachments %+v, want one", in.Attachments)
	}
	return w, in.Attachments[0].Ref
}

// Files are fetched from Twilio alone, with our credentials, so a file at another host is refused, also where another server stands
// in for Twilio.
func TestFetchFromForeignHost(t *testing.T) {
	t.Parallel()
	w := newWorld(t, viaWhatsApp)
	link, err := publicFile(t, "x", "text/plain", "no secret asked").Link()
	noError(t, err)
	for _, ref := range []string{
		link,
		"https://evil.test/x",
		"https://user:pw@api.twilio.com/x",
		"https://twilio.com.evil.test/x",
		"file:///etc/passwd",
		"",
		"%", // no address at all
	} {
		w.wantFetchFails(ref, channels.BadContent)
	}
}

// If a file can't be fetched now, that is tried again. If it was deleted, it isn't.
func TestFetchFails(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		setUp func(w *world)
		want  channels.Class
	}{
		{
			name: "throttled",
			setUp: func(w *world) {
				w.fake.AddFault(twiliofake.Fault{Route: "GET /Media/", Kind: twiliofake.FaultThrottle, Wait: time.Second})
			},
			want: channels.Throttled,
		},
		{
			name: "connection lost",
			setUp: func(w *world) {
				w.fake.AddFault(twiliofake.Fault{Route: "GET /Media/", Kind: twiliofake.FaultDropBefore})
			},
			want: channels.Retry,
		},
		{
			name:  "deleted",
			setUp: func(w *world) { w.fake.DeleteMedia() },
			want:  channels.BadContent,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w, ref := newPictureWorld(t)
			tt.setUp(w)
			w.wantFetchFails(ref, tt.want)
		})
	}
}

// All pages of a list are asked for at the API that has the list, whatever host an answer names, since the request has
// our credentials.
func TestPagesOfAList(t *testing.T) {
	t.Parallel()
	tests := []struct {
		next string // as the first page names it
		want string // path and query of the second request; "" means that it is refused
	}{
		{next: "/v1/ContentAndApprovals?Page=1", want: "/v1/ContentAndApprovals?Page=1"},
		{next: "https://evil.test/v1/ContentAndApprovals?Page=1", want: "/v1/ContentAndApprovals?Page=1"},
		{next: "/v2/Channels/Senders?Page=1", want: ""},
		{next: "%", want: ""},
	}
	for _, tt := range tests {
		t.Run(tt.next, func(t *testing.T) {
			t.Parallel()
			var asked []string
			server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
				if asked = append(asked, r.URL.RequestURI()); len(asked) == 1 {
					_ = json.NewEncoder(rw).Encode(map[string]any{"contents": []any{}, "meta": map[string]any{"next_page_url": tt.next}})
					return
				}
				_, _ = io.WriteString(rw, `{"contents":[{"sid":"HX1"}]}`)
			}))
			t.Cleanup(server.Close)

			w := newWorld(t, viaWhatsApp)
			w.base.api.content = server.URL // Twilio has its contents on a host of their own
			list, err := w.channel.(channels.Templater).ListTemplates(t.Context())
			if tt.want == "" {
				wantEqual(t, "it fails", err != nil, true)
				wantEqual(t, "number of requests", len(asked), 1)
				return
			}
			noError(t, err)
			wantEqual(t, "number of templates", len(list), 1)
			wantEqual(t, "second request", asked[1], tt.want)
		})
	}
}

// A file that never ends is cut off with an error.
func TestFetchIsBounded(t *testing.T) {
	t.Parallel()
	c := newWorld(t, viaSMS).base
	const (
		unknownLength   = -1
		withCredentials = false
	)
	answer := &http.Response{StatusCode: http.StatusOK, ContentLength: unknownLength, Body: io.NopCloser(endless{})}
	f, err := c.api.readFetched(answer, withCredentials)
	noError(t, err)

	n, err := io.Copy(io.Discard, f.Body)
	_ = wantClass(t, "reading on", err, channels.BadContent)
	wantEqual(t, "number of bytes that were read", n, maxFile)
}

// endless is a body that never ends.
type endless struct{}

func (endless) Read(p []byte) (int, error) { return len(p), nil }
