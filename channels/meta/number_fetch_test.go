package meta

import (
	"bytes"
	"io"
	"testing"
	"time"

	"parley/channels"
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
