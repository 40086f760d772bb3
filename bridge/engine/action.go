package engine

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"parley/bridge"
	"parley/bridge/engine/book"
	"parley/store"
)

// applyAction does what a person did or asked for in a surface: it finds the conversation, waits for what must be recorded first, and
// calls the use case of the verb. Errors: *book.NotYet if the action has to wait; the database's.
func (w *work) applyAction(ctx context.Context, tx pgx.Tx, account *store.Account, a bridge.Action) error {
	r := book.Request{Surface: account.ID, Action: a}
	w.Typed = time.Time{}
	if a.Typed() { // the order of a click is that of the message with the button, which says nothing about when it was clicked
		w.Typed = book.OrderTime(a.Order)
	}

	use := useCaseOf(a.Verb)
	if use.first != nil {
		return use.first(w, ctx, tx, r)
	}
	isTypedByForeigner := a.Actor.Kind == bridge.ActorForeign && use.isSpeech && a.Typed() // perhaps an agent of ours, who is told
	if a.Actor.Kind != bridge.ActorPerson && a.Verb != bridge.VerbSay && !isTypedByForeigner {
		return nil // what a bot says is kept; other verbs are for people
	}

	r.Conversation = w.ConversationAt(r)
	if r.Conversation != nil && a.IsEmoji() && w.hasNothingToDo(r) {
		return nil
	}
	if w.mustAwaitAttempt(r) {
		return w.Wait(book.AttemptPollInterval)
	}
	if r.Conversation != nil && w.speech.AwaitsResult(r) {
		return w.Wait(book.AttemptPollInterval)
	}
	if r.Conversation != nil && leavesTrace(w, r) {
		w.speech.FormHandedIn(r)
		r.Conversation.SettleNote()
	}
	if mayGetConversation(w, r, use) {
		if err := w.Posts.AwaitRecord(ctx, tx, r); err != nil {
			return err
		}
	}

	if use.isSpeech {
		isInThread := a.Typed() && w.Posts.IsShownInThread(r)
		if a.Actor.Kind != bridge.ActorPerson && a.Verb != bridge.VerbSay && !isInThread {
			return nil
		}
		return w.applySpeech(ctx, tx, r, isInThread)
	}
	if r.Conversation == nil {
		return w.perform(ctx, tx, r)
	}

	if a.Typed() {
		if w.Posts.WasHandled(r) {
			return nil
		}
		if leavesTrace(w, r) {
			w.speech.KeepCommand(r)
		} else {
			w.Posts.RememberHandled(r)
		}
	}
	r.Conversation.Clicked = true
	w.speech.KeepMistypedCommand(r)
	return w.perform(ctx, tx, r)
}

// leavesTrace reports whether an action may be seen in its conversation, whatever becomes of it. What was typed elsewhere with the
// conversation's number may be by somebody who has no say in the conversation: then nothing of it is kept there.
func leavesTrace(w *work, r book.Request) bool {
	if !r.Typed() || w.Posts.IsShownInThread(r) {
		return true
	}
	r.Agent = w.Dir.AgentOf(r.Surface, r.Actor.ID)
	return w.Authorize(r, r.Verb) == nil
}

// mustAwaitAttempt reports whether a running attempt has to end before an action is applied: a typed text takes its place before or
// behind the reply that is being sent, and Undo has to know whether that has left. An attempt that began before the action was stored
// doesn't matter, unless it has itself found the emoji that is the action: then it gives way to it.
func (w *work) mustAwaitAttempt(r book.Request) bool {
	wasFound := r.Origin == bridge.OriginFoundEmoji
	dependsOnAttempt := r.Typed() || r.Verb == bridge.VerbUndo || wasFound
	if r.Conversation == nil || !dependsOnAttempt {
		return false
	}

	stored := w.Event
	if wasFound {
		stored.ReceivedAt = time.Time{} // before any attempt
	}
	return w.Outbox.HasAttemptSince(r.Conversation, stored)
}

// mayGetConversation reports whether the conversation that an action lacks may become known: the action was done in a thread of
// Parley's, whose root may be about to be recorded. For an emoji a surface may not know in which thread its message is.
func mayGetConversation(w *work, r book.Request, use *useCase) bool {
	if r.Conversation != nil || use.noConversation {
		return false
	}
	mayBeInThread := r.OwnThread || r.IsEmoji()
	return mayBeInThread && !w.replies.IsOrphaned(r)
}

// tellUnknown says that nobody gets what was typed in a thread that belongs to no known conversation.
func (w *work) tellUnknown(r book.Request) {
	w.replies.TellOrphaned(r, "I don't know this thread: it is no customer's, or a double of one.",
		"If a customer's card begins it, go on in the customer's other thread.")
}

// applySpeech applies what somebody says to the customer or to colleagues. typed means that it was typed in the
// conversation's thread; if not, it was written in a form, or elsewhere with the number of the conversation.
func (w *work) applySpeech(ctx context.Context, tx pgx.Tx, r book.Request, typed bool) error {
	if r.Verb == bridge.VerbUnknown && !typed {
		w.Refuse(r, "unknown_verb", r.Args.Note, "Try: help")
		return nil
	}
	if r.Conversation == nil {
		return w.applySpeechElsewhere(ctx, tx, r, typed)
	}
	if typed {
		return w.applyTyped(ctx, tx, r)
	}

	r.Agent = w.Dir.AgentOf(r.Surface, r.Actor.ID)
	if problem := w.Authorize(r, r.Verb); problem != nil {
		w.Refuse(r, problem.Code, problem.Text, problem.Hint)
		return nil
	}

	answered := w.Messages.AnsweredBy(r.Conversation, r.Action)
	if answered != nil && answered.IdentityID != nil { // its words may be quoted
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

	r.Agent = w.Dir.AgentOf(r.Surface, r.Actor.ID)
	if w.Posts.WasHandled(r) {
		return nil
	}
	if problem := w.AuthorizeReading(r); problem != nil { // it was typed in a thread that the conversation has left
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
// lost. If it was said for a conversation that doesn't exist, only its author is answered, since nobody else has seen the words.
func (w *work) applySpeechElsewhere(ctx context.Context, tx pgx.Tx, r book.Request, typed bool) error {
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

	if typed && w.Posts.IsUnknownThread(r) {
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
	if typed && isBelowRoot && isPersonsReply { // below a list, or where we ask which customer is meant
		return w.answerWithoutConversation(ctx, tx, r)
	}
	return w.speech.ChannelTexts.TopLevel(ctx, tx, r)
}
