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

// photographed is a desk whose messages all have the same picture.
type photographed struct {
	Desk

	photo []byte
}

// File implements Desk.
func (p photographed) File(context.Context, bridge.AgentID, bridge.ConversationID, bridge.MessageID, int) (channels.File, error) {
	return channels.File{Name: "lamp.png", SizeBytes: int64(len(p.photo)), Open: func(context.Context) (io.ReadCloser, error) {
		return io.NopCloser(bytes.NewReader(p.photo)), nil
	}}, nil
}

// slowBrowser takes an answer in its own time; it notes how many pictures are being made meanwhile.
type slowBrowser struct {
	*httptest.ResponseRecorder

	drawing chan struct{}
	made    int
}

// Write implements http.ResponseWriter.
func (b *slowBrowser) Write(p []byte) (int, error) {
	b.made = len(b.drawing)
	return b.ResponseRecorder.Write(p)
}

// A browser that takes no byte of its small picture keeps nobody else from getting one.
func TestStalledBrowserHoldsNoPlace(t *testing.T) {
	t.Parallel()
	var photo bytes.Buffer
	if err := png.Encode(&photo, image.NewGray(image.Rect(0, 0, 40, 30))); err != nil {
		t.Fatal(err)
	}
	p := pages{desk: photographed{photo: photo.Bytes()}, drawing: make(chan struct{}, maxDrawing)}
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/inbox/1/pictures/2/0", nil)
	for name, value := range map[string]string{"id": "1", "message": "2", "index": "0"} {
		r.SetPathValue(name, value)
	}
	b := &slowBrowser{ResponseRecorder: httptest.NewRecorder(), drawing: p.drawing, made: -1}
	if err := p.sendPicture(&web.Visit{Request: r, Writer: b}); err != nil {
		t.Fatal(err)
	}
	if b.made != 0 || b.Header().Get("Content-Type") != "image/jpeg" {
		t.Errorf("%d places are held while the browser reads, %v", b.made, b.Header())
	}
}
