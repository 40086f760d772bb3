package forms

import (
	"bytes"
	"cmp"
	"context"
	"encoding/binary"
	"errors"
	"image"
	_ "image/gif" // the decoders of the types that IsSupported accepts
	_ "image/jpeg"
	_ "image/png"
	"io"
	"mime"
	"slices"

	"golang.org/x/image/draw"
	_ "golang.org/x/image/webp"
)

// MaxPixels is the maximum number of pixels of a picture that is decoded. Phones take photos of 12 million pixels. 16
// million pixels take 64 MB of memory in most formats.
const MaxPixels = 16 << 20

// maxDecodedBytes is the maximum memory that the decoder of a progressive JPEG, the most expensive format, may need.
const maxDecodedBytes = 128 << 20

// ErrUnsupported means that no thumbnail can be made: the bytes aren't a picture, or the picture is too large.
var ErrUnsupported = errors.New("picture: no copy can be made")

// IsSupported reports whether Thumbnail can decode pictures of a content type. It accepts parameters after the type.
func IsSupported(contentType string) bool {
	kind, _, err := mime.ParseMediaType(contentType)
	return err == nil && slices.Contains([]string{"image/gif", "image/jpeg", "image/jpg", "image/png", "image/webp"}, kind)
}

// ReadSize reads a picture's format ("png") and its size in pixels from its header, without decoding the pixels.
// Errors: ErrUnsupported, also if the picture has more than MaxPixels.
func ReadSize(r io.Reader) (format string, size image.Point, err error) {
	config, format, err := image.DecodeConfig(r)
	if err != nil {
		return "", image.Point{}, errors.Join(ErrUnsupported, err)
	}
	isEmpty := config.Width <= 0 || config.Height <= 0
	if isEmpty || config.Width > MaxPixels/config.Height {
		return "", image.Point{}, ErrUnsupported
	}
	return format, image.Pt(config.Width, config.Height), nil
}

// Thumbnail scales a picture down so that its longer side has at most maxSide pixels. It never scales up. Transparent
// pixels become white.
// Errors: ErrUnsupported; ctx's, because some pictures take minutes to decode.
func Thumbnail(ctx context.Context, data []byte, maxSide int) (image.Image, error) {
	_, size, err := ReadSize(bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	if progressiveBytes(data, size) > maxDecodedBytes {
		return nil, ErrUnsupported
	}

	whole, _, err := image.Decode(contextReader{ctx, bytes.NewReader(data)})
	switch {
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case err != nil:
		return nil, errors.Join(ErrUnsupported, err)
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

// The frame header of a progressive JPEG (ITU-T T.81, B.2.2). The offsets count from the end of the marker:
//
//	0  length of the header (2 bytes)
//	2  bits per sample
//	3  height, then width (2 bytes each)
//	7  number of components
//	8  for each component: its id, its sampling factors (4 bits each) and its table
const (
	progressiveMarker = "\xff\xc2"
	heightOffset      = 3
	widthOffset       = 5
	countOffset       = 7
	componentsOffset  = 8
	componentBytes    = 3
)

// bytesPerSample is the decoder's memory for one sample: the sample itself, and its coefficient of 4 bytes. Unlike other
// formats, a progressive JPEG keeps all coefficients in memory until the end.
const bytesPerSample = 5

// progressiveBytes returns how much memory it takes to decode a progressive JPEG of a size, and 0 for other pictures. It
// looks for frame headers at every byte rather than walking the segments, because decoders skip bytes between segments.
func progressiveBytes(data []byte, size image.Point) int {
	largest := 0
	for {
		_, frame, isFound := bytes.Cut(data, []byte(progressiveMarker))
		if !isFound {
			return largest
		}
		data = frame
		if len(frame) < componentsOffset {
			continue
		}

		height := int(binary.BigEndian.Uint16(frame[heightOffset:]))
		width := int(binary.BigEndian.Uint16(frame[widthOffset:]))
		if size != image.Pt(width, height) {
			continue
		}

		end := componentsOffset + int(frame[countOffset])*componentBytes
		components := frame[componentsOffset:min(len(frame), end)]
		largest = max(largest, bytesPerSample*countSamples(size, components))
	}
}

// countSamples returns how many samples a picture of a size has. Its first component has one sample for each pixel. The
// others have more or fewer, in proportion to their sampling factors.
func countSamples(size image.Point, components []byte) int {
	var sum, first int
	for component := range slices.Chunk(components, componentBytes) {
		if len(component) < componentBytes {
			break
		}
		horizontal, vertical := int(component[1]>>4), int(component[1]&0xf)
		sum += horizontal * vertical
		first = cmp.Or(first, horizontal*vertical)
	}
	return size.X * size.Y * sum / max(first, 1)
}

// contextReader is a reader that fails once its context is done, so that a slow decoder stops.
type contextReader struct {
	ctx context.Context //nolint:containedctx // io.Reader has no parameter for it
	r   io.Reader
}

// Read implements io.Reader.
func (c contextReader) Read(b []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	return c.r.Read(b)
}
