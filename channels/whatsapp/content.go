package whatsapp

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"parley/channels"
	"parley/channels/graph"
	"parley/channels/wamark"
)

// maxInboundBytes is the longest text of a message, in bytes; WhatsApp's own limit is lower.
const maxInboundBytes = 64 << 10

// maxMediaRef is the maximum length of the id and the hash of a file together; both become an Attachment's Ref.
const maxMediaRef = 1000

// textContent, buttonContent and unsupportedContent are fields of a message, named by its type.
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

// readContent sets the content of a message. Missing or unknown content becomes a placeholder.
func readContent(in *channels.Inbound, kind string, parts map[string]json.RawMessage) {
	switch kind {
	case "text":
		if t, ok := readPart[textContent](parts, "text"); ok {
			in.Text = textWithMarks(t.Body)
		}
	case "image", "video", "audio", "voice", "document", "sticker":
		m, ok := readPart[media](parts, kind)
		if ok && m.ID != "" && len(m.ID)+len(m.SHA256) < maxMediaRef {
			in.Text = textWithMarks(m.Caption)
			in.Attachments = append(in.Attachments, attachment(kind, m))
		}
	case "location":
		l, ok := readPart[location](parts, kind)
		if ok && l.Latitude.Known && l.Longitude.Known {
			in.Text = locationText(l)
		}
	case "contacts":
		if cards, ok := readPart[[]card](parts, kind); ok {
			addCards(in, cards)
		}
	case "interactive":
		readAnswer(in, parts)
	case "button":
		if b, ok := readPart[buttonContent](parts, kind); ok {
			in.Text = wamark.Escape(firstOf(b.Text, b.Payload))
			in.Chosen = boundedID(string(b.Payload))
		}
	case "order":
		if o, ok := readPart[order](parts, kind); ok {
			in.Text = orderText(o)
		}
	case "unsupported":
		u, _ := readPart[unsupportedContent](parts, kind)
		kind = string(u.Type)
	}
	if in.Text == "" && len(in.Attachments) == 0 {
		in.Text = unshownText(kind)
	}
}

// textWithMarks converts a text with WhatsApp's marks (*bold*) to Markdown.
func textWithMarks(s loose) string {
	text := string(s)
	if len(text) > maxInboundBytes {
		text = strings.ToValidUTF8(text[:maxInboundBytes], "") + "…"
	}
	return wamark.Parse(text)
}

// readAnswer reads a customer's choice of a button or a row, or a filled form.
func readAnswer(in *channels.Inbound, parts map[string]json.RawMessage) {
	i, ok := readPart[interactive](parts, "interactive")
	if !ok {
		return
	}
	switch {
	case i.ButtonReply != nil:
		in.Text = wamark.Escape(firstOf(i.ButtonReply.Title, i.ButtonReply.ID))
		in.Chosen = boundedID(string(i.ButtonReply.ID))
	case i.ListReply != nil:
		in.Text = wamark.Escape(firstOf(i.ListReply.Title, i.ListReply.ID))
		in.Chosen = boundedID(string(i.ListReply.ID))
		if i.ListReply.Description != "" {
			in.Text += "\n" + wamark.Escape(clippedLine(i.ListReply.Description, 200))
		}
	case i.Form != nil:
		in.Text = formText(string(i.Form.Response), i.Form.Body)
	}
}

// maxListLines is how many items of a form or an order are shown.
const maxListLines = 100

// firstItems returns the first items of a list, and a line that says how many more there are, or "".
func firstItems[T any](list []T) (shown []T, more string) {
	if len(list) <= maxListLines {
		return list, ""
	}
	return list[:maxListLines], fmt.Sprintf("- … and %d more", len(list)-maxListLines)
}

// formText lists the fields of a filled form.
func formText(response string, body loose) string {
	var fields map[string]json.RawMessage
	if json.Unmarshal([]byte(response), &fields) != nil {
		return wamark.Escape(firstOf(loose(response), body))
	}
	delete(fields, "flow_token") // says nothing to people
	if len(fields) == 0 {
		return wamark.Escape(string(body))
	}
	names, more := firstItems(slices.Sorted(maps.Keys(fields)))
	var lines []string
	for _, name := range names {
		value := string(fields[name])
		var s string
		if json.Unmarshal(fields[name], &s) == nil {
			value = s
		}
		lines = append(lines, "- **"+wamark.Escape(clippedLine(loose(name), 100))+"**: "+wamark.Escape(clippedLine(loose(value), 1000)))
	}
	return joinNonEmpty("\n", append(lines, more)...)
}

