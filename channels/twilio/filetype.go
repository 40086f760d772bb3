package twilio

import (
	"slices"
	"strings"
)

// Content types of files that Twilio accepts, each with its second parts.
// Source: Twilio, "Accepted content types for media".
const (
	imageTypes = "jpeg gif png heic heif tiff bmp"
	videoTypes = "mpeg4 mp4 mpeg webm quicktime 3gpp 3gpp2 3gpp-tt h261 h263 h263-1998 h263-2000 h264 h265"
	audioTypes = "basic l24 mp4 mpeg ogg vnd.rn-realaudio vnd.wave 3gpp 3gpp2 ac3 webm amr-nb amr"
	textTypes  = "vcard x-vcard csv rtf richtext calendar directory"
	fileTypes  = "pdf vcard vnd.apple.pkpass"

	// Accepted by WhatsApp alone; a picture of the type WebP becomes a sticker there.
	whatsappImages = "webp"
	whatsappAudio  = "aac"
	whatsappFiles  = "msword vnd.ms-excel vnd.ms-powerpoint vnd.openxmlformats-officedocument.presentationml.presentation" +
		" vnd.openxmlformats-officedocument.spreadsheetml.sheet vnd.openxmlformats-officedocument.wordprocessingml.document"
)

// mmsTypes returns the content types of the files that Twilio takes for an MMS.
func mmsTypes() []string {
	return slices.Concat(
		typesOf("image", imageTypes),
		typesOf("video", videoTypes),
		typesOf("audio", audioTypes),
		typesOf("text", textTypes),
		typesOf("application", fileTypes),
	)
}

// whatsAppTypes returns the content types of the files that Twilio takes for WhatsApp.
func whatsAppTypes() []string {
	return slices.Concat(
		mmsTypes(),
		typesOf("image", whatsappImages),
		typesOf("audio", whatsappAudio),
		typesOf("application", whatsappFiles),
	)
}

// typesOf returns the content types of a kind with these second parts, which are separated by blanks.
func typesOf(kind, secondParts string) []string {
	var types []string
	for _, part := range strings.Fields(secondParts) {
		types = append(types, kind+"/"+part)
	}
	return types
}
