package twilio

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"mime"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"parley/channels"
	"parley/channels/wamark"
	"parley/channels/wanumber"
)

// maxMedia is how many files of one message are read; Twilio's own limit is ten.
const maxMedia = 20

// decodeForm reads a callback: the form that Twilio sent, and the query with which it called. The callback is about a message of ours
// if it has a status, and else a customer's message. at is when it came.
func (d *reader) decodeForm(form url.Values, at time.Time, query string) ([]channels.Inbound, error) {
	sid := messageSid(form)
	if sid == "" {
		return nil, fmt.Errorf("twilio: fact: no message id")
	}
	if status := statusOf(form); status != "" {
		return d.decodeStatus(form, status, at, query), nil
	}

	in := channels.Inbound{
		Kind:       channels.InboundMessage,
		ExternalID: sid,
		From:       d.senderOf(form),
		At:         at,
		Envelope:   channels.Envelope{Via: numberOf(form.Get("To"), d.whatsapp)},
		Text:       d.textWithMarks(form.Get("Body")),
		Answers:    channels.Answers{External: form.Get("OriginalRepliedMessageSid")},
	}

	n, _ := strconv.Atoi(form.Get("NumMedia")) // unreadable: 0
	for i := range min(max(n, 0), maxMedia) {
		ref, kind := form.Get(fmt.Sprint("MediaUrl", i)), form.Get(fmt.Sprint("MediaContentType", i))
		if ref != "" {
			in.Attachments = append(in.Attachments, makeAttachment(i, ref, kind))
		}
	}

	decodeRich(&in, form)
	in.Consent = d.readConsent(form.Get("Body"), form.Get("OptOutType"), len(in.Attachments))
	addPlaceholder(&in, form.Get("MessageType"))
	return []channels.Inbound{in}, nil
}

// textWithMarks returns a customer's text as canonical Markdown.
func (d *reader) textWithMarks(body string) string {
	if d.whatsapp {
		return wamark.Parse(body)
	}
	return wamark.Escape(body)
}

// senderOf returns the author of a message. Her key is WhatsApp's id of the person, which Twilio puts into several fields, because the
// number may pass to somebody else. Without such an id it is the phone number. Party.Also has all other ids and numbers. On WhatsApp
// that includes the other forms of the number, because not every message shows the same one.
func (d *reader) senderOf(form url.Values) channels.Party {
	var phones, ids, forms []string
	add := func(key string) {
		switch {
		case phonePattern.MatchString(key):
			phones = append(phones, key)
			if d.whatsapp {
				forms = append(forms, wanumber.OtherForms(key)...)
			}
		case bsuidPattern.MatchString(key):
			ids = append(ids, key)
		}
	}

	from := keyOf(form.Get("From"))
	add(from)

	if waID := form.Get("WaId"); waID != "" { // may differ from the dialled number (Brazil, Mexico, Argentina)
		add("+" + strings.TrimPrefix(waID, "+"))
	}

	for _, name := range []string{"ExternalUserId", "ExternalUserIdentifier", "ParentExternalUserId"} {
		add(keyOf(form.Get(name)))
	}

	party := channels.Party{Key: from, Name: clipText(form.Get("ProfileName"), maxName)}
	if len(ids) > 0 {
		party.Key, party.Lasting = ids[0], true
	} else if len(phones) > 0 {
		party.Key = phones[0]
	}
	party.Also = uniqueWithout(slices.Concat(phones, ids, forms), party.Key)
	return party
}

// uniqueWithout returns each element of a list once and leaves out "" and s.
func uniqueWithout(list []string, s string) []string {
	var out []string
	for _, x := range list {
		if x == s || x == "" {
			continue
		}
		if !slices.Contains(out, x) {
			out = append(out, x)
		}
	}
	return out
}

// makeAttachment returns the Attachment of a file, with a name made from its type.
func makeAttachment(i int, ref, contentType string) channels.Attachment {
	kind, _, err := mime.ParseMediaType(contentType)
	if err != nil {
		kind = "application/octet-stream"
	}
	name := fmt.Sprintf("%s-%d%s", channels.KindOf(kind), i+1, extensionOf(kind))
	return channels.Attachment{Name: name, ContentType: kind, Ref: ref}
}

// extensionOf returns the usual file extension of a content type. It doesn't use package mime, whose tables
// differ from machine to machine: a fact must decode to the same on all.
func extensionOf(contentType string) string {
	switch contentType {
	case "image/jpeg", "image/jpg":
		return ".jpg"
	case "image/png":
		return ".png"
	case "image/gif":
		return ".gif"
	case "image/webp":
		return ".webp"
	case "video/mp4":
		return ".mp4"
	case "video/3gpp":
		return ".3gp"
	case "audio/ogg":
		return ".ogg"
	case "audio/mpeg":
		return ".mp3"
	case "audio/amr":
		return ".amr"
	case "audio/mp4", "audio/aac":
		return ".m4a"
	case "application/pdf":
		return ".pdf"
	case "text/vcard", "text/x-vcard":
		return ".vcf"
	case "text/plain":
		return ".txt"
	}

	return ""
}

// decodeRich reads what only WhatsApp has: answers by a button, a list or a form, places, forwarded messages and advertisements.
func decodeRich(in *channels.Inbound, form url.Values) {
	if title := cmp.Or(form.Get("ButtonText"), form.Get("ListTitle")); title != "" {
		if in.Text == "" {
			in.Text = wamark.Escape(title)
		}
		in.Notices = append(in.Notices, "Chosen from what we offered.")
		in.Chosen = cmp.Or(form.Get("ButtonPayload"), form.Get("ListId"))
	}

	in.Text = channels.JoinLines(in.Text, readLocation(form))
	if in.Text == "" && len(in.Attachments) == 0 {
		in.Text = readAnswers(cmp.Or(form.Get("InteractiveData"), form.Get("FlowData")))
	}

	if form.Get("Forwarded") == "true" || form.Get("FrequentlyForwarded") == "true" {
		in.Notices = append(in.Notices, "Forwarded.")
	}

	headline, source := form.Get("ReferralHeadline"), form.Get("ReferralSourceUrl")
	if headline != "" || source != "" {
		in.Notices = append(in.Notices, "Came by an advertisement: "+clipText(strings.TrimSpace(headline+" "+source), maxAd))
	}
}

