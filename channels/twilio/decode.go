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
	"parley/channels/markdown"
)

// maxMedia bounds the number of files in one message. Twilio's own limit is ten.
const maxMedia = 20

// decodeForm decodes a callback, a form that Twilio has posted to our webhook. A form with a MessageStatus is about a message that we
// sent. Any other form is a customer's message:
//
//	MessageSid=SM12&From=whatsapp:+15550100&To=whatsapp:+15550199&Body=Hello&NumMedia=0
//
// at is when the form arrived, and query the query of the URL that Twilio called. Decoding uses no network, no clock and no tables of
// the machine, so that the same form always gives the same result.
// Errors: the form has no message id.
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

// textWithMarks converts a customer's text to Markdown. On WhatsApp, *bold* and similar marks are formatting; in an SMS they are text.
func (d *reader) textWithMarks(body string) string {
	if d.whatsapp {
		return markdown.Parse(body)
	}
	return markdown.Escape(body)
}

// senderOf returns the author of a message. The party's key is WhatsApp's id of the person (US.12ab), which Twilio puts into several
// fields. It outlives the phone number, which may pass to somebody else, and which is the key only if there is no id. Party.Also has
// all other ids and numbers. On WhatsApp that includes the other forms of a number, because messages of one person may show different
// ones.
func (d *reader) senderOf(form url.Values) channels.Party {
	var phones, ids, forms []string
	add := func(key string) {
		switch {
		case phonePattern.MatchString(key):
			phones = append(phones, key)
			if d.whatsapp {
				forms = append(forms, channels.OtherForms(key)...)
			}
		case bsuidPattern.MatchString(key):
			ids = append(ids, key)
		}
	}

	from := keyOf(form.Get("From"))
	add(from)

	if waID := form.Get("WaId"); waID != "" { // may differ from the phone number in Brazil, Mexico and Argentina
		add("+" + strings.TrimPrefix(waID, "+"))
	}

	for _, name := range []string{"ExternalUserId", "ExternalUserIdentifier", "ParentExternalUserId"} {
		add(keyOf(form.Get(name)))
	}

	party := channels.Party{Key: from, Name: clipText(form.Get("ProfileName"), maxName)}
	switch {
	case len(ids) > 0:
		party.Key, party.Lasting = ids[0], true
	case len(phones) > 0:
		party.Key = phones[0]
	}
	party.Also = uniqueWithout(slices.Concat(phones, ids, forms), party.Key)
	return party
}

// uniqueWithout returns a list without duplicates, without "" and without the element excluded.
func uniqueWithout(list []string, excluded string) []string {
	var unique []string
	for _, element := range list {
		if element == "" || element == excluded || slices.Contains(unique, element) {
			continue
		}
		unique = append(unique, element)
	}
	return unique
}

// makeAttachment returns the attachment for the file with index i. Twilio doesn't pass on file names, so the name is made from the
// content type: "image-1.jpg".
func makeAttachment(i int, ref, contentType string) channels.Attachment {
	kind, _, err := mime.ParseMediaType(contentType)
	if err != nil {
		kind = "application/octet-stream"
	}
	name := fmt.Sprintf("%s-%d%s", channels.KindOf(kind), i+1, extensionOf(kind))
	return channels.Attachment{Name: name, ContentType: kind, Ref: ref}
}

// extensionOf returns the usual file extension of a content type. It doesn't use the tables of package mime, because they differ from
// machine to machine.
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

