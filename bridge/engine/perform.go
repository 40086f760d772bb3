package engine

import (
	"context"

	"github.com/jackc/pgx/v5"

	"parley/bridge"
	"parley/bridge/engine/book"
	"parley/store"
)

// This file performs commands. A command is something that an agent asks for in a chat, such as "!take" or a click on "Resolve"; its
// verb selects the use case that carries it out (use_cases.go). Texts for customers and colleagues are not commands: see action.go.

// perform checks whether the agent may use the command's verb here, and calls its use case. If not, the agent is told why, and
// perform returns nil.
func (w *work) perform(ctx context.Context, tx pgx.Tx, r book.Request) error {
	use := useCaseOf(r.Verb)
	if use.DoAnywhere != nil {
		return use.DoAnywhere(w, ctx, tx, r)
	}
	if r.Conversation == nil && r.IsEmoji() {
		return nil // emoji on messages outside conversations are meant for people
	}
	if r.Conversation == nil {
		return w.answerWithoutConversation(ctx, tx, r)
	}
	if problem := commandProblem(w, r, use); problem != nil {
		refuseFor(w, r, problem)
		return nil
	}

	whispersBefore := w.Whispers
	if use.Do != nil {
		use.Do(w, r)
	}
	if use.DoInTx != nil {
		if err := use.DoInTx(w, ctx, tx, r); err != nil {
			return err
		}
	}
	w.confirmElsewhere(r, whispersBefore)
	return nil
}

// confirmElsewhere confirms a command to an agent who gave it outside the conversation's thread, and so can't see its effect there. It
// does nothing if the agent was answered already. whispersBefore is the number of whispers (posts that only one person sees) before
// the command.
func (w *work) confirmElsewhere(r book.Request, whispersBefore int) {
	wasAnswered := w.Whispers != whispersBefore
	if !wasAnswered && w.Posts.IsAskedElsewhere(r) {
		w.Confirm(r, bridge.Line{Args: r.Args})
	}
}

// commandProblem returns why the actor can't use a verb in its conversation now, or nil.
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

// wroteSince reports whether the customer has written since a command was typed, if the command arrived late. It doesn't matter whether
// a colleague has answered: the author of the command has read neither.
func (w *work) wroteSince(r book.Request) bool {
	if r.Conversation.LastFrom == store.FromCustomer {
		return w.WasTypedBefore(r.Action, r.Conversation.LastAt)
	}
	last := w.Messages.LastOfCustomer(r.Conversation)
	return last != nil && w.WasTypedBefore(r.Action, last.CreatedAt)
}

// answerWithoutConversation answers a command that needs a conversation but doesn't identify one.
func (w *work) answerWithoutConversation(ctx context.Context, tx pgx.Tx, r book.Request) error {
	isHandled, err := w.speech.ChannelTexts.AskAgain(ctx, tx, r)
	if isHandled || err != nil {
		return err
	}
	if r.Args.Conversation != 0 {
		refuseFor(w, r, noSuchConversation(r.Args.Conversation))
		return nil
	}
	w.Refuse(r, "no_conversation", "That is not in a conversation's thread.", "Say which one: #12, or use the thread's buttons.")
	return nil
}
