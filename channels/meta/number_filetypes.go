package meta

import (
	"strings"

	"parley/channels"
)

// Sizes of files, in bytes. A file that is too large for an image, a video or audio is sent as a document.
// Source: Cloud API, "Supported media types".
const (
	maxImage = 5 * megabyte
	maxVideo = 16 * megabyte
	maxAudio = 16 * megabyte
	maxFile  = 100 * megabyte // of a document
)

// fileTypes returns the content types of the files that can be uploaded. WhatsApp refuses all others with code 100, even if
// they are to be sent as documents.
// Source: the text of that answer, "Param file must be a file with one of the following types", read in November 2026.
func fileTypes() []string {
	const office = "application/vnd.openxmlformats-officedocument."
	return []string{
		"audio/aac", "audio/mp4", "audio/mpeg", "audio/amr", "audio/ogg", "audio/opus",
		"application/vnd.ms-powerpoint", "application/msword", office + "wordprocessingml.document", office + "presentationml.presentation",
		office + "spreadsheetml.sheet", "application/pdf", "text/plain", "application/vnd.ms-excel",
		"image/jpeg", "image/png", "image/webp",
		"video/mp4", "video/3gpp",
	}
}

// fileRules says which files a message can carry.
func fileRules() channels.FileRules {
	return channels.FileRules{
		Captions:   channels.Partial, // not of audio
		PerMessage: 1,
		MaxBytes:   maxFile, // a file that is too large for a picture is sent as a document
		Types:      fileTypes(),
	}
}

// contentType returns a content type without parameters, in lower case.
func contentType(s string) string {
	s, _, _ = strings.Cut(s, ";")
	return strings.ToLower(strings.TrimSpace(s))
}
