package meta

import (
	"fmt"
	"unicode/utf8"

	"parley/channels"
	"parley/channels/markdown"
)

// This file and rich.go convert a reply (channels.Outbound) to messages of WhatsApp's API. One reply may need
// several: for example, an audio file can't have a caption, so its text is sent as a message before it. Each
// of these messages is called a step.

// composeSteps returns the steps of o in the order in which they are sent. Every attempt to send o gets the
// same steps, because Attempt.Part is an index of the result.
// Errors: *channels.SendError.
func composeSteps(o channels.Outbound) ([]step, error) {
	if len(o.To) != 1 {
		return nil, &channels.SendError{
			Class: channels.BadRecipient,
			Text:  "A WhatsApp message goes to one customer.",
			Hint:  "Name one.",
		}
	}

	if o.Template != nil {
		content, err := templateMessage(*o.Template)
		if err != nil {
			return nil, err
		}
		return []step{{kind: "template", content: content}}, nil
	}

	text, err := signedText(o)
	if err != nil {
		return nil, err
	}

	steps, text, err := fileSteps(o, text)
	if err != nil {
		return nil, err
	}

	if o.Rich != nil {
		rich, err := richSteps(*o.Rich, text)
		if err != nil {
			return nil, err
		}
		return append(steps, rich...), nil
	}

	if text != "" {
		steps = append(steps, textStep(text))
	}
	if len(steps) == 0 {
		return nil, channels.RefuseContent("There is nothing to send.", "Write something.")
	}

	return steps, nil
}

// TextRunes implements channels.Measurer.
func (c *Number) TextRunes(text string) int { return utf8.RuneCountInString(markdown.Render(text)) }

// signedText returns the text of o in WhatsApp's formatting, with the agent's signature. The signature is
// omitted if both together exceed the limit of one message.
// Errors: *channels.SendError if the text alone is too long.
func signedText(o channels.Outbound) (string, error) {
	text := markdown.Render(o.Text)
	signature := markdown.Render(o.Signature.Text)
	limit := maxTextRunes
	if o.Rich != nil && !o.Rich.Kind().IsSentAlone() { // the text is above buttons or a list
		limit = maxBody
	}
	if text != "" && signature != "" {
		if signed := text + "\n\n" + signature; utf8.RuneCountInString(signed) <= limit {
			text = signed
		}
	}
	if n := utf8.RuneCountInString(text); n > maxTextRunes {
		return "", channels.RefuseContent(fmt.Sprintf("The text has %d characters; WhatsApp takes %d.", n, maxTextRunes),
			"Shorten it, or send it in two messages.")
	}
	return text, nil
}

// fileSteps returns the steps for the file of o, if it has one. rest is the text that must still be sent
// after them. The text becomes the file's caption if possible, because each message costs money.
// Errors: *channels.SendError.
func fileSteps(o channels.Outbound, text string) (steps []step, rest string, err error) {
	if len(o.Files) == 0 {
		return nil, text, nil
	}
	if len(o.Files) > 1 {
		return nil, "", channels.RefuseContent("WhatsApp takes one file a message.", "Send the files one by one.")
	}

	file, err := fileStep(&o.Files[0])
	if err != nil {
		return nil, "", err
	}
	if o.Rich != nil { // the text belongs to its buttons or list
		return []step{file}, text, nil
	}

	takesCaption := file.kind != "audio" && utf8.RuneCountInString(text) <= maxCaption
	if takesCaption {
		file.caption = text
		return []step{file}, "", nil
	}

	return afterText(text, file), "", nil
}

// fileStep returns the step for a file: an image, video or audio message if WhatsApp supports that type and
// size, and otherwise a document.
// Errors: *channels.SendError if the type can't be uploaded, or if the file is too large even for a document.
func fileStep(f *channels.File) (step, error) {
	sentAs := fileRules().SentAs(f.Name, f.ContentType)
	kind, maxBytes := "document", int64(maxFile)
	switch sentAs {
	case "":
		return step{}, channels.RefuseContent(fmt.Sprintf("WhatsApp takes no files like %s.", f.Name),
			"Send it in another form, for example as a PDF or a JPEG, or a link to it.")
	case "image/jpeg", "image/png":
		kind, maxBytes = "image", maxImage
	case "video/mp4", "video/3gpp":
		kind, maxBytes = "video", maxVideo
	case "audio/aac", "audio/amr", "audio/mpeg", "audio/mp4", "audio/ogg":
		kind, maxBytes = "audio", maxAudio
	}

	if f.SizeBytes > maxBytes {
		kind = "document"
	}
	if f.SizeBytes > maxFile {
		return step{}, channels.RefuseContent(fmt.Sprintf("%s has %d MB; WhatsApp takes 100 MB.", f.Name, f.SizeBytes/megabyte),
			"Send a link to it.")
	}

	return step{kind: kind, file: f, fileType: sentAs, replies: true}, nil
}
