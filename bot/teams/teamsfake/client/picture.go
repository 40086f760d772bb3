package client

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"image"
	"image/gif"
	_ "image/jpeg" // what Teams shows
	_ "image/png"  // what Teams shows
	"strings"
)

// Limits of a picture in a message.
// Source: "Send and receive messages", picture messages, read 2026-11.
const (
	pictureBytes = 1 << 20
	pictureSide  = 1024
)

// PictureFault reports why clients do not show a picture that a message carries itself; a picture
// elsewhere is not fetched. kind is its attachment's MIME type; address is a data URI. "" means it is shown.
func PictureFault(kind, address string) string {
	head, code, ok := strings.Cut(address, ";base64,")
	if !ok || !strings.HasPrefix(head, "data:") {
		return ""
	}

	declared := strings.TrimPrefix(head, "data:")
	data, err := base64.StdEncoding.DecodeString(code)
	if err != nil {
		return "picture: " + err.Error()
	}

	c, format, err := image.DecodeConfig(bytes.NewReader(data))
	if err != nil {
		return "picture: " + err.Error()
	}
	if "image/"+format != declared || kind != declared {
		return fmt.Sprintf("picture: %s called %s and %s", format, kind, declared)
	}
	if len(data) > pictureBytes || max(c.Width, c.Height) > pictureSide {
		return fmt.Sprintf("picture: %d × %d and %d bytes are more than 1024 × 1024 and 1 MB", c.Width, c.Height, len(data))
	}

	if format == "gif" {
		all, err := gif.DecodeAll(bytes.NewReader(data))
		if err != nil || len(all.Image) > 1 {
			return "picture: an animated or broken GIF"
		}
	}

	return ""
}
