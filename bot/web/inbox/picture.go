package inbox

import (
	"bytes"
	"context"
	"errors"
	"image/jpeg"
	"io"
	"net/http"
	"time"

	"parley/bot/forms"
	"parley/bot/web"
	"parley/channels"
)

// Limits of thumbnails. An image that a customer sent has a thumbnail on the page of the conversation.
const (
	pictureSide     = 320      // pixels of the longer side
	maxPictureBytes = 12 << 20 // size of the original file
	pictureTimeout  = 10 * time.Second
	maxDrawing      = 2 // thumbnails made at the same time, because decoding an image takes much memory
)

// sendPicture responds with a thumbnail of a file. The image is decoded and encoded again, so that the response contains
// no bytes that a customer chose.
func (p pages) sendPicture(v *web.Visit) error {
	ctx, cancel := context.WithTimeout(v.Context(), pictureTimeout)
	defer cancel()
	f, err := p.requestedFile(ctx, v)
	if err != nil {
		return refuseFile(v, err)
	}

	small, err := p.drawInTurn(ctx, f)
	if errors.Is(err, errBusy) {
		return v.Refuse(http.StatusServiceUnavailable, "No picture just now.", "Too many are asked for at once.")
	}
	if err != nil {
		return v.Refuse(http.StatusNotFound, "There is no picture.", "Open the file itself.")
	}

	h := v.Writer.Header()
	h.Set("Content-Type", "image/jpeg")
	h.Set("Content-Security-Policy", "sandbox; default-src 'none'")
	h.Set("Cache-Control", "private, max-age=300")
	_, _ = v.Writer.Write(small) // an error means that the browser has disconnected
	return nil
}

// errBusy means that maxDrawing other thumbnails were being made until the request timed out.
var errBusy = errors.New("inbox: too many pictures are being made")

// drawInTurn makes a thumbnail while fewer than maxDrawing others are being made, and returns it as JPEG. The caller
// writes it to the browser afterwards, so that a slow browser doesn't block others. It returns errBusy if ctx ends
// first.
func (p pages) drawInTurn(ctx context.Context, f channels.File) ([]byte, error) {
	select {
	case p.drawing <- struct{}{}:
		defer func() { <-p.drawing }()
	case <-ctx.Done():
		return nil, errBusy
	}
	return drawSmall(ctx, f)
}

// drawSmall makes a thumbnail of a file as JPEG. It returns picture.ErrUnsupported if the file is too large or not an image.
func drawSmall(ctx context.Context, f channels.File) ([]byte, error) {
	if f.SizeBytes > maxPictureBytes {
		return nil, forms.ErrUnsupported
	}

	body, err := f.Open(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { _ = body.Close() }()
	data, err := io.ReadAll(io.LimitReader(body, maxPictureBytes))
	if err != nil {
		return nil, err
	}

	small, err := forms.Thumbnail(ctx, data, pictureSide)
	if err != nil {
		return nil, err
	}

	var out bytes.Buffer
	if err := jpeg.Encode(&out, small, &jpeg.Options{Quality: 80}); err != nil {
		return nil, err
	}

	return out.Bytes(), nil
}
