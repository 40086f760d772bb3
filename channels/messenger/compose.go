package messenger

import (
	"cmp"
	"fmt"
	"strings"
	"unicode/utf8"

	"parley/channels"
	"parley/channels/graph"
	"parley/channels/wamark"
)

// A reply (channels.Outbound) may need several calls of Messenger's API: one for the text, one for the file, one for cards. Each is a
// part. Send sends one part at a time.

// part is what is sent in one call: a text or one attachment.
type part struct {
	text     string // as the customer reads it; "" means the part is a file or cards
	file     *channels.File
	message  outMessage
	template bool // sent as a template: the conversations API doesn't list its text
}

// outMessage is "message" of the Send API.
type outMessage struct {
	Text         string       `json:"text,omitempty"`
	Metadata     string       `json:"metadata,omitempty"`
	QuickReplies []quickReply `json:"quick_replies,omitempty"`
	Attachment   *outAttached `json:"attachment,omitempty"`
}

type quickReply struct {
	ContentType string `json:"content_type"` // text
	Title       string `json:"title"`
	Payload     string `json:"payload"`
}

type outAttached struct {
	Type    string `json:"type"` // image, video, audio, file, template
	Payload any    `json:"payload"`
}

type savedFile struct {
	ID string `json:"attachment_id"`
}

type buttonTemplate struct {
	Type    string      `json:"template_type"` // button
	Text    string      `json:"text"`
	Buttons []outButton `json:"buttons"`
}

type genericTemplate struct {
	Type     string       `json:"template_type"` // generic
	Elements []outElement `json:"elements"`
}

type outElement struct {
	Title    string      `json:"title"`
	Subtitle string      `json:"subtitle,omitempty"`
	ImageURL string      `json:"image_url,omitempty"`
	Buttons  []outButton `json:"buttons,omitempty"`
}

type outButton struct {
	Type    string `json:"type"` // web_url, postback
	Title   string `json:"title"`
	URL     string `json:"url,omitempty"`
	Payload string `json:"payload,omitempty"`
}

// TextRunes implements channels.Measurer.
func (c *Channel) TextRunes(text string) int { return utf8.RuneCountInString(wamark.Plain(text)) }

// composeParts returns the parts of a message in order. It refuses what Messenger would refuse, so that no part is sent when a later one
// can't be. The text comes before the file, unless it has quick replies: these are only shown below the last message.
// Errors: *channels.SendError of class BadContent.
func composeParts(o channels.Outbound) ([]part, error) {
	if o.Template != nil {
		return nil, channels.RefuseContent("Messenger knows no templates.", "Write the message as a text.")
	}

	rich := o.Rich
	if rich == nil {
		rich = &channels.Rich{}
	}

	text := signedText(o)
	switch rich.Kind() {
	case channels.RichList, channels.RichLocation, channels.RichContact: // Messenger has no form for them
		text = joinParagraphs(text, wamark.Plain(rich.Text()))
	default:
	}

	files, err := fileParts(o.Files)
	if err != nil {
		return nil, err
	}

	var parts []part
	if text != "" {
		p, err := textPart(text, rich.Buttons)
		if err != nil {
			return nil, err
		}
		parts = append(parts, p)
	} else if len(rich.Buttons) > 0 {
		return nil, channels.RefuseContent("Answers to tap need a text above them.", "Write one.")
	}

	if len(parts) > 0 && len(parts[0].message.QuickReplies) > 0 {
		parts = append(files, parts...)
	} else {
		parts = append(parts, files...)
	}

	if len(rich.Cards) > 0 {
		p, err := cardPart(rich.Cards)
		if err != nil {
			return nil, err
		}
		parts = append(parts, p)
	}

	if len(parts) == 0 {
		return nil, channels.RefuseContent("There is nothing to send.", "Write something.")
	}

	return parts, nil
}

// signedText returns the text of a message. The signature is left out if text and signature together are too long.
func signedText(o channels.Outbound) string {
	text, signature := wamark.Plain(o.Text), wamark.Plain(o.Signature.Text)
	if text == "" || signature == "" {
		return text
	}
	signed := text + "\n\n" + signature
	if utf8.RuneCountInString(signed) > maxText {
		return text
	}
	return signed
}

// joinParagraphs joins the texts that aren't empty.
func joinParagraphs(texts ...string) string {
	var kept []string
	for _, t := range texts {
		if t = strings.TrimSpace(t); t != "" {
			kept = append(kept, t)
		}
	}
	return strings.Join(kept, "\n\n")
}

// fileParts returns the parts for files. It checks type and size before the files are read.
func fileParts(files []channels.File) ([]part, error) {
	if len(files) > 1 {
		return nil, channels.RefuseContent("Messenger takes one file per message.", "Send the files one by one.")
	}
	var parts []part
	for i := range files {
		if f := files[i]; f.SizeBytes > maxBytesOf(f) {
			return nil, errTooLarge(f)
		}
		parts = append(parts, part{file: &files[i]})
	}
	return parts, nil
}

// maxBytesOf returns the size limit for a file of this type, in bytes.
func maxBytesOf(f channels.File) int64 {
	if attachmentType(f.ContentType) == "image" {
		return maxImageBytes
	}
	return maxFileBytes
}

func errTooLarge(f channels.File) error {
	return channels.RefuseContent(fmt.Sprintf("%s is too large for Messenger: %d MB at most.", f.Name, maxBytesOf(f)/megabyte),
		"Make it smaller or send a link.")
}

