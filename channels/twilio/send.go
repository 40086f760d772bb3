package twilio

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"parley/channels"
	"parley/channels/wamark"
)

// Send hands a reply to Twilio. WhatsApp files often can't have a text beside them, so a reply may become several
// messages at Twilio, its parts. Each call of Send sends one part; the receipt says if more follow, and the engine
// calls again.

// part is one message at Twilio. A message of the engine may have several parts. files, rich and template may be
// unset.
type part struct {
	body     string
	files    []channels.File
	rich     *channels.Rich
	template *channels.TemplateUse
	note     string // a remark for the receipt, such as that the signature was left out; "" means none
}

// Send implements channels.Channel. It sends the part o.Attempt.Part. A file whose kind can't have a caption on
// WhatsApp is sent after the text, as a part of its own.
func (c *Channel) Send(ctx context.Context, o channels.Outbound) (channels.Receipt, error) {
	if ctx.Err() != nil {
		return channels.Receipt{}, &channels.SendError{Class: channels.Retry, Text: "It was too late to begin.", Cause: ctx.Err()}
	}

	form, p, more, err := c.nextForm(ctx, o)
	if err != nil {
		return channels.Receipt{}, err
	}

	var r row
	if err := c.api.call(ctx, request{method: http.MethodPost, url: c.api.messagesURL(), form: form}, &r); err != nil {
		return channels.Receipt{}, c.sendFailure(err, o)
	}
	if r.SID == "" {
		return channels.Receipt{}, &channels.SendError{Class: channels.Ambiguous, Text: "Twilio's answer names no message."}
	}

	c.sent.remember(r.SID, o.DeliveryID)
	return c.makeReceipt(r, more, p.note), nil
}

// makeReceipt returns the receipt for a message that Twilio accepted. A later failure comes by callback.
func (c *Channel) makeReceipt(r row, more bool, note string) channels.Receipt {
	state := statusFor(r.Status, int(r.ErrorCode), "").State
	if state == channels.StateFailed {
		state = channels.StateAccepted
	}
	out := channels.Receipt{ExternalID: r.SID, State: state, More: more, Note: note}
	if !c.number.whatsapp {
		out.Parts = int(r.Segments)
	}
	return out
}

// sendFailure classifies a failed Send. Some codes mean something else for what was sent, or for the number that sent
// it.
func (c *Channel) sendFailure(err error, o channels.Outbound) error {
	se := sendError(err)
	var api *apiError
	if !errors.As(err, &api) {
		return se
	}

	switch api.code {
	case codeRateOrLimit:
		if o.Template == nil { // the rate: a free text is an answer, and the daily limit doesn't count answers
			se.Wait = max(api.after, rateWait(o.Attempt.Number))
		} else { // more likely the daily limit: answers to other customers needn't wait
			se.Pair = true
		}
	case codeBadSender, codeForeignSender: // a short code is only refused for the customer's country
		if shortPattern.MatchString(keyOf(c.number.sendingAddress(o.From))) {
			se.Class = channels.BadRecipient
			se.Text = "Twilio refuses this short code for the customer: it can only write to numbers of its own country."
			se.Hint = "See the short code in the Twilio Console, or use another way."
		}
	case codeContentUnknown, codeContentVariable:
		if o.Template != nil {
			se.Class = channels.TemplateBad
		}
	}

	return se
}

// rateWait returns how long to wait after a reply met the rate limit: 10 seconds after the first attempt, then 20,
// then 30.
func rateWait(attempts int) time.Duration {
	return min(time.Duration(max(attempts, 1))*busyWait, maxRateWait)
}

// nextForm returns the form of the part that is sent now, the part itself, and whether more parts follow.
// Errors: *SendError; nothing has been sent.
func (c *Channel) nextForm(ctx context.Context, o channels.Outbound) (form url.Values, p part, more bool, err error) {
	if len(o.To) == 0 {
		return nil, part{}, false, &channels.SendError{Class: channels.BadRecipient, Text: "There is no recipient.", Hint: "Name one."}
	}
	if len(o.To) > 1 {
		return nil, part{}, false, &channels.SendError{Class: channels.BadRecipient, Text: "A message goes to one number.", Hint: "Send it to each."}
	}

	to, err := c.number.addressOf(o.To[0])
	if err != nil {
		return nil, part{}, false, err
	}

	parts, err := c.planParts(o)
	if err != nil {
		return nil, part{}, false, err
	}
	if o.Attempt.Part < 0 || o.Attempt.Part >= len(parts) {
		return nil, part{}, false, &channels.SendError{Class: channels.BadContent, Text: "There is nothing more to send."}
	}

	p = parts[o.Attempt.Part]
	more = o.Attempt.Part+1 < len(parts)

	if o.Attempt.Part == 0 { // check all parts before the first one is sent
		for _, f := range o.Files {
			if _, err := linkOf(f); err != nil {
				return nil, part{}, false, err
			}
		}
	}

	form = url.Values{"To": {to}, "From": {c.number.sendingAddress(o.From)}}
	if c.number.service != "" {
		form.Set("MessagingServiceSid", c.number.service)
	}
	if callback := c.callbacks.statusURL(token{message: o.MessageID, part: o.Attempt.Part, more: more}); callback != "" {
		form.Set("StatusCallback", callback)
	}

	err = c.setContent(ctx, form, p)
	return form, p, more, err
}

