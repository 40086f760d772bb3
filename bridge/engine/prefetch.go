package engine

import (
	"slices"

	"parley/bridge"
	"parley/bridge/relay"
	"parley/channels"
	"parley/store"
)

// Before a batch of events is applied, this file collects the keys of most rows that it needs: customers, conversations, messages,
// and the lanes of replies and posts. Load then locks and reads them in a few round trips, instead of a few for each event. For
// example, the mail of a customer needs the customer's identity, the conversations that it answers, and its thread's lane. What is
// missing here is read when a use case asks for it (book/reading.go).

// fact is a decoded event. It contains messages from a channel (the customers' side), actions from a surface (an agents' chat), or a
// fact that Parley itself has recorded.
type fact struct {
	event   store.Event
	waits   int // how often the event has been postponed
	account *store.Account
	inbound []channels.Inbound
	actions []bridge.Action
	ownFact *Fact
}

// collectPrefetch collects what the facts of a batch need.
func (w *work) collectPrefetch(facts []fact) *Prefetch {
	n := NewPrefetch(len(facts))
	for _, f := range facts {
		for _, in := range f.inbound {
			w.wantInbound(n, f.account, in)
		}
		for _, a := range f.actions {
			w.wantAction(n, Request{Surface: f.account.ID, Action: a})
		}
		if f.ownFact != nil {
			w.wantOwn(n, f.ownFact)
		}
	}
	return n
}

// wantInbound requests the rows for one message or report of a channel.
func (w *work) wantInbound(n *Prefetch, a *store.Account, in channels.Inbound) {
	namesParty := NamesCustomer(in.Kind) || NamesRecipientAlone(in)
	if namesParty || in.Opens {
		n.AddParty(a.ID, in.From, in.Change.Previous)
	}

	n.AddConversation(store.ConversationID(in.Answers.Conversation))
	if in.Answers.Message != 0 {
		n.Messages = append(n.Messages, store.MessageID(in.Answers.Message))
	}

	ids := append(slices.Clone(in.Answers.References), in.Change.Target, in.Answers.External, in.ExternalID)
	if in.Status != nil {
		wantReceipt(n, a, in)
		ids = append(ids, in.Status.External...)
	}
	for _, id := range ids {
		if id != "" {
			n.External.Add(a.ID, id)
		}
	}

	// Automatic mail, and bounces of unknown messages, are collected in one thread a day.
	if in.Automatic != "" || in.Kind == channels.InboundStatus {
		n.Days.Add(a.ID, DayKey(w.Now))
	}
	if w.MayJoin(a, in) {
		n.Joined.Add(a.ID, in.From.Key)
	}

	for _, origin := range w.OriginsOf(a, in) {
		n.Opens[NameKey{Account: a.ID, Name: origin}]++
	}

	if OpensWindow(in) && w.Caps(a.ID).Window.Free != 0 {
		n.Answers = append(n.Answers, Incoming{Account: a.ID, Inbound: in})
	}
}

// wantReceipt requests the rows for a receipt: the message whose state it reports, or all messages up to a time.
func wantReceipt(n *Prefetch, a *store.Account, in channels.Inbound) {
	s := in.Status
	n.Receipts = true
	n.Messages = append(n.Messages, store.MessageID(s.MessageID))
	if NamesRecipientAlone(in) { // the reply must be looked up in the recipient's conversations
		recipient := bridge.AddressKey(s.Recipient)
		n.Peeked.Add(a.ID, recipient)
		n.Joined.Add(a.ID, recipient)
	}
	if !s.UpTo.IsZero() {
		n.Peeked.Add(a.ID, in.From.Key)
	}
}

// wantAction requests the rows for an action: the conversation, the message, the delivery and the posts that it names.
func (w *work) wantAction(n *Prefetch, r Request) {
	n.AddConversation(r.Args.Conversation)
	n.Messages = append(n.Messages, r.Args.Message)
	n.Deliveries = append(n.Deliveries, r.Args.Delivery)
	for _, m := range []string{r.Place.Thread, r.Place.Message} {
		if m != "" {
			n.Posts = append(n.Posts, PostKey{Account: r.Surface, Channel: r.Place.Channel, Message: m})
		}
	}
	if useCaseOf(r.Verb).IsSpeech {
		n.Talks = append(n.Talks, r)
	}
}

// wantOwn requests the rows for a fact that Parley itself has recorded, such as the result of an attempt to send.
func (w *work) wantOwn(n *Prefetch, f *Fact) {
	n.AddConversation(f.Conversation)
	n.Landed = n.Landed || f.Kind == Kind(relay.ReportLanded)
	n.Messages = append(n.Messages, f.Message)
	n.Deliveries = append(n.Deliveries, f.Delivery)
}
