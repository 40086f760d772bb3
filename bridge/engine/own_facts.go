package engine

import (
	"context"
	"crypto/rand"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"

	"parley/bridge"
	"parley/bridge/engine/book"
	"parley/bridge/engine/inbound"
	"parley/bridge/engine/outbound"
	"parley/bridge/engine/own"
	"parley/bridge/engine/threads"
	"parley/bridge/engine/workflow"
	"parley/bridge/relay"
	"parley/store"
	"parley/store/dispatch"
)

// Parley itself journals facts, too: a timer has fired, a delivery (a reply or post) has a result, a file was fetched. They are
// applied like what customers and agents do. A fact has a name, and one with the same name is stored once.

// Timer implements relay.Handler. It returns the fact that a timer becomes when it fires. The name of the fact decides what counts
// as the same firing:
//   - An evening list is named by its team and day, which its kind says: there is one a day.
//   - A weekly summary is named by its team and the time for which it was set: there is one a week.
//   - Any other timer gets a new name each time that it fires: it may have been set for the same time twice, after the clock went
//     ahead and was put right.
//
// Kinds that may have to wait have queues of their own, so that nothing else waits with them.
func (e *Engine) Timer(t store.Timer) store.NewEvent {
	f := own.Fact{Kind: t.Kind, Conversation: t.ConversationID, Due: t.DueAt}

	if _, isEvening := own.EveningTeam(t.Kind); isEvening {
		name := "timer:" + t.Kind
		if workflow.IsEveningOver(t.DueAt, t.FiredAt) {
			name += ":missed" // nothing is posted: that day's list may still come, once the clock is put right
		}
		return f.Event(name)
	}

	name := fmt.Sprintf("timer:%d:%s:%d", t.ConversationID, t.Kind, t.DueAt.UnixMicro())
	if team, isWeek := own.WeekTeam(t.Kind); isWeek { // it may wait for its figures
		return inQueue(f.Event(name), fmt.Sprintf("week:%d", team))
	}

	event := f.Event(name + ":" + rand.Text())
	switch t.Kind {
	case own.Replying, own.OwnersLeft: // they may wait for a version of Parley that knows them
		return inQueue(event, fmt.Sprintf("%s:%d", t.Kind, t.ConversationID))
	}
	return event
}

