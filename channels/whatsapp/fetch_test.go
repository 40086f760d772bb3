package whatsapp

import (
	"bytes"
	"crypto/sha256"
	"io"
	"strings"
	"testing"
	"time"

	"parley/channels"
	"parley/channels/fence"
	"parley/channels/graph"
	"parley/channels/graphfake"
)

// customerPhoto is a picture that Ann sent.
type customerPhoto struct {
	content []byte
	mediaID string // at Meta
	message channels.Inbound
}

// receivePhoto lets Ann send a picture.
func (w *world) receivePhoto() customerPhoto {
	w.t.Helper()
	p := customerPhoto{content: bytes.Repeat([]byte("pixel"), 1000)}
	_, p.mediaID = w.ann.Media("image", graphfake.File{ContentType: "image/jpeg", Content: p.content}, map[string]any{"caption": "look"})
	p.message = w.takeOne()
	return p
}

// fetchOnly reads the only file of a message.
func (w *world) fetchOnly(in channels.Inbound) (content []byte, contentType string, err error) {
	w.t.Helper()
	if len(in.Attachments) != 1 {
		w.t.Fatalf("got the attachments %+v, want one", in.Attachments)
	}
	f, err := w.channel.Fetch(testContext(w.t), in.Attachments[0].Ref)
	if err != nil {
		return nil, "", err
	}
	defer f.Body.Close()
	content, err = io.ReadAll(f.Body)
	return content, f.ContentType, err
}

// wantPhoto checks that a photo is fetched whole.
func (w *world) wantPhoto(photo customerPhoto) {
	w.t.Helper()
	got, contentType, err := w.fetchOnly(photo.message)
	noError(w.t, err)
	wantEqual(w.t, "content type", contentType, "image/jpeg")
	if !bytes.Equal(got, photo.content) {
		w.t.Errorf("got %d bytes, want the %d that were sent", len(got), len(photo.content))
	}
}

// A customer's file is fetched by the reference in its message.
// Requirement R-059: Pictures, videos, sound and documents by WhatsApp.
func TestFetch(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	photo := w.receivePhoto()
	wantEqual(t, "text beside the file", photo.message.Text, "look")
	w.wantPhoto(photo)
}

// The address of a file is good for five minutes. Once it has ended, Parley asks for a new one.
// Requirement R-059: Pictures, videos, sound and documents by WhatsApp.
func TestFetchWhoseAddressEnded(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	photo := w.receivePhoto()
	w.addFault(graphfake.Fault{Route: "whatsapp.download", Action: graphfake.ActionStatus, Status: 404, Times: 1})
	w.wantPhoto(photo)
}

// The reason of a failure decides whether a file is fetched again.
// Requirement R-059: Pictures, videos, sound and documents by WhatsApp.
func TestFetchFails(t *testing.T) {
	t.Parallel()
	// More often than one Fetch asks, so that no try of it succeeds.
	const everyTry = 3
	tests := []struct {
		name  string
		setUp func(w *world, mediaID string)
		want  channels.Class
	}{
		{
			name:  "Meta deleted the file",
			setUp: func(w *world, mediaID string) { w.ExpireMedia(mediaID) },
			want:  channels.BadContent,
		},
		{
			name:  "eight days passed, and Meta deleted the file",
			setUp: func(w *world, _ string) { w.clock.advance(8 * 24 * time.Hour) },
			want:  channels.BadContent,
		},
		{
			name:  "the bytes don't have the hash of the message",
			setUp: func(w *world, mediaID string) { w.SpoilMedia(mediaID) },
			want:  channels.BadContent,
		},
		{
			name:  "the token was revoked",
			setUp: func(w *world, _ string) { w.RevokeToken(ourToken) },
			want:  channels.AuthBroken,
		},
		{
			name: "the address can't be had",
			setUp: func(w *world, _ string) {
				w.addFault(graphfake.Fault{Route: "whatsapp.media", Action: graphfake.ActionStatus, Status: 502, Times: everyTry})
			},
			want: channels.Retry,
		},
		{
			name: "the download fails",
			setUp: func(w *world, _ string) {
				w.addFault(graphfake.Fault{Route: "whatsapp.download", Action: graphfake.ActionStatus, Status: 503, Times: everyTry})
			},
			want: channels.Retry,
		},
		{
			name: "too many downloads",
			setUp: func(w *world, _ string) {
				w.addFault(graphfake.Fault{Route: "whatsapp.download", Action: graphfake.ActionStatus, Status: 429, Times: everyTry})
			},
			want: channels.Throttled,
		},
	}

	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			photo := w.receivePhoto()
			tt.setUp(w, photo.mediaID)
			_, _, err := w.fetchOnly(photo.message)
			_ = wantClass(t, "fetching", err, tt.want)
		})
	}
}

// A file that is larger than we take is refused.
// Requirement R-059: Pictures, videos, sound and documents by WhatsApp.
func TestFetchTooLarge(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.ann.Media("document", graphfake.File{ContentType: "application/zip", Content: make([]byte, maxFile+1)}, nil)
	_, _, err := w.fetchOnly(w.takeOne())
	_ = wantClass(t, "fetching", err, channels.BadContent)
}

// Meta writes hashes in hex, and in base64 of both alphabets, with padding or without. A file without a hash is taken as it
// is.
func TestIsSameHash(t *testing.T) {
	t.Parallel()
	sum := []byte("\xfb\xff\xbe0123456789abcdef0123456789abc")
	tests := []struct {
		written string
		want    bool
	}{
		{written: "", want: true},
		{written: "fbffbe3031323334353637383961626364656630313233343536373839616263", want: true},
		{written: "+/++MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmM=", want: true},
		{written: "-_--MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmM", want: true},
		{written: "00", want: false},
		{written: "?", want: false},
	}
	for _, tt := range tests {
		if got := isSameHash(tt.written, sum); got != tt.want {
			t.Errorf("isSameHash(%q) = %v, want %v", tt.written, got, tt.want)
		}
	}
}

// Parley doesn't fetch a file again that is gone, too large or on another host. After a lost answer it tries again.
func TestFetchErrors(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name     string
		err      error
		want     channels.Class
		wantText string
	}{
		{name: "too large", err: graph.ErrTooLarge, want: channels.BadContent, wantText: "The file is larger than 100 MB."},
		{
			name: "another host", err: graph.ErrForeignHost, want: channels.BadContent,
			wantText: "WhatsApp points to a file on a host that isn't its own.",
		},
		{name: "gone", err: &graph.Error{Status: 404}, want: channels.BadContent, wantText: "WhatsApp doesn't have the file any more."},
		{
			name: "unknown id", err: &graph.Error{Status: 400, HasCode: true, Code: codeInvalidParameter}, want: channels.BadContent,
			wantText: "WhatsApp doesn't have the file any more.",
		},
		{
			name: "answer lost", err: &fence.LostError{MayHaveLeft: true}, want: channels.Retry,
			wantText: "The file could not be read from WhatsApp.",
		},
	}
	c := newWorld(t).channel
	for _, tt := range tests {
		wantEqual(t, tt.name, wantClass(t, tt.name, c.fetchError(tt.err), tt.want).Text, tt.wantText)
	}

	body := &hashedBody{ReadCloser: fence.Bounded(io.NopCloser(strings.NewReader("12345")), 4, graph.ErrTooLarge), sum: sha256.New()}
	_, err := io.ReadAll(body)
	_ = wantClass(t, "reading a file that is too large", err, channels.BadContent)
}
