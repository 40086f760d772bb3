package engine

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"

	"parley/bridge"
	"parley/store"
)

// This file ends conversations, for the verbs resolve and close, and opens them again. An agent uses a button,
// an emoji or a typed command such as !resolve in the conversation's thread in the chat. A Request says what
// was asked, by whom and where.
//
// The customer isn't told. The agents are told in one of two ways: a line is posted in the thread for all of
// them, while a refusal, a confirmation or a whisper is shown only to the agent who asked. The changes and
// these posts are stored in one transaction.

// resolvedByAgent is the Conversation.CloseReason of what an agent resolved.
const resolvedByAgent = "agent"

func resolveVerb() useCase {
	return useCase{
		Rules: Rules{Name: bridge.VerbResolve, Final: true, Right: store.RightResolveAll, Deed: store.DeedResolved},
		Do:    (*work).end,
	}
}

func closeVerb() useCase {
	return useCase{
		Rules: Rules{
			Name:       bridge.VerbClose,
			AdminsOnly: &bridge.Problem{Code: "not_allowed", Text: "Only admins close conversations.", Hint: "Resolve it instead: !resolve"},
			Final:      true,
			Deed:       store.DeedClosed,
		},
		Do: (*work).end,
	}
}

func reopenVerb() useCase {
	return useCase{
		Rules:  Rules{Name: bridge.VerbReopen, Deed: store.DeedReopened},
		DoInTx: (*work).reopen,
	}
}

// reopen opens a resolved conversation again; admins also one that was closed. If a customer can have only one open conversation on the
// account, as on WhatsApp, it refuses if there is another one.
// Errors: the database's.
func (w *work) reopen(ctx context.Context, tx pgx.Tx, r Request) error {
	c := r.Conversation
	wasClosed := c.BridgeStatus() == bridge.StatusClosed && (c.CloseReason == bridge.CloseByAdmin ||
		c.CloseReason == bridge.CloseMerged && w.Conversations.MergedInto(c) == nil) // what it was merged into was deleted
	wasUnblocked := c.CloseReason == bridge.CloseUnblocked || c.CloseReason == bridge.CloseBlocked && !w.People.RootOf(c).Blocked
	wasArchived := c.BridgeStatus() == bridge.StatusClosed && c.CloseReason == bridge.CloseArchived
	if wasArchived && !r.Agent.IsAdmin() && !slices.Contains(c.Assignees, r.Agent.ID) {
		w.Refuse(r, "not_allowed", "Only its owners, or an admin, unarchive it.", w.Conversations.HintAfterEnd(c))
		return nil
	}
	if wasClosed && !r.Agent.IsAdmin() {
		w.Refuse(r, "not_allowed", "Only admins reopen what was closed.", w.Conversations.HintAfterEnd(c))
		return nil
	}
	if c.BridgeStatus() != bridge.StatusResolved && !wasClosed && !wasArchived && !wasUnblocked && c.CloseReason != bridge.CloseAbandoned {
		w.Refuse(r, "not_resolved", "This conversation is "+c.Status+", not resolved.", "")
		return nil
	}

	if r.Several && (c.EndedBy == nil || *c.EndedBy != r.Agent.ID) {
		w.Refuse(r, "moved_on", "A colleague has ended it since.", "Open it and look.")
		return nil
	}

	if c.Exclusive && c.Identity != nil {
		other, err := w.OpenConversationWith(ctx, tx, c.AccountID, c.Identity)
		if err != nil {
			return err
		}
		if other != 0 {
			text := fmt.Sprintf("The customer's conversation continues in #%d.", other)
			w.Refuse(r, "continued", text, "Answer there, or resolve it first.")
			return nil
		}
		if err := takeOverLaterWindow(ctx, tx, w.Book, c); err != nil {
			return err
		}
	}

	c.Status = string(bridge.StatusOpen)
	c.CloseReason = ""
	c.ResolvedAt, c.EndedBy = nil, nil
	if c.LastFrom == store.FromCustomer {
		w.Messages.ResumeWait(c) // the customer is still waiting for an answer
	}
	keepStatusFromReplies(w.Book, c)
	w.Log.Did(r, nil)
	w.Line(c, bridge.Line{
		Content:  bridge.LineReopened,
		By:       w.Dir.Ref(r.Surface, r.Agent.ID),
		Mentions: w.Conversations.OtherOwners(c, r.Agent),
	})
	w.OwnersLeft(c)
	c.RefreshCard()
	return nil
}

// takeOverLaterWindow copies to a reopened conversation what has changed in later conversations with its
// customer. The customer may have opened the reply window (the time in which the provider accepts replies)
// since, or may have written to another one of our numbers.
// Errors: the database's.
func takeOverLaterWindow(ctx context.Context, tx pgx.Tx, b *Book, c *Conversation) error {
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
			// Due at once: it starts the timer for the end of the window.
			b.Timers.Start(store.Timer{ConversationID: c.ID, Kind: OwnWindow, DueAt: b.Now})
		}
	}
	return nil
}

// end resolves or closes a conversation. Agents resolve open conversations. Admins can also close open and resolved ones.
func (w *work) end(r Request) {
	c := r.Conversation
	closesResolved := r.Verb == bridge.VerbClose && c.BridgeStatus() == bridge.StatusResolved
	if !c.BridgeStatus().Open() && !closesResolved {
		w.Refuse(r, bridge.ReasonNotOpen, "This conversation is "+c.Status+" already.", w.Conversations.HintAfterEnd(c))
		return
	}

	isEmojiOnMessage := r.IsEmoji() && !r.IsOnCard()
	if isEmojiOnMessage && c.IsHeldByOthers(r.Agent.ID) {
		w.askAboutColleagues(r, "Resolve it all the same?")
		return
	}
	if w.refuseUnread(r) || !w.hasTagToResolve(&r) {
		return
	}

	w.setEnded(r)
	w.tellEnded(r)
	c.RefreshCard()
}

