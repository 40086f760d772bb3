package workflow

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"

	"parley/bridge"
	"parley/bridge/engine/book"
	"parley/bridge/engine/outbound"
	"parley/bridge/engine/own"
	"parley/bridge/engine/verb"
	"parley/store"
)

// This file ends conversations, for the verbs resolve and close, and opens them again. An agent asks for either by a
// button, an emoji or a typed command in the conversation's thread in the chat; a Request says what was asked, by
// whom and where.
//
// The customer is told nothing. The agents are told in one of two ways: a line is a remark in the thread, which all
// of them see; a refusal, a confirmation and a whisper are shown only to the agent who asked. All changes are stored
// in one transaction with what they announce.

// Reasons why a conversation is over (Conversation.CloseReason).
const (
	resolvedByAgent = "agent"
	closedByAdmin   = "admin"
)

func resolveVerb() useCase {
	return useCase{
		Rules: verb.Rules{Name: bridge.VerbResolve, Final: true, Deed: store.DeedResolved},
		Wants: wantUnread,
		Do:    (*UseCases).end,
	}
}

func closeVerb() useCase {
	return useCase{
		Rules: verb.Rules{
			Name:       bridge.VerbClose,
			AdminsOnly: &bridge.Problem{Code: "not_allowed", Text: "Only admins close conversations.", Hint: "Resolve it instead: !resolve"},
			Final:      true,
			Deed:       store.DeedClosed,
		},
		Wants: wantUnread,
		Do:    (*UseCases).end,
	}
}

func reopenVerb() useCase {
	return useCase{
		Rules:  verb.Rules{Name: bridge.VerbReopen, NeedsLatest: true, Deed: store.DeedReopened},
		DoInTx: (*UseCases).reopen,
	}
}

// wantUnread adds what the customer said in a conversation and what is not posted yet: the conversation isn't ended, snoozed or set
// pending before that is seen (refuseUnread). Whoever does so on a page of our own has read there what the thread may not show yet;
// the latest messages tell whether it was all. They also tell whether the customer has written since a verb was asked for that is
// found late.
func wantUnread(wf *UseCases, n *book.Prefetch, r book.Request) {
	isFoundLate := book.HasTime(r.Action) && wf.WasTypedBefore(r.Action, wf.Now)
	if r.Args.Seen != 0 || isFoundLate {
		n.NeedLatest = append(n.NeedLatest, r)
	}
	n.Ends = append(n.Ends, r)
}

// reopen opens a conversation again that was resolved. Where a customer can have only one open conversation on an
// account, it refuses if there is another one.
// Errors: the database's.
func (wf *UseCases) reopen(ctx context.Context, tx pgx.Tx, r book.Request) error {
	c := r.Conversation
	if c.BridgeStatus() != bridge.StatusResolved {
		wf.Refuse(r, "not_resolved", "This conversation is "+c.Status+", not resolved.", "")
		return nil
	}

	if c.Exclusive && c.Identity != nil {
		other, err := wf.OpenConversationWith(ctx, tx, c.AccountID, c.Identity)
		if err != nil {
			return err
		}
		if other != 0 {
			text := fmt.Sprintf("The customer's conversation continues in #%d.", other)
			wf.Refuse(r, "continued", text, "Answer there, or resolve it first.")
			return nil
		}
		if err := takeOverLaterWindow(ctx, tx, wf.Book, c); err != nil {
			return err
		}
	}

	c.Status = string(bridge.StatusOpen)
	c.CloseReason = ""
	c.ResolvedAt = nil
	if c.LastFrom == store.FromCustomer {
		wf.Messages.ResumeWait(c) // nobody has answered: the customer counts as waiting again
	}
	keepStatusFromReplies(wf.Book, c)
	wf.Log.Did(r, nil)
	wf.Line(c, bridge.Line{
		Content:  bridge.LineReopened,
		By:       wf.Dir.Ref(r.Surface, r.Agent.ID),
		Mentions: wf.Conversations.OtherOwners(c, r.Agent),
	})
	wf.OwnersLeft(c)
	c.RefreshCard()
	return nil
}

// takeOverLaterWindow brings a conversation that is opened again up to date with later conversations of its customer.
// The customer may have opened the reply window (the time in which the provider allows replies) since, or have
// written to another one of our numbers.
// Errors: the database's.
func takeOverLaterWindow(ctx context.Context, tx pgx.Tx, b *book.Book, c *book.Conversation) error {
	ids, err := store.LatestConversations(ctx, tx, []store.AccountID{c.AccountID}, []string{c.Identity.Key})
	if err != nil {
		return fmt.Errorf("workflow: %w", err)
	}
	latest, err := store.Conversations(ctx, tx, ids...)
	if err != nil {
		return fmt.Errorf("workflow: %w", err)
	}

	slices.SortFunc(latest, func(a, b store.Conversation) int { return a.LastAt.Compare(b.LastAt) })
	for _, later := range latest {
		if later.AccountID != c.AccountID || !later.LastAt.After(c.LastAt) {
			continue
		}

		c.Via = cmp.Or(later.Via, c.Via)
		opened := later.WindowFrom
		if opened != nil && (c.WindowFrom == nil || opened.After(*c.WindowFrom)) {
			c.WindowFrom = opened
			// This timer is due at once. It starts the one for the end of the window.
			b.Timers.Start(store.Timer{ConversationID: c.ID, Kind: own.Window, DueAt: b.Now})
		}
	}
	return nil
}

