package meta

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"parley/channels"
	"parley/channels/markdown"
)

// maxInboundBytes is the maximum length of a message's text, in bytes. WhatsApp's own limit is lower.
const maxInboundBytes = 64 << 10

// maxMediaRef is the maximum total length of a file's id and hash, which are stored in Attachment.Ref.
const maxMediaRef = 1000

// textContent, buttonContent and unsupportedContent are the content of a message of that type.
type (
	textContent struct {
		Body loose `json:"body"`
	}
	buttonContent struct {
		Text    loose `json:"text"`
		Payload loose `json:"payload"`
	}
	unsupportedContent struct {
		Type loose `json:"type"`
	}
)

// readContent sets in.Text, in.Chosen and in.Attachments from the content of a message. kind is the message's
// type, and parts are its fields. The content is in the field with the name of the type:
//
//	{"id": "wamid.HBgL", "type": "text", "text": {"body": "*Hi*"}}
//
// If nothing can be shown, agents get a notice (in.Notices) instead.
func readContent(in *channels.Inbound, kind string, parts map[string]json.RawMessage) {
	switch kind {
	case "text":
		if t, ok := readPart[textContent](parts, "text"); ok {
			in.Text = textWithMarks(t.Body)
		}
	case "image", "video", "audio", "voice", "document", "sticker":
		m, ok := readPart[media](parts, kind)
		hasRef := m.ID != "" && len(m.ID)+len(m.SHA256) < maxMediaRef
		if ok && hasRef {
			in.Text = textWithMarks(m.Caption)
			in.Attachments = append(in.Attachments, makeAttachment(kind, m))
		}
	case "location":
		l, ok := readPart[location](parts, kind)
		hasPlace := l.Latitude.Known && l.Longitude.Known
		if ok && hasPlace {
			in.Text = locationText(l)
		}
	case "contacts":
		if cards, ok := readPart[[]card](parts, kind); ok {
			addCards(in, cards)
		}
	case "interactive":
		if notice := readAnswer(in, parts); notice != "" {
			in.Notices = append(in.Notices, notice)
			return
		}
	case "button":
		if b, ok := readPart[buttonContent](parts, kind); ok {
			in.Text = markdown.Escape(firstOf(b.Text, b.Payload))
			in.Chosen = boundedID(string(b.Payload))
		}
	case "order":
		if o, ok := readPart[order](parts, kind); ok {
			in.Text = orderText(o)
		}
	case "unsupported":
		u, _ := readPart[unsupportedContent](parts, kind) // if it can't be read, the notice names no type
		kind = string(u.Type)
	}

	if in.Text == "" && len(in.Attachments) == 0 {
		in.Notices = append(in.Notices, unshownNotice(kind))
	}
}

// textWithMarks converts WhatsApp's formatting (*bold*) to Markdown.
func textWithMarks(s loose) string {
	text := string(s)
	if len(text) > maxInboundBytes {
		text = strings.ToValidUTF8(text[:maxInboundBytes], "") + "…"
	}
	return markdown.Parse(text)
}

// readAnswer reads a customer's response to an interactive message of ours: a chosen button or list row, or a
// completed form. For any other response it returns a notice for agents. If the response is missing, it
// returns "".
func readAnswer(in *channels.Inbound, parts map[string]json.RawMessage) (notice string) {
	i, ok := readPart[interactive](parts, "interactive")
	if !ok {
		return ""
	}

	isKnown := slices.Contains([]loose{"button_reply", "list_reply", "nfm_reply", ""}, i.Type)
	switch {
	case i.ButtonReply != nil:
		in.Text = markdown.Escape(firstOf(i.ButtonReply.Title, i.ButtonReply.ID))
		in.Chosen = boundedID(string(i.ButtonReply.ID))
	case i.ListReply != nil:
		in.Text = markdown.Escape(firstOf(i.ListReply.Title, i.ListReply.ID))
		in.Chosen = boundedID(string(i.ListReply.ID))
		if i.ListReply.Description != "" {
			in.Text += "\n" + markdown.Escape(clippedLine(i.ListReply.Description, maxTitle))
		}
	case i.Form != nil:
		in.Text = formText(string(i.Form.Response), i.Form.Body)
	case i.Calls != nil && i.Calls.Response == "accept":
		return "The customer allows calls on WhatsApp."
	case i.Calls != nil && i.Calls.Response == "reject":
		return "The customer doesn't allow calls on WhatsApp."
	case !isKnown:
		return unreadNotice(string(i.Type))
	}
	return ""
}

