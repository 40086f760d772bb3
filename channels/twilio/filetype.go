package twilio

import "strings"

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

// acceptedTypes returns the content types of the files that Twilio accepts, by WhatsApp or as an MMS.
func acceptedTypes(isWhatsApp bool) []string {
	var all []string
	add := func(kind, types string) {
		for _, t := range strings.Fields(types) {
			all = append(all, kind+"/"+t)
		}
	}

	add("image", imageTypes)
	add("video", videoTypes)
	add("audio", audioTypes)
	add("text", textTypes)
	add("application", fileTypes)
	if isWhatsApp {
		add("image", whatsappImages)
		add("audio", whatsappAudio)
		add("application", whatsappFiles)
	}

	return all
}
