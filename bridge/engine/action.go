package engine

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"parley/bridge"
	"parley/bridge/engine/book"
	"parley/store"
)

// applyAction applies what a person did or asked for in a surface (a chat of agents): a typed text, a command, a click, a form, an
// emoji. It goes on in this order:
//  1. What happened to a message or a channel is applied, whoever did it.
//  2. An action that doesn't count, or asks for nothing, is dropped.
//  3. If something that the action depends on isn't recorded yet, the action waits. Nothing has been changed so far.
//  4. The conversation notes that somebody has acted upon it, even if the action is refused after that, unless mayLeaveTrace says
//     no.
//  5. The action is applied: speech by applySpeech, any other verb by its use case.
//
// Errors: *book.NotYet if the action has to wait; the database's.
func (w *work) applyAction(ctx context.Context, tx pgx.Tx, account *store.Account, a bridge.Action) error {
	w.Typed = typedAt(a)
	r := book.Request{Surface: account.ID, Action: a, Agent: w.Dir.AgentOf(account.ID, a.Actor.ID)}
	use := useCaseOf(a.Verb)
	if use.doFirst != nil {
		return use.doFirst(w, ctx, tx, r)
	}

	r.Conversation = w.ConversationAt(r)
	if !mayAsk(w, r, use) {
		return nil
	}
	if r.Conversation != nil && a.IsEmoji() && w.hasNothingToDo(r) {
		return nil
	}
	if err := w.awaitRecords(ctx, tx, r, use); err != nil {
		return err
	}

	leavesTrace := r.Conversation != nil && mayLeaveTrace(w, r)
	if leavesTrace {
		w.speech.EndReplying(r)
		r.Conversation.SettleNote()
	}
	if use.isSpeech {
		return w.applySpeech(ctx, tx, r)
	}
	if r.Conversation == nil {
		return w.perform(ctx, tx, r)
	}

	if a.Typed() {
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
	if !hasTime(a) {
		return time.Time{}
	}
	return book.OrderTime(a.Order)
}

// hasTime reports whether the order of an action says when it was done. Not every chat tells that of an emoji.
func hasTime(a bridge.Action) bool { return a.Typed() || a.IsEmoji() && a.Order != "" }

// mayAsk reports whether an action counts, by who acted. Verbs are for people of the surface's own team.
func mayAsk(w *work, r book.Request, use *useCase) bool {
	switch {
	case r.Actor.Kind == bridge.ActorPerson:
		return true
	case r.Verb == bridge.VerbSay: // what is said in a thread is kept, also if a bot said it
		return true
	case r.Actor.Kind == bridge.ActorForeign: // perhaps an agent, who has to be told that what was typed here is no reply
		return use.isSpeech && r.Typed() && w.Posts.IsShownInThread(r)
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
	return mayBeInThread && !use.noConversation && !w.replies.IsOrphaned(r)
}

// mayLeaveTrace reports whether an action may be seen in its conversation, whatever becomes of it. It may not if it was typed
// elsewhere, with the conversation's number, by somebody who may not do such a thing in the conversation.
func mayLeaveTrace(w *work, r book.Request) bool {
	wasTypedElsewhere := r.Typed() && !w.Posts.IsShownInThread(r)
	return !wasTypedElsewhere || w.Authorize(r, r.Verb) == nil
}

// tellUnknown says that nobody gets what was typed in a thread that belongs to no known conversation.
func (w *work) tellUnknown(r book.Request) {
	w.replies.TellOrphaned(r, "I don't know this thread: it is no customer's, or a double of one.",
		"If a customer's card begins it, go on in the customer's other thread.")
}

// applySpeech applies what somebody says to the customer or to colleagues: typed in the conversation's thread, written in a form, or
// written elsewhere with the conversation's number.
func (w *work) applySpeech(ctx context.Context, tx pgx.Tx, r book.Request) error {
	isInThread := r.Typed() && w.Posts.IsShownInThread(r)
	if r.Verb == bridge.VerbUnknown && !isInThread {
		w.Refuse(r, "unknown_verb", r.Args.Note, "Try: help")
		return nil
	}
	if r.Conversation == nil {
		return w.applySpeechElsewhere(ctx, tx, r)
	}
	if isInThread {
		return w.applyTyped(ctx, tx, r)
	}

	if problem := w.Authorize(r, r.Verb); problem != nil {
		w.Refuse(r, problem.Code, problem.Text, problem.Hint)
		return nil
	}

	answered := w.Messages.AnsweredBy(r.Conversation, r.Action)
	if answered != nil && answered.IdentityID != nil { // whether the answered message may be quoted depends on who wrote it
		if _, err := w.People.SenderOf(ctx, tx, answered); err != nil {
			return err
		}
	}

	w.speech.ByForm(r)
	return nil
}

// applyTyped applies a text that was typed in the conversation's thread.
func (w *work) applyTyped(ctx context.Context, tx pgx.Tx, r book.Request) error {
	isReply := r.Verb == bridge.VerbReply
	isEmpty := r.Text == "" && len(r.Files) == 0
	if isReply && isEmpty {
		w.Refuse(r, "empty", "There is no text to send.", "For example: !reply We are on it.")
		return nil
	}

	if w.Posts.WasHandled(r) {
		return nil
	}
	if problem := w.AuthorizeReading(r); problem != nil { // the agent typed it in a thread that the conversation has left
		w.Posts.RememberHandled(r)
		w.Refuse(r, problem.Code, problem.Text, problem.Hint)
		return nil
	}

	r.Explicit = r.Explicit || isReply
	changed, err := w.Log.ChangedHands(ctx, tx, r)
	if err != nil {
		return err
	}

	w.speech.Say(r, changed)
	return nil
}

// applySpeechElsewhere applies what somebody says where nobody knows a conversation: in a channel, or in a thread that Parley has
// lost. If somebody said it for a conversation that doesn't exist, only the author is answered, since nobody else has seen the words.
func (w *work) applySpeechElsewhere(ctx context.Context, tx pgx.Tx, r book.Request) error {
	if r.Args.Conversation != 0 {
		problem := noSuchConversation(r.Args.Conversation)
		w.Refuse(r, problem.Code, problem.Text, problem.Hint)
		return nil
	}

	if w.replies.IsOrphaned(r) {
		w.replies.TellOrphaned(r, "This thread is newer than the backup that I was restored from: I don't know it.",
			"Go on in the customer's other thread, or write to them yourself.")
		return nil
	}

	if r.Typed() && w.Posts.IsUnknownThread(r) {
		w.tellUnknown(r)
		return nil
	}

	isLost, err := w.Posts.MayBeUnderDouble(ctx, tx, r)
	if err != nil {
		return err
	}
	if isLost {
		w.tellUnknown(r)
		return nil
	}

	isBelowRoot := r.Place.Thread != "" && r.Place.Thread != r.Place.Message
	isPersonsReply := r.Verb == bridge.VerbReply && r.Actor.Kind == bridge.ActorPerson
	if r.Typed() && isBelowRoot && isPersonsReply { // below a list, or where we ask which customer is meant
		return w.answerWithoutConversation(ctx, tx, r)
	}
	return w.speech.ChannelTexts.TopLevel(ctx, tx, r)
}
