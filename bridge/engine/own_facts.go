package engine

import (
	"context"
	"crypto/rand"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"

	"parley/bridge"
	"parley/bridge/engine/book"
	"parley/bridge/engine/outbound"
	"parley/bridge/engine/own"
	"parley/bridge/engine/threads"
	"parley/bridge/engine/workflow"
	"parley/bridge/relay"
	"parley/store"
	"parley/store/dispatch"
)

// Timer implements relay.Handler. A timer is removed in the transaction that journals its fact, and so counts once. It may be set
// for the same time again, and fire again, after the clock went ahead and was put right: each firing has a name of its own. Those
// of teams may be set again while they fire, and are named by what they are about: a team is told once.
func (e *Engine) Timer(t store.Timer) store.NewEvent {
	f := own.Fact{Kind: t.Kind, Conversation: t.ConversationID, Due: t.DueAt}
	if _, ok := own.EveningTeam(t.Kind); ok {
		name := "timer:" + t.Kind // the kind names the day, so that there is one list a day
		if workflow.IsEveningOver(t.DueAt, t.FiredAt) {
			name += ":missed" // nothing is posted: that day's list may still come, once the clock is put right
		}
		return f.Event(name)
	}
	name := fmt.Sprintf("timer:%d:%s:%d", t.ConversationID, t.Kind, t.DueAt.UnixMicro())
	if team, ok := own.WeekTeam(t.Kind); ok {
		event := f.Event(name) // in a queue of its own, since it may wait for its figures
		event.OrderKey = store.OrderKey(store.SystemAccount, fmt.Sprintf("week:%d", team))
		return event
	}

	event := f.Event(name + ":" + rand.Text())
	if t.Kind == own.Replying || t.Kind == own.OwnersLeft { // a queue of its own: nothing else is to wait for a version that knows it
		event.OrderKey = store.OrderKey(store.SystemAccount, fmt.Sprintf("%s:%d", t.Kind, t.ConversationID))
	}
	return event
}

// Facts implements relay.Handler. It returns what is to be journalled about a delivery's result: what that means for the
// conversation. What it means for the surface is written along with the result.
func (e *Engine) Facts(c dispatch.Claimed, r relay.Report) []store.NewEvent {
	f := own.Fact{
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

	isReply := c.Kind == outbound.KindReply
	wasTakenBack := r.Kind == relay.ReportLanded && r.Sent.State == store.Cancelled
	isPart := isReply && wasTakenBack && outbound.PayloadOf(&c.Delivery).Span != nil // if it was the last one, the reply is out
	if isReply && wasTakenBack && !isPart {
		return nil // before it left, and people were told so then
	}
	left := rootsLeft(c, r)
	if describeDouble(&f, c, r) {
		return append(left, f.Event(fmt.Sprintf("delivery:%d:%s:%d", c.ID, f.Kind, c.Attempt)))
	}

	if isReply {
		f.Followed = hasLeftWithLaterLine(c, r)
		if c.Joined == 0 { // a message of several lines is counted once, with its first line
			f.Parts, f.Cost = r.Sent.Parts, r.Sent.Cost
		}
	} else {
		if r.Kind != relay.ReportFailed || bridge.PostKind(c.Kind) == bridge.PostEphemeral {
			return left // else the thread itself shows what was posted
		}
		f.Kind, f.Post = own.PostFailed, c.Kind
		f.Account = c.AccountID
	}

	event := f.Event(fmt.Sprintf("delivery:%d:%s:%d", c.ID, r.Kind, c.Attempt))
	event.Share = c.AccountID
	return []store.NewEvent{event}
}

// rootsLeft returns the facts about a root that isn't its conversation's thread any more, now that a delivery has landed. They have
// a queue of their own, so that nothing waits while a version of Parley runs that doesn't know them.
func rootsLeft(c dispatch.Claimed, r relay.Report) (facts []store.NewEvent) {
	for _, l := range r.Sent.Landed {
		if l.Left == nil {
			continue
		}

		f := own.Fact{Kind: own.RootLeft, Conversation: c.ConversationID, Surface: c.AccountID, Root: l.Left.Message, External: l.Left.Channel}
		if l.Thread != nil {
			f.Delivery = c.ID
		}

		event := f.Event(fmt.Sprintf("root_left:%d", c.ID))
		event.OrderKey = store.OrderKey(store.SystemAccount, fmt.Sprintf("root_left:%d", c.ConversationID))
		facts = append(facts, event)
	}
	return facts
}

// describeDouble fills in f if c is a root that has landed and may be there twice, or a search for such another root that has
// ended. It returns false if c is neither.
func describeDouble(f *own.Fact, c dispatch.Claimed, r relay.Report) bool {
	if r.Kind != relay.ReportLanded || c.FirstAt == nil {
		return false
	}

	body := outbound.PayloadOf(&c.Delivery)
	if c.Kind == string(bridge.PostRoot) && body.Unsure {
		f.Kind, f.Root = own.Doubted, r.Sent.ExternalID
		f.Due = *c.FirstAt
	} else if c.Kind == string(bridge.PostDouble) {
		f.Kind, f.Root = own.Sought, body.Place.Message
		if r.Sent.Blind {
			f.Class = own.Blind
		}
	} else {
		return false
	}

	f.Surface = c.AccountID
	return true
}

// hasLeftWithLaterLine reports whether a delivery left in one message with a later line. Lines that were taken back before they
// left don't count.
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
	if f.Post == string(bridge.PostDouble) {
		threads.Doubles{Writer: w.Writer}.GiveUp(c, f.Account)
		return
	}

	w.Log.ByParley(c, store.DeedNotPosted, book.Detail{Message: f.Message, Text: f.Post, Reason: f.Text})
	d := w.Outbox.Deliveries[f.Delivery]
	if d != nil && d.DecodedPayload().Changes != 0 {
		w.insight.PostUnchanged(c, d)
		return // the line that it was to change stands
	}

	switch bridge.PostKind(f.Post) {
	case bridge.PostSaid, bridge.PostFiles:
		w.Line(c, bridge.Line{Content: &bridge.QuarantineLine{Account: c.Account.Name, Reason: f.Text,
			Hint: fmt.Sprintf("The original is kept: parley explain '#%d'", c.ID)}})
	case bridge.PostRoot, bridge.PostLine:
		w.TellCondition(own.Fact{Account: f.Account, Text: fmt.Sprintf("Something for conversation #%d could not be posted: %s", c.ID, f.Text),
			Hint: fmt.Sprintf("parley explain '#%d'", c.ID)}, "")
	case bridge.PostCard, bridge.PostMark, bridge.PostEphemeral, bridge.PostErased, bridge.PostDouble: // nothing that was said is missing
	}
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
	c := w.Conversations.Rows[f.Conversation]
	if c == nil {
		return nil
	}
	switch f.Kind {
	case own.Snooze:
		w.workflow.SnoozeOver(c, f.Due)
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
		return w.Wait(unknownFor - age)
	}
	return &relay.EventError{EventID: w.Event.ID, Err: fmt.Errorf("engine: this version knows no fact of kind %q; start the version that wrote it, then replay", f.Kind)}
}

// isKnownOwn reports whether this version knows what to do with a kind of own fact.
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
