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

// This file applies facts (events) that Parley itself has recorded: a timer has fired (timer_fact.go), a delivery of a reply or a post
// has a result (result_facts.go), a file was fetched. They are stored in the same journal as the events of customers and agents, and
// applied in the same order. For example, a fact of kind "snooze" wakes its conversation.

// ownFact applies one kind of own facts. Exactly one of its functions is set.
type ownFact struct {
	do func(*work, context.Context, pgx.Tx, own.Fact) error
	// inConversation applies a fact about a conversation. It is not called if the conversation no longer exists.
	inConversation func(*work, context.Context, pgx.Tx, *book.Conversation, own.Fact) error
}

// ownFacts makes the table of the kinds that this version knows. Timers of teams, whose kinds contain the team's id, are not in it:
// see applyOwn.
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
		own.Board:   {do: func(w *work, ctx context.Context, tx pgx.Tx, f own.Fact) error { return w.workflow.Board(ctx, tx, f) }},
		own.Template: {do: func(w *work, ctx context.Context, tx pgx.Tx, f own.Fact) error {
			return w.templates.ApplyTemplateReport(ctx, tx, f)
		}},

		own.Snooze: {inConversation: func(w *work, ctx context.Context, tx pgx.Tx, c *book.Conversation, f own.Fact) error {
			return w.workflow.WakeByTimer(ctx, tx, c, f.Due)
		}},
		own.AckDue:     inConversation(func(w *work, c *book.Conversation, f own.Fact) { w.workflow.TargetPassed(c, f) }),
		own.ReplyDue:   inConversation(func(w *work, c *book.Conversation, f own.Fact) { w.workflow.TargetPassed(c, f) }),
		own.OwnersLeft: inConversation(func(w *work, c *book.Conversation, _ own.Fact) { w.workflow.OwnersLeft(c) }),
		own.Silence:    inConversation(func(w *work, c *book.Conversation, _ own.Fact) { w.workflow.EndBySilence(c) }),
		own.Routed: {inConversation: func(w *work, ctx context.Context, tx pgx.Tx, c *book.Conversation, f own.Fact) error {
			return w.workflow.Routed(ctx, tx, c, f)
		}},
		own.Absent: {inConversation: func(w *work, ctx context.Context, tx pgx.Tx, c *book.Conversation, _ own.Fact) error {
			return w.workflow.OwnersAbsent(ctx, tx, c)
		}},
		own.Window:   inConversation(func(w *work, c *book.Conversation, _ own.Fact) { w.replies.WindowOver(c) }),
		own.Early:    inConversation(func(w *work, c *book.Conversation, _ own.Fact) { w.speech.AcceptEarlyEdits(c) }),
		own.Replying: inConversation(func(w *work, c *book.Conversation, _ own.Fact) { w.Replying.Outdate(c) }),

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

// allOwnFacts returns the table of ownFacts. It makes it once.
var allOwnFacts = sync.OnceValue(ownFacts) //nolint:gochecknoglobals // a table that never changes

// applyOwn applies an own fact.
func (w *work) applyOwn(ctx context.Context, tx pgx.Tx, f own.Fact) error {
	if team, ok := own.EveningTeam(f.Kind); ok {
		return w.workflow.Evening(ctx, tx, team, f.Due)
	}

	if name, ok := own.CronIn(f.Kind); ok {
		return w.runCron(ctx, tx, name)
	}
	c := w.Conversations.Get(f.Conversation)
	if name, _ := own.AutomationIn(f.Kind); name != "" {
		if c == nil {
			return nil
		}
		return w.runAutomation(ctx, tx, c, f.Kind)
	}

	kind, isKnown := allOwnFacts()[f.Kind]
	switch {
	case !isKnown:
		return w.awaitNewerVersion(f)
	case kind.do != nil:
		return kind.do(w, ctx, tx, f)
	case c != nil:
		return kind.inConversation(w, ctx, tx, c, f)
	default:
		return nil
	}
}

// awaitNewerVersion returns the error for a fact of a kind that only a newer version of Parley knows. For unknownFor (an hour) it is
// *book.NotYet: during an update, a process of the newer version may take over and apply the fact. After that it is *relay.EventError,
// which puts the fact into quarantine.
func (w *work) awaitNewerVersion(f own.Fact) error {
	if age := w.Age(); age < unknownFor {
		return w.PutAside(unknownFor - age)
	}
	return &relay.EventError{EventID: w.Event.ID, Err: fmt.Errorf(
		"engine: this version knows no fact of kind %q; start the version that wrote it, then replay", f.Kind)}
}

// tellCondition notifies the admins that an account has failed or works again.
func tellCondition(w *work, _ context.Context, _ pgx.Tx, f own.Fact) error {
	w.TellCondition(f, w.e.opt.accountPage(w.Dir.Account(f.Account), f.Text))
	return nil
}

// accountPage returns the URL of the page on which a failed account can be reconnected. It returns "" if the account works (trouble
// is ""), or if there is no such page.
func (o *Options) accountPage(a *store.Account, trouble string) string {
	if o.AccountPage == nil || trouble == "" {
		return ""
	}
	if a == nil || a.Side != store.SideChannel {
		return ""
	}
	return o.AccountPage(a.Kind, a.Name)
}
