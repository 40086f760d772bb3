package forms_test

import (
	"bytes"
	"errors"
	"testing"

	"parley/bot/forms"
)

// Frames of JPEGs: the second byte of their markers.
const (
	baseline    = 0xc0
	progressive = 0xc2
)

// jpegHead is how a JPEG in colour begins, of 4096 x 4096 pixels, the largest that are read. The colours are sampled once
// for each pixel of the brightness, or for so many of them.
func jpegHead(frame, sampling byte) []byte {
	return bytes.Join([][]byte{
		{0xff, 0xd8, 0xff, frame, 0, 17, 8, 0x10, 0, 0x10, 0, 3, 1, sampling, 0, 2, 0x11, 0, 3, 0x11, 0},
		{0xff, 0xda, 0, 12},
	}, nil)
}

// A progressive JPEG keeps all of its coefficients while it is decoded. One that would take too much memory is not decoded.
func TestProgressiveJPEGs(t *testing.T) {
	t.Parallel()
	const each, four = 0x11, 0x22 // factors of the brightness
	for name, tt := range map[string]struct {
		data      []byte
		wantBegun bool // it is decoded, as far as it goes
	}{
		"baseline":                         {data: jpegHead(baseline, each), wantBegun: true},
		"progressive, as phones send it":   {data: jpegHead(progressive, four), wantBegun: true},
		"progressive, with all its colour": {data: jpegHead(progressive, each)},
		"behind what isn't a segment":      {data: bytes.Replace(jpegHead(progressive, each), []byte{0xd8}, []byte{0xd8, 0, 0xff}, 1)},
	} {
		t.Run(name, func(t *testing.T) {
			if _, _, err := forms.ReadSize(bytes.NewReader(tt.data)); err != nil {
				t.Fatal(err)
			}
			_, err := forms.Thumbnail(t.Context(), tt.data, 320)
			if !errors.Is(err, forms.ErrUnsupported) {
				t.Fatalf("got %v, want %v", err, forms.ErrUnsupported)
			}
			if isBegun := err.Error() != forms.ErrUnsupported.Error(); isBegun != tt.wantBegun {
				t.Errorf("got %q; it is decoded: %v, want %v", err, isBegun, tt.wantBegun)
			}
		})
	}
}