// readAnswers lists the fields of a filled form of WhatsApp's, which Twilio passes on as JSON; "" if there is none.
func readAnswers(data string) string {
	decoder := json.NewDecoder(strings.NewReader(data))
	decoder.UseNumber() // a long number stays as it is written
	var fields map[string]any
	if decoder.Decode(&fields) != nil {
		return ""
	}
	if answers := answersIn(fields); answers != nil {
		fields = answers
	}
	delete(fields, "flow_token") // says nothing to people
	lines := formLines("", fields)
	return strings.Join(lines[:min(len(lines), maxFormLines)], "\n")
}

// answersIn returns the fields of a form, which WhatsApp writes as JSON within a text of the outer JSON, at some depth:
//
//	{"nfm_reply": {"name": "flow", "response_json": "{\"size\": \"M\"}"}}
//
// It returns nil if there is no such text.
func answersIn(fields map[string]any) (answers map[string]any) {
	if text, ok := fields["response_json"].(string); ok {
		decoder := json.NewDecoder(strings.NewReader(text))
		decoder.UseNumber()
		if decoder.Decode(&answers) == nil {
			return answers
		}
	}
	for _, key := range slices.Sorted(maps.Keys(fields)) {
		if below, ok := fields[key].(map[string]any); ok {
			if answers = answersIn(below); answers != nil {
				return answers
			}
		}
	}
	return nil
}

// maxFormLines is how many fields of a form are shown.
const maxFormLines = 100

// formLines returns a line for each value of a form below a name, in the order of the names.
func formLines(name string, value any) (lines []string) {
	switch v := value.(type) {
	case nil:
	case map[string]any:
		for _, key := range slices.Sorted(maps.Keys(v)) {
			lines = append(lines, formLines(clipText(strings.TrimSpace(name+" "+key), maxName), v[key])...)
		}
	case []any:
		for _, one := range v {
			lines = append(lines, formLines(name, one)...)
		}
	default:
		words := strings.Join(strings.Fields(fmt.Sprint(v)), " ")
		lines = []string{"- **" + wamark.Escape(name) + "**: " + wamark.Escape(words)}
	}
	return lines
}

// readLocation returns a location as text with a link to a map, or "" if the message has none. Coordinates that can't exist are shown
// as they came, without a link.
func readLocation(form url.Values) string {
	latText, longText := form.Get("Latitude"), form.Get("Longitude")
	if latText == "" || longText == "" {
		return ""
	}
	words := channels.JoinLines(wamark.Escape(form.Get("Label")), wamark.Escape(form.Get("Address")))
	latitude, isLatitude := readDegrees(latText, maxLatitude)
	longitude, isLongitude := readDegrees(longText, maxLongitude)
	if !isLatitude || !isLongitude {
		return channels.JoinLines("📍 "+wamark.Escape(latText+", "+longText), words)
	}
	at := channels.Location{Latitude: latitude, Longitude: longitude}
	return channels.JoinLines(words, "📍 "+wamark.Escape(at.MapURL()))
}

// Bounds of coordinates, in degrees.
const (
	maxLatitude  = 90
	maxLongitude = 180
)

// readDegrees reads a coordinate. ok is false if it isn't a number or out of bounds, as NaN is.
func readDegrees(text string, most float64) (degrees float64, ok bool) {
	degrees, err := strconv.ParseFloat(text, 64)
	return degrees, err == nil && math.Abs(degrees) <= most
}

// addPlaceholder adds a remark about a message that has nothing else to show.
func addPlaceholder(in *channels.Inbound, kind string) {
	if in.Text != "" || len(in.Attachments) > 0 {
		return
	}
	if kind == "" || kind == "text" {
		in.Notices = append(in.Notices, "An empty message.")
		return
	}
	in.Notices = append(in.Notices, "A message of the kind “"+clipText(kind, maxQuoted)+"”, which can't be shown here. Ask for it in words.")
}

// readConsent reads whether a message forbids or allows messages. It returns nil if it does neither. If opt-out management is on at
// Twilio, optOut says so, in any language. Otherwise the message must be exactly one of Twilio's keywords. START and UNSTOP need no
// answer. Others that allow messages ("Yes", or a keyword that the company chose) may also answer a question, so agents see them.
// Source: Twilio, "Support for opt-out keywords", "Customizing Users' Opt-in and Opt-out Experience".
func (d *reader) readConsent(body, optOut string, files int) *channels.Consent {
	word := strings.ToUpper(strings.TrimSpace(body))
	isStart := word == "START" || word == "UNSTOP"

	switch strings.ToUpper(strings.TrimSpace(optOut)) {
	case "STOP":
		return &channels.Consent{OptedOut: true, Silent: true}
	case "START":
		return &channels.Consent{Silent: isStart}
	case "HELP":
		return nil
	}

	if d.whatsapp || files > 0 { // there are no keywords on WhatsApp
		return nil
	}

	switch word {
	case "STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "OPTOUT", "REVOKE":
		return &channels.Consent{OptedOut: true, Silent: true}
	case "START", "UNSTOP", "YES":
		return &channels.Consent{Silent: isStart}
	}

	return nil
}
