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

// maxInbound is the longest text of a message, in bytes; WhatsApp's own limit is lower.
const maxInbound = 64 << 10

// fill sets the content of a message. Missing or unknown content becomes a placeholder.
func fill(in *channels.Inbound, kind string, parts map[string]json.RawMessage) {
	ok := false
	switch kind {
	case "text":
		var t struct {
			Body loose `json:"body"`
		}
		if t, ok = part[struct {
			Body loose `json:"body"`
		}](parts, "text"); ok {
			in.Text = marked(t.Body)
		}
	case "image", "video", "audio", "voice", "document", "sticker":
		var m media
		if m, ok = part[media](parts, kind); ok && m.ID != "" && len(m.ID)+len(m.SHA256) < 1000 {
			in.Text = marked(m.Caption)
			in.Attachments = append(in.Attachments, attachment(kind, m))
		} else {
			ok = false
		}
	case "location":
		var l location
		if l, ok = part[location](parts, kind); ok && l.Latitude.Known && l.Longitude.Known {
			in.Text = place(l)
		} else {
			ok = false
		}
	case "contacts":
		var cards []card
		if cards, ok = part[[]card](parts, kind); ok && len(cards) > 0 {
			addCards(in, cards)
		} else {
			ok = false
		}
	case "interactive":
		ok = answered(in, parts)
	case "button":
		var b struct {
			Text    loose `json:"text"`
			Payload loose `json:"payload"`
		}
		if b, ok = part[struct {
			Text    loose `json:"text"`
			Payload loose `json:"payload"`
		}](parts, kind); ok {
			in.Text, in.Chosen = wamark.Escape(first(b.Text, b.Payload)), bounded(string(b.Payload))
		}
	case "order":
		var o order
		if o, ok = part[order](parts, kind); ok {
			in.Text = ordered(o)
		}
	case "unsupported":
		u, _ := part[struct {
			Type loose `json:"type"`
		}](parts, kind)
		kind = string(u.Type)
	}
	if !ok || in.Text == "" && len(in.Attachments) == 0 {
		in.Text = unshown(kind)
	}
}

// marked converts a text with WhatsApp's marks (*bold*) to Markdown.
func marked(s loose) string {
	text := string(s)
	if len(text) > maxInbound {
		text = strings.ToValidUTF8(text[:maxInbound], "") + "…"
	}
	return wamark.Parse(text)
}

// answered reads a customer's choice of a button or a row; false if the message is none.
func answered(in *channels.Inbound, parts map[string]json.RawMessage) bool {
	i, ok := part[interactive](parts, "interactive")
	if !ok {
		return false
	}
	switch {
	case i.ButtonReply != nil:
		in.Text, in.Chosen = wamark.Escape(first(i.ButtonReply.Title, i.ButtonReply.ID)), bounded(string(i.ButtonReply.ID))
	case i.ListReply != nil:
		in.Text, in.Chosen = wamark.Escape(first(i.ListReply.Title, i.ListReply.ID)), bounded(string(i.ListReply.ID))
		if i.ListReply.Description != "" {
			in.Text += "\n" + wamark.Escape(line(i.ListReply.Description, 200))
		}
	case i.Form != nil:
		in.Text = form(string(i.Form.Response), i.Form.Body)
	}
	return in.Text != ""
}

// listLines is how many items of a list are shown.
const listLines = 100

// beginning returns the first items of a list, and a line that says how many more there are; "" if there are
// none.
func beginning[T any](list []T) (shown []T, more string) {
	if len(list) <= listLines {
		return list, ""
	}
	return list[:listLines], fmt.Sprintf("- … and %d more", len(list)-listLines)
}

// form lists the fields of a filled form.
func form(response string, body loose) string {
	var fields map[string]json.RawMessage
	if json.Unmarshal([]byte(response), &fields) != nil {
		return wamark.Escape(first(loose(response), body))
	}
	delete(fields, "flow_token") // says nothing to people
	if len(fields) == 0 {
		return wamark.Escape(string(body))
	}
	names, more := beginning(slices.Sorted(maps.Keys(fields)))
	var lines []string
	for _, name := range names {
		value := string(fields[name])
		var s string
		if json.Unmarshal(fields[name], &s) == nil {
			value = s
		}
		lines = append(lines, "- **"+wamark.Escape(line(loose(name), 100))+"**: "+wamark.Escape(line(loose(value), 1000)))
	}
	return joined("\n", append(lines, more)...)
}

