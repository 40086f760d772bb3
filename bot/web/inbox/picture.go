package inbox

import (
	"bytes"
	"context"
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
	pictureSide   = 320
	pictureBytes  = 12 << 20
	pictureTime   = 10 * time.Second
	drawnTogether = 2
)

// picture returns a small picture of a file. It is drawn anew: nothing of the file's own bytes gets into a page of ours.
func (p pages) picture(v *web.Visit) error {
	ctx, cancel := context.WithTimeout(v.Context(), pictureTime)
	defer cancel()
	f, err := p.asked(ctx, v)
	if err != nil {
		return noFile(v, err)
	}
	select {
	case p.drawing <- struct{}{}:
		defer func() { <-p.drawing }()
	case <-ctx.Done():
		return v.Refuse(http.StatusServiceUnavailable, "No picture just now.", "Too many are asked for at once.")
	}
	small, err := drawn(ctx, f)
	if err != nil {
		return v.Refuse(http.StatusNotFound, "There is no picture.", "Open the file itself.")
	}
	h := v.Writer.Header()
	h.Set("Content-Type", "image/jpeg")
	h.Set("Content-Security-Policy", "sandbox; default-src 'none'")
	h.Set("Cache-Control", "private, max-age=300")
	_, _ = v.Writer.Write(small)
	return nil
}

// drawn makes a small JPEG of a file. Errors: those of picture.Small; those of reading it.
func drawn(ctx context.Context, f channels.File) ([]byte, error) {
	if f.SizeBytes > pictureBytes {
		return nil, picture.ErrNone
	}
	body, err := f.Open(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { _ = body.Close() }()
	data, err := io.ReadAll(io.LimitReader(body, pictureBytes))
	if err != nil {
		return nil, err
	}
	small, err := picture.Small(ctx, data, pictureSide)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	err = jpeg.Encode(&out, small, &jpeg.Options{Quality: 80})
	return out.Bytes(), err
}
