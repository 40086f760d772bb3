package inbox

import (
	"bytes"
	"context"
	"image"
	"image/png"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"parley/bot/web"
	"parley/bridge"
	"parley/channels"
)

// onePicture is a desk whose messages all have the same picture.
type onePicture struct {
	Desk

	photo []byte
}

func (p onePicture) File(context.Context, bridge.AgentID, bridge.ConversationID, bridge.MessageID, int) (channels.File, error) {
	return channels.File{Name: "lamp.png", SizeBytes: int64(len(p.photo)), Open: func(context.Context) (io.ReadCloser, error) {
		return io.NopCloser(bytes.NewReader(p.photo)), nil
	}}, nil
}

// slowBrowser notes how many places for drawing are held while it takes an answer.
type slowBrowser struct {
	*httptest.ResponseRecorder

	drawing chan struct{}
	held    int
}

func (b *slowBrowser) Write(p []byte) (int, error) {
	b.held = len(b.drawing)
	return b.ResponseRecorder.Write(p)
}

// A browser that is slow to take its small picture holds none of the places for drawing, so that others get theirs.
func TestSlowBrowserHoldsNoPlace(t *testing.T) {
	t.Parallel()
	const notWritten = -1
	var photo bytes.Buffer
	if err := png.Encode(&photo, image.NewGray(image.Rect(0, 0, 40, 30))); err != nil {
		t.Fatal(err)
	}
	p := pages{desk: onePicture{photo: photo.Bytes()}, drawing: make(chan struct{}, maxDrawing)}
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/inbox/1/pictures/2/0", nil)
	for name, value := range map[string]string{"id": "1", "message": "2", "index": "0"} {
		r.SetPathValue(name, value)
	}
	b := &slowBrowser{ResponseRecorder: httptest.NewRecorder(), drawing: p.drawing, held: notWritten}
	if err := p.sendPicture(&web.Visit{Request: r, Writer: b}); err != nil {
		t.Fatal(err)
	}
	if b.held != 0 {
		t.Errorf("%d places were held while the browser read (%d: it got nothing), want 0", b.held, notWritten)
	}
	if got := b.Header().Get("Content-Type"); got != "image/jpeg" {
		t.Errorf("got the content type %q, want image/jpeg", got)
	}
}
