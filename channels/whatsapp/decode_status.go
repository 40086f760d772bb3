package whatsapp

import (
	"fmt"

	"parley/channels"
	"parley/channels/graph"
)

// decodeStatus reads the status of one of our messages. The token says which one it is, even if the answer to
// Send was lost, or comes later.
func (c *Channel) decodeStatus(f fact) ([]channels.Inbound, error) {
	var s status
	if err := graph.Read(f.Data, &s); err != nil {
		return nil, fmt.Errorf("whatsapp: status: %w", err)
	}
	st := &channels.Status{External: []string{boundedID(string(s.ID))}}
	switch s.Status {
	case "sent":
		st.State = channels.StateSent
	case "delivered":
		st.State = channels.StateDelivered
	case "read", "played":
		st.State = channels.StateRead
	case "failed":
		st.State = channels.StateFailed
		st.Class, st.Reason = failureOf(s)
	default: // unknown statuses are ignored
		return nil, nil
	}
	if s.Pricing != nil {
		st.Cost = clippedLine(s.Pricing.Category, 40)
	}
	if t, ok := parseToken(c.env.Keys, string(s.Token)); ok {
		if !t.last && st.State != channels.StateFailed {
			return nil, nil // the status of the message's last part counts
		}
		st.MessageID, st.Early = t.message, !t.last
	}
	in := channels.Inbound{Kind: channels.InboundStatus, At: timeOf(s.Timestamp), Status: st,
		From: partyOf(s.RecipientUserID, s.RecipientID, "")}
	return []channels.Inbound{in}, nil
}

// failureOf returns why a message that WhatsApp had accepted was not delivered.
func failureOf(s status) (channels.Class, string) {
	if len(s.Errors) == 0 {
		return channels.BadContent, "WhatsApp doesn't say why."
	}
	o := s.Errors[0]
	code := 0
	if o.Code != nil {
		code = *o.Code
	}
	words := clippedLine(loose(firstOf(loose(o.Data.Details), loose(o.Message), loose(o.Title))), 300)
	v := verdictOf(code)
	text := v.text
	if text == "" {
		text = "WhatsApp didn't deliver it: " + words
	}
	class := v.class
	switch class {
	case channels.Retry, channels.Throttled, channels.Ambiguous, "": // it was tried and given up
		class = channels.BadContent
	default:
	}
	return class, joinNonEmpty(" ", text, fmt.Sprintf("(%d)", code))
}
