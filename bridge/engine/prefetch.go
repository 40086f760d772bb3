package engine

import (
	"slices"

	"parley/bridge"
	"parley/bridge/engine/book"
	"parley/bridge/engine/directory"
	"parley/bridge/engine/inbound"
	"parley/bridge/engine/own"
	"parley/bridge/engine/reply"
	"parley/bridge/engine/workflow"
	"parley/bridge/relay"
	"parley/channels"
	"parley/store"
)

// Before a batch of events is applied, this file collects the keys of all rows that it needs: customers, conversations, messages, and
// lanes (queues of replies and posts). Load then locks and reads them in a few round trips, instead of a few for each event. For
// example, the mail of a customer needs the customer's identity, the conversations that it answers, and its thread's lane.
//
// A use case sees only rows that were requested here. Rows that are missing don't seem to exist.

// fact is a decoded event. It contains messages from a channel (the customers' side), actions from a surface (an agents' chat), or a
// fact that Parley itself has recorded.
type fact struct {
	event   store.Event
	waits   int // how often the event has been postponed
	account *store.Account
	inbound []channels.Inbound
	actions []bridge.Action
	ownFact *own.Fact
}

// collectPrefetch collects what the facts of a batch need.
func (w *work) collectPrefetch(facts []fact) *book.Prefetch {
	n := book.NewPrefetch(len(facts))
	for _, f := range facts {
		for _, in := range f.inbound {
			w.wantInbound(n, f.account, in)
			n.Latest = n.Latest || inbound.NeedsLatest(w.Caps(f.account.ID), w.DatabaseNow, f.event, in)
		}
		for _, a := range f.actions {
			w.wantAction(n, book.Request{Surface: f.account.ID, Action: a})
		}
		if f.ownFact != nil {
			w.wantOwn(n, f.ownFact)
		}
	}
	return n
}

// wantInbound requests the rows for one message or report of a channel.
func (w *work) wantInbound(n *book.Prefetch, a *store.Account, in channels.Inbound) {
	namesParty := inbound.NamesCustomer(in.Kind) || inbound.NamesRecipientAlone(in)
	if namesParty || in.Opens {
		n.AddParty(a.ID, in.From, in.Change.Previous)
	}

	n.AddConversation(store.ConversationID(in.Answers.Conversation))
	if in.Answers.Message != 0 {
		n.Messages = append(n.Messages, store.MessageID(in.Answers.Message))
	}

	switch in.Kind {
	case channels.InboundTemplate:
		wantTemplates(n, w.Dir, a.ID)
	case channels.InboundNotice:
		wantPeople(n, w.Dir)
	default: // the rest applies to all kinds
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
		n.Days.Add(a.ID, book.DayKey(w.Now))
	}
	if w.intake.MayJoin(a, in) {
		n.Joined.Add(a.ID, in.From.Key)
	}

	for _, origin := range w.intake.OriginsOf(a, in) {
		n.Opens[book.NameKey{Account: a.ID, Name: origin}]++
	}

	if reply.OpensWindow(in) && w.Caps(a.ID).Window.Free != 0 {
		n.Answers = append(n.Answers, book.Incoming{Account: a.ID, Inbound: in})
	}
}

// wantReceipt requests the rows for a receipt: the message whose state it reports, or all messages up to a time.
func wantReceipt(n *book.Prefetch, a *store.Account, in channels.Inbound) {
	s := in.Status
	n.Receipts = true
	n.Messages = append(n.Messages, store.MessageID(s.MessageID))
	if s.State == channels.StateFailed {
		n.Failures = true // to find out whether the customer has been answered since
	}
	if s.State == channels.StateFailed || s.Delayed {
		n.News = true // the author is notified
	}
	if inbound.NamesRecipientAlone(in) { // the reply must be looked up in the recipient's conversations
		recipient := bridge.AddressKey(s.Recipient)
		n.Peeked.Add(a.ID, recipient)
		n.Joined.Add(a.ID, recipient)
	}
	if !s.UpTo.IsZero() {
		n.UpTo = true
		n.Peeked.Add(a.ID, in.From.Key)
	}
}

