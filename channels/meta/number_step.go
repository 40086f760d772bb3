package meta

import (
	"strings"

	"parley/channels"
)

// object is a JSON object of a request.
type object = map[string]any

// step is one message at WhatsApp.
type step struct {
	kind     string // text, image, interactive, …
	content  any    // the value of the request's field that is named like kind; nil for a file
	file     *channels.File
	fileType string // the content type under which file is uploaded
	caption  string // of file
	replies  bool   // it can name the message that it answers
}

// textStep returns a text message. It asks for a preview if there is a link in the text.
func textStep(text string) step {
	content := object{"body": text}
	if strings.Contains(text, "https://") || strings.Contains(text, "http://") {
		content["preview_url"] = true
	}
	return step{kind: "text", content: content, replies: true}
}

// afterText returns a step and before it the text, if there is one, as a message of its own.
func afterText(text string, s step) []step {
	if text == "" {
		return []step{s}
	}
	return []step{textStep(text), s}
}