// attachmentType returns Messenger's type for a content type: "image", "video", "audio", or "file" for all others.
func attachmentType(contentType string) string {
	kind, _, _ := strings.Cut(strings.ToLower(strings.TrimSpace(contentType)), ";")
	switch kind {
	case "image/jpeg", "image/png", "image/gif":
		return "image"
	case "video/mp4", "video/quicktime":
		return "video"
	case "audio/mpeg", "audio/mp4", "audio/aac", "audio/wav", "audio/x-wav", "audio/ogg":
		return "audio"
	}
	return "file"
}

// textPart returns the part for a text with buttons. They become quick replies, which can't be links. If there are links among them, and
// at most three buttons, they become a button template. With more buttons, links become lines of the text.
func textPart(text string, buttons []channels.Button) (part, error) {
	if err := checkButtons(buttons, maxQuickReplies); err != nil {
		return part{}, err
	}

	fitsTemplate := len(buttons) <= maxButtons && utf8.RuneCountInString(text) <= maxButtonText
	if fitsTemplate && countLinks(buttons) > 0 {
		return part{text: text, template: true, message: outMessage{Attachment: &outAttached{Type: "template",
			Payload: buttonTemplate{Type: "button", Text: text, Buttons: buttonsOf(buttons)}}}}, nil
	}

	var replies []quickReply
	for _, b := range buttons {
		if b.URL != "" {
			text += "\n" + b.Title + ": " + b.URL
			continue
		}
		replies = append(replies, quickReply{ContentType: "text", Title: b.Title, Payload: cmp.Or(b.ID, b.Title)})
	}

	if n := utf8.RuneCountInString(text); n > maxText {
		return part{}, channels.RefuseContent(fmt.Sprintf("The text has %d characters; Messenger takes %d.", n, maxText),
			"Shorten it or send it as several messages.")
	}

	return part{text: text, message: outMessage{Text: text, QuickReplies: replies}}, nil
}

func countLinks(buttons []channels.Button) (n int) {
	for _, b := range buttons {
		if b.URL != "" {
			n++
		}
	}
	return n
}

// checkButtons checks buttons against the limits of quick replies and templates, which are the same but for their number.
func checkButtons(buttons []channels.Button, limit int) error {
	if len(buttons) > limit {
		return channels.RefuseContent(fmt.Sprintf("There are %d buttons; Messenger takes %d here.", len(buttons), limit), "Leave some out.")
	}

	for _, b := range buttons {
		_, isWeb := parseWebURL(b.URL)
		switch {
		case strings.TrimSpace(b.Title) == "":
			return channels.RefuseContent("A button has no words.", "Name it.")
		case utf8.RuneCountInString(b.Title) > maxTitle:
			return channels.RefuseContent(fmt.Sprintf("The button “%s” is too long: %d characters at most.", b.Title, maxTitle),
				"Shorten it.")
		case utf8.RuneCountInString(b.ID) > maxPayload:
			return channels.RefuseContent(fmt.Sprintf("The id of the button “%s” is too long.", b.Title), "Shorten it.")
		case b.URL != "" && !isWeb:
			return channels.RefuseContent(fmt.Sprintf("The button “%s” has no address of the web.", b.Title),
				"Write it with https:// in front.")
		}
	}

	return nil
}

// buttonsOf returns buttons in the form of templates.
func buttonsOf(buttons []channels.Button) []outButton {
	var list []outButton
	for _, b := range buttons {
		if b.URL != "" {
			list = append(list, outButton{Type: "web_url", Title: b.Title, URL: b.URL})
		} else {
			list = append(list, outButton{Type: "postback", Title: b.Title, Payload: cmp.Or(b.ID, b.Title)})
		}
	}
	return list
}

// cardPart returns the part for a carousel.
func cardPart(cards []channels.RichCard) (part, error) {
	if len(cards) > maxCards {
		return part{}, channels.RefuseContent(fmt.Sprintf("There are %d cards; Messenger takes %d.", len(cards), maxCards),
			"Leave some out.")
	}

	t := genericTemplate{Type: "generic"}
	for _, c := range cards {
		_, isWeb := parseWebURL(c.ImageURL)
		switch {
		case strings.TrimSpace(c.Title) == "":
			return part{}, channels.RefuseContent("A card has no title.", "Give it one.")
		case utf8.RuneCountInString(c.Title) > maxCardText || utf8.RuneCountInString(c.Text) > maxCardText:
			return part{}, channels.RefuseContent(fmt.Sprintf("The card “%s” is too long: %d characters for its title and for its text.",
				graph.ClipText(c.Title, maxWord), maxCardText), "Shorten it.")
		case c.Text == "" && c.ImageURL == "" && len(c.Buttons) == 0:
			return part{}, channels.RefuseContent(fmt.Sprintf("The card “%s” has nothing but a title.", c.Title),
				"Give it a text, a picture or a button.")
		case c.ImageURL != "" && !isWeb:
			return part{}, channels.RefuseContent(fmt.Sprintf("The picture of the card “%s” has no address of the web.", c.Title),
				"Write it with https:// in front.")
		}

		if err := checkButtons(c.Buttons, maxButtons); err != nil {
			return part{}, err
		}

		t.Elements = append(t.Elements, outElement{
			Title:    c.Title,
			Subtitle: c.Text,
			ImageURL: c.ImageURL,
			Buttons:  buttonsOf(c.Buttons),
		})
	}

	return part{template: true, message: outMessage{Attachment: &outAttached{Type: "template", Payload: t}}}, nil
}
