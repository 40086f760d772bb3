// Package picture makes small copies of pictures that people send. Nothing of a picture's own bytes is in its copy.
//
// What does not belong here: where pictures come from, and how large a chat or a page shows them.
package picture

import (
	"bytes"
	"cmp"
	"context"
	"encoding/binary"
	"errors"
	"image"
	_ "image/gif"  // what people send; see HasReader
	_ "image/jpeg" // what people send
	_ "image/png"  // what people send
	"io"
	"mime"
	"slices"

	"golang.org/x/image/draw"
	_ "golang.org/x/image/webp" // what people send
)

// MaxPixels is how many pixels a picture may have to be decoded. 16 million take 64 MB of memory, or maxDecodedBytes in the worst
// format; phones take photos of 12 million.
const MaxPixels = 16 << 20

// maxDecodedBytes is how much memory a picture may take while it is decoded.
const maxDecodedBytes = 128 << 20

// ErrNone means that no copy can be made: the bytes aren't a picture, or the picture is too large.
var ErrNone = errors.New("picture: no copy can be made")

// HasReader reports whether a content type is that of pictures that Small reads: those of the packages that are imported here.
func HasReader(contentType string) bool {
	kind, _, err := mime.ParseMediaType(contentType)
	return err == nil && slices.Contains([]string{"image/gif", "image/jpeg", "image/jpg", "image/png", "image/webp"}, kind)
}

// Sized reads the beginning of a picture: its format and its size in pixels, of which there are MaxPixels at most.
// Errors: ErrNone.
func Sized(r io.Reader) (format string, size image.Point, err error) {
	config, format, err := image.DecodeConfig(r)
	if err != nil {
		return "", image.Point{}, errors.Join(ErrNone, err)
	}
	isEmpty := config.Width <= 0 || config.Height <= 0
	if isEmpty || config.Width > MaxPixels/config.Height {
		return "", image.Point{}, ErrNone
	}
	return format, image.Pt(config.Width, config.Height), nil
}

// Small makes a copy of a picture, on white, whose longer side has maxSide pixels at most.
// Errors: ErrNone; ctx's, since some pictures take minutes to decode.
func Small(ctx context.Context, data []byte, maxSide int) (image.Image, error) {
	_, size, err := Sized(bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	if progressiveBytes(data, size) > maxDecodedBytes {
		return nil, ErrNone
	}

	whole, _, err := image.Decode(untilDone{ctx, bytes.NewReader(data)})
	switch {
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case err != nil:
		return nil, errors.Join(ErrNone, err)
	}

	width, height := whole.Bounds().Dx(), whole.Bounds().Dy()
	if longer := max(width, height); longer > maxSide {
		width = max(1, width*maxSide/longer)
		height = max(1, height*maxSide/longer)
	}

	small := image.NewRGBA(image.Rect(0, 0, width, height))
	draw.Draw(small, small.Bounds(), image.White, image.Point{}, draw.Src)
	draw.ApproxBiLinear.Scale(small, small.Bounds(), whole, whole.Bounds(), draw.Over, nil)
	return small, nil
}

// A frame of a progressive JPEG: its marker, then its length and the bits of a sample (three bytes), the height and the width of the
// picture (two bytes each), the number of components, and of each component its name, its sampling factors and its table (a byte
// each). Source: ITU-T T.81, B.2.2.
const (
	progressiveMarker = "\xff\xc2"
	heightAt          = 3
	widthAt           = 5
	componentsAt      = 8
	componentBytes    = 3
	keptBytes         = 5 // of each sample: it and its coefficient, which is kept until the end
)

// progressiveBytes returns how much memory a progressive JPEG of a size takes while it is decoded; 0 for other pictures. It looks for
// frames everywhere and not from segment to segment, since decoders skip what isn't a segment.
func progressiveBytes(data []byte, size image.Point) int {
	most := 0
	for {
		_, frame, isFound := bytes.Cut(data, []byte(progressiveMarker))
		if !isFound {
			return most
		}
		data = frame
		if len(frame) < componentsAt {
			continue
		}
		height, width := binary.BigEndian.Uint16(frame[heightAt:]), binary.BigEndian.Uint16(frame[widthAt:])
		if size == image.Pt(int(width), int(height)) {
			count := int(frame[componentsAt-1])
			most = max(most, keptBytes*countSamples(size, frame[componentsAt:min(len(frame), componentsAt+count*componentBytes)]))
		}
	}
}

// countSamples returns how many samples a picture of a size has. The first of its components has one for each pixel.
func countSamples(size image.Point, components []byte) int {
	var all, first int
	for c := range slices.Chunk(components, componentBytes) {
		if len(c) < componentBytes {
			break
		}
		factors := int(c[1]>>4) * int(c[1]&0xf) // across and down
		all += factors
		first = cmp.Or(first, factors)
	}
	return size.X * size.Y * all / max(first, 1)
}

// untilDone is a reader that fails once its context is done.
type untilDone struct {
	ctx context.Context //nolint:containedctx // a reader has no other way to learn of it
	r   io.Reader
}

// Read implements io.Reader.
func (u untilDone) Read(b []byte) (int, error) {
	if err := u.ctx.Err(); err != nil {
		return 0, err
	}
	return u.r.Read(b)
}
