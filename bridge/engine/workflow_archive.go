package engine

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"parley/bridge"
	"parley/store"
)

// This file closes conversations for another reason than that an admin wants no answer: they are archived, or their customer is blocked.
// What the customer of an archived conversation says next starts a new one. What a blocked customer says is stored without a post; see
// inbound*.go, which also unblocks.

func archiveVerb() workflowUseCase {
	return workflowUseCase{Rules: Rules{Name: bridge.VerbArchive, Final: true, Deed: store.DeedClosed}, Do: (*WorkflowUseCases).archive}
}

func blockVerb() workflowUseCase {
	return workflowUseCase{
		Rules:  Rules{Name: bridge.VerbBlock, Right: store.RightResolveAll, Deed: store.DeedClosed},
		DoInTx: (*WorkflowUseCases).block,
	}
}

// archive closes a conversation that may be resolved already.
func (wf *WorkflowUseCases) archive(r Request) {
	c := r.Conversation
	switch {
	case !r.Agent.IsAdmin() && !slices.Contains(c.Assignees, r.Agent.ID):
		wf.Refuse(r, "not_allowed", "Only whoever has the conversation, or an admin, archives it.", "Take it first: !take")
	case c.BridgeStatus() == bridge.StatusClosed:
		wf.Refuse(r, bridge.ReasonNotOpen, "This conversation is closed already.", wf.Conversations.HintAfterEnd(c))
	case wf.refuseUnread(r) || wf.refuseUnsent(r):
	default:
		wf.closeFor(r, c, bridge.CloseArchived)
	}
}

// block blocks a conversation's customer, and closes all conversations of that customer. It asks first whoever typed it.
func (wf *WorkflowUseCases) block(ctx context.Context, tx pgx.Tx, r Request) error {
	c := r.Conversation
	customer := wf.People.RootOf(c)
	switch {
	case customer == nil:
		wf.Refuse(r, "no_customer", "This conversation has no single customer.", "")
		return nil
	case customer.Blocked:
		wf.Unchanged(r)
		return nil
	case r.Origin != bridge.OriginButton && !r.Args.Sure:
		wf.Whisper(r, bridge.Line{
			Content: &bridge.RefusedLine{
				Why:  bridge.InWords("The customer is not blocked yet."),
				Hint: "Blocked, all their addresses are: what they write is stored, and shown in no thread.",
			},
			Verb:  r.Verb,
			Verbs: []bridge.Verb{bridge.VerbBlock},
			Args:  bridge.Args{Conversation: c.ID, Note: r.Args.Note, SendArgs: bridge.SendArgs{Sure: true}},
		})
		return nil
	case wf.refuseUnsent(r):
		return nil
	}

	ids, err := store.ConversationsOf(ctx, tx, customer.ID, false)
	if err != nil {
		return err
	}
	closing := []Request{r}
	for _, id := range ids {
		o := wf.Conversations.Get(id)
		if o == nil || o.ID == c.ID {
			continue
		}
		other := r.About(o)
		other.Place = bridge.Place{} // it was typed in another thread
		problem := wf.Authorize(other, r.Verb)
		if problem == nil && wf.hasUnsent(o) {
			problem = unsent()
		}
		if problem != nil {
			wf.Refuse(r, problem.Code, fmt.Sprintf("It would close #%d as well. ", o.ID)+problem.Text, problem.Hint)
			return nil
		}
		closing = append(closing, r.About(o))
	}
	if err := store.SetBlocked(ctx, tx, customer.ID, true); err != nil {
		return err
	}
	wf.People.NoteBlocked(customer, true)
	for _, about := range closing {
		wf.closeFor(about, about.Conversation, bridge.CloseBlocked)
	}
	return nil
}

func unsent() *bridge.Problem {
	return &bridge.Problem{
		Code: "unsent",
		Text: "A text for the customer is still on its way, or waits for a decision.",
		Hint: "Wait until it has left, or take it back (!undo) or drop it (!drop).",
	}
}

// refuseUnsent refuses the request while a text for the customer waits, and reports whether it has.
func (wf *WorkflowUseCases) refuseUnsent(r Request) (refused bool) {
	if !wf.hasUnsent(r.Conversation) {
		return false
	}
	problem := unsent()
	wf.Refuse(r, problem.Code, problem.Text, problem.Hint)
	return true
}

// closeFor closes a conversation, with a line in its thread.
func (wf *WorkflowUseCases) closeFor(r Request, c *Conversation, reason string) {
	wf.conclude(c, bridge.StatusClosed, reason)
	c.UnreadSince = nil
	if by := r.Agent.ID; by != 0 {
		c.EndedBy = &by
	}
	wf.Log.Did(r, Detail{Text: strings.TrimSuffix(reason+": "+r.Args.Note, ": ")})
	undo := bridge.VerbReopen
	if reason == bridge.CloseBlocked {
		undo = bridge.VerbUnblock
	}
	wf.Line(c, bridge.Line{
		Content:  bridge.LineResolved,
		Verb:     r.Verb,
		By:       wf.Dir.Ref(r.Surface, r.Agent.ID),
		Mentions: wf.Conversations.OtherOwners(c, r.Agent),
		Text:     r.Args.Note,
		Verbs:    []bridge.Verb{undo, bridge.VerbNext},
		Args:     bridge.Args{Conversation: c.ID},
	})
	c.RefreshCard()
}
