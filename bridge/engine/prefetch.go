package engine

import (
	"slices"

	"parley/bridge"
	"parley/bridge/engine/book"
	"parley/bridge/engine/directory"
	"parley/bridge/engine/inbound"
	"parley/bridge/engine/own"
	"parley/bridge/engine/reply"
	"parley/bridge/engine/threads"
	"parley/bridge/engine/workflow"
	"parley/bridge/relay"
	"parley/channels"
	"parley/store"
)

// Before a batch of events is applied, this file lists what they will touch: customers, conversations, messages, and lanes, which
// are the queues of what is sent or posted. So all of it is locked and read in a few round trips. What isn't listed here isn't
// there when the event is applied.

// fact is a decoded event: what its account's channel (inbound) or surface (actions) reads in it, or a fact of Parley's own.
type fact struct {
	event   store.Event
	waits   int // how often the event was put off
	account *store.Account
	inbound []channels.Inbound
	actions []bridge.Action
	ownFact *own.Fact
}

// collectPrefetch collects what the facts of a batch will touch, so that Load can read and lock all of it at once.
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

// wantInbound adds what one thing that a channel reports will touch.
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
	case channels.InboundReaction:
		n.Reacted.Add(a.ID, in.Change.Target)
	case channels.InboundTemplate:
		wantTemplates(n, w.Dir, a.ID)
	case channels.InboundNotice:
		wantPeople(n, w.Dir)
	default: // what follows is for all kinds
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

	if in.Automatic != "" || in.Kind == channels.InboundStatus { // a bounce of an unknown message goes into the day's thread, too
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

// wantReceipt adds what a receipt touches: the message whose state it reports, or all up to a time.
func wantReceipt(n *book.Prefetch, a *store.Account, in channels.Inbound) {
	s := in.Status
	n.Receipts = true
	n.Messages = append(n.Messages, store.MessageID(s.MessageID))
	if s.State == channels.StateFailed {
		n.Failures = true // to know whether the customer was answered since
	}
	if s.State == channels.StateFailed || s.Delayed {
		n.News = true // for the author
	}
	if inbound.NamesRecipientAlone(in) { // the reply is in one of the recipient's conversations
		recipient := bridge.AddressKey(s.Recipient)
		n.Peeked.Add(a.ID, recipient)
		n.Joined.Add(a.ID, recipient)
	}
	if !s.UpTo.IsZero() {
		n.UpTo = true
		n.Peeked.Add(a.ID, in.From.Key)
	}
}

// wantAction adds what an action of a surface will touch: the conversations, messages, deliveries and posts that it names, and what
// the table of verbs says of its verb.
func (w *work) wantAction(n *book.Prefetch, r book.Request) {
	n.AddConversation(r.Args.Conversation)
	n.Messages = append(n.Messages, r.Args.Message, r.Args.Slip)
	n.Deliveries = append(n.Deliveries, r.Args.Delivery)
	for _, m := range append([]string{r.Place.Thread, r.Place.Message}, r.Quotes...) {
		if m != "" {
			n.Posts = append(n.Posts, book.PostKey{Account: r.Surface, Channel: r.Place.Channel, Message: m})
		}
	}

	if t := r.Args.Typed; t != nil {
		n.Posts = append(n.Posts, book.PostKey{Account: r.Surface, Channel: t.Channel, Message: t.Message})
	}

	if agent := w.Dir.AgentOf(r.Surface, r.Actor.ID); agent != nil {
		n.AddElsewhere(w.Dir, agent.ID)
	}
	n.Posts = append(n.Posts, book.FormKeys(r)...)
	if r.Place.Channel != "" {
		n.AddChannel(r.Surface, r.Place.Channel)
	} else { // whoever acts in no channel is answered directly
		n.AddDirect(r.Surface, r.Actor.ID)
	}
	use := useCaseOf(r.Verb)
	if use.do != nil || use.doInTx != nil {
		n.News = true // for other owners, or for the author of a message
	}
	if r.Verb == bridge.VerbNote {
		for _, named := range w.Dir.NamedIn(r.Text) {
			n.AddElsewhere(w.Dir, named.ID)
		}
	}
	if use.needsLatest {
		n.Waiting = true
		n.NeedLatest = append(n.NeedLatest, r)
	}
	if use.wants != nil {
		use.wants(w, n, r)
	}
}

// wantTold adds the record that the author of a typed text was told something that is told only once, or once in an hour.
func wantTold(w *work, n *book.Prefetch, r book.Request) {
	n.Posts = append(n.Posts, threads.ToldKey(r, w.Now), threads.AskedKey(r, w.Now))
}

// wantTags adds the tags that are put on a conversation.
func wantTags(_ *work, n *book.Prefetch, r book.Request) {
	n.Tags = append(n.Tags, r.Args.Tags...)
}

// wantEnd adds what the customer said in a conversation and what is not posted yet: the conversation isn't ended, snoozed or set
// pending before that is seen. Whoever does so on a page of our own has read there what the thread may not show yet; the latest
// messages tell whether it was all. They also tell whether the customer has written since a verb was asked for that is found late.
func wantEnd(w *work, n *book.Prefetch, r book.Request) {
	isFoundLate := hasTime(r.Action) && w.WasTypedBefore(r.Action, w.Now)
	if r.Args.Seen != 0 || isFoundLate {
		n.NeedLatest = append(n.NeedLatest, r)
	}
	n.Ends = append(n.Ends, r)
}

// wantUndo adds the replies that wait: the last of them is taken back, though others may have written more since.
func wantUndo(_ *work, n *book.Prefetch, _ book.Request) {
	n.Undo, n.Answered = true, true
}

// wantAnswered adds what was said before the latest notes: it tells whether the customer waits for an answer once a reply is taken back.
func wantAnswered(_ *work, n *book.Prefetch, _ book.Request) { n.Answered = true }

// wantDeleted adds what was said in a conversation, as wantAnswered does: if the deleted message began its thread, the customer's last
// words are posted again with it.
func wantDeleted(_ *work, n *book.Prefetch, r book.Request) {
	wantLastWords(n, r)
}

// wantLastWords adds what the customer said last in a conversation, and whether something of it is not posted yet.
func wantLastWords(n *book.Prefetch, r book.Request) {
	n.Answered = true
	n.NeedLatest, n.Ends = append(n.NeedLatest, r), append(n.Ends, r)
}

// wantOwn adds what a fact of Parley's own will touch.
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
		wantLastWords(n, book.Request{Surface: f.Surface, Action: bridge.Action{Args: bridge.Args{Conversation: f.Conversation}}})
	case own.Early:
		n.Early, n.News = true, true
	case own.Fetched:
		n.Files = append(n.Files, f.Message)
	case own.Account, own.Digest, own.PostFailed:
		wantPeople(n, w.Dir)
	case own.Template:
		wantTemplates(n, w.Dir, f.Account)
	case own.Window, own.Kind(relay.ReportFailed), own.Kind(relay.ReportLate), own.Kind(relay.ReportUnclear):
		n.News = true // for the author of a reply
	}
}

