package engine

import (
	"fmt"
	"slices"

	"parley/bridge"
	"parley/bridge/engine/outbound"
	"parley/bridge/engine/own"
	"parley/bridge/relay"
	"parley/store"
	"parley/store/dispatch"
)

// Facts implements relay.Handler. It returns the facts to be journalled about a delivery's result: what the result means for the
// conversation. Where a post stands is written along with the result, and needs no fact.
func (e *Engine) Facts(c dispatch.Claimed, r relay.Report) []store.NewEvent {
	isReply := c.Kind == outbound.KindReply
	if isReply && wasTakenBackWhole(c, r) {
		return nil
	}

	facts := rootsLeft(c, r)
	f := factOfResult(c, r)
	if double, ok := doubleFact(f, c, r); ok {
		return append(facts, double.Event(fmt.Sprintf("delivery:%d:%s:%d", c.ID, double.Kind, c.Attempt)))
	}

	switch {
	case isReply:
		f.Followed = hasLeftWithLaterLine(c, r)
		if c.Joined == 0 { // a message of several lines is counted once, with its first line
			f.Parts, f.Cost = r.Sent.Parts, r.Sent.Cost
		}
	case r.Kind == relay.ReportFailed && bridge.PostKind(c.Kind) != bridge.PostEphemeral:
		f.Kind = own.PostFailed
		f.Post = c.Kind
		f.Account = c.AccountID
	default: // the thread itself shows what was posted, and nobody misses a lost answer to one person (PostEphemeral)
		return facts
	}

	event := f.Event(fmt.Sprintf("delivery:%d:%s:%d", c.ID, r.Kind, c.Attempt))
	event.Share = c.AccountID
	return append(facts, event)
}

// wasTakenBackWhole reports whether a reply's delivery ended because the reply was taken back before it left, of which people have
// been told. It is false for a part of a reply: if it was the last one that hadn't left, the customer has the reply now.
func wasTakenBackWhole(c dispatch.Claimed, r relay.Report) bool {
	wasTakenBack := r.Kind == relay.ReportLanded && r.Sent.State == store.Cancelled
	return wasTakenBack && outbound.PayloadOf(&c.Delivery).Span == nil
}

// factOfResult returns the fact that says what a delivery's result is.
func factOfResult(c dispatch.Claimed, r relay.Report) own.Fact {
	return own.Fact{
		Kind:         own.Kind(r.Kind),
		Conversation: c.ConversationID,
		Message:      c.MessageID,
		Delivery:     c.ID,
		Attempt:      c.Attempt,
		Class:        string(r.Class),
		Text:         r.Text,
		Hint:         r.Hint,
		External:     r.Sent.ExternalID,
	}
}

// rootsLeft returns the facts about roots (first messages of threads) that their conversations have left by a delivery that has
// landed. They have a queue of their own, so that nothing waits while a version of Parley runs that doesn't know them.
func rootsLeft(c dispatch.Claimed, r relay.Report) (facts []store.NewEvent) {
	for _, l := range r.Sent.Landed {
		if l.LeftRoot == nil {
			continue
		}

		f := own.Fact{
			Kind:         own.RootLeft,
			Conversation: c.ConversationID,
			Surface:      c.AccountID,
			Root:         l.LeftRoot.Message,
			External:     l.LeftRoot.Channel,
		}
		if l.Thread != nil {
			f.Delivery = c.ID
		}

		event := f.Event(fmt.Sprintf("root_left:%d", c.ID))
		facts = append(facts, inQueue(event, fmt.Sprintf("root_left:%d", c.ConversationID)))
	}
	return facts
}

// doubleFact returns the fact to journal if a root that has landed may stand there twice, or if the search for such a double has
// ended. It adds to f, the fact of the delivery's result. In all other cases it returns false.
func doubleFact(f own.Fact, c dispatch.Claimed, r relay.Report) (own.Fact, bool) {
	if r.Kind != relay.ReportLanded || c.FirstAt == nil {
		return own.Fact{}, false
	}

	f.Surface = c.AccountID
	body := outbound.PayloadOf(&c.Delivery)
	switch {
	case c.Kind == string(bridge.PostRoot) && body.Unsure:
		f.Kind = own.Doubted
		f.Root = r.Sent.ExternalID
		f.Due = *c.FirstAt
	case c.Kind == string(bridge.PostDouble):
		f.Kind = own.Sought
		f.Root = body.Place.Message
		if r.Sent.Blind {
			f.Class = own.Blind
		}
	default:
		return own.Fact{}, false
	}
	return f, true
}

// hasLeftWithLaterLine reports whether a delivery left as one message with later ones. Those that were taken back before don't
// count.
func hasLeftWithLaterLine(c dispatch.Claimed, r relay.Report) bool {
	for i, line := range slices.Backward(c.With) {
		wasTakenBack := i < len(r.Sent.With) && r.Sent.With[i].State == store.Cancelled
		if !wasTakenBack {
			return line.ID != c.ID
		}
	}
	return false
}