// askAboutColleagues offers the verb's button to an agent who put its emoji on a message of a colleague's
// conversation, since the emoji may have been meant for the message alone.
func (w *work) askAboutColleagues(r Request, question string) {
	w.Whisper(r, bridge.Line{
		Content: &bridge.RefusedLine{Why: bridge.Because(bridge.ReasonNotAssignee), Hint: question},
		Verb:    r.Verb,
		Verbs:   []bridge.Verb{r.Verb},
		Args:    bridge.Args{Conversation: r.Conversation.ID},
	})
}

// refuseUnread refuses the request if the agent has not seen the customer's latest message, which nobody would
// read once the conversation is out of sight. It reports whether it has refused.
func (w *work) refuseUnread(r Request) (refused bool) {
	if !hasUnread(w.Messages, w.Outbox, r) {
		return false
	}
	w.Refuse(r, "unread", "The customer has just written again; it is about to be shown here.", "Read it, then decide.")
	return true
}

// hasUnread reports whether there is a message of the customer that the agent has not seen. In a chat, that is
// one that hasn't been posted in the thread yet. On one of Parley's own pages, it is one that came after the
// event up to which the page shows the conversation (Args.Seen).
func hasUnread(messages *Messages, outbox *Outbox, r Request) bool {
	if r.Several && r.Surface == store.SystemAccount { // the page was read when its form was opened
		return !r.OpenedAt.IsZero() && r.Conversation.LastFrom == store.FromCustomer && r.Conversation.LastAt.After(r.OpenedAt)
	}
	isOnOwnPage := r.Args.Seen != 0 && r.Surface == store.SystemAccount
	if !isOnOwnPage {
		return outbox.HasUnshown(r.Conversation)
	}

	return slices.ContainsFunc(messages.Latest(r.Conversation), func(said store.Message) bool {
		if said.Direction != store.DirectionIn {
			return false
		}
		m := messages.Get(said.ID) // the same message, with the changes of this batch
		hasNewWords := m != nil && m.Revision != nil && !m.Revision.Deleted && m.Revision.EventID > r.Args.Seen
		return hasNewWords || said.EventID > r.Args.Seen
	})
}

// setEnded ends a conversation as an agent asked.
func (w *work) setEnded(r Request) {
	c := r.Conversation
	status, reason := bridge.StatusResolved, resolvedByAgent
	if r.Verb == bridge.VerbClose {
		status, reason = bridge.StatusClosed, bridge.CloseByAdmin
	}
	w.conclude(c, status, reason)
	if by := r.Agent.ID; by != 0 {
		c.EndedBy = &by
	}
	w.Log.Did(r, Detail{Text: r.Args.Note})
	if r.Verb == bridge.VerbResolve {
		w.sumUp(c, OnResolve)
	}
}

// conclude sets a conversation's final status and the reason, and drops the suggestions for it.
func (w *work) conclude(c *Conversation, status bridge.Status, reason string) {
	w.EndSnooze(c)
	c.Status = string(status)
	c.CloseReason = reason
	c.ResolvedAt, c.EndedBy = &w.Now, nil
	c.EndWait()
	w.Suggested.Drop(c)
	w.Suggestions.End(c)
	if reason == bridge.CloseMerged { // it goes on
		return
	}
	for _, asked := range w.CloseAsides(c) {
		if !w.Outbox.HasUnshown(asked) {
			w.conclude(asked, bridge.StatusResolved, resolvedByAgent)
			asked.RefreshCard()
		}
	}
}

// tellEnded announces that a conversation was ended: in the thread if there is a note or another owner, and
// otherwise only to the agent.
func (w *work) tellEnded(r Request) {
	c := r.Conversation
	line := bridge.Line{
		Content:  bridge.LineResolved,
		By:       w.Dir.Ref(r.Surface, r.Agent.ID),
		Mentions: w.Conversations.OtherOwners(c, r.Agent),
		Text:     r.Args.Note,
		Verb:     r.Verb,
		Args:     bridge.Args{Conversation: c.ID},
	}
	isPublic := line.Text != "" || len(line.Mentions) > 0
	if r.Verb == bridge.VerbResolve || !isPublic {
		line.Verbs = []bridge.Verb{bridge.VerbReopen}
	}
	line.Verbs = append(line.Verbs, bridge.VerbNext)
	if isPublic {
		w.Line(c, line)
		return
	}
	w.Confirm(r, line)
}

// keepStatusFromReplies prevents queued replies from changing the conversation's status. A reply makes its
// conversation pending when it is sent, but here an agent has chosen another status after writing it.
func keepStatusFromReplies(b *Book, c *Conversation) {
	b.Messages.Latest(c)
	b.Messages.WaitingReplies(c)
	for _, d := range b.Outbox.Deliveries {
		lane := b.Outbox.Lanes[d.LaneID] // the delivery's queue
		if lane == nil || lane.ConversationID != c.ID {
			continue
		}
		if d.Kind != KindReply || d.State == store.Cancelled {
			continue
		}

		m := b.Messages.Get(d.MessageID)
		if m != nil && m.Fate == store.FateOut {
			continue // it was sent, and has changed the status already
		}

		p := d.DecodedPayload()
		p.KeepsStatus = true
		d.SetPayload(p)
	}
}
