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

// Twilio reports the state of a message that we sent in two ways: by a status callback (decodeStatus), and in its list of messages,
// which is read in case a callback was lost (decodeListed).

// decodeStatus decodes a status callback, such as
//
//	MessageSid=SM12&MessageStatus=undelivered&ErrorCode=30003&To=%2B15550100
//
// A message with files may be sent in several parts, and a callback is about one of them. The message has arrived when its last part
// has, so an earlier part only matters if it failed.
func (d *reader) decodeStatus(form url.Values, status string, at time.Time, query string) []channels.Inbound {
	t, _ := d.callbacks.readToken(query)           // without a token it is zero, and the message is found by its id at Twilio
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

// statusFor translates a Twilio status. code and message are those of the error, 0 and "" without one. An unknown status counts as
// accepted: Twilio has the message.
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
	if f.class == channels.Retry || f.class == channels.Throttled {
		// Parley doesn't retry a message that Twilio once accepted, because the customer could get it twice.
		s.Hint = cmp.Or(f.hint, "Send it again later, or use another way.")
	}
	s.Reason = cmp.Or(f.text, clipText(message, maxReason), "The carrier could not deliver it.")
	switch {
	case code != 0:
		s.Reason += fmt.Sprintf(" (Twilio %d)", code)
	case status == "canceled":
		s.Reason = "It was cancelled at Twilio."
	}
}

// decodeListed decodes an entry of Twilio's list of messages (poll.go): a customer's message, or the state of one of ours.
// Errors: the entry is malformed or has no id.
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

	if r.isInbound() {
		return []channels.Inbound{d.listedInbound(r, l.Media)}, nil
	}
	return []channels.Inbound{listedStatus(r, l.Others)}, nil
}

// listedStatus returns the state of a listed message of ours. others says that another program may have sent it.
func listedStatus(r row, others bool) channels.Inbound {
	s := statusFor(r.Status, int(r.ErrorCode), r.ErrorMessage)
	s.External, s.ByID = []string{r.SID}, true
	s.Parts = int(r.Segments)
	s.Others = others
	return channels.Inbound{
		Kind:   channels.InboundStatus,
		From:   channels.Party{Key: keyOf(r.To)},
		At:     r.Updated.Time,
		Status: s,
	}
}

// listedInbound returns a listed message of a customer. The list shows less than the lost callback did: for example, it has neither
// the customer's name nor a location. files are those that Twilio still has.
func (d *reader) listedInbound(r row, files []listedMedia) channels.Inbound {
	in := channels.Inbound{
		Kind:       channels.InboundMessage,
		ExternalID: r.SID,
		From:       channels.Party{Key: keyOf(r.From)},
		At:         r.sentOrCreated(),
		Envelope:   channels.Envelope{Via: numberOf(r.To, d.whatsapp)},
		Text:       d.textWithMarks(r.Body),
	}
	for i, f := range files[:min(len(files), maxMedia)] {
		in.Attachments = append(in.Attachments, makeAttachment(i, f.URL, f.ContentType))
	}

	const noOptOutType = "" // only callbacks have it
	in.Consent = d.readConsent(r.Body, noOptOutType, int(r.Media))
	deleted := int(r.Media) - len(files)
	switch {
	case deleted > 0:
		in.Notices = append(in.Notices, fmt.Sprintf("Files that came with it are no longer at Twilio: %d. Ask for them again.", deleted))
	case in.Text == "" && len(in.Attachments) == 0:
		in.Notices = append(in.Notices, "Its callback was lost, and Twilio's list does not show what it says. Ask for it again.")
	}
	return in
}
