package meta

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"parley/channels"
	"parley/channels/markdown"
)

// This file converts a reply (channels.Outbound) into requests of Messenger's Send API. A reply may need
// several: for example, one for the text, one for the file and one for cards. Each of them is a part. Send
// sends one part per call.

// part is the content of one request: a text or one attachment.
type part struct {
	text     string // as the customer sees it; "" for a file or cards
	file     *channels.File
	message  outMessage
	template bool // sent as a template, whose text the conversations API doesn't list
}

// outMessage is the "message" object of the Send API.
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
func (c *Page) TextRunes(text string) int {
	return utf8.RuneCountInString(markdown.WamarkPlain(text))
}

// composeParts returns the parts of a message in the order in which they are sent. It refuses whatever
// Messenger would refuse, so that no part is sent when a later one can't be. The text precedes the file,
// unless it has quick replies: Messenger shows these only below the last message.
// Errors: *channels.SendError of class BadContent.
func composeParts(o channels.Outbound) ([]part, error) {
	if o.Template != nil {
		return nil, channels.RefuseContent("Messenger knows no templates.", "Write the message as a text.")
	}

	rich := o.Rich
	if rich == nil {
		rich = &channels.Rich{}
	}

	text := signedPageText(o)
	switch rich.Kind() {
	case channels.RichList, channels.RichLocation, channels.RichContact: // Messenger can only send these as text
		text = joinParagraphs(text, markdown.WamarkPlain(rich.Text()))
	default:
	}

	files, err := fileParts(o.Files)
	if err != nil {
		return nil, err
	}

	texts, err := textParts(text, rich.Buttons)
	if err != nil {
		return nil, err
	}

	parts := slices.Concat(texts, files)
	hasQuickReplies := len(texts) > 0 && len(texts[0].message.QuickReplies) > 0
	if hasQuickReplies {
		parts = slices.Concat(files, texts)
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

// signedPageText returns the text of a message with the agent's signature. The signature is omitted if both
// together exceed maxText.
func signedPageText(o channels.Outbound) string {
	text, signature := markdown.WamarkPlain(o.Text), markdown.WamarkPlain(o.Signature.Text)
	if text == "" || signature == "" {
		return text
	}
	signed := text + "\n\n" + signature
	if utf8.RuneCountInString(signed) > maxText {
		return text
	}
	return signed
}

// joinParagraphs joins the texts that are not blank.
func joinParagraphs(texts ...string) string {
	var kept []string
	for _, t := range texts {
		if t = strings.TrimSpace(t); t != "" {
			kept = append(kept, t)
		}
	}
	return strings.Join(kept, "\n\n")
}

// fileParts returns the part for a file, if there is one. It checks type and size before the file is read.
func fileParts(files []channels.File) ([]part, error) {
	if len(files) > 1 {
		return nil, channels.RefuseContent("Messenger takes one file per message.", "Send the files one by one.")
	}
	var parts []part
	for i := range files {
		if f := files[i]; f.SizeBytes > maxBytesOf(f) {
			return nil, errPageFileTooLarge(f)
		}
		parts = append(parts, part{file: &files[i]})
	}
	return parts, nil
}

// maxBytesOf returns the maximum size of a file of this type, in bytes.
func maxBytesOf(f channels.File) int64 {
	if attachmentType(f.ContentType) == "image" {
		return maxImageBytes
	}
	return maxFileBytes
}

func errPageFileTooLarge(f channels.File) error {
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

// textParts returns the part for a text with buttons, or no part if there is neither.
func textParts(text string, buttons []channels.Button) ([]part, error) {
	if text == "" && len(buttons) > 0 {
		return nil, channels.RefuseContent("Answers to tap need a text above them.", "Write one.")
	}
	if text == "" {
		return nil, nil
	}
	p, err := textPart(text, buttons)
	if err != nil {
		return nil, err
	}
	return []part{p}, nil
}

// textPart returns the part for a text with buttons. Buttons are sent as quick replies, which can't be links. If one
// of at most three buttons is a link, they are sent as a button template instead. If there are more, or the text is too
// long for a template, links are written as lines below the text.
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

// checkButtons checks buttons against the limits of quick replies and templates. Only their maximum number
// differs.
func checkButtons(buttons []channels.Button, limit int) error {
	if len(buttons) > limit {
		return channels.RefuseContent(fmt.Sprintf("There are %d buttons; Messenger takes %d here.", len(buttons), limit), "Leave some out.")
	}

	for _, b := range buttons {
		_, isWeb := parseWebURL(b.URL)
		switch {
		case strings.TrimSpace(b.Title) == "":
			return channels.RefuseContent("A button has no words.", "Name it.")
		case utf8.RuneCountInString(b.Title) > maxPageTitle:
			return channels.RefuseContent(fmt.Sprintf("The button “%s” is too long: %d characters at most.", b.Title, maxPageTitle),
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

// buttonsOf converts buttons to the form that templates have.
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

// cardPart returns the part for a carousel (a "generic template").
func cardPart(cards []channels.RichCard) (part, error) {
	if len(cards) > maxPageCards {
		return part{}, channels.RefuseContent(fmt.Sprintf("There are %d cards; Messenger takes %d.", len(cards), maxPageCards),
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
				clipText(c.Title, maxWord), maxCardText), "Shorten it.")
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