// wantEvening adds the lanes of the channels in which a team's evening lists are posted.
func wantEvening(n *book.Prefetch, dir *directory.Directory, team store.TeamID) {
	for id := range dir.Hours {
		if surface, channel := workflow.HomeOfEvening(dir, dir.Account(id), team); surface != 0 {
			n.AddChannel(surface, channel)
		}
	}
}

// wantPeople adds the lanes of what is told to agents directly.
func wantPeople(n *book.Prefetch, dir *directory.Directory) {
	for _, u := range dir.ActiveUsers() {
		n.AddDirect(u.AccountID, u.UserID)
	}
}

// wantAgentsElsewhere adds the direct lanes of those agents who have no user in some surface: they are told directly,
// in another surface, what happens there.
func wantAgentsElsewhere(w *work, n *book.Prefetch, _ book.Request) {
	for _, u := range w.Dir.ActiveUsers() {
		known := w.Dir.SurfacesOf(u.AgentID)
		isUnknownIn := func(a store.Account) bool { return a.Side == store.SideSurface && !slices.Contains(known, a.ID) }
		if slices.ContainsFunc(w.Dir.Accounts, isUnknownIn) {
			n.AddDirect(u.AccountID, u.UserID)
		}
	}
}

// wantTemplates adds the lanes in which verdicts on an account's templates may be told.
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
