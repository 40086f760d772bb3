package twilio

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"parley/channels"
	"parley/channels/twilio/twiliofake"
)

func fetched1(t *testing.T, w *world, ref string) string {
	t.Helper()
	f, err := w.channel.(channels.Fetcher).Fetch(t.Context(), ref)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Body.Close()
	b, err := io.ReadAll(f.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// Files are fetched with our credentials from Twilio alone; its storage, another host that
// refuses them, gets none.
func TestFetch(t *testing.T) {
	t.Parallel()
	w := newWorld(t, true)
	if _, err := w.ann.Send(twiliofake.Message{Media: []twiliofake.Media{{ContentType: "image/png", Content: []byte("png!")}}}); err != nil {
		t.Fatal(err)
	}
	ref := w.decoded(channels.InboundMessage)[0].Attachments[0].Ref
	if got := fetched1(t, w, ref); got != "png!" {
		t.Errorf("%q", got)
	}
	published := "https://api.twilio.com" + strings.TrimPrefix(ref, w.fake.URL())
	if got := fetched1(t, w, published); got != "png!" {
		t.Errorf("%q", got)
	}
	fetch := func(ref string) channels.Class {
		_, err := w.channel.(channels.Fetcher).Fetch(t.Context(), ref)
		return classOf(t, err).Class
	}
	elsewhere := publicFile(t, "x", "text/plain", "no secret asked")
	link, err := elsewhere.Link()
	if err != nil {
		t.Fatal(err)
	}
	if got := fetched1(t, w, link); got != "no secret asked" { // an emulator's storage
		t.Errorf("%q", got)
	}
	if _, _, err := (&client{base: "https://api.twilio.com"}).mediaURL(link); err == nil {
		t.Error("Twilio has no such host")
	}
	for _, bad := range []string{"https://evil.test/x", "https://user:pw@api.twilio.com/x", "https://twilio.com.evil.test/x", "file:///etc/passwd", "", "%"} {
		if got := fetch(bad); got != channels.BadContent {
			t.Errorf("%s: %s", bad, got)
		}
	}
	w.fake.AddFault(twiliofake.Fault{Route: "GET /Media/", Kind: twiliofake.FaultThrottle, Wait: time.Second})
	if got := fetch(ref); got != channels.Throttled {
		t.Error(got)
	}
	w.fake.AddFault(twiliofake.Fault{Route: "GET /Media/", Kind: twiliofake.FaultDropBefore})
	if got := fetch(ref); got != channels.Retry {
		t.Error(got)
	}
	w.fake.AddFault(twiliofake.Fault{Route: "GET /Media/", Kind: twiliofake.FaultCode, Code: 20404, Status: http.StatusNotFound, Times: 2})
	if got := fetched1(t, w, ref); got != "png!" { // Twilio tells of a message some seconds before its files can be read
		t.Errorf("%q", got)
	}
	w.base.api.mediaWaits[0] = time.Hour
	w.fake.AddFault(twiliofake.Fault{Route: "GET /Media/", Kind: twiliofake.FaultCode, Code: 20404, Status: http.StatusNotFound})
	soon, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if _, err := w.base.Fetch(soon, ref); classOf(t, err).Class != channels.Retry { // the chore of fetching goes on later
		t.Error(err)
	}
	w.base.api.mediaWaits[0] = 0
	w.fake.DeleteMedia() // edge case 16: the file is gone
	if got := fetch(ref); got != channels.BadContent {
		t.Error(got)
	}
}

// A file that never ends is cut off with an error, not silently.
func TestFetchIsBounded(t *testing.T) {
	t.Parallel()
	c := newWorld(t, false).base
	f, err := c.api.readFetched(&http.Response{StatusCode: http.StatusOK, ContentLength: -1, Body: io.NopCloser(endless{})}, false)
	if err != nil {
		t.Fatal(err)
	}
	if n, err := io.Copy(io.Discard, f.Body); n != maxFile || classOf(t, err).Class != channels.BadContent {
		t.Errorf("%d bytes, then %v", n, err)
	}
}

// endless is a body that never ends.
type endless struct{}

func (endless) Read(p []byte) (int, error) { return len(p), nil }
