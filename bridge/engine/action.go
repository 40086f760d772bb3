package engine

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"parley/bridge"
	"parley/bridge/engine/book"
	"parley/store"
)

// A surface is a chat in which agents work, such as Slack. An action is what a person did or asked for there: a typed text, a
// command, a click, a form, an emoji. Speech is what somebody says, to the customer or to colleagues; all else is a command. Each
// action names a verb, and the table in use_cases.go says which use case applies the verb.

// applyAction applies an action. For example, a text that an agent types in a customer's thread becomes a message, which leaves if
// it is a reply; "!take" makes the agent the conversation's owner.
// Errors: *book.NotYet if the action has to wait; the database's.
func (w *work) applyAction(ctx context.Context, tx pgx.Tx, account *store.Account, a bridge.Action) error {
	w.Typed = typedAt(a)
	r := book.Request{Surface: account.ID, Action: a, Agent: w.Dir.AgentOf(account.ID, a.Actor.ID)}
	use := useCaseOf(a.Verb)
	if use.DoFirst != nil { // an edit or a deletion, for example, which counts whoever made it
		return use.DoFirst(w, ctx, tx, r)
	}

	r.Conversation = w.ConversationAt(r)
	if !mayAsk(w, r, use) || w.hasNothingToDo(r) {
		return nil
	}
	if err := w.awaitRecords(ctx, tx, r, use); err != nil {
		return err // nothing has been changed so far
	}

	leavesTrace := mayLeaveTrace(w, r)
	if leavesTrace { // somebody has acted upon the conversation, even if the action is refused after this
		w.speech.EndReplying(r)
		r.Conversation.SettleNote()
	}

	switch {
	case use.IsSpeech:
		whispers := w.Whispers
		err := w.applySpeech(ctx, tx, r)
		if err == nil && r.Verb == bridge.VerbNote && r.Conversation != nil {
			w.confirmElsewhere(r, whispers)
		}
		return err
	case r.Conversation != nil:
		return applyCommand(ctx, tx, w, r, leavesTrace)
	default:
		return w.perform(ctx, tx, r)
	}
}

// applyCommand applies a command for a known conversation. leavesTrace means that people of the conversation may see the command.
func applyCommand(ctx context.Context, tx pgx.Tx, w *work, r book.Request, leavesTrace bool) error {
	if r.Typed() {
		if w.Posts.WasHandled(r) {
			return nil
		}
		if leavesTrace {
			w.speech.KeepCommand(r)
		} else {
			w.Posts.RememberHandled(r)
		}
	}

	r.Conversation.CardIsUrgent = true
	w.speech.KeepMistypedCommand(r)
	return w.perform(ctx, tx, r)
}

// typedAt returns when an action was typed, or done by an emoji. For other actions it returns the zero time: the order of a click
// is that of the message with the button, and doesn't say when somebody clicked.
func typedAt(a bridge.Action) time.Time {
	if !book.HasTime(a) {
		return time.Time{}
	}
	return book.OrderTime(a.Order)
}

// mayAsk reports whether an action counts, by who acted. Verbs are for people of the surface's own team.
func mayAsk(w *work, r book.Request, use *useCase) bool {
	switch {
	case r.Actor.Kind == bridge.ActorPerson:
		return true
	case r.Verb == bridge.VerbSay: // what is said in a thread is kept, also if a bot said it
		return true
	case r.Actor.Kind == bridge.ActorForeign: // perhaps an agent, who has to be told that what was typed here isn't a reply
		return use.IsSpeech && r.Typed() && w.Posts.IsShownInThread(r)
	}
	return false
}

// awaitRecords makes an action wait until what it depends on is recorded.
// Errors: *book.NotYet; the database's.
func (w *work) awaitRecords(ctx context.Context, tx pgx.Tx, r book.Request, use *useCase) error {
	if r.Conversation != nil {
		if mustAwaitAttempt(w, r) || w.speech.AwaitsResult(r) {
			return w.PutAside(book.AttemptPollInterval)
		}
		return nil
	}
	if mayGetConversation(w, r, use) {
		return w.Posts.AwaitRecord(ctx, tx, r)
	}
	return nil
}

// mustAwaitAttempt reports whether a running attempt to send a reply has to end before an action is applied: a typed text takes its
// place before or behind that reply, and Undo has to know whether the reply has left. Only an attempt that began after the action
// was stored counts, except for an emoji that the attempt itself has found (OriginFoundEmoji): that attempt gives way to it.
func mustAwaitAttempt(w *work, r book.Request) bool {
	stored := w.Event
	switch {
	case r.Origin == bridge.OriginFoundEmoji:
		stored.ReceivedAt = time.Time{} // before any attempt
	case !r.Typed() && r.Verb != bridge.VerbUndo:
		return false
	}
	return w.Outbox.HasAttemptSince(r.Conversation, stored)
}

