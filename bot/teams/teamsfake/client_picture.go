package teamsfake

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"image"
	"image/gif"
	_ "image/jpeg" // registers a format that Teams shows
	_ "image/png"  // registers a format that Teams shows
	"strings"
)

// Limits of a picture in a message.
// Source: "Send and receive messages", picture messages, read 2026-11.
const (
	maxPictureBytes = 1 << 20
	maxPictureSide  = 1024 // pixels
)

// PictureFault returns why Teams clients don't show a picture that a bot sends within a message, or "" if they show it. kind
// is the MIME type of the attachment, and address a data URI: "data:image/png;base64,…". It accepts all other addresses
// unchecked, because it makes no requests.
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

	config, format, err := image.DecodeConfig(bytes.NewReader(data))
	if err != nil {
		return "picture: " + err.Error()
	}
	if "image/"+format != declared || kind != declared {
		return fmt.Sprintf("picture: %s called %s and %s", format, kind, declared)
	}
	if len(data) > maxPictureBytes || max(config.Width, config.Height) > maxPictureSide {
		return fmt.Sprintf("picture: %d × %d and %d bytes are more than 1024 × 1024 and 1 MB", config.Width, config.Height, len(data))
	}

	if format == "gif" {
		frames, err := gif.DecodeAll(bytes.NewReader(data))
		if err != nil || len(frames.Image) > 1 {
			return "picture: an animated or broken GIF"
		}
	}

	return ""
}