// decodeRich adds the parts of a message that only WhatsApp has: the choice of a button or list row, a completed form, a location, and
// notices about forwarding and advertisements.
func decodeRich(in *channels.Inbound, form url.Values) {
	if title := cmp.Or(form.Get("ButtonText"), form.Get("ListTitle")); title != "" {
		if in.Text == "" {
			in.Text = markdown.Escape(title)
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

// readAnswers returns the fields of a completed WhatsApp form, which Twilio passes on as JSON, as a Markdown list: "- **size**: M". It
// returns "" if data isn't a form.
func readAnswers(data string) string {
	decoder := json.NewDecoder(strings.NewReader(data))
	decoder.UseNumber() // keeps long numbers as they are written
	var fields map[string]any
	if decoder.Decode(&fields) != nil {
		return ""
	}
	if answers := answersIn(fields); answers != nil {
		fields = answers
	}
	delete(fields, "flow_token") // means nothing to people
	lines := formLines("", fields)
	return strings.Join(lines[:min(len(lines), maxFormLines)], "\n")
}

// answersIn finds the fields of a form, which WhatsApp encodes as a JSON string inside the outer JSON, at some depth:
//
//	{"nfm_reply": {"name": "flow", "response_json": "{\"size\": \"M\"}"}}
//
// It returns nil if there is no such string.
func answersIn(fields map[string]any) (answers map[string]any) {
	if text, ok := fields["response_json"].(string); ok {
		decoder := json.NewDecoder(strings.NewReader(text))
		decoder.UseNumber()
		if decoder.Decode(&answers) == nil {
			return answers
		}
	}
	for _, key := range slices.Sorted(maps.Keys(fields)) {
		nested, isObject := fields[key].(map[string]any)
		if !isObject {
			continue
		}
		if answers = answersIn(nested); answers != nil {
			return answers
		}
	}
	return nil
}

// maxFormLines is how many fields of a form are shown.
const maxFormLines = 100

// formLines returns a line for each value of a form, sorted by name. The name of a nested value includes those of its parents:
// "- **address city**: Berlin".
func formLines(name string, value any) (lines []string) {
	switch v := value.(type) {
	case nil:
	case map[string]any:
		for _, key := range slices.Sorted(maps.Keys(v)) {
			lines = append(lines, formLines(clipText(strings.TrimSpace(name+" "+key), maxName), v[key])...)
		}
	case []any:
		for _, element := range v {
			lines = append(lines, formLines(name, element)...)
		}
	default:
		words := strings.Join(strings.Fields(fmt.Sprint(v)), " ")
		lines = []string{"- **" + markdown.Escape(name) + "**: " + markdown.Escape(words)}
	}
	return lines
}

// readLocation returns a location as text with a link to a map, or "" if the message has none. Coordinates that can't exist are shown
// unchanged, without a link.
func readLocation(form url.Values) string {
	latText, longText := form.Get("Latitude"), form.Get("Longitude")
	if latText == "" || longText == "" {
		return ""
	}
	words := channels.JoinLines(markdown.Escape(form.Get("Label")), markdown.Escape(form.Get("Address")))
	latitude, isLatitude := readDegrees(latText, maxLatitude)
	longitude, isLongitude := readDegrees(longText, maxLongitude)
	if !isLatitude || !isLongitude {
		return channels.JoinLines("📍 "+markdown.Escape(latText+", "+longText), words)
	}
	at := channels.Location{Latitude: latitude, Longitude: longitude}
	return channels.JoinLines(words, "📍 "+markdown.Escape(at.MapURL()))
}

// Bounds of coordinates, in degrees.
const (
	maxLatitude  = 90
	maxLongitude = 180
)

// readDegrees parses a coordinate. ok is false if it isn't a number between -limit and limit. That excludes NaN.
func readDegrees(text string, limit float64) (degrees float64, ok bool) {
	degrees, err := strconv.ParseFloat(text, 64)
	return degrees, err == nil && math.Abs(degrees) <= limit
}

// addPlaceholder adds a notice to a message that has neither text nor files.
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

// readConsent returns whether a message opts out of messages or in again. It returns nil if it does neither. If Twilio manages opt-outs
// for the number, it reports the keyword as optOut, whatever the customer's language. Otherwise the body must be exactly one of Twilio's
// keywords. A Silent consent isn't shown to agents. An opt-in by another word than START and UNSTOP ("Yes", or a keyword that the
// company chose) may also answer an agent's question, so it isn't silent.
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