// setContent adds a part's content to the form.
func (c *Channel) setContent(ctx context.Context, form url.Values, p part) error {
	switch {
	case p.template != nil:
		return fillTemplate(form, *p.template)
	case p.rich != nil && p.rich.Location != nil:
		form.Set("Body", p.body)
		form.Set("PersistentAction", formatLocation(*p.rich.Location))
		return nil
	case p.rich != nil:
		return c.fillContent(ctx, form, p)
	}

	if p.body != "" {
		form.Set("Body", p.body)
	}

	for _, f := range p.files {
		link, err := linkOf(f)
		if err != nil {
			return err
		}
		form.Add("MediaUrl", link)
	}

	return nil
}

// linkOf returns the address from which Twilio fetches a file.
func linkOf(f channels.File) (string, error) {
	if f.Link == nil {
		return "", channels.RefuseContent("Twilio fetches files from Parley, which has no public address.",
			"Set PARLEY_PUBLIC_URL, or send a link.")
	}
	link, err := f.Link()
	if err != nil {
		return "", asNotSent(&channels.SendError{Class: channels.ClassOf(err), Text: "The file “" + clipText(f.Name, maxFileName) + "” has no address that Twilio could fetch it from.",
			Hint: "Set PARLEY_PUBLIC_URL, or send a link.", Cause: err})
	}
	return link, nil
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
		o.Text, o.Rich = o.Text+"\n\n"+o.Rich.Text(), nil
	}

	body, note := c.bodyAndNote(o)
	if utf8.RuneCountInString(body) > maxBody {
		return nil, channels.RefuseContent("The text is longer than 1600 characters.", "Send it in pieces.")
	}
	if !c.number.whatsapp {
		return planSMS(o, body, note)
	}

	parts, err := planWhatsApp(o, body)
	if err != nil {
		return nil, err
	}
	if len(parts) == 0 {
		return nil, errNothingToSend()
	}

	parts[0].note = note
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
func planSMS(o channels.Outbound, body, note string) ([]part, error) {
	if body == "" && len(o.Files) == 0 {
		return nil, errNothingToSend()
	}
	return []part{{body: body, files: o.Files, note: note}}, nil
}

func errNothingToSend() error {
	return channels.RefuseContent("There is nothing to send.", "Write something.")
}

// TextRunes implements channels.Measurer.
func (c *Channel) TextRunes(text string) int {
	body, _ := c.bodyAndNote(channels.Outbound{Text: text})
	return utf8.RuneCountInString(body)
}

// bodyAndNote renders the text, with the signature if there is room for it.
func (c *Channel) bodyAndNote(o channels.Outbound) (body, note string) {
	render := wamark.Plain
	if c.number.whatsapp {
		render = wamark.Render
	}
	body = strings.TrimSpace(render(o.Text))
	signature := strings.TrimSpace(render(o.Signature.Text))
	if body == "" || signature == "" {
		return body, ""
	}
	room := maxBody
	if o.Rich != nil && !o.Rich.Kind().IsSentAlone() { // the text stands above buttons or a list
		room = maxRichBody
	}
	if with := body + "\n\n" + signature; utf8.RuneCountInString(with) <= room {
		return with, ""
	}
	return body, "no room for the signature"
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
			return &channels.SendError{Class: channels.BadContent, Text: "The file “" + clipText(f.Name, maxFileName) + "” is too large for this number.",
				Hint: "Send a smaller one, or a link."}
		}
	}
	return nil
}

// formatLocation writes a location as Twilio's PersistentAction: geo:52.5,13.4|Town hall.
func formatLocation(l channels.Location) string {
	at := "geo:" + strconv.FormatFloat(l.Latitude, 'f', -1, 64) + "," + strconv.FormatFloat(l.Longitude, 'f', -1, 64)
	withoutBars := strings.ReplaceAll(l.Name+" "+l.Address, "|", " ") // a bar separates place and label
	if label := strings.Join(strings.Fields(withoutBars), " "); label != "" {
		at += "|" + label
	}
	return at
}

// fillTemplate names an approved template and fills it.
func fillTemplate(form url.Values, t channels.TemplateUse) error {
	if t.ExternalID == "" {
		return &channels.SendError{Class: channels.TemplateBad, Text: "The template was not submitted to Twilio.", Hint: "Submit it first."}
	}

	form.Set("ContentSid", t.ExternalID)
	values := map[string]string{}
	for i, name := range variablesOf(t.Template) {
		value := variableValue(t.Values[name])
		if value == "" {
			return &channels.SendError{Class: channels.TemplateBad, Text: "The template's field “" + name + "” is empty.", Hint: "Fill it in."}
		}
		values[strconv.Itoa(i+1)] = value
	}

	if len(values) == 0 {
		return nil
	}

	b, err := json.Marshal(values)
	if err != nil {
		return &channels.SendError{Class: channels.TemplateBad, Text: "The template can't be filled.", Cause: err}
	}

	form.Set("ContentVariables", string(b))
	return nil
}
