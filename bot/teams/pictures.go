package teams

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"image/jpeg"
	"io"
	"strings"
	"time"

	"parley/bot/picture"
	"parley/bot/teams/connector"
	"parley/channels"
)

// Limits of a picture in a message.
// Source: learn.microsoft.com/microsoftteams/platform/bots/how-to/conversations/conversation-messages,
// "Picture messages", read 2026-11.
const (
	maxPictureBytes = 1 << 20
	maxPictureSide  = 1024
)

// Limits of a picture that a smaller copy is made of.
const (
	maxCopiedBytes = 25 << 20
	copyTimeout    = 10 * time.Second
)

// display is how Teams shows a file.
type display int

const (
	displayLink     display = iota // not as a picture: the list of files has a link to it
	displayOriginal                // unchanged
	displayCopy                    // as a copy within Teams' limits; the list of files has a link to the original
)

// chooseDisplay decides how a file is shown. It reads the file's beginning, because its name and type may be wrong.
func chooseDisplay(ctx context.Context, f channels.File) (display, error) {
	if !strings.HasPrefix(strings.ToLower(f.ContentType), "image/") || f.SizeBytes <= 0 || f.SizeBytes > maxCopiedBytes {
		return displayLink, nil
	}
	r, err := f.Open(ctx)
	if err != nil {
		return displayLink, fmt.Errorf("teams: open file: %w", err)
	}
	defer r.Close()
	return chooseByHeader(f.SizeBytes, io.LimitReader(r, maxCopiedBytes)), nil
}

func chooseByHeader(size int64, r io.Reader) display {
	format, pixels, err := picture.Sized(r)
	switch {
	case err != nil:
		return displayLink
	case size > maxPictureBytes || pixels.X > maxPictureSide || pixels.Y > maxPictureSide:
		return displayCopy
	case format == "png" || format == "jpeg":
		return displayOriginal
	}
	return displayCopy // Teams shows no WebP, and a GIF only when it does not move
}

// drawing is a picture as a message carries it.
type drawing struct {
	kind string // MIME type
	data []byte
}

func (p drawing) attachment(name string) connector.Attachment {
	return connector.Attachment{ContentType: p.kind, Name: name, ContentURL: "data:" + p.kind + ";base64," + base64.StdEncoding.EncodeToString(p.data)}
}

// readOriginal reads a picture that is within Teams' limits, unchanged.
func readOriginal(ctx context.Context, f channels.File) (drawing, error) {
	data, err := readFile(ctx, f, maxPictureBytes)
	if err != nil {
		return drawing{}, err
	}
	format, _, err := picture.Sized(bytes.NewReader(data))
	if err != nil {
		return drawing{}, fmt.Errorf("%w: %w", errNoPicture, err)
	}
	return drawing{kind: "image/" + format, data: data}, nil
}

// errNoPicture is returned for a file that begins like a picture but can't be decoded, or not in time.
var errNoPicture = errors.New("teams: no picture can be made of the file")

// copyPicture makes a copy within Teams' limits. It makes one copy at a time, because each takes much memory.
func (s *poster) copyPicture(ctx context.Context, f channels.File) (drawing, error) {
	select {
	case s.copying <- struct{}{}:
		defer func() { <-s.copying }()
	case <-ctx.Done():
		return drawing{}, ctx.Err()
	}
	return shrinkPicture(ctx, f)
}

// shrinkPicture makes a smaller JPEG of a picture, on white, that is no larger than Teams shows.
func shrinkPicture(ctx context.Context, f channels.File) (drawing, error) {
	data, err := readFile(ctx, f, maxCopiedBytes)
	if err != nil {
		return drawing{}, err
	}
	decoding, cancel := context.WithTimeout(ctx, copyTimeout)
	defer cancel()
	small, err := picture.Small(decoding, data, maxPictureSide)
	switch {
	case ctx.Err() != nil:
		return drawing{}, ctx.Err()
	case err != nil:
		return drawing{}, fmt.Errorf("%w: %w", errNoPicture, err)
	}
	exif := orientationSegment(data)
	for _, quality := range []int{85, 60, 30} { // the first one that is small enough
		var b bytes.Buffer
		if err := jpeg.Encode(&b, small, &jpeg.Options{Quality: quality}); err != nil {
			return drawing{}, fmt.Errorf("%w: %w", errNoPicture, err)
		}
		if b.Len()+len(exif) <= maxPictureBytes {
			start, rest := b.Bytes()[:2], b.Bytes()[2:] // the Exif segment follows the two bytes that begin a JPEG
			return drawing{kind: "image/jpeg", data: bytes.Join([][]byte{start, exif, rest}, nil)}, nil
		}
	}
	return drawing{}, fmt.Errorf("%w: the copy is too large", errNoPicture)
}

// orientationSegment returns the Exif segment of a JPEG, which says which side is up; nil if there is none.
// Source: JEITA CP-3451 (Exif 2.32), 4.5.4, "Basic structure of compressed data".
func orientationSegment(data []byte) []byte {
	if !bytes.HasPrefix(data, []byte{0xff, 0xd8}) {
		return nil
	}
	isApp := func(at int) bool { return at+4 <= len(data) && data[at] == 0xff && data[at+1]&0xf0 == 0xe0 }
	for at := 2; isApp(at); { // the segments APP0 to APP15, which stand before the picture
		size := 2 + int(data[at+2])<<8 + int(data[at+3])
		if at+size > len(data) {
			return nil
		}
		if segment := data[at : at+size]; segment[1] == 0xe1 && bytes.HasPrefix(segment[4:], []byte("Exif\x00")) {
			return segment
		}
		at += size
	}
	return nil
}

// readFile reads a file of at most maxBytes.
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
