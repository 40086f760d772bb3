package whatsapp

import (
	"errors"
	"fmt"
	"net/http"
	"time"

	"parley/channels"
	"parley/channels/graph"
)

// maxTries is how often a message is tried that fails with a passing failure on WhatsApp's side.
const maxTries = 5

// verdict is what an error code means.
type verdict struct {
	class channels.Class
	wait  time.Duration
	pair  bool
	text  string // "" means WhatsApp's own words
	hint  string
}

// verdictOf returns what an error code of the Cloud API means, in an answer or in a status.
// Source: Cloud API, "Error codes", read in November 2026.
func verdictOf(code int) verdict {
	switch code {
	case 131047:
		return verdict{class: channels.WindowClosed, text: "WhatsApp's 24-hour reply window is closed.", hint: "Send a template."}
	case 130429:
		return verdict{class: channels.Throttled, wait: time.Second, text: "The number sends more than WhatsApp allows a second."}
	case 4, 80007:
		return verdict{class: channels.Throttled, wait: time.Minute, text: "WhatsApp allows no more calls for now."}
	case 131056:
		return verdict{class: channels.Throttled, wait: pairPace, pair: true, text: "WhatsApp allows this customer no more messages for a moment."}
	case 131048, 131064, 133016:
		return verdict{class: channels.Throttled, wait: time.Hour, text: "WhatsApp restricts this number for a while (quality or spam).",
			hint: "Look at the number's quality in WhatsApp Manager."}
	case 1, 2, 131000, 131016, 131057, 135000:
		return verdict{class: channels.Retry, text: "WhatsApp has a problem of its own."}
	case 131026:
		return verdict{class: channels.BadRecipient, text: "WhatsApp can't deliver to this number: it isn't on WhatsApp, uses an old app or has blocked you.",
			hint: "Reach the customer another way."}
	case 131021:
		return verdict{class: channels.BadRecipient, text: "A number can't write to itself."}
	case 131030:
		return verdict{class: channels.BadRecipient, text: "A test number may only write to numbers on its list.", hint: "Add the customer's number in the App Dashboard."}
	case 131062:
		return verdict{class: channels.BadRecipient, text: "This template needs the customer's phone number, and WhatsApp hides it."}
	case 137000:
		return verdict{class: channels.BadRecipient, text: "WhatsApp doesn't know this customer any more."}
	case 130472, 131049:
		return verdict{class: channels.BadContent, text: "WhatsApp decided not to deliver this advertising message to this customer.",
			hint: "Don't send it again today; write when the customer has written."}
	case 131050:
		return verdict{class: channels.OptedOut, text: "The customer wants no advertising from you."}
	case 131051:
		return verdict{class: channels.BadContent, text: "WhatsApp doesn't know this kind of message."}
	case 131052:
		return verdict{class: channels.BadContent, text: "WhatsApp couldn't read the customer's file."}
	case 131053:
		return verdict{class: channels.BadContent, text: "WhatsApp doesn't take this file.", hint: "Send it in another format, or as a PDF."}
	case 100, 131008, 131009:
		return verdict{class: channels.BadContent}
	case 132000, 132005, 132012:
		return verdict{class: channels.TemplateBad, text: "The template was filled in wrongly."}
	case 132001:
		return verdict{class: channels.TemplateBad, text: "WhatsApp has no such template in this language, or hasn't approved it.", hint: "Pick another template."}
	case 132007:
		return verdict{class: channels.TemplateBad, text: "What was filled in breaks WhatsApp's rules for templates."}
	case 132008:
		return verdict{class: channels.TemplateBad, text: "What was filled in has a form that WhatsApp doesn't take."}
	case 132015:
		return verdict{class: channels.TemplateBad, text: "WhatsApp paused this template because of its quality.", hint: "Pick another template."}
	case 132016:
		return verdict{class: channels.TemplateBad, text: "WhatsApp disabled this template for good.", hint: "Pick another template."}
	}
	return accountVerdict(code)
}

