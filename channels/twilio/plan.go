package twilio

import (
	"strings"
	"time"
	"unicode/utf8"

	"parley/channels"
	"parley/channels/wamark"
)

// This file divides a reply into what Twilio can send, and refuses what it can't before anything leaves. An SMS has one part. By WhatsApp,
// a message has one file at most, and often no text beside it. So a text with a PDF becomes two parts: the text, and the file.

// part is one message at Twilio. files, rich and template may be unset.
type part struct {
	body     string
	files    []channels.File
	rich     *channels.Rich
	template *channels.TemplateUse
}

// planParts splits a message of the engine into parts. It makes no calls, so that Reconcile gets the same parts
// later.
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

// isWindowClosed reports whether the customer's last message is too old for a free text: Twilio would take it, and
// tell only later that it failed. If that time isn't known, Twilio decides.
func (c *Channel) isWindowClosed(lastIn time.Time) bool {
	return !lastIn.IsZero() && c.env.Now().Sub(lastIn) >= replyWindow
}

// planWhatsApp returns the parts of a message by WhatsApp: a part for each file, and one for what stands beside them.
// The text is the caption of the first file if that can have it; otherwise it comes before the first file.
func planWhatsApp(o channels.Outbound, body string) ([]part, error) {
	var parts []part
	for _, f := range o.Files {
		file := part{files: []channels.File{f}}
		if o.Rich == nil && body != "" {
			if isCaption(body, f.ContentType) {
				file.body = body
			} else {
				parts = append(parts, part{body: body})
			}

			body = ""
		}

		parts = append(parts, file)
	}

	rich, err := planRich(o.Rich, body)
	if err != nil {
		return nil, err
	}
	if rich == nil && body != "" {
		rich = []part{{body: body}}
	}

	return append(parts, rich...), nil
}

// isCaption reports whether a text can stand beside a file of that content type in one message by WhatsApp. Twilio
// takes other pictures and films, too, but leaves the text out.
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

// planSMS returns the single part of a text message.
func planSMS(o channels.Outbound, body string) ([]part, error) {
	if body == "" && len(o.Files) == 0 {
		return nil, errNothingToSend()
	}
	return []part{{body: body, files: o.Files}}, nil
}

func errNothingToSend() error {
	return channels.RefuseContent("There is nothing to send.", "Write something.")
}

// TextRunes implements channels.Measurer.
func (c *Channel) TextRunes(text string) int {
	return utf8.RuneCountInString(c.renderBody(channels.Outbound{Text: text}))
}

// renderBody renders the text, with the signature if there is room for it.
func (c *Channel) renderBody(o channels.Outbound) string {
	render := wamark.Plain
	if c.number.whatsapp {
		render = wamark.Render
	}
	body := strings.TrimSpace(render(o.Text))
	signature := strings.TrimSpace(render(o.Signature.Text))
	if body == "" || signature == "" {
		return body
	}
	room := maxBody
	if o.Rich != nil && !o.Rich.Kind().IsSentAlone() { // the text stands above buttons or a list
		room = maxRichBody
	}
	if with := body + "\n\n" + signature; utf8.RuneCountInString(with) <= room {
		return with
	}
	return body
}

// checkFiles checks files against the rules: each by its type and size, and all together. A kind without a limit
// can't be sent.
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