// wantAction requests the rows for an action: the conversations, messages, deliveries and posts that it names, and what its verb needs
// according to the table of use cases.
func (w *work) wantAction(n *book.Prefetch, r book.Request) {
	n.AddConversation(r.Args.Conversation)
	n.Messages = append(n.Messages, r.Args.Message, r.Args.Slip)
	n.Deliveries = append(n.Deliveries, r.Args.Delivery)
	for _, m := range append([]string{r.Place.Thread, r.Place.Message}, r.Quotes...) {
		if m != "" {
			n.Posts = append(n.Posts, book.PostKey{Account: r.Surface, Channel: r.Place.Channel, Message: m})
		}
	}

	if typed := r.Args.Typed; typed != nil {
		n.Posts = append(n.Posts, book.PostKey{Account: r.Surface, Channel: typed.Channel, Message: typed.Message})
	}
	if agent := w.Dir.AgentOf(r.Surface, r.Actor.ID); agent != nil {
		n.AddElsewhere(w.Dir, agent.ID)
	}
	n.Posts = append(n.Posts, book.FormKeys(r)...)

	if r.Place.Channel != "" {
		n.AddChannel(r.Surface, r.Place.Channel)
	} else { // the action was done outside any channel, so it is answered by a direct message
		n.AddDirect(r.Surface, r.Actor.ID)
	}

	use := useCaseOf(r.Verb)
	if use.Do != nil || use.DoInTx != nil {
		n.News = true // other owners, or the author of a message, may be notified
	}
	if use.NeedsLatest {
		n.Waiting = true
		n.NeedLatest = append(n.NeedLatest, r)
	}
	if use.Wants != nil {
		use.Wants(w, n, r)
	}
}

// wantOwn requests the rows for a fact that Parley itself has recorded.
func (w *work) wantOwn(n *book.Prefetch, f *own.Fact) {
	n.AddConversation(f.Conversation)
	n.Failures = n.Failures || f.Kind == own.Kind(relay.ReportFailed)
	n.Landed = n.Landed || f.Kind == own.Kind(relay.ReportLanded)
	n.Messages = append(n.Messages, f.Message)
	n.Deliveries = append(n.Deliveries, f.Delivery)
	if team, ok := own.EveningTeam(f.Kind); ok {
		wantEvening(n, w.Dir, team)
	}
	if team, ok := own.WeekTeam(f.Kind); ok {
		surface, channel := w.Dir.TeamHome(team)
		n.AddChannel(surface, channel)
	}

	switch f.Kind {
	case own.Analysed:
		n.Notes, n.Answered = true, true
		isUrgent := f.Answer != nil && f.Answer.Urgency.Urgent
		n.News = n.News || isUrgent
	case own.ThreadLost:
		n.AddLastWords(book.Request{Surface: f.Surface, Action: bridge.Action{Args: bridge.Args{Conversation: f.Conversation}}})
	case own.Early:
		n.Early, n.News = true, true
	case own.Fetched:
		n.Files = append(n.Files, f.Message)
	case own.Account, own.Digest, own.PostFailed:
		wantPeople(n, w.Dir)
	case own.Template:
		wantTemplates(n, w.Dir, f.Account)
	case own.Window, own.Kind(relay.ReportFailed), own.Kind(relay.ReportLate), own.Kind(relay.ReportUnclear):
		n.News = true // the author of the reply is notified
	}
}

// wantEvening requests the lanes of the channels in which a team's evening lists are posted.
func wantEvening(n *book.Prefetch, dir *directory.Directory, team store.TeamID) {
	for id := range dir.Hours {
		if surface, channel := workflow.HomeOfEvening(dir, dir.Account(id), team); surface != 0 {
			n.AddChannel(surface, channel)
		}
	}
}

// wantPeople requests the lanes for direct messages to all agents.
func wantPeople(n *book.Prefetch, dir *directory.Directory) {
	for _, u := range dir.ActiveUsers() {
		n.AddDirect(u.AccountID, u.UserID)
	}
}

// wantTemplates requests the lanes in which a provider's decisions on an account's templates may be reported.
func wantTemplates(n *book.Prefetch, dir *directory.Directory, account store.AccountID) {
	wantPeople(n, dir)
	a := dir.Account(account)
	if a == nil {
		return
	}
	if surface, channel := dir.Home(a, nil); surface != 0 {
		n.AddChannel(surface, channel)
	}
}