// unreadNotice returns the notice for a message of a type that WhatsApp delivers but Parley doesn't support.
func unreadNotice(kind string) string {
	return "A message that Parley can't show (" + clippedLine(loose(kind), maxWord) + "). It can be seen on the customer's phone."
}

// unshownNotice returns the notice for a message that WhatsApp doesn't deliver. It names the message's type,
// if known. It belongs in Notices rather than Text, which would look like the customer's words.
func unshownNotice(kind string) string {
	kind = clippedLine(loose(kind), maxWord)
	namesKind := !slices.Contains([]string{"", "unsupported", "unknown"}, kind)
	what := "A message that WhatsApp doesn't pass on"
	if namesKind {
		what += " (" + kind + ")"
	}
	return what + ". It can only be seen on the customer's phone."
}

// maxCurrency is the maximum length of a displayed currency, such as EUR, in characters.
const maxCurrency = 10

// formText lists the fields of a completed form.
func formText(response string, body loose) string {
	var fields map[string]json.RawMessage
	if json.Unmarshal([]byte(response), &fields) != nil {
		return markdown.Escape(firstOf(loose(response), body))
	}

	delete(fields, "flow_token") // means nothing to people

	if len(fields) == 0 {
		return markdown.Escape(string(body))
	}

	names, more := firstItems(slices.Sorted(maps.Keys(fields)))
	var lines []string
	for _, name := range names {
		value := loose(answerText(fields[name]))
		lines = append(lines, "- **"+markdown.Escape(clippedLine(loose(name), maxName))+"**: "+markdown.Escape(clippedLine(value, maxFormValue)))
	}

	return joinNonEmpty("\n", append(lines, more)...)
}

// answerText returns the value of a form's field in one line:
//
//	"blue"                          blue
//	["blue", "red"]                 blue, red
//	{"city": "Bonn", "zip": 53111}  city: Bonn, zip: 53111
func answerText(filled json.RawMessage) string {
	decoder := json.NewDecoder(bytes.NewReader(filled))
	decoder.UseNumber() // keep the digits of long numbers
	var answer any
	if decoder.Decode(&answer) != nil {
		return string(filled)
	}
	var words strings.Builder
	writeAnswer(&words, answer)
	return words.String()
}

// writeAnswer writes one value. It recurses into lists and objects.
func writeAnswer(words *strings.Builder, answer any) {
	switch v := answer.(type) {
	case []any:
		for i, one := range v {
			if i > 0 {
				words.WriteString(", ")
			}
			writeAnswer(words, one)
		}
	case map[string]any:
		maps.DeleteFunc(v, func(_ string, value any) bool { return value == nil }) // not filled in
		for i, name := range slices.Sorted(maps.Keys(v)) {
			if i > 0 {
				words.WriteString(", ")
			}
			words.WriteString(name + ": ")
			writeAnswer(words, v[name])
		}
	case nil:
	default:
		fmt.Fprint(words, v)
	}
}

// locationText returns a location as text with a link to a map.
func locationText(l location) string {
	at := numberText(l.Latitude.Value) + "," + numberText(l.Longitude.Value)
	var lines []string
	if l.Name != "" {
		lines = append(lines, "**"+markdown.Escape(clippedLine(l.Name, maxTitle))+"**")
	}
	if l.Address != "" {
		lines = append(lines, markdown.Escape(clippedLine(l.Address, maxDetail)))
	}

	lines = append(lines, "📍 ["+at+"](https://www.google.com/maps?q="+at+")")
	url := clippedLine(l.URL, maxDetail)
	if strings.HasPrefix(url, "https://") || strings.HasPrefix(url, "http://") { // other links aren't shown
		lines = append(lines, markdown.Escape(url))
	}

	return strings.Join(lines, "\n")
}

