package twilio

import (
	"slices"
	"strings"
)

// Subtypes of the content types that Twilio accepts for files, separated by spaces: "jpeg" in imageTypes means image/jpeg.
// Source: Twilio, "Accepted content types for media".
const (
	imageTypes = "jpeg gif png heic heif tiff bmp"
	videoTypes = "mpeg4 mp4 mpeg webm quicktime 3gpp 3gpp2 3gpp-tt h261 h263 h263-1998 h263-2000 h264 h265"
	audioTypes = "basic l24 mp4 mpeg ogg vnd.rn-realaudio vnd.wave 3gpp 3gpp2 ac3 webm amr-nb amr"
	textTypes  = "vcard x-vcard csv rtf richtext calendar directory"
	fileTypes  = "pdf vcard vnd.apple.pkpass"

	// Only WhatsApp accepts these. It shows a WebP image as a sticker.
	whatsappImages = "webp"
	whatsappAudio  = "aac"
	whatsappFiles  = "msword vnd.ms-excel vnd.ms-powerpoint vnd.openxmlformats-officedocument.presentationml.presentation" +
		" vnd.openxmlformats-officedocument.spreadsheetml.sheet vnd.openxmlformats-officedocument.wordprocessingml.document"
)

// mmsTypes returns the content types of files that Twilio accepts for MMS.
func mmsTypes() []string {
	return slices.Concat(
		typesOf("image", imageTypes),
		typesOf("video", videoTypes),
		typesOf("audio", audioTypes),
		typesOf("text", textTypes),
		typesOf("application", fileTypes),
	)
}

// whatsAppTypes returns the content types of files that Twilio accepts for WhatsApp.
func whatsAppTypes() []string {
	return slices.Concat(
		mmsTypes(),
		typesOf("image", whatsappImages),
		typesOf("audio", whatsappAudio),
		typesOf("application", whatsappFiles),
	)
}

// typesOf returns the content types with a main type and each of the subtypes, which are separated by spaces.
func typesOf(mainType, subtypes string) []string {
	var types []string
	for _, subtype := range strings.Fields(subtypes) {
		types = append(types, mainType+"/"+subtype)
	}
	return types
}