// inQueue returns an own fact's event with another order key, so that it has a queue of its own.
func inQueue(event store.NewEvent, key string) store.NewEvent {
	event.OrderKey = store.OrderKey(store.SystemAccount, key)
	return event
}

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
		Kind:         string(r.Kind),
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
		if l.Left == nil {
			continue
		}

		f := own.Fact{
			Kind:         own.RootLeft,
			Conversation: c.ConversationID,
			Surface:      c.AccountID,
			Root:         l.Left.Message,
			External:     l.Left.Channel,
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

// accountPage returns the address of the page on which an account that is in trouble can be connected again. It is "" if the
// account works, or if there is no such page.
func (o *Options) accountPage(a *store.Account, trouble string) string {
	if o.AccountPage == nil || trouble == "" {
		return ""
	}
	if a == nil || a.Side != store.SideChannel {
		return ""
	}
	return o.AccountPage(a.Kind, a.Name)
}

// postFailed tells people what could not be posted, since a message that nobody sees would be lost.
func (w *work) postFailed(c *book.Conversation, f own.Fact) {
	kind := bridge.PostKind(f.Post)
	if kind == bridge.PostDouble { // it is no post, but the search for a root that may be there twice
		threads.Doubles{Writer: w.Writer}.GiveUp(c, f.Account)
		return
	}

	d := w.Outbox.Deliveries[f.Delivery]
	if postSaidElsewhere(w, c, d, f) {
		return
	}

	w.Log.ByParley(c, store.DeedNotPosted, book.Detail{Message: f.Message, Text: f.Post, Why: bridge.InWords(f.Text)})
	if d != nil && d.DecodedPayload().Changes != 0 {
		w.insight.PostUnchanged(c, d)
		return // the line that it was to change stands
	}

	explain := fmt.Sprintf("parley explain '#%d'", c.ID)
	switch kind {
	case bridge.PostSaid, bridge.PostFiles: // the thread can still say so
		w.Line(c, bridge.Line{Content: &bridge.QuarantineLine{
			Account: c.Account.Name,
			Trouble: f.Text,
			Hint:    "The original is kept: " + explain,
		}})
	case bridge.PostRoot, bridge.PostLine: // a further line would probably fail too: the admins are told
		w.TellCondition(own.Fact{
			Account: f.Account,
			Text:    fmt.Sprintf("Something for conversation #%d could not be posted: %s", c.ID, f.Text),
			Hint:    explain,
		}, threads.NoPage)
	case bridge.PostCard, bridge.PostMark, bridge.PostEphemeral, bridge.PostErased, bridge.PostDouble: // nothing that was said is missing
	}
}

// postSaidElsewhere posts what a customer said or changed again, after the post d failed (f):
//   - in the other chat in which the conversation goes on;
//   - in the same chat, if the post failed only because the conversation was elsewhere, the conversation is back by now, and no part
//     of the post is there.
//
// In all other cases, also if d shows nothing of the customer, it returns false.
func postSaidElsewhere(w *work, c *book.Conversation, d *book.Delivery, f own.Fact) bool {
	home := c.Home(w.Dir)
	if d == nil || home == nil {
		return false
	}
	isBack := f.Hint == outbound.GoesOnElsewhere && d.Part == 0
	if home.AccountID == f.Account && !isBack {
		return false
	}
	if !outbound.ShowsSaid(&d.Delivery) {
		return false
	}

	c.Unshown = true
	p, kind, m := d.DecodedPayload(), bridge.PostKind(d.Kind), w.Messages.Rows[d.MessageID]
	if kind == bridge.PostLine {
		w.Line(c, *p.Line)
		return true
	}

	isLate := m != nil && inbound.IsLate(m, w.DatabaseNow)
	w.PostTo(c, home, kind, d.MessageID, outbound.Payload{Quote: p.Quote, Answers: p.Answers, Dated: isLate, Files: p.Files, Only: p.Only})
	if m != nil && kind == bridge.PostFiles {
		w.AllowUpload(w.SurfaceLane(c, home, kind), home, m)
	}
	return true
}

// applyOwn applies a fact of Parley's own.
// Errors: for a kind that only a newer version of Parley knows, *book.NotYet for an hour, in which a process of that version
// may take over, and *relay.EventError after that.
func (w *work) applyOwn(ctx context.Context, tx pgx.Tx, f own.Fact) error {
	if !isKnownOwn(f.Kind) {
		return w.awaitNewerVersion(f)
	}

	if team, ok := own.EveningTeam(f.Kind); ok {
		return w.workflow.Evening(ctx, tx, team, f.Due)
	}
	if team, ok := own.WeekTeam(f.Kind); ok {
		return w.workflow.Week(ctx, tx, team, f.Due)
	}

	switch f.Kind {
	case own.Digest:
		return w.workflow.Digest(ctx, tx)
	case own.Account:
		w.TellCondition(f, w.e.opt.accountPage(w.Dir.Account(f.Account), f.Text))
		return nil
	case own.Template:
		return w.templates.TemplateLearned(ctx, tx, f)
	}

	if c := w.Conversations.Rows[f.Conversation]; c != nil {
		return w.applyToConversation(ctx, tx, c, f)
	}
	return nil
}

// applyToConversation applies a fact of Parley's own that is about a conversation.
func (w *work) applyToConversation(ctx context.Context, tx pgx.Tx, c *book.Conversation, f own.Fact) error {
	switch f.Kind {
	case own.Snooze:
		return w.workflow.WakeByTimer(ctx, tx, c, f.Due)
	case own.OwnersLeft:
		w.workflow.OwnersLeft(c)
	case own.Window:
		w.replies.WindowOver(c)
	case own.ThreadLost, own.RootLeft, own.Doubted, own.Sought:
		return w.applyOfRoot(c, f)
	case own.PostFailed:
		w.postFailed(c, f)
	case own.Early:
		w.speech.AcceptEarlyEdits(c)
	case own.Analysed:
		w.insight.Analysed(c, f)
	case own.Written:
		w.assist.Written(c, f)
	case own.Fetched:
		w.intake.Fetched(c, f)
	case own.Replying:
		w.Replying.Outdate(c)
	case own.Erase:
		threads.ErasePosts(w.Writer, c, f.Erase)
	case string(relay.ReportLanded):
		w.intake.Receipts.ReplyLanded(c, f)
	case string(relay.ReportFailed):
		return w.intake.Receipts.ReplyFailed(ctx, tx, c, f)
	case string(relay.ReportLate):
		w.intake.Receipts.ReplyLate(c, f)
	case string(relay.ReportUnclear):
		w.intake.Receipts.ReplyUnclear(c, f)
	}
	return nil
}

// applyOfRoot applies a fact about the root of a conversation's thread.
func (w *work) applyOfRoot(c *book.Conversation, f own.Fact) error {
	switch f.Kind {
	case own.ThreadLost:
		return w.ThreadLost(c, f.Surface, f.Root)
	case own.RootLeft:
		threads.CloseLeft(w.Writer, c, f)
	case own.Doubted:
		threads.Doubles{Writer: w.Writer}.Seek(c, f)
	case own.Sought:
		threads.Doubles{Writer: w.Writer}.TakeResult(c, f)
	}
	return nil
}

// awaitNewerVersion returns the error for a fact whose kind only a newer version of Parley knows: it waits for such a version,
// and goes into quarantine after unknownFor.
func (w *work) awaitNewerVersion(f own.Fact) error {
	if age := w.Age(); age < unknownFor {
		return w.PutAside(unknownFor - age)
	}
	return &relay.EventError{EventID: w.Event.ID, Err: fmt.Errorf(
		"engine: this version knows no fact of kind %q; start the version that wrote it, then replay", f.Kind)}
}

// isKnownOwn reports whether this version knows what to do with a kind of own fact: the kinds are those that applyOwn,
// applyToConversation and applyOfRoot have a case for.
func isKnownOwn(kind string) bool {
	_, isEvening := own.EveningTeam(kind)
	_, isWeek := own.WeekTeam(kind)
	if isEvening || isWeek {
		return true
	}
	switch kind {
	case own.Digest, own.Account, own.Template, own.Snooze, own.Window, own.ThreadLost, own.Doubted, own.Sought, own.PostFailed,
		own.Fetched, own.Early, own.Replying, own.Analysed, own.Written, own.Erase, own.OwnersLeft, own.RootLeft,
		string(relay.ReportLanded), string(relay.ReportFailed), string(relay.ReportLate), string(relay.ReportUnclear):
		return true
	}
	return false
}
