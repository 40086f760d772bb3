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
	"parley/store"
)

// Reopen opens a conversation again that was resolved.
func (wf *UseCases) Reopen(ctx context.Context, tx pgx.Tx, r book.Request) error {
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
			wf.Refuse(r, "continued", fmt.Sprintf("The customer's conversation continues in #%d.", other),
				"Answer there, or resolve it first.")
			return nil
		}
		if err := followLater(ctx, tx, wf, c); err != nil {
			return err
		}
	}

	c.Status = string(bridge.StatusOpen)
	c.CloseReason = ""
	c.ResolvedAt = nil
	if c.LastFrom == "customer" {
		wf.Messages.ResumeWait(c) // the end said that nobody waits any more
	}
	wf.keepStatusFromReplies(c)
	wf.Log.ByAgent(c, r.Agent, store.DeedReopened, nil)
	wf.Line(c, bridge.Line{Content: bridge.LineReopened, By: wf.Dir.Ref(r.Surface, r.Agent.ID),
		Mentions: wf.Conversations.OtherOwners(c, r.Agent)})
	wf.OwnersLeft(c)
	c.RefreshCard()
	return nil
}

// followLater gives a chat that is opened again what its customer did in later conversations: they may have opened the reply window
// since, and have written to another one of our numbers.
func followLater(ctx context.Context, tx pgx.Tx, wf *UseCases, c *book.Conversation) error {
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
			wf.Timers.Start(store.Timer{ConversationID: c.ID, Kind: own.Window, DueAt: wf.Now}) // it starts the one for the window's end
		}
	}
	return nil
}

// End resolves a conversation, or closes it, which only admins do, also when it is resolved.
func (wf *UseCases) End(r book.Request) {
	c := r.Conversation
	mayBeClosed := r.Verb == bridge.VerbClose && c.BridgeStatus() == bridge.StatusResolved
	if !c.BridgeStatus().Open() && !mayBeClosed {
		wf.Refuse(r, "not_open", "This conversation is "+c.Status+" already.", wf.Conversations.HintAfterEnd(c))
		return
	}

	isEmojiOnMessage := r.IsEmoji() && !r.IsOnCard()
	if isEmojiOnMessage && c.IsHeldByOthers(r.Agent.ID) {
		wf.Whisper(c, r.Surface, r.Action, bridge.Line{
			Content: &bridge.RefusedLine{Reason: "not_assignee", Hint: "Resolve it all the same?"},
			Verb:    r.Verb,
			Verbs:   []bridge.Verb{bridge.VerbResolve},
			Args:    bridge.Args{Conversation: c.ID},
		})
		return
	}

	if wf.refuseUnread(r) {
		return
	}

	wf.setEnded(r)
	c.RefreshCard()
}

// refuseUnread refuses to take a conversation out of sight while the customer has said something that the agent has not seen: nobody
// would read it afterwards. It returns false if there is nothing of the kind.
func (wf *UseCases) refuseUnread(r book.Request) bool {
	if !wf.hasUnread(r) {
		return false
	}
	wf.Refuse(r, "unread", "The customer has just written again; it is about to be shown here.", "Read it, then decide.")
	return true
}

// hasUnread reports whether the customer has said something that whoever ends the conversation has not seen: it is
// still on its way into the thread or, on a page of our own, came after the page was shown.
func (wf *UseCases) hasUnread(r book.Request) bool {
	if r.Args.Seen == 0 || r.Surface != store.SystemAccount {
		return r.Conversation.Unshown
	}
	return slices.ContainsFunc(r.Conversation.Last, func(said store.Message) bool {
		if said.Direction != store.DirectionIn {
			return false
		}
		m := wf.Messages.Rows[said.ID] // as this batch has changed it
		hasNewWords := m != nil && m.Revision != nil && !m.Revision.Deleted && m.Revision.EventID > r.Args.Seen
		return hasNewWords || said.EventID > r.Args.Seen
	})
}

// setEnded ends a conversation: it gives it its last status, drops what was suggested, and tells its thread.
func (wf *UseCases) setEnded(r book.Request) {
	c, a := r.Conversation, r.Action
	if c.BridgeStatus() == bridge.StatusSnoozed {
		wf.EndSnooze(c)
	}

	c.Status, c.CloseReason = string(bridge.StatusResolved), "agent"
	deed := store.DeedResolved
	if a.Verb == bridge.VerbClose {
		c.Status, c.CloseReason = string(bridge.StatusClosed), "admin"
		deed = store.DeedClosed
	}

	c.ResolvedAt = &wf.Now
	c.EndWait()
	wf.Suggested.Drop(c)
	wf.Suggestions.End(c)
	wf.Log.ByAgent(c, r.Agent, deed, book.Detail{Text: a.Args.Note})

	line := bridge.Line{
		Content:  bridge.LineResolved,
		By:       wf.Dir.Ref(r.Surface, r.Agent.ID),
		Mentions: wf.Conversations.OtherOwners(c, r.Agent),
		Text:     a.Args.Note,
		Verb:     a.Verb,
		Args:     bridge.Args{Conversation: c.ID},
	}
	if a.Verb == bridge.VerbResolve {
		line.Verbs = []bridge.Verb{bridge.VerbReopen}
		wf.sumUp(c, own.OnResolve)
	}

	if a.Args.Note != "" || len(line.Mentions) > 0 { // the thread keeps the note, and the other owners learn there who did it
		wf.Line(c, line)
		return
	}

	wf.Confirm(c, r.Surface, a, line)
}

// keepStatusFromReplies prevents replies that are on their way from making their conversation pending when they arrive, because a
// person has chosen its status since.
func (wf *UseCases) keepStatusFromReplies(c *book.Conversation) {
	for _, d := range wf.Outbox.Deliveries {
		l := wf.Outbox.Lanes[d.LaneID]
		if l == nil || l.ConversationID != c.ID {
			continue
		}
		if d.Kind != outbound.KindReply || d.State == store.Cancelled {
			continue
		}

		m := wf.Messages.Rows[d.MessageID]
		if m != nil && m.Fate == store.FateOut {
			continue // its result has been applied already
		}

		p := d.DecodedPayload()
		p.KeepsStatus = true
		d.SetPayload(p)
	}
}
