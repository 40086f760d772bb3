package inbox

import (
	"bytes"
	"context"
	"errors"
	"image/jpeg"
	"io"
	"net/http"
	"time"

	"parley/bot/picture"
	"parley/bot/web"
	"parley/channels"
)

// Bounds of the small pictures that stand beside files.
const (
	pictureSide     = 320      // pixels of the longer side
	maxPictureBytes = 12 << 20 // of the file
	pictureTimeout  = 10 * time.Second
	maxDrawing      = 2 // pictures that are made at once: each takes much memory
)

// sendPicture answers with a small picture of a file. It is drawn anew: none of the file's own bytes get into a page of ours.
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
	_, _ = v.Writer.Write(small) // an error means that the browser went away
	return nil
}

// errBusy means that the request ended before it was its turn to have a picture made.
var errBusy = errors.New("inbox: too many pictures are being made")

// drawInTurn makes a small JPEG of a file. It waits until fewer than maxDrawing are being made. It returns before
// anything is written to the browser, so that a slow browser doesn't keep others waiting.
// Errors: errBusy; those of drawSmall.
func (p pages) drawInTurn(ctx context.Context, f channels.File) ([]byte, error) {
	select {
	case p.drawing <- struct{}{}:
		defer func() { <-p.drawing }()
	case <-ctx.Done():
		return nil, errBusy
	}
	return drawSmall(ctx, f)
}

// drawSmall makes a small JPEG of a file. Errors: those of picture.Small; those of reading it.
func drawSmall(ctx context.Context, f channels.File) ([]byte, error) {
	if f.SizeBytes > maxPictureBytes {
		return nil, picture.ErrNone
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

	small, err := picture.Small(ctx, data, pictureSide)
	if err != nil {
		return nil, err
	}

	var out bytes.Buffer
	if err := jpeg.Encode(&out, small, &jpeg.Options{Quality: 80}); err != nil {
		return nil, err
	}

	return out.Bytes(), nil
}