// place shows a location with a link to a map.
func place(l location) string {
	at := number(l.Latitude.Value) + "," + number(l.Longitude.Value)
	var lines []string
	if l.Name != "" {
		lines = append(lines, "**"+wamark.Escape(line(l.Name, 200))+"**")
	}
	if l.Address != "" {
		lines = append(lines, wamark.Escape(line(l.Address, 500)))
	}
	lines = append(lines, "📍 ["+at+"](https://www.google.com/maps?q="+at+")")
	if url := line(l.URL, 500); strings.HasPrefix(url, "https://") || strings.HasPrefix(url, "http://") {
		lines = append(lines, wamark.Escape(url))
	}
	return strings.Join(lines, "\n")
}

// ordered lists what a customer ordered from the catalogue.
func ordered(o order) string {
	lines := []string{"**Order**"}
	items, more := beginning(o.Items)
	for _, i := range items {
		lines = append(lines, fmt.Sprintf("- %s × %s: %s %s each", amount(i.Quantity), wamark.Escape(line(i.Item, 100)),
			amount(i.Price), wamark.Escape(line(i.Currency, 10))))
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
		currency := line(i.Currency, 10)
		if _, known := totals[currency]; !known {
			currencies = append(currencies, currency)
		}
		totals[currency] += i.Quantity.Value * i.Price.Value
	}
	for _, c := range currencies {
		lines = append(lines, fmt.Sprintf("\nTotal: %s %s", number(totals[c]), wamark.Escape(c)))
	}
	if o.Text != "" {
		lines = append(lines, "\n"+marked(o.Text))
	}
	return strings.Join(lines, "\n")
}

// amount writes a number of an order; "?" if WhatsApp doesn't say it.
func amount(d graph.Decimal) string {
	if !d.Known {
		return "?"
	}
	return number(d.Value)
}

func number(f float64) string { return strconv.FormatFloat(f, 'f', -1, 64) }

// attachment returns the Attachment of a file that Fetch reads.
func attachment(kind string, m media) channels.Attachment {
	contentType, _, _ := strings.Cut(string(m.MimeType), ";")
	contentType = line(loose(strings.ToLower(contentType)), 100)
	if kind == "audio" && m.Voice {
		kind = "voice-message"
	}
	name := kind + extension(contentType)
	if given := line(m.Filename, 200); given != "" {
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

// surround adds what a message answers and where it comes from.
func surround(in *channels.Inbound, parts map[string]json.RawMessage) {
	if c, ok := part[messageContext](parts, "context"); ok {
		in.Answers.External = bounded(string(c.ID))
		switch {
		case c.FrequentlyForwarded:
			in.Notices = append(in.Notices, "Forwarded many times.")
		case c.Forwarded:
			in.Notices = append(in.Notices, "Forwarded.")
		}
		if c.Product != nil {
			in.Notices = append(in.Notices, fmt.Sprintf("Asked about product %s of catalogue %s.", line(c.Product.Item, 100), line(c.Product.CatalogID, 100)))
		}
	}
	if r, ok := part[referral](parts, "referral"); ok {
		kind := line(r.SourceType, 20)
		if kind == "" {
			kind = "link"
		}
		words := []string{}
		for _, w := range []loose{r.Headline, r.Body, r.SourceURL} {
			if w := line(w, 300); w != "" {
				words = append(words, w)
			}
		}
		in.Notices = append(in.Notices, fmt.Sprintf("Came from this %s: %s", kind, strings.Join(words, " · ")))
	}
}

// errorNotice says why WhatsApp couldn't pass on a message; "" if it could.
func errorNotice(m message) string {
	if len(m.Errors) == 0 {
		return ""
	}
	e := m.Errors[0]
	return "WhatsApp says: " + line(loose(first(loose(e.Data.Details), loose(e.Message), loose(e.Title))), 300)
}