// orderText lists the items that a customer ordered from the catalogue.
func orderText(o order) string {
	lines := []string{"**Order**"}
	items, more := firstItems(o.Items)
	for _, i := range items {
		lines = append(lines, fmt.Sprintf("- %s × %s: %s %s each", amountText(i.Quantity), markdown.Escape(clippedLine(i.Item, maxName)),
			amountText(i.Price), markdown.Escape(clippedLine(i.Currency, maxCurrency))))
	}

	if more != "" {
		lines = append(lines, more)
	}

	if o.Text != "" {
		lines = append(lines, "\n"+textWithMarks(o.Text))
	}

	return strings.Join(lines, "\n")
}

// amountText returns a price or quantity as text, or "?" if WhatsApp doesn't give it.
func amountText(d decimal) string {
	if !d.Known {
		return "?"
	}
	return numberText(d.Value)
}

// makeAttachment returns the Attachment of a file, which Fetch downloads later.
func makeAttachment(kind string, m media) channels.Attachment {
	contentType, _, _ := strings.Cut(string(m.MimeType), ";")
	contentType = clippedLine(loose(strings.ToLower(contentType)), maxName)
	if kind == "audio" && m.Voice {
		kind = "voice-message"
	}
	name := kind + extensionOf(contentType)
	if given := clippedLine(m.Filename, maxTitle); given != "" {
		name = fileName(given)
	}
	ref, _ := json.Marshal(mediaRef{ID: string(m.ID), SHA256: string(m.SHA256)}) // can't fail: two strings
	return channels.Attachment{Name: name, ContentType: contentType, Ref: string(ref)}
}

// extensionOf returns the usual file extension of a content type that WhatsApp sends, or "" for others.
func extensionOf(contentType string) string {
	return map[string]string{
		"image/jpeg":      ".jpg",
		"image/png":       ".png",
		"image/webp":      ".webp",
		"image/gif":       ".gif",
		"video/mp4":       ".mp4",
		"video/3gpp":      ".3gp",
		"audio/ogg":       ".ogg",
		"audio/aac":       ".aac",
		"audio/amr":       ".amr",
		"audio/mpeg":      ".mp3",
		"audio/mp4":       ".m4a",
		"application/pdf": ".pdf",
	}[contentType]
}

// addContext reads which message the customer replies to, and adds notices for agents: that the message was
// forwarded, which product it is about, and which advertisement the customer came from.
func addContext(in *channels.Inbound, parts map[string]json.RawMessage) {
	if c, ok := readPart[messageContext](parts, "context"); ok {
		in.Answers.External = boundedID(string(c.ID))
		if c.FrequentlyForwarded {
			in.Notices = append(in.Notices, "Forwarded many times.")
		} else if c.Forwarded {
			in.Notices = append(in.Notices, "Forwarded.")
		}

		if c.Product != nil {
			in.Notices = append(in.Notices, fmt.Sprintf("Asked about product %s of catalogue %s.",
				clippedLine(c.Product.Item, maxName), clippedLine(c.Product.CatalogID, maxName)))
		}
	}

	if r, ok := readPart[referral](parts, "referral"); ok {
		const maxSource = 20 // characters: "ad", "post"
		kind := cmp.Or(clippedLine(r.SourceType, maxSource), "link")
		words := joinNonEmpty(" · ", clippedLine(r.Headline, maxReason), clippedLine(r.Body, maxReason), clippedLine(r.SourceURL, maxReason))
		in.Notices = append(in.Notices, fmt.Sprintf("Came from this %s: %s", kind, words))
	}
}
