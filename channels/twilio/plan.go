package twilio

import (
	"strings"
	"time"
	"unicode/utf8"

	"parley/channels"
	"parley/channels/markdown"
)

// This file splits an agent's message into parts, each of which Twilio can send as one message, and refuses what Twilio can't send
// before any part is sent. An SMS has one part. On WhatsApp, a message has at most one file, and many kinds of files can't have a
// caption. So a text with a PDF becomes two parts: the text, and the file.

// part is one message at Twilio. Fields that don't apply are unset.
type part struct {
	body     string
	files    []channels.File
	rich     *channels.Rich // buttons, a list or a location
	template *channels.TemplateUse
}

// planParts splits a message into parts. It makes no calls and always returns the same parts for the same message, so that Reconcile can
// find out later which part a message at Twilio is.
// Errors: *channels.SendError if the message can't be sent.
func (c *Channel) planParts(o channels.Outbound) ([]part, error) {
	caps := c.Capabilities()

	if c.number.whatsapp && o.Template != nil {
		return []part{{template: o.Template}}, nil
	}
	if len(o.Files) > caps.Files.PerMessage {
		return nil, channels.RefuseContent("This number can't send so many files.", "Send a link, or fewer files.")
	}
	if c.number.whatsapp && c.isWindowClosed(o.LastIn) {
		f := failureOf(codeWindowClosed)
		return nil, &channels.SendError{Class: f.class, Text: f.text, Hint: f.hint}
	}
	if err := checkFiles(caps.Files, o.Files); err != nil {
		return nil, err
	}
	if isSentAsWords(caps, o.Rich) {
		o.Text += "\n\n" + o.Rich.Text()
		o.Rich = nil
	}

	body := c.renderBody(o)
	if utf8.RuneCountInString(body) > maxBody {
		return nil, channels.RefuseContent("The text is longer than 1600 characters.", "Send it in pieces.")
	}
	if !c.number.whatsapp {
		return planSMS(o, body)
	}

	parts, err := planWhatsApp(o, body)
	if err != nil {
		return nil, err
	}
	if len(parts) == 0 {
		return nil, errNothingToSend()
	}
	return parts, nil
}

// isWindowClosed reports whether the customer's last message is too old for free text on WhatsApp. Twilio would accept the text and only
// later report that it failed. If lastIn is zero, the time isn't known, and Twilio decides.
func (c *Channel) isWindowClosed(lastIn time.Time) bool {
	return !lastIn.IsZero() && c.env.Now().Sub(lastIn) >= replyWindow
}

// planWhatsApp returns the parts of a WhatsApp message. Each file is a part. The text goes with the buttons, list or location if there
// are any; otherwise it is the caption of the first file, or a part before it if the file can't have a caption.
func planWhatsApp(o channels.Outbound, body string) ([]part, error) {
	if o.Rich != nil {
		rich, err := planRich(o.Rich, body)
		if err != nil {
			return nil, err
		}
		return append(fileParts(o.Files), rich...), nil
	}

	parts := fileParts(o.Files)
	switch {
	case body == "":
		return parts, nil
	case len(o.Files) > 0 && isCaption(body, o.Files[0].ContentType):
		parts[0].body = body
		return parts, nil
	default:
		return append([]part{{body: body}}, parts...), nil
	}
}

// fileParts returns a part for each file.
func fileParts(files []channels.File) []part {
	var parts []part
	for _, f := range files {
		parts = append(parts, part{files: []channels.File{f}})
	}
	return parts
}

// isCaption reports whether WhatsApp shows a text as the caption of a file of that content type. Twilio accepts captions of other images
// and videos, too, but drops them.
// Source: Twilio, "Accepted content types for media"; Meta's pages on messages with pictures and films.
func isCaption(text, contentType string) bool {
	if utf8.RuneCountInString(text) > maxCaption {
		return false
	}
	kind, _, _ := strings.Cut(strings.ToLower(contentType), ";")
	switch strings.TrimSpace(kind) {
	case "image/jpeg", "image/jpg", "image/png", "video/mp4":
		return true
	}
	return false
}

// planSMS returns the single part of an SMS or MMS.
func planSMS(o channels.Outbound, body string) ([]part, error) {
	if body == "" && len(o.Files) == 0 {
		return nil, errNothingToSend()
	}
	return []part{{body: body, files: o.Files}}, nil
}

func errNothingToSend() error {
	return channels.RefuseContent("There is nothing to send.", "Write something.")
}

// TextRunes implements channels.Measurer. It counts the text as it is sent, after its formatting is converted.
func (c *Channel) TextRunes(text string) int {
	return utf8.RuneCountInString(c.renderBody(channels.Outbound{Text: text}))
}

// renderBody converts the text's Markdown to the marks of WhatsApp, or to plain text for an SMS. It adds the signature unless that makes
// the text too long.
func (c *Channel) renderBody(o channels.Outbound) string {
	render := markdown.WamarkPlain
	if c.number.whatsapp {
		render = markdown.Render
	}
	body := strings.TrimSpace(render(o.Text))
	signature := strings.TrimSpace(render(o.Signature.Text))
	if body == "" || signature == "" {
		return body
	}
	limit := maxBody
	if o.Rich != nil && !o.Rich.Kind().IsSentAlone() { // the text is part of the message with the buttons or the list
		limit = maxRichBody
	}
	signed := body + "\n\n" + signature
	if utf8.RuneCountInString(signed) > limit {
		return body
	}
	return signed
}

// checkFiles refuses files of a type that the rules don't allow, and files that are too large, alone or together.
func checkFiles(rules channels.FileRules, files []channels.File) error {
	total := int64(0)
	for _, f := range files {
		sentAs := rules.SentAs(f.Name, f.ContentType)
		if sentAs == "" {
			return channels.RefuseContent("This number takes no files like “"+clipText(f.Name, maxFileName)+"”.",
				"Send it in another form, for example as a PDF or a JPEG, or a link to it.")
		}

		total += f.SizeBytes
		limit, isAllowed := rules.Limits[channels.KindOf(sentAs)]
		isTooLarge := f.SizeBytes > limit || total > rules.MaxBytes
		if !isAllowed || isTooLarge {
			return channels.RefuseContent("The file “"+clipText(f.Name, maxFileName)+"” is too large for this number.",
				"Send a smaller one, or a link.")
		}
	}
	return nil
}
