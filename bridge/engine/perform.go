package engine

import (
	"context"

	"github.com/jackc/pgx/v5"

	"parley/bridge"
	"parley/bridge/engine/book"
	"parley/store"
)

// perform applies a command: it checks whether this agent may use the verb here, and calls its use case.
func (w *work) perform(ctx context.Context, tx pgx.Tx, r book.Request) error {
	use := useCaseOf(r.Verb)
	if use.DoAnywhere != nil {
		return use.DoAnywhere(w, ctx, tx, r)
	}
	if r.Conversation == nil && r.IsEmoji() {
		return nil // an emoji under a message of no conversation is meant for people
	}
	if r.Conversation == nil {
		return w.answerWithoutConversation(ctx, tx, r)
	}
	if problem := commandProblem(w, r, use); problem != nil {
		refuseFor(w, r, problem)
		return nil
	}

	whispers := w.Whispers
	if use.Do != nil {
		use.Do(w, r)
	}
	if use.DoInTx != nil {
		if err := use.DoInTx(w, ctx, tx, r); err != nil {
			return err
		}
	}
	w.confirmElsewhere(r, whispers)
	return nil
}

// confirmElsewhere tells somebody who gave a command from elsewhere that it was done: the card and the lines that show it are in
// the conversation's thread. It does nothing if that person was answered already. before is the number of whispers before the command.
func (w *work) confirmElsewhere(r book.Request, before int) {
	if w.Whispers == before && w.Posts.IsAskedElsewhere(r) {
		w.Confirm(r, bridge.Line{Args: r.Args})
	}
}

// commandProblem returns why a verb can't be used now in its conversation by whoever asks, or nil if it can.
func commandProblem(w *work, r book.Request, use *useCase) *bridge.Problem {
	c := r.Conversation
	if problem := w.Authorize(r, r.Verb); problem != nil {
		return problem
	}

	switch {
	case c.Kind == store.KindAutomatic && !use.InDailyThread:
		collected := "automatic mail"
		if c.Collects != nil {
			collected = "mails of people who opened very many conversations"
		}
		return &bridge.Problem{
			Code: bridge.ReasonAutomatic,
			Text: "This thread collects " + collected + ": it isn't a conversation.",
			Hint: "Make one of a mail first: its button under the mail, or @Parley promote",
		}
	case use.NeedsOpen && !c.BridgeStatus().Open():
		return &bridge.Problem{
			Code: bridge.ReasonNotOpen,
			Text: "This conversation is " + c.Status + ".",
			Hint: w.Conversations.HintAfterEnd(c),
		}
	case use.Final && book.HasTime(r.Action) && w.wroteSince(r):
		return &bridge.Problem{
			Code: "moved_on",
			Text: "The customer has written since you asked for this.",
			Hint: "Read it, then decide again.",
		}
	}
	return nil
}

// wroteSince reports whether a verb was found late and the customer has written since somebody asked for it, even if a colleague has
// answered that: whoever asked has read neither.
func (w *work) wroteSince(r book.Request) bool {
	if r.Conversation.LastFrom == store.FromCustomer {
		return w.WasTypedBefore(r.Action, r.Conversation.LastAt)
	}
	last := w.Messages.LastOfCustomer(r.Conversation)
	return last != nil && w.WasTypedBefore(r.Action, last.CreatedAt)
}

// answerWithoutConversation answers a verb that needs a conversation, where nobody knows which one is meant.
func (w *work) answerWithoutConversation(ctx context.Context, tx pgx.Tx, r book.Request) error {
	handled, err := w.speech.ChannelTexts.AskAgain(ctx, tx, r)
	if handled || err != nil {
		return err
	}
	if r.Args.Conversation != 0 {
		refuseFor(w, r, noSuchConversation(r.Args.Conversation))
		return nil
	}
	w.Refuse(r, "no_conversation", "That is not in a conversation's thread.", "Say which one: #12, or use the thread's buttons.")
	return nil
}
