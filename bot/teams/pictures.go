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
	pictureBytes = 1 << 20
	pictureSide  = 1024
)

// Limits of a picture that a smaller copy is made of.
const (
	copiedBytes = 25 << 20
	copyTimeout = 10 * time.Second
)

// display is how Teams shows a file.
type display int

const (
	displayLink     display = iota // not as a picture: the list of files leads to it
	displayOriginal                // as it came
	displayCopy                    // as a copy within Teams' limits; the list of files leads to the original
)

// displayOf reads the beginning of a file, which says what it is; its name and type may be wrong.
func displayOf(ctx context.Context, f channels.File) (display, error) {
	if !strings.HasPrefix(strings.ToLower(f.ContentType), "image/") || f.SizeBytes <= 0 || f.SizeBytes > copiedBytes {
		return displayLink, nil
	}
	r, err := f.Open(ctx)
	if err != nil {
		return displayLink, fmt.Errorf("teams: open file: %w", err)
	}
	defer r.Close()
	return displayOfHeader(f.SizeBytes, io.LimitReader(r, copiedBytes)), nil
}

func displayOfHeader(size int64, r io.Reader) display {
	format, pixels, err := picture.Sized(r)
	switch {
	case err != nil:
		return displayLink
	case size > pictureBytes || pixels.X > pictureSide || pixels.Y > pictureSide:
		return displayCopy
	case format == "png" || format == "jpeg":
		return displayOriginal
	}
	return displayCopy // Teams shows no WebP, and a GIF only when it does not move
}

// drawing is a picture as a message carries it.
type drawing struct {
	kind string
	data []byte
}

func (p drawing) attachment(name string) connector.Attachment {
	return connector.Attachment{ContentType: p.kind, Name: name, ContentURL: "data:" + p.kind + ";base64," + base64.StdEncoding.EncodeToString(p.data)}
}

// originalOf reads a picture that is within Teams' limits, unchanged.
func originalOf(ctx context.Context, f channels.File) (drawing, error) {
	data, err := readFile(ctx, f, pictureBytes)
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

// copyOf makes a copy within Teams' limits. It makes one copy at a time, because each takes much memory.
func (s *poster) copyOf(ctx context.Context, f channels.File) (drawing, error) {
	select {
	case s.copying <- struct{}{}:
		defer func() { <-s.copying }()
	case <-ctx.Done():
		return drawing{}, ctx.Err()
	}
	return drawnCopy(ctx, f)
}

// drawnCopy makes a smaller JPEG of a picture, on white, that is no larger than Teams shows.
func drawnCopy(ctx context.Context, f channels.File) (drawing, error) {
	data, err := readFile(ctx, f, copiedBytes)
	if err != nil {
		return drawing{}, err
	}
	decoding, cancel := context.WithTimeout(ctx, copyTimeout)
	defer cancel()
	small, err := picture.Small(decoding, data, pictureSide)
	switch {
	case ctx.Err() != nil:
		return drawing{}, ctx.Err()
	case err != nil:
		return drawing{}, fmt.Errorf("%w: %w", errNoPicture, err)
	}
	side := orientation(data)
	for _, quality := range []int{85, 60, 30} {
		var b bytes.Buffer
		if err := jpeg.Encode(&b, small, &jpeg.Options{Quality: quality}); err != nil {
			return drawing{}, fmt.Errorf("%w: %w", errNoPicture, err)
		}
		if b.Len()+len(side) <= pictureBytes {
			start, rest := b.Bytes()[:2], b.Bytes()[2:]
			return drawing{kind: "image/jpeg", data: bytes.Join([][]byte{start, side, rest}, nil)}, nil
		}
	}
	return drawing{}, fmt.Errorf("%w: the copy is too large", errNoPicture)
}

// orientation gives the segment of a JPEG that tells which side is up: its whole Exif segment, or nil.
// Source: JEITA CP-3451 (Exif 2.32), 4.5.4, "Basic structure of compressed data".
func orientation(data []byte) []byte {
	if !bytes.HasPrefix(data, []byte{0xff, 0xd8}) {
		return nil
	}
	for at := 2; at+4 <= len(data) && data[at] == 0xff && data[at+1]&0xf0 == 0xe0; {
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

// readFile reads a file of at most so many bytes.
func readFile(ctx context.Context, f channels.File, most int64) ([]byte, error) {
	r, err := f.Open(ctx)
	if err != nil {
		return nil, fmt.Errorf("teams: open file: %w", err)
	}
	defer r.Close()
	data, err := io.ReadAll(io.LimitReader(r, most+1))
	if err != nil {
		return nil, fmt.Errorf("teams: read file: %w", err)
	}
	if int64(len(data)) > most {
		return nil, errors.New("teams: read file: it is longer than announced")
	}
	return data, nil
}
