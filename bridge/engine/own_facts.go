package engine

import (
	"context"
	"fmt"
	"sync"

	"github.com/jackc/pgx/v5"

	"parley/bridge/engine/book"
	"parley/bridge/engine/own"
	"parley/bridge/engine/threads"
	"parley/bridge/relay"
	"parley/store"
)

// Parley itself journals facts, too: a timer has fired (timer_fact.go), a delivery, which is a reply or a post, has a result
// (result_facts.go), a file was fetched. They are applied like what customers and agents do.

// ownFact applies a kind of Parley's own facts: one of the two is set.
type ownFact struct {
	do func(*work, context.Context, pgx.Tx, own.Fact) error
	// inConversation applies a fact about a conversation. It isn't called if there is no such conversation any more.
	inConversation func(*work, context.Context, pgx.Tx, *book.Conversation, own.Fact) error
}

// ownFacts makes the table of the kinds of own facts that this version knows, except those whose kind names a team.
func ownFacts() map[own.Kind]ownFact {
	inConversation := func(do func(*work, *book.Conversation, own.Fact)) ownFact {
		return ownFact{inConversation: func(w *work, _ context.Context, _ pgx.Tx, c *book.Conversation, f own.Fact) error {
			do(w, c, f)
			return nil
		}}
	}
	return map[own.Kind]ownFact{
		own.Digest:  {do: func(w *work, ctx context.Context, tx pgx.Tx, _ own.Fact) error { return w.workflow.Digest(ctx, tx) }},
		own.Account: {do: tellCondition},
		own.Template: {do: func(w *work, ctx context.Context, tx pgx.Tx, f own.Fact) error {
			return w.templates.ApplyTemplateReport(ctx, tx, f)
		}},

		own.Snooze: {inConversation: func(w *work, ctx context.Context, tx pgx.Tx, c *book.Conversation, f own.Fact) error {
			return w.workflow.WakeByTimer(ctx, tx, c, f.Due)
		}},
		own.OwnersLeft: inConversation(func(w *work, c *book.Conversation, _ own.Fact) { w.workflow.OwnersLeft(c) }),
		own.Window:     inConversation(func(w *work, c *book.Conversation, _ own.Fact) { w.replies.WindowOver(c) }),
		own.Early:      inConversation(func(w *work, c *book.Conversation, _ own.Fact) { w.speech.AcceptEarlyEdits(c) }),
		own.Replying:   inConversation(func(w *work, c *book.Conversation, _ own.Fact) { w.Replying.Outdate(c) }),

		own.Analysed: inConversation(func(w *work, c *book.Conversation, f own.Fact) { w.insight.KeepAnalysis(c, f) }),
		own.Written:  inConversation(func(w *work, c *book.Conversation, f own.Fact) { w.assist.Written(c, f) }),
		own.Fetched:  inConversation(func(w *work, c *book.Conversation, f own.Fact) { w.intake.NoteFetched(c, f) }),
		own.Erase:    inConversation(func(w *work, c *book.Conversation, f own.Fact) { threads.ErasePosts(w.Writer, c, f.Erase) }),

		own.PostFailed: inConversation((*work).postFailed),
		own.RootLeft:   inConversation(func(w *work, c *book.Conversation, f own.Fact) { threads.CloseLeft(w.Writer, c, f) }),
		own.Doubted:    inConversation(func(w *work, c *book.Conversation, f own.Fact) { threads.Doubles{Writer: w.Writer}.Seek(c, f) }),
		own.Sought:     inConversation(func(w *work, c *book.Conversation, f own.Fact) { threads.Doubles{Writer: w.Writer}.TakeResult(c, f) }),
		own.ThreadLost: {inConversation: func(w *work, _ context.Context, _ pgx.Tx, c *book.Conversation, f own.Fact) error {
			return w.ThreadLost(c, f.Surface, f.Root)
		}},

		own.Kind(relay.ReportLanded):  inConversation(func(w *work, c *book.Conversation, f own.Fact) { w.intake.Receipts.ReplyLanded(c, f) }),
		own.Kind(relay.ReportLate):    inConversation(func(w *work, c *book.Conversation, f own.Fact) { w.intake.Receipts.ReplyLate(c, f) }),
		own.Kind(relay.ReportUnclear): inConversation(func(w *work, c *book.Conversation, f own.Fact) { w.intake.Receipts.ReplyUnclear(c, f) }),
		own.Kind(relay.ReportFailed): {inConversation: func(w *work, ctx context.Context, tx pgx.Tx, c *book.Conversation, f own.Fact) error {
			return w.intake.Receipts.ReplyFailed(ctx, tx, c, f)
		}},
	}
}

// allOwnFacts is the table, made once.
var allOwnFacts = sync.OnceValue(ownFacts) //nolint:gochecknoglobals // a table that never changes

// applyOwn applies a fact of Parley's own.
// Errors: for a kind that only a newer version of Parley knows, *book.NotYet for an hour, in which a process of that version
// may take over, and *relay.EventError after that.
func (w *work) applyOwn(ctx context.Context, tx pgx.Tx, f own.Fact) error {
	if team, ok := own.EveningTeam(f.Kind); ok {
		return w.workflow.Evening(ctx, tx, team, f.Due)
	}
	if team, ok := own.WeekTeam(f.Kind); ok {
		return w.workflow.Week(ctx, tx, team, f.Due)
	}

	known, isKnown := allOwnFacts()[f.Kind]
	c := w.Conversations.Rows[f.Conversation]
	switch {
	case !isKnown:
		return w.awaitNewerVersion(f)
	case known.do != nil:
		return known.do(w, ctx, tx, f)
	case c != nil:
		return known.inConversation(w, ctx, tx, c, f)
	default:
		return nil
	}
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

// tellCondition tells the admins that an account is in trouble, or works again.
func tellCondition(w *work, _ context.Context, _ pgx.Tx, f own.Fact) error {
	w.TellCondition(f, w.e.opt.accountPage(w.Dir.Account(f.Account), f.Text))
	return nil
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
