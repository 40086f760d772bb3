package engine

import (
	"fmt"

	"parley/bridge"
	"parley/bridge/relay"
	"parley/store"
)

// Facts implements relay.Handler. The relay calls it when an attempt to deliver a reply (to a customer) or a post (into the agents'
// chat) has a result. It returns the facts, events of Parley's own, that the relay stores together with the result. They are applied
// to the conversation later, in order with all other events. For example, the fact that a reply failed makes its author get a line
// with a button to send it again. A successful post needs no fact.
func (e *Engine) Facts(c store.ClaimedDelivery, r relay.Report) []store.NewEvent {
	isReply := c.Kind == KindReply
	if isReply && wasTakenBackWhole(c, r) {
		return nil
	}

	facts := rootsLeft(c, r)
	f := factOfResult(c, r)
	if double, ok := doubleFact(f, c, r); ok {
		return append(facts, double.Event(fmt.Sprintf("delivery:%d:%s:%d", c.ID, double.Kind, c.Attempt)))
	}

	// An answer that only one person sees (PostEphemeral) isn't missed if it is lost.
	isLostPost := r.Kind == relay.ReportFailed && bridge.PostKind(c.Kind) != bridge.PostEphemeral
	switch {
	case isReply:
		if c.Joined == 0 { // several texts that left as one message are charged once, with the first
			f.Parts, f.Cost = r.Sent.Parts, r.Sent.Cost
		}
	case isLostPost:
		f.Kind = PostFailed
		f.Post = c.Kind
		f.Account = c.AccountID
	default:
		return facts
	}

	name := fmt.Sprintf("delivery:%d:%s:%d", c.ID, r.Kind, c.Attempt)
	reports := []store.NewEvent{f.Event(name)}
	if isLostPost { // a lost digest is reported to each conversation that it lists
		for _, id := range ListedInDigest(&c.Delivery) {
			f.Conversation = id
			reports = append(reports, f.Event(fmt.Sprintf("%s:%d", name, id)))
		}
	}
	for i := range reports {
		reports[i].Share = c.AccountID
	}
	return append(facts, reports...)
}

// wasTakenBackWhole reports whether the whole reply was undone before it was sent, so that people know of it already. It is false for
// a delivery that is one part of a reply: if all other parts were sent, the reply counts as sent now.
func wasTakenBackWhole(c store.ClaimedDelivery, r relay.Report) bool {
	wasTakenBack := r.Kind == relay.ReportLanded && r.Sent.State == store.Cancelled
	return wasTakenBack && PayloadOf(&c.Delivery).Span == nil
}

// factOfResult returns the fact that records a delivery's result.
func factOfResult(c store.ClaimedDelivery, r relay.Report) Fact {
	return Fact{
		Kind:         Kind(r.Kind),
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

// rootsLeft returns the facts about roots, the first messages of threads, that turn out to be outdated when a delivery lands: it opened
// a new thread elsewhere, or posted a root after the conversation had moved on. These facts have their own order key: during an update,
// a process of an older version that doesn't know them must not block the conversation's other events.
func rootsLeft(c store.ClaimedDelivery, r relay.Report) (facts []store.NewEvent) {
	for _, landed := range r.Sent.Landed {
		if landed.LeftRoot == nil {
			continue
		}

		f := Fact{
			Kind:         RootLeft,
			Conversation: c.ConversationID,
			Surface:      c.AccountID,
			Root:         landed.LeftRoot.Message,
			External:     landed.LeftRoot.Channel,
		}
		if landed.Thread != nil {
			f.Delivery = c.ID
		}

		event := f.Event(fmt.Sprintf("root_left:%d", c.ID))
		facts = append(facts, inQueue(event, fmt.Sprintf("root_left:%d", c.ConversationID)))
	}
	return facts
}

// doubleFact returns a fact in two cases: a root was posted, but may exist twice, because the response to an earlier attempt was lost;
// or the search for such a duplicate has ended. f is the fact of the delivery's result, to which it adds. Otherwise it returns false.
func doubleFact(f Fact, c store.ClaimedDelivery, r relay.Report) (Fact, bool) {
	if r.Kind != relay.ReportLanded || c.FirstAt == nil {
		return Fact{}, false
	}

	f.Surface = c.AccountID
	payload := PayloadOf(&c.Delivery)
	switch {
	case c.Kind == string(bridge.PostRoot) && payload.Unsure:
		f.Kind = Doubted
		f.Root = r.Sent.ExternalID
		f.Due = *c.FirstAt
	case c.Kind == string(bridge.PostDouble):
		f.Kind = Sought
		f.Root = payload.Place.Message
		if r.Sent.Blind {
			f.Class = Blind
		}
	default:
		return Fact{}, false
	}
	return f, true
}
