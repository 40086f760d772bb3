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

func (w *world) fetchAll(ref string) string {
	w.t.Helper()
	f, err := w.channel.(channels.Fetcher).Fetch(w.t.Context(), ref)
	if err != nil {
		w.t.Fatal(err)
	}
	defer f.Body.Close()
	b, err := io.ReadAll(f.Body)
	if err != nil {
		w.t.Fatal(err)
	}
	return string(b)
}

// newPicture makes a world in which Ann sent a picture, which is "png!". It gives its reference.
func newPicture(t *testing.T) (w *world, ref string) {
	t.Helper()
	w = newWorld(t, viaWhatsApp)
	w.annSends(twiliofake.Message{Media: pngMedia("png!")})
	return w, w.takeMessages(1)[0].Attachments[0].Ref
}

func (w *world) wantFetchFails(ref string, want channels.Class) {
	w.t.Helper()
	_, err := w.channel.(channels.Fetcher).Fetch(w.t.Context(), ref)
	_ = wantClass(w.t, "fetching "+ref, err, want)
}

// Files are fetched with our credentials from Twilio alone; its storage, another host that
// refuses them, gets none.
func TestFetch(t *testing.T) {
	t.Parallel()
	w, ref := newPicture(t)
	wantEqual(t, "file at Twilio", w.fetchAll(ref), "png!")
	published := "https://api.twilio.com" + strings.TrimPrefix(ref, w.fake.URL())
	wantEqual(t, "file under Twilio's published address", w.fetchAll(published), "png!")
	link, err := publicFile(t, "x", "text/plain", "no secret asked").Link()
	if err != nil {
		t.Fatal(err)
	}
	wantEqual(t, "file in an emulator's storage", w.fetchAll(link), "no secret asked")
	if _, _, err := (&client{base: "https://api.twilio.com"}).mediaURL(link); err == nil {
		t.Error("a file at a host that isn't Twilio's may be fetched from the real Twilio, want an error")
	}
	for _, bad := range []string{"https://evil.test/x", "https://user:pw@api.twilio.com/x", "https://twilio.com.evil.test/x", "file:///etc/passwd", "", "%"} {
		w.wantFetchFails(bad, channels.BadContent)
	}
}

// A file that can't be fetched now is fetched later; one that is gone is not.
func TestFetchFails(t *testing.T) {
	t.Parallel()
	w, ref := newPicture(t)
	w.fake.AddFault(twiliofake.Fault{Route: "GET /Media/", Kind: twiliofake.FaultThrottle, Wait: time.Second})
	w.wantFetchFails(ref, channels.Throttled)
	w.fake.AddFault(twiliofake.Fault{Route: "GET /Media/", Kind: twiliofake.FaultDropBefore})
	w.wantFetchFails(ref, channels.Retry)
	w.fake.DeleteMedia() // edge case 16: the file is gone
	w.wantFetchFails(ref, channels.BadContent)
}

// Twilio tells of a message some seconds before its files can be read: fetching waits for them, and goes on later if there is no time.
func TestFetchTooEarly(t *testing.T) {
	t.Parallel()
	w, ref := newPicture(t)
	notYet := twiliofake.Fault{Route: "GET /Media/", Kind: twiliofake.FaultCode, Code: 20404, Status: http.StatusNotFound}
	w.fake.AddFault(notYet)
	w.fake.AddFault(notYet)
	wantEqual(t, "file at the third attempt", w.fetchAll(ref), "png!")
	w.base.api.mediaWaits[0] = time.Hour
	w.fake.AddFault(notYet)
	soon, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	_, err := w.base.Fetch(soon, ref)
	_ = wantClass(t, "a wait that is longer than the time there is", err, channels.Retry)
}

// A file that never ends is cut off with an error, not silently.
func TestFetchIsBounded(t *testing.T) {
	t.Parallel()
	c := newWorld(t, viaSMS).base
	f, err := c.api.readFetched(&http.Response{StatusCode: http.StatusOK, ContentLength: -1, Body: io.NopCloser(endless{})}, false)
	if err != nil {
		t.Fatal(err)
	}
	n, err := io.Copy(io.Discard, f.Body)
	_ = wantClass(t, "reading on", err, channels.BadContent)
	wantEqual(t, "bytes that were read", n, maxFile)
}

// endless is a body that never ends.
type endless struct{}

func (endless) Read(p []byte) (int, error) { return len(p), nil }
