package whatsapp

import (
	"encoding/json"
	"fmt"

	"parley/channels"
)

// decodeStatus reads what became of one of our messages. The token tells which it was,
// even if the answer to the request was lost or is still to come.
func (c *Channel) decodeStatus(f fact) ([]channels.Inbound, error) {
	var s status
	if err := json.Unmarshal(f.Data, &s); err != nil {
		return nil, fmt.Errorf("whatsapp: status: %w", err)
	}
	st := &channels.Status{External: []string{bounded(string(s.ID))}}
	switch s.Status {
	case "sent":
		st.State = channels.StateSent
	case "delivered":
		st.State = channels.StateDelivered
	case "read", "played":
		st.State = channels.StateRead
	case "failed":
		st.State = channels.StateFailed
		st.Class, st.Reason = failure(s)
	default: // new kinds come; none of them is a step
		return nil, nil
	}
	if s.Pricing != nil {
		st.Cost = line(s.Pricing.Category, 40)
	}
	if t, ok := parseToken(c.env.Keys, string(s.Token)); ok {
		if !t.last && st.State != channels.StateFailed {
			return nil, nil // the rest of the message follows, and tells
		}
		st.MessageID, st.Early = t.message, !t.last
	}
	in := channels.Inbound{Kind: channels.InboundStatus, At: stamp(s.Timestamp), Status: st,
		From: partyOf(s.RecipientUserID, s.RecipientID, "")}
	return []channels.Inbound{in}, nil
}

// failure says why a message that WhatsApp had taken was not delivered.
func failure(s status) (channels.Class, string) {
	if len(s.Errors) == 0 {
		return channels.BadContent, "WhatsApp doesn't say why."
	}
	o := s.Errors[0]
	code := 0
	if o.Code != nil {
		code = *o.Code
	}
	words := line(loose(first(loose(o.Data.Details), loose(o.Message), loose(o.Title))), 300)
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
	return class, joined(" ", text, fmt.Sprintf("(%d)", code))
}