// mayGetConversation reports whether the conversation of an action may become known: the action was done in a thread of Parley's,
// whose root (the first message) may be about to be recorded. Of an emoji a surface may not know in which thread it is.
func mayGetConversation(w *work, r book.Request, use *useCase) bool {
	mayBeInThread := r.OwnThread || r.IsEmoji()
	return mayBeInThread && !use.NoConversation && !w.replies.IsOrphaned(r)
}

// mayLeaveTrace reports whether an action has a conversation, and may be seen there, whatever becomes of it. It may not if it was
// typed elsewhere, with the conversation's number, by somebody who may not do such a thing in the conversation.
func mayLeaveTrace(w *work, r book.Request) bool {
	if r.Conversation == nil {
		return false
	}
	wasTypedElsewhere := r.Typed() && !w.Posts.IsShownInThread(r)
	return !wasTypedElsewhere || w.Authorize(r, r.Verb) == nil
}

// applySpeech applies what somebody says to the customer or to colleagues: typed in the conversation's thread, written in a form, or
// written elsewhere with the conversation's number.
func (w *work) applySpeech(ctx context.Context, tx pgx.Tx, r book.Request) error {
	isInThread := r.Typed() && w.Posts.IsShownInThread(r)
	if r.Verb == bridge.VerbUnknown && !isInThread {
		w.Refuse(r, bridge.ReasonUnknownVerb, r.Args.Note, "Try: help")
		return nil
	}
	if r.Conversation == nil {
		return w.applySpeechElsewhere(ctx, tx, r)
	}
	if isInThread {
		return w.applyTyped(ctx, tx, r)
	}

	if problem := w.Authorize(r, r.Verb); problem != nil {
		refuseFor(w, r, problem)
		return nil
	}

	answered := w.Messages.AnsweredBy(r.Conversation, r.Action)
	if answered != nil && answered.IdentityID != nil { // whether the answered message may be quoted depends on who wrote it
		if _, err := w.People.SenderOf(ctx, tx, answered); err != nil {
			return err
		}
	}

	w.speech.SayOutsideThread(r)
	return nil
}

// applyTyped applies a text that was typed in the conversation's thread.
func (w *work) applyTyped(ctx context.Context, tx pgx.Tx, r book.Request) error {
	isReply := r.Verb == bridge.VerbReply
	isEmpty := r.Text == "" && len(r.Files) == 0
	if isReply && isEmpty {
		w.Refuse(r, bridge.ReasonEmpty, "There is no text to send.", "For example: !reply We are on it.")
		return nil
	}

	if w.Posts.WasHandled(r) {
		return nil
	}
	if problem := w.AuthorizeReading(r); problem != nil { // the agent typed it in a thread that the conversation has left
		w.Posts.RememberHandled(r)
		refuseFor(w, r, problem)
		return nil
	}

	r.Explicit = r.Explicit || isReply
	return w.speech.Say(ctx, tx, r)
}

// applySpeechElsewhere applies what somebody says where nobody knows a conversation: in a channel, or in a thread that Parley has
// lost. If somebody said it for a conversation that doesn't exist, only the author is answered, since nobody else has seen the words.
func (w *work) applySpeechElsewhere(ctx context.Context, tx pgx.Tx, r book.Request) error {
	if r.Args.Conversation != 0 {
		refuseFor(w, r, noSuchConversation(r.Args.Conversation))
		return nil
	}
	if w.replies.IsOrphaned(r) {
		w.replies.TellOrphaned(r, "This thread is newer than the backup that I was restored from: I don't know it.",
			"Go on in the customer's other thread, or write to them yourself.")
		return nil
	}

	isUnknown, err := isInUnknownThread(ctx, tx, w, r)
	if err != nil {
		return err
	}
	if isUnknown {
		w.replies.TellOrphaned(r, "I don't know this thread: it isn't a customer's, or a double of one.",
			"If a customer's card begins it, go on in the customer's other thread.")
		return nil
	}

	isBelowRoot := r.Place.Thread != "" && r.Place.Thread != r.Place.Message
	isPersonsReply := r.Verb == bridge.VerbReply && r.Actor.Kind == bridge.ActorPerson
	if r.Typed() && isBelowRoot && isPersonsReply { // below a list, or where we ask which customer is meant
		return w.answerWithoutConversation(ctx, tx, r)
	}
	return w.speech.ChannelTexts.TopLevel(ctx, tx, r)
}

// isInUnknownThread reports whether something was said in a thread that belongs to no known conversation, so that nobody gets it.
func isInUnknownThread(ctx context.Context, tx pgx.Tx, w *work, r book.Request) (bool, error) {
	if r.Typed() && w.Posts.IsUnknownThread(r) {
		return true, nil
	}
	return w.Posts.MayBeUnderDouble(ctx, tx, r)
}