// locationText shows a location with a link to a map.
func locationText(l location) string {
	at := numberText(l.Latitude.Value) + "," + numberText(l.Longitude.Value)
	var lines []string
	if l.Name != "" {
		lines = append(lines, "**"+wamark.Escape(clippedLine(l.Name, 200))+"**")
	}
	if l.Address != "" {
		lines = append(lines, wamark.Escape(clippedLine(l.Address, 500)))
	}
	lines = append(lines, "📍 ["+at+"](https://www.google.com/maps?q="+at+")")
	if url := clippedLine(l.URL, 500); strings.HasPrefix(url, "https://") || strings.HasPrefix(url, "http://") {
		lines = append(lines, wamark.Escape(url))
	}
	return strings.Join(lines, "\n")
}

// orderText lists what a customer ordered from the catalogue.
func orderText(o order) string {
	lines := []string{"**Order**"}
	items, more := firstItems(o.Items)
	for _, i := range items {
		lines = append(lines, fmt.Sprintf("- %s × %s: %s %s each", amountText(i.Quantity), wamark.Escape(clippedLine(i.Item, 100)),
			amountText(i.Price), wamark.Escape(clippedLine(i.Currency, 10))))
	}
	if more != "" {
		lines = append(lines, more)
	}
	totals, currencies := map[string]float64{}, []string{}
	for _, i := range o.Items {
		if !i.Quantity.Known || !i.Price.Known {
			currencies = nil // the sum would be wrong
			break
		}
		currency := clippedLine(i.Currency, 10)
		if _, known := totals[currency]; !known {
			currencies = append(currencies, currency)
		}
		totals[currency] += i.Quantity.Value * i.Price.Value
	}
	for _, c := range currencies {
		lines = append(lines, fmt.Sprintf("\nTotal: %s %s", numberText(totals[c]), wamark.Escape(c)))
	}
	if o.Text != "" {
		lines = append(lines, "\n"+textWithMarks(o.Text))
	}
	return strings.Join(lines, "\n")
}

// amountText writes a number of an order, or "?" if WhatsApp doesn't say it.
func amountText(d graph.Decimal) string {
	if !d.Known {
		return "?"
	}
	return numberText(d.Value)
}

func numberText(f float64) string { return strconv.FormatFloat(f, 'f', -1, 64) }

// attachment returns the Attachment of a file that Fetch reads.
func attachment(kind string, m media) channels.Attachment {
	contentType, _, _ := strings.Cut(string(m.MimeType), ";")
	contentType = clippedLine(loose(strings.ToLower(contentType)), 100)
	if kind == "audio" && m.Voice {
		kind = "voice-message"
	}
	name := kind + extension(contentType)
	if given := clippedLine(m.Filename, 200); given != "" {
		name = fileName(given)
	}
	ref, _ := json.Marshal(mediaRef{ID: string(m.ID), SHA256: string(m.SHA256)}) // two strings
	return channels.Attachment{Name: name, ContentType: contentType, Ref: string(ref)}
}

// extension returns the usual file extension of a content type that WhatsApp sends.
func extension(contentType string) string {
	switch contentType {
	case "image/jpeg":
		return ".jpg"
	case "image/png", "image/webp", "image/gif":
		return "." + strings.TrimPrefix(contentType, "image/")
	case "video/mp4":
		return ".mp4"
	case "video/3gpp":
		return ".3gp"
	case "audio/ogg", "audio/aac", "audio/amr":
		return "." + strings.TrimPrefix(contentType, "audio/")
	case "audio/mpeg":
		return ".mp3"
	case "audio/mp4":
		return ".m4a"
	case "application/pdf":
		return ".pdf"
	}
	return ""
}

// addContext adds what a message answers and where it comes from.
func addContext(in *channels.Inbound, parts map[string]json.RawMessage) {
	if c, ok := readPart[messageContext](parts, "context"); ok {
		in.Answers.External = boundedID(string(c.ID))
		switch {
		case c.FrequentlyForwarded:
			in.Notices = append(in.Notices, "Forwarded many times.")
		case c.Forwarded:
			in.Notices = append(in.Notices, "Forwarded.")
		}
		if c.Product != nil {
			in.Notices = append(in.Notices, fmt.Sprintf("Asked about product %s of catalogue %s.", clippedLine(c.Product.Item, 100), clippedLine(c.Product.CatalogID, 100)))
		}
	}
	if r, ok := readPart[referral](parts, "referral"); ok {
		kind := clippedLine(r.SourceType, 20)
		if kind == "" {
			kind = "link"
		}
		words := []string{}
		for _, w := range []loose{r.Headline, r.Body, r.SourceURL} {
			if w := clippedLine(w, 300); w != "" {
				words = append(words, w)
			}
		}
		in.Notices = append(in.Notices, fmt.Sprintf("Came from this %s: %s", kind, strings.Join(words, " · ")))
	}
}

// errorNotice says why WhatsApp couldn't pass on a message. It returns "" if it could.
func errorNotice(m message) string {
	if len(m.Errors) == 0 {
		return ""
	}
	e := m.Errors[0]
	return "WhatsApp says: " + clippedLine(loose(firstOf(loose(e.Data.Details), loose(e.Message), loose(e.Title))), 300)
}
