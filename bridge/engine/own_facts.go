package engine

import (
	"context"
	"fmt"
	"sync"

	"github.com/jackc/pgx/v5"

	"parley/bridge/relay"
	"parley/store"
)

// This file applies facts (events) that Parley itself has recorded: a timer has fired (timer_fact.go), a delivery of a reply or a post
// has a result (result_facts.go), a file was fetched. They are stored in the same journal as the events of customers and agents, and
// applied in the same order. For example, a fact of kind "snooze" wakes its conversation.

// ownFact applies one kind of own facts. Exactly one of its functions is set.
type ownFact struct {
	do func(*work, context.Context, pgx.Tx, Fact) error
	// inConversation applies a fact about a conversation. It is not called if the conversation no longer exists.
	inConversation func(*work, context.Context, pgx.Tx, *Conversation, Fact) error
}

// ownFacts makes the table of the kinds that this version knows. Timers of teams, whose kinds contain the team's id, are not in it:
// see applyOwn.
func ownFacts() map[Kind]ownFact {
	inConversation := func(do func(*work, *Conversation, Fact)) ownFact {
		return ownFact{inConversation: func(w *work, _ context.Context, _ pgx.Tx, c *Conversation, f Fact) error {
			do(w, c, f)
			return nil
		}}
	}
	return map[Kind]ownFact{
		Digest:  {do: func(w *work, ctx context.Context, tx pgx.Tx, _ Fact) error { return w.Digest(ctx, tx) }},
		Account: {do: tellCondition},
		Board:   {do: func(w *work, ctx context.Context, tx pgx.Tx, f Fact) error { return w.Board(ctx, tx, f) }},
		Template: {do: func(w *work, ctx context.Context, tx pgx.Tx, f Fact) error {
			return w.ApplyTemplateReport(ctx, tx, f)
		}},

		Snooze: {inConversation: func(w *work, ctx context.Context, tx pgx.Tx, c *Conversation, f Fact) error {
			return w.WakeByTimer(ctx, tx, c, f.Due)
		}},
		AckDue:     inConversation(func(w *work, c *Conversation, f Fact) { w.TargetPassed(c, f) }),
		ReplyDue:   inConversation(func(w *work, c *Conversation, f Fact) { w.TargetPassed(c, f) }),
		OwnersLeft: inConversation(func(w *work, c *Conversation, _ Fact) { w.OwnersLeft(c) }),
		Silence:    inConversation(func(w *work, c *Conversation, _ Fact) { w.EndBySilence(c) }),
		Routed: {inConversation: func(w *work, ctx context.Context, tx pgx.Tx, c *Conversation, f Fact) error {
			return w.Routed(ctx, tx, c, f)
		}},
		Absent: {inConversation: func(w *work, ctx context.Context, tx pgx.Tx, c *Conversation, _ Fact) error {
			return w.OwnersAbsent(ctx, tx, c)
		}},
		OwnWindow:   inConversation(func(w *work, c *Conversation, _ Fact) { w.WindowOver(c) }),
		Early:       inConversation(func(w *work, c *Conversation, _ Fact) { w.AcceptEarlyEdits(c) }),
		OwnReplying: inConversation(func(w *work, c *Conversation, _ Fact) { w.Replying.Outdate(c) }),

		Analysed: inConversation(func(w *work, c *Conversation, f Fact) { w.KeepAnalysis(c, f) }),
		Written:  inConversation(func(w *work, c *Conversation, f Fact) { w.Written(c, f) }),
		Fetched:  inConversation(func(w *work, c *Conversation, f Fact) { w.NoteFetched(c, f) }),
		Erase:    inConversation(func(w *work, c *Conversation, f Fact) { ThreadsErasePosts(w.Writer, c, f.Erase) }),

		PostFailed: inConversation((*work).postFailed),
		RootLeft:   inConversation(func(w *work, c *Conversation, f Fact) { CloseLeft(w.Writer, c, f) }),
		Doubted:    inConversation(func(w *work, c *Conversation, f Fact) { Doubles{Writer: w.Writer}.Seek(c, f) }),
		Sought:     inConversation(func(w *work, c *Conversation, f Fact) { Doubles{Writer: w.Writer}.TakeResult(c, f) }),
		ThreadLost: {inConversation: func(w *work, _ context.Context, _ pgx.Tx, c *Conversation, f Fact) error {
			return w.ThreadLost(c, f.Surface, f.Root)
		}},

		Kind(relay.ReportLanded):  inConversation(func(w *work, c *Conversation, f Fact) { w.ReplyLanded(c, f) }),
		Kind(relay.ReportLate):    inConversation(func(w *work, c *Conversation, f Fact) { w.ReplyLate(c, f) }),
		Kind(relay.ReportUnclear): inConversation(func(w *work, c *Conversation, f Fact) { w.ReplyUnclear(c, f) }),
		Kind(relay.ReportFailed): {inConversation: func(w *work, ctx context.Context, tx pgx.Tx, c *Conversation, f Fact) error {
			return w.ReplyFailed(ctx, tx, c, f)
		}},
	}
}

// allOwnFacts returns the table of ownFacts. It makes it once.
var allOwnFacts = sync.OnceValue(ownFacts) //nolint:gochecknoglobals // a table that never changes

// applyOwn applies an own fact.
func (w *work) applyOwn(ctx context.Context, tx pgx.Tx, f Fact) error {
	if team, ok := EveningTeam(f.Kind); ok {
		return w.Evening(ctx, tx, team, f.Due)
	}

	if name, ok := CronIn(f.Kind); ok {
		return w.runCron(ctx, tx, name)
	}
	c := w.Conversations.Get(f.Conversation)
	if name, _ := AutomationIn(f.Kind); name != "" {
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
func (w *work) awaitNewerVersion(f Fact) error {
	if age := w.Age(); age < unknownFor {
		return w.PutAside(unknownFor - age)
	}
	return &relay.EventError{EventID: w.Event.ID, Err: fmt.Errorf(
		"engine: this version knows no fact of kind %q; start the version that wrote it, then replay", f.Kind)}
}

// tellCondition notifies the admins that an account has failed or works again.
func tellCondition(w *work, _ context.Context, _ pgx.Tx, f Fact) error {
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