// accountVerdict returns what an error code about the account means.
func accountVerdict(code int) verdict {
	switch {
	case code == 368, code == 130497, code == 131031:
		return verdict{class: channels.AccountBlocked, text: "WhatsApp blocks this business account for breaking its rules.", hint: "Look at WhatsApp Manager > Account quality."}
	case code == 131037:
		return verdict{class: channels.AccountBlocked, text: "The number's display name isn't approved yet.", hint: "Look at WhatsApp Manager > Phone numbers."}
	case code == 131042, code == 131063:
		return verdict{class: channels.AccountBlocked, text: "WhatsApp can't charge the business account.", hint: "Check the payment method in WhatsApp Manager."}
	case code == 133010:
		return verdict{class: channels.AuthBroken, text: "The number isn't registered with the Cloud API.", hint: "Register it in WhatsApp Manager."}
	case code == 0, code == 3, code == 10, code == 104, code == 190, code >= 200 && code <= 299, code == 131005, code == 131045:
		return verdict{class: channels.AuthBroken, text: "WhatsApp doesn't accept the access token, or it lacks a permission.",
			hint: "Make a new token of a system user with whatsapp_business_messaging and whatsapp_business_management."}
	}
	return verdict{}
}

// sendError returns class, text and hint of a failed request.
func (c *Channel) sendError(err error, o channels.Outbound) *channels.SendError {
	if known := (*channels.SendError)(nil); errors.As(err, &known) {
		return known
	}
	out := &channels.SendError{Cause: err}
	var refused *graph.Error
	switch {
	case errors.As(err, &refused) && graph.Certain(err):
		c.classifyRefusal(out, refused, o)
	case graph.Certain(err):
		out.Class, out.Text = channels.Retry, "WhatsApp can't be reached."
	default:
		out.Class, out.Text = channels.Ambiguous, "WhatsApp's answer was lost: the message may have been sent."
		out.Hint = "A delivery receipt would show it."
	}
	return out
}

// classifyRefusal fills in out for an answer that refuses the request, from WhatsApp or a server in front of it.
func (c *Channel) classifyRefusal(out *channels.SendError, e *graph.Error, o channels.Outbound) {
	if !e.Coded {
		classifyByStatus(out, e)
		return
	}
	v := verdictOf(e.Code)
	out.Class, out.Wait, out.Pair, out.Text, out.Hint = v.class, v.wait, v.pair, v.text, v.hint
	switch {
	case v.class == "":
		out.Class = channels.BadContent
		if e.Status >= http.StatusInternalServerError {
			out.Class = channels.Retry // an unknown code, with the status of a failure on their side
		}
	case v.pair:
		for range min(max(o.Attempt.Number, 1)-1, 4) { // 6 s, then four times as long each time
			out.Wait *= 4
		}
	case v.class == channels.Throttled && e.RetryAfter > 0:
		out.Wait = e.RetryAfter
	}
	if out.Class == channels.Retry && o.Attempt.Number >= maxTries {
		out.Class, out.Hint = channels.BadContent, "Send it again later."
	}
	if out.Text == "" {
		out.Text = "WhatsApp refuses it: " + e.Words()
	}
	out.Text = joinNonEmpty(" ", out.Text, fmt.Sprintf("(%d)", e.Code))
}

// classifyByStatus fills in out for an answer of a server in front of Graph.
func classifyByStatus(out *channels.SendError, e *graph.Error) {
	switch e.Status {
	case http.StatusTooManyRequests:
		out.Class, out.Wait, out.Text = channels.Throttled, max(e.RetryAfter, time.Second), "WhatsApp allows no more calls for now."
	case http.StatusRequestEntityTooLarge:
		out.Class, out.Text = channels.BadContent, "The message is too large."
	default:
		out.Class, out.Text = channels.Retry, fmt.Sprintf("WhatsApp can't be reached: something before it answers %d.", e.Status)
	}
}
