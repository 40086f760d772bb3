package twilio

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"

	"parley/channels"
)

// decodeStatus reads a status callback. It says what became of one part of a message: a text and its files may leave as several. Only
// the last part decides when the whole message has arrived, so the earlier ones count only if they failed.
func (d *reader) decodeStatus(form url.Values, status string, at time.Time, query string) []channels.Inbound {
	t, _ := d.callbacks.readToken(query)           // zero without a token: then the message is found by its id at Twilio
	code, _ := strconv.Atoi(form.Get("ErrorCode")) // unreadable: 0, no error
	s := statusFor(status, code, form.Get("ErrorMessage"))
	if t.more && s.State != channels.StateFailed {
		return nil
	}
	s.MessageID = t.message
	s.Early = t.more
	s.External, s.ByID = []string{messageSid(form)}, true
	s.Parts, _ = strconv.Atoi(form.Get("NumSegments")) // unreadable: 0, unknown
	return []channels.Inbound{{Kind: channels.InboundStatus, From: channels.Party{Key: keyOf(form.Get("To"))}, At: at, Status: s}}
}

// statusFor returns what a Twilio status means, with the error's code and message if there is one. An unknown status means that Twilio
// has the message.
func statusFor(status string, code int, message string) *channels.Status {
	s := &channels.Status{State: channels.StateAccepted}
	switch strings.ToLower(status) {
	case "sent", "partially_delivered":
		s.State = channels.StateSent
	case "delivered":
		s.State = channels.StateDelivered
	case "read":
		s.State = channels.StateRead
	case "failed", "undelivered", "canceled":
		s.State = channels.StateFailed
		describeFailure(s, status, code, message)
	}

	return s
}

// describeFailure sets the class, reason and hint of a message that failed.
func describeFailure(s *channels.Status, status string, code int, message string) {
	f := failureOf(code)
	s.Class = f.class
	s.Hint = f.hint
	if f.class == channels.Retry || f.class == channels.Throttled { // it isn't sent again by itself: the customer could get it twice
		s.Hint = cmp.Or(f.hint, "Send it again later, or use another way.")
	}
	s.Reason = cmp.Or(f.text, clipText(message, maxReason), "The carrier could not deliver it.")
	if code != 0 {
		s.Reason += fmt.Sprintf(" (Twilio %d)", code)
	} else if status == "canceled" {
		s.Reason = "It was cancelled at Twilio."
	}
}

// decodeListed reads a message of Twilio's list (poll.go): a customer's message, or the state of one of ours.
func (d *reader) decodeListed(body []byte) ([]channels.Inbound, error) {
	var l listedMessage
	var r row
	if err := json.Unmarshal(body, &l); err != nil {
		return nil, fmt.Errorf("twilio: fact: list: %w", err)
	}
	if err := json.Unmarshal(l.Message, &r); err != nil {
		return nil, fmt.Errorf("twilio: fact: listed message: %w", err)
	}
	if r.SID == "" {
		return nil, fmt.Errorf("twilio: fact: listed message without id")
	}

	if !r.isInbound() {
		s := statusFor(r.Status, int(r.ErrorCode), r.ErrorMessage)
		s.External, s.ByID = []string{r.SID}, true
		s.Parts = int(r.Segments)
		s.Others = l.Others
		return []channels.Inbound{{
			Kind:   channels.InboundStatus,
			From:   channels.Party{Key: keyOf(r.To)},
			At:     r.Updated.Time,
			Status: s,
		}}, nil
	}

	in := channels.Inbound{
		Kind:       channels.InboundMessage,
		ExternalID: r.SID,
		From:       channels.Party{Key: keyOf(r.From)},
		At:         r.sentOrCreated(),
		Envelope:   channels.Envelope{Via: numberOf(r.To, d.whatsapp)},
		Text:       d.textWithMarks(r.Body),
	}
	for i, m := range l.Media[:min(len(l.Media), maxMedia)] {
		in.Attachments = append(in.Attachments, makeAttachment(i, m.URL, m.ContentType))
	}

	in.Consent = d.readConsent(r.Body, "", int(r.Media))
	if gone := int(r.Media) - len(l.Media); gone > 0 {
		in.Notices = append(in.Notices, fmt.Sprintf("Files that came with it are no longer at Twilio: %d. Ask for them again.", gone))
	} else if in.Text == "" && len(in.Attachments) == 0 {
		in.Notices = append(in.Notices, "Its callback was lost, and Twilio's list does not show what it says. Ask for it again.")
	}

	return []channels.Inbound{in}, nil
}
