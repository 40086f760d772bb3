package teams

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"image/jpeg"
	"io"
	"strings"
	"time"

	"parley/bot/forms"
	"parley/channels"
)

// Customers send pictures. Teams shows a picture in a message only if it is small: at most 1 MB, and 1024 pixels wide
// and high. This file decides how a customer's file is shown to agents, and makes smaller copies of larger pictures:
// a PNG of 300 KB is shown as it is, a photo of 5 MB as a smaller JPEG, and a PDF as a link.

// Limits of a picture in a message.
// Source: learn.microsoft.com/microsoftteams/platform/bots/how-to/conversations/conversation-messages, "Picture
// messages", read 2026-11.
const (
	maxPictureBytes = 1 << 20
	maxPictureSide  = 1024
)

// Limits for making a smaller copy of a picture.
const (
	maxCopiedBytes = 25 << 20
	copyTimeout    = 10 * time.Second
)

// display is how a file is shown.
type display int

const (
	displayLink     display = iota // as a link in the list of files
	displayOriginal                // as a picture, unchanged
	displayCopy                    // as a copy within Teams' limits, and as a link to the original
)

// chooseDisplay decides how a file is shown. It reads the file's beginning, because its name and type may be wrong.
func chooseDisplay(ctx context.Context, f channels.File) (display, error) {
	if !strings.HasPrefix(strings.ToLower(f.ContentType), "image/") {
		return displayLink, nil
	}
	if f.SizeBytes <= 0 || f.SizeBytes > maxCopiedBytes {
		return displayLink, nil
	}
	r, err := f.Open(ctx)
	if err != nil {
		return displayLink, fmt.Errorf("teams: open file: %w", err)
	}
	defer r.Close()
	return chooseByHeader(f.SizeBytes, io.LimitReader(r, maxCopiedBytes)), nil
}

// chooseByHeader decides by the header of an image file how it is shown. size is the size of the whole file in bytes.
func chooseByHeader(size int64, r io.Reader) display {
	format, pixels, err := forms.ReadSize(r)
	if err != nil { // not a picture
		return displayLink
	}
	if size > maxPictureBytes || max(pixels.X, pixels.Y) > maxPictureSide {
		return displayCopy
	}
	if format == "png" || format == "jpeg" {
		return displayOriginal
	}
	return displayCopy // Teams doesn't show WebP and animated GIFs
}

// inlinePicture is a picture that is small enough for a message.
type inlinePicture struct {
	mimeType string
	data     []byte
}

func (p inlinePicture) makeAttachment(name string) Attachment {
	return Attachment{
		ContentType: p.mimeType, Name: name,
		ContentURL: "data:" + p.mimeType + ";base64," + base64.StdEncoding.EncodeToString(p.data),
	}
}

// readOriginal reads a picture that Teams can show unchanged.
// Errors: errNoPicture if it isn't a picture after all; those of reading.
func readOriginal(ctx context.Context, f channels.File) (inlinePicture, error) {
	data, err := readFile(ctx, f, maxPictureBytes)
	if err != nil {
		return inlinePicture{}, err
	}
	format, _, err := forms.ReadSize(bytes.NewReader(data))
	if err != nil {
		return inlinePicture{}, fmt.Errorf("%w: %w", errNoPicture, err)
	}
	return inlinePicture{mimeType: "image/" + format, data: data}, nil
}

// errNoPicture means that a file has the header of a picture but can't be decoded, or not in time.
var errNoPicture = errors.New("teams: no picture can be made of the file")

// copyPicture makes a smaller copy of a picture. It blocks while another copy is made, because each needs much memory.
func (s *poster) copyPicture(ctx context.Context, f channels.File) (inlinePicture, error) {
	select {
	case s.copying <- struct{}{}:
		defer func() { <-s.copying }()
	case <-ctx.Done():
		return inlinePicture{}, ctx.Err()
	}
	return shrinkPicture(ctx, f)
}

// shrinkPicture makes a JPEG that Teams can show. Transparent areas become white. It lowers the quality until the file
// is small enough.
func shrinkPicture(ctx context.Context, f channels.File) (inlinePicture, error) {
	data, err := readFile(ctx, f, maxCopiedBytes)
	if err != nil {
		return inlinePicture{}, err
	}

	decoding, cancel := context.WithTimeout(ctx, copyTimeout)
	defer cancel()
	small, err := forms.Thumbnail(decoding, data, maxPictureSide)

	if ctx.Err() != nil {
		return inlinePicture{}, ctx.Err()
	}
	if err != nil {
		return inlinePicture{}, fmt.Errorf("%w: %w", errNoPicture, err)
	}

	exif := orientationSegment(data)
	for _, quality := range []int{85, 60, 30} {
		var b bytes.Buffer
		if err := jpeg.Encode(&b, small, &jpeg.Options{Quality: quality}); err != nil {
			return inlinePicture{}, fmt.Errorf("%w: %w", errNoPicture, err)
		}
		if b.Len()+len(exif) <= maxPictureBytes {
			start, rest := b.Bytes()[:len(jpegStart)], b.Bytes()[len(jpegStart):] // the Exif segment follows the start marker
			return inlinePicture{mimeType: "image/jpeg", data: bytes.Join([][]byte{start, exif, rest}, nil)}, nil
		}
	}

	return inlinePicture{}, fmt.Errorf("%w: the copy is too large", errNoPicture)
}

// Parts of a JPEG file. The file and each of its segments begin with a marker of two bytes.
// Source: JEITA CP-3451 (Exif 2.32), 4.5.4, "Basic structure of compressed data".
const (
	jpegStart      = "\xff\xd8"
	markerByte     = 0xff // the first byte of each marker
	firstApp       = 0xe0 // the second byte of the marker of a segment APP0; APP15 has 0xef
	firstAppMask   = 0xf0
	exifMarker     = "\xff\xe1"
	exifName       = "Exif\x00" // after the header of the segment
	markerBytes    = 2
	segmentHeadEnd = 4 // a segment's header: the marker, and the big-endian length of everything after the marker
)

// orientationSegment returns the Exif segment of a JPEG, which has the picture's orientation. Decoding ignores the
// orientation, so the copy needs the segment to be shown upright. It returns nil if there is none.
func orientationSegment(data []byte) []byte {
	rest, ok := bytes.CutPrefix(data, []byte(jpegStart))
	if !ok {
		return nil
	}

	for isAppSegment(rest) { // these segments come before the image data
		size := markerBytes + int(binary.BigEndian.Uint16(rest[markerBytes:]))
		if size > len(rest) {
			return nil
		}

		segment := rest[:size]
		if bytes.HasPrefix(segment, []byte(exifMarker)) && bytes.HasPrefix(segment[segmentHeadEnd:], []byte(exifName)) {
			return segment
		}

		rest = rest[size:]
	}

	return nil
}

func isAppSegment(data []byte) bool {
	if len(data) < segmentHeadEnd {
		return false
	}
	return data[0] == markerByte && data[1]&firstAppMask == firstApp
}

// readFile reads a whole file.
// Errors: also that the file has more than maxBytes.
func readFile(ctx context.Context, f channels.File, maxBytes int64) ([]byte, error) {
	r, err := f.Open(ctx)
	if err != nil {
		return nil, fmt.Errorf("teams: open file: %w", err)
	}
	defer r.Close()
	data, err := io.ReadAll(io.LimitReader(r, maxBytes+1))
	if err != nil {
		return nil, fmt.Errorf("teams: read file: %w", err)
	}
	if int64(len(data)) > maxBytes {
		return nil, errors.New("teams: read file: it is longer than announced")
	}
	return data, nil
}