// end resolves or closes a conversation, as the request's verb says. Agents resolve open conversations. Admins can
// also close them, and close a resolved one.
func (wf *UseCases) end(r book.Request) {
	c := r.Conversation
	closesResolved := r.Verb == bridge.VerbClose && c.BridgeStatus() == bridge.StatusResolved
	if !c.BridgeStatus().Open() && !closesResolved {
		wf.Refuse(r, bridge.ReasonNotOpen, "This conversation is "+c.Status+" already.", wf.Conversations.HintAfterEnd(c))
		return
	}

	isEmojiOnMessage := r.IsEmoji() && !r.IsOnCard()
	if isEmojiOnMessage && c.IsHeldByOthers(r.Agent.ID) {
		wf.askToResolveForOthers(r)
		return
	}
	if wf.refuseUnread(r) {
		return
	}

	wf.setEnded(r)
	wf.tellEnded(r)
	c.RefreshCard()
}

// askToResolveForOthers offers a button to an agent who put the emoji on a message of a conversation that belongs to
// colleagues: the emoji may have been meant for the message alone.
func (wf *UseCases) askToResolveForOthers(r book.Request) {
	wf.Whisper(r, bridge.Line{
		Content: &bridge.RefusedLine{Why: bridge.Because(bridge.ReasonNotAssignee), Hint: "Resolve it all the same?"},
		Verb:    r.Verb,
		Verbs:   []bridge.Verb{bridge.VerbResolve},
		Args:    bridge.Args{Conversation: r.Conversation.ID},
	})
}

// refuseUnread refuses the request if the customer has said something that the agent has not seen: once the
// conversation is out of sight, nobody would read it. It reports whether it has refused.
func (wf *UseCases) refuseUnread(r book.Request) (refused bool) {
	if !hasUnread(wf.Messages, r) {
		return false
	}
	wf.Refuse(r, "unread", "The customer has just written again; it is about to be shown here.", "Read it, then decide.")
	return true
}

// hasUnread reports whether the customer has said something that the agent has not seen. In a chat, that is what was
// not posted in the thread yet. On one of Parley's own pages, it is what came after the event up to which the page
// shows the conversation (Args.Seen).
func hasUnread(messages *book.Messages, r book.Request) bool {
	isOnOwnPage := r.Args.Seen != 0 && r.Surface == store.SystemAccount
	if !isOnOwnPage {
		return r.Conversation.Unshown
	}

	return slices.ContainsFunc(r.Conversation.Last, func(said store.Message) bool {
		if said.Direction != store.DirectionIn {
			return false
		}
		m := messages.Rows[said.ID] // the same message, with what this batch has changed in it
		hasNewWords := m != nil && m.Revision != nil && !m.Revision.Deleted && m.Revision.EventID > r.Args.Seen
		return hasNewWords || said.EventID > r.Args.Seen
	})
}

// setEnded gives a conversation its last status, and drops what was suggested for it.
func (wf *UseCases) setEnded(r book.Request) {
	c := r.Conversation
	wf.EndSnooze(c)

	status, reason := bridge.StatusResolved, resolvedByAgent
	if r.Verb == bridge.VerbClose {
		status, reason = bridge.StatusClosed, closedByAdmin
	}
	c.Status = string(status)
	c.CloseReason = reason
	c.ResolvedAt = &wf.Now

	c.EndWait()
	wf.Suggested.Drop(c)
	wf.Suggestions.End(c)
	wf.Log.Did(r, book.Detail{Text: r.Args.Note})
	if r.Verb == bridge.VerbResolve {
		wf.sumUp(c, own.OnResolve)
	}
}

// tellEnded says that a conversation was ended: in the thread if there is a note to keep or another owner to tell, and
// otherwise only to the agent.
func (wf *UseCases) tellEnded(r book.Request) {
	c := r.Conversation
	line := bridge.Line{
		Content:  bridge.LineResolved,
		By:       wf.Dir.Ref(r.Surface, r.Agent.ID),
		Mentions: wf.Conversations.OtherOwners(c, r.Agent),
		Text:     r.Args.Note,
		Verb:     r.Verb,
		Args:     bridge.Args{Conversation: c.ID},
	}
	if r.Verb == bridge.VerbResolve {
		line.Verbs = []bridge.Verb{bridge.VerbReopen}
	}

	if line.Text != "" || len(line.Mentions) > 0 {
		wf.Line(c, line)
		return
	}
	wf.Confirm(r, line)
}

// keepStatusFromReplies keeps replies that were not delivered yet from changing the status of their conversation. A
// reply makes its conversation pending when the provider has taken it, but here somebody has chosen another status
// since.
func keepStatusFromReplies(b *book.Book, c *book.Conversation) {
	for _, d := range b.Outbox.Deliveries {
		lane := b.Outbox.Lanes[d.LaneID] // the queue of one conversation's deliveries to one place
		if lane == nil || lane.ConversationID != c.ID {
			continue
		}
		if d.Kind != outbound.KindReply || d.State == store.Cancelled {
			continue
		}

		m := b.Messages.Rows[d.MessageID]
		if m != nil && m.Fate == store.FateOut {
			continue // its result has been applied already
		}

		p := d.DecodedPayload()
		p.KeepsStatus = true
		d.SetPayload(p)
	}
}
