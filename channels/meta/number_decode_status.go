package meta

import (
	"cmp"
	"fmt"

	"parley/channels"
)

// decodeStatus decodes the status of a message: sent, delivered, read or failed. Every message of ours
// carries a token (token.go), which WhatsApp repeats in the status. It identifies our message even if the
// response to Send, which had WhatsApp's id, was lost. A message without our token was sent by another
// program (Status.Others).
func (c *Number) decodeStatus(f fact) ([]channels.Inbound, error) {
	var s status
	if err := readJSON(f.Data, &s); err != nil {
		return nil, fmt.Errorf("whatsapp: status: %w", err)
	}

	state := &channels.Status{External: []string{boundedID(string(s.ID))}, ByID: true}
	switch s.Status {
	case "sent":
		state.State = channels.StateSent
	case "delivered":
		state.State = channels.StateDelivered
	case "read", "played":
		state.State = channels.StateRead
	case "failed":
		state.State = channels.StateFailed
		state.Class, state.Reason, state.Hint = failureOf(s)
	default: // unknown statuses are ignored
		return nil, nil
	}

	if s.Pricing != nil {
		state.Cost = clippedLine(s.Pricing.Category, maxWord)
	}

	t, isOurs := parseToken(c.env.Keys, string(s.Token))
	state.Others = !isOurs
	if isOurs {
		state.MessageID = t.message
		state.Early = !t.last
		if state.Early {
			state.Piece = t.part
		}
	}

	in := channels.Inbound{Kind: channels.InboundStatus, At: timeOf(s.Timestamp), Status: state,
		From: partyOf(s.RecipientUserID, s.RecipientID, "")}
	return []channels.Inbound{in}, nil
}

// failureOf returns why a message that WhatsApp had accepted was not delivered, and what to do next, as texts
// for agents. The class is never one that makes Parley retry: WhatsApp has already given up.
func failureOf(s status) (class channels.Class, text, hint string) {
	if len(s.Errors) == 0 {
		return channels.BadContent, "WhatsApp doesn't say why.", ""
	}

	first := s.Errors[0]
	var v verdict
	if first.Code.Known {
		v = verdictOf(int(first.Code.Value))
	}
	text = cmp.Or(v.text, "WhatsApp didn't deliver it: "+errorWords(first))
	class = v.class
	switch class {
	case channels.Retry, channels.Throttled, channels.Ambiguous, "":
		class = channels.BadContent
	default:
	}

	return class, joinNonEmpty(" ", text, codeWords(first)), v.hint
}
