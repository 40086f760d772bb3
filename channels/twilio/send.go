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

	"parley/channels"
)

// Send implements channels.Channel. An agent's message may become several messages at Twilio, called its parts (plan.go): for example, a
// text and a PDF. Each call sends the part with the index o.Attempt.Part. If the receipt says that more follow, the engine calls again
// with the next index.
//
// Send never retries by itself. If the response is lost, the error's class is Ambiguous, and the engine calls Reconcile to find out
// whether Twilio has the message.
// Errors: *channels.SendError.
func (c *Channel) Send(ctx context.Context, o channels.Outbound) (channels.Receipt, error) {
	if ctx.Err() != nil {
		return channels.Receipt{}, &channels.SendError{Class: channels.Retry, Text: "It was too late to begin.", Cause: ctx.Err()}
	}
	to, err := c.number.recipientOf(o.To) // checked first, because a better text wouldn't help without a recipient
	if err != nil {
		return channels.Receipt{}, err
	}
	parts, err := c.planParts(o)
	if err != nil {
		return channels.Receipt{}, err
	}
	if o.Attempt.Part < 0 || o.Attempt.Part >= len(parts) {
		return channels.Receipt{}, &channels.SendError{Class: channels.BadContent, Text: "There is nothing more to send."}
	}

	p := parts[o.Attempt.Part]
	hasMore := o.Attempt.Part+1 < len(parts)
	form, err := c.makeForm(ctx, to, o, p, hasMore)
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
	return c.makeReceipt(r, hasMore), nil
}

// recipientOf returns the Twilio address of the only recipient of a message.
// Errors: *channels.SendError of class BadRecipient.
func (n *ownNumber) recipientOf(to []channels.Party) (string, error) {
	if len(to) == 0 {
		return "", &channels.SendError{Class: channels.BadRecipient, Text: "There is no recipient.", Hint: "Name one."}
	}
	if len(to) > 1 {
		return "", &channels.SendError{Class: channels.BadRecipient, Text: "A message goes to one number.", Hint: "Send it to each."}
	}
	return n.addressOf(to[0])
}

// makeReceipt returns the receipt for a message that Twilio accepted. hasMore says that further parts follow.
func (c *Channel) makeReceipt(r row, hasMore bool) channels.Receipt {
	const noMessage = "" // the text of an error doesn't matter here
	state := statusFor(r.Status, int(r.ErrorCode), noMessage).State
	if state == channels.StateFailed { // the failure is reported by a callback or found by the next poll
		state = channels.StateAccepted
	}
	out := channels.Receipt{ExternalID: r.SID, State: state, More: hasMore}
	if !c.number.whatsapp {
		out.Parts = int(r.Segments)
	}
	return out
}

// sendFailure classifies a failed Send. The meaning of some error codes depends on the message and on the sending number.
func (c *Channel) sendFailure(err error, o channels.Outbound) error {
	se := sendError(err)
	var api *apiError
	if !errors.As(err, &api) {
		return se
	}

	switch api.code {
	case codeRateOrLimit:
		if o.Template == nil { // the rate limit: free text is a reply, and the daily limit doesn't count replies
			se.Wait = max(api.after, rateWait(o.Attempt.Number))
		} else { // probably the daily limit, so only this customer has to wait, not replies to others
			se.Pair = true
		}
	case codeBadSender, codeForeignSender: // for a short code, this is about the customer's country
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

// rateWait returns how long to wait after a reply was refused by the rate limit: 10 seconds after the first attempt, 20 after the second,
// then 30.
func rateWait(attempts int) time.Duration {
	return min(time.Duration(max(attempts, 1))*busyWait, maxRateWait)
}

// makeForm returns the form of the request that sends a part to an address. hasMore says that further parts follow. For a part with
// buttons or a list, it first creates a content at Twilio.
// Errors: *channels.SendError.
func (c *Channel) makeForm(ctx context.Context, to string, o channels.Outbound, p part, hasMore bool) (url.Values, error) {
	if o.Attempt.Part == 0 { // send nothing if a later part would fail
		for _, f := range o.Files {
			if _, err := linkOf(f); err != nil {
				return nil, err
			}
		}
	}

	form := url.Values{"To": {to}, "From": {c.number.sendingAddress(o.From)}}
	if c.number.service != "" {
		form.Set("MessagingServiceSid", c.number.service)
	}
	if callback := c.callbacks.statusURL(token{message: o.MessageID, part: o.Attempt.Part, more: hasMore}); callback != "" {
		form.Set("StatusCallback", callback)
	}

	if err := c.setContent(ctx, form, p); err != nil {
		return nil, err
	}
	return form, nil
}

// setContent adds a part's text, files, template, buttons, list or location to the form.
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

// linkOf returns the URL from which Twilio fetches a file.
func linkOf(f channels.File) (string, error) {
	if f.Link == nil {
		return "", channels.RefuseContent("Twilio fetches files from Parley, which has no public address.",
			"Set PARLEY_PUBLIC_URL, or send a link.")
	}
	link, err := f.Link()
	if err != nil {
		return "", asNotSent(&channels.SendError{
			Class: channels.ClassOf(err),
			Text:  "The file “" + clipText(f.Name, maxFileName) + "” has no address that Twilio could fetch it from.",
			Hint:  "Set PARLEY_PUBLIC_URL, or send a link.",
			Cause: err,
		})
	}
	return link, nil
}

// formatLocation returns a location in the format of Twilio's PersistentAction: geo:52.5,13.4|Town hall.
func formatLocation(l channels.Location) string {
	at := "geo:" + strconv.FormatFloat(l.Latitude, 'f', -1, 64) + "," + strconv.FormatFloat(l.Longitude, 'f', -1, 64)
	withoutBars := strings.ReplaceAll(l.Name+" "+l.Address, "|", " ") // a bar separates coordinates and label
	if label := strings.Join(strings.Fields(withoutBars), " "); label != "" {
		at += "|" + label
	}
	return at
}

// fillTemplate adds an approved template and the values of its variables to the form. Twilio expects the values as a JSON object with
// the variables' numbers: {"1": "Ann", "2": "4711"}.
func fillTemplate(form url.Values, t channels.TemplateUse) error {
	if t.ExternalID == "" {
		return &channels.SendError{
			Class: channels.TemplateBad,
			Text:  "The template was not submitted to Twilio.",
			Hint:  "Submit it first.",
		}
	}

	form.Set("ContentSid", t.ExternalID)
	values := map[string]string{}
	for i, name := range variablesOf(t.Template) {
		value := variableValue(t.Values[name])
		if value == "" {
			return &channels.SendError{
				Class: channels.TemplateBad,
				Text:  "The template's field “" + name + "” is empty.",
				Hint:  "Fill it in.",
			}
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
