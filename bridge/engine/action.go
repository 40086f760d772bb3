package engine

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"parley/bridge"
	"parley/store"
)

// This file applies actions. An action is something a person did in a surface (a chat in which agents work, such as Slack): a typed
// text, a command, a click, a form, an emoji. Each action names a verb. Verbs by which somebody says something, to the customer or
// to colleagues, are speech; all others are commands. The table in perform.go maps each verb to the use case that applies it.

// applyAction applies one action within the transaction of a batch of events. For example, the text that an agent types in a
// customer's thread becomes a message, and is sent if it is a reply; "!take" makes the agent the owner of the conversation.
// It returns *book.NotYet if the action has to wait for another event.
func (w *work) applyAction(ctx context.Context, tx pgx.Tx, account *store.Account, a bridge.Action) error {
	w.Typed = typedAt(a)
	r := Request{Surface: account.ID, Action: a, Agent: w.Dir.AgentOf(account.ID, a.Actor.ID)}
	use := useCaseOf(a.Verb)
	if asked := w.asideOf(r); asked != nil {
		w.answerAside(r, asked)
		return nil
	}
	if use.DoFirst != nil { // such as an edit or a deletion, which applies whoever made it
		return use.DoFirst(w, ctx, tx, r)
	}

	r.Conversation = w.ConversationAt(r)
	if r.Several && r.Conversation != nil && w.hadBefore(r) {
		w.held = append(w.held, r.Conversation.ID)
	}
	if !mayAsk(w, r, use) || w.hasNothingToDo(r) {
		return nil
	}
	if err := w.awaitRecords(ctx, tx, r, use); err != nil {
		return err // nothing has been changed so far
	}

	leavesTrace := mayLeaveTrace(w, r)
	if leavesTrace { // the conversation was acted on, even if the action is refused below
		w.EndReplying(r)
		r.Conversation.SettleNote()
		// The customer wrote after it was typed.
		isForLater := HasTime(a) && w.WasTypedBefore(a, r.Conversation.LastAt) || isBehindForm(r)
		if r.Agent != nil && !isForLater && w.AuthorizeReading(r) == nil {
			r.Conversation.MarkRead()
		}
	}

	switch {
	case use.IsSpeech:
		whispersBefore := w.Whispers
		if err := w.applySpeech(ctx, tx, r); err != nil {
			return err
		}
		if r.Verb == bridge.VerbNote && r.Conversation != nil {
			w.confirmElsewhere(r, whispersBefore)
		}
		return nil
	case r.Conversation != nil:
		return applyCommand(ctx, tx, w, r, leavesTrace)
	default:
		return w.perform(ctx, tx, r)
	}
}

// applyCommand applies a command for a known conversation. leavesTrace is the result of mayLeaveTrace.
func applyCommand(ctx context.Context, tx pgx.Tx, w *work, r Request, leavesTrace bool) error {
	if r.Typed() {
		if w.Posts.WasHandled(r) {
			return nil
		}
		if leavesTrace {
			w.KeepCommand(r)
		} else {
			w.Posts.RememberHandled(r)
		}
	}

	w.Messages.Latest(r.Conversation) // the lines about these are settled, whatever the command changes
	r.Conversation.CardIsUrgent = true
	w.KeepMistypedCommand(r)
	return w.perform(ctx, tx, r)
}

// typedAt returns the time at which an action was typed, or its emoji was added. For other actions it returns the zero time: a
// click, for example, carries the order of the message with the button, not of the click.
func typedAt(a bridge.Action) time.Time {
	if !HasTime(a) {
		return time.Time{}
	}
	return Time(a.Order)
}

// mayAsk reports whether an action counts, judging by its actor. Verbs are for people of the surface's own workspace.
func mayAsk(w *work, r Request, use *useCase) bool {
	switch {
	case r.Actor.Kind == bridge.ActorPerson:
		return true
	case r.Verb == bridge.VerbSay: // texts in a thread are kept even if a bot wrote them
		return true
	case r.Actor.Kind == bridge.ActorForeign: // perhaps an agent, who must be informed that this text was not sent as a reply
		return use.IsSpeech && r.Typed() && w.Posts.IsShownInThread(r)
	}
	return false
}

// awaitRecords returns *book.NotYet if the action depends on something that is not recorded yet: the result of an attempt to send,
// or the post in which the action was done.
func (w *work) awaitRecords(ctx context.Context, tx pgx.Tx, r Request, use *useCase) error {
	if r.Conversation != nil {
		if mustAwaitAttempt(w, r) || w.AwaitsResult(r) {
			return w.PutAside(AttemptPollInterval)
		}
		return nil
	}
	if mayGetConversation(w, r, use) {
		return w.Posts.AwaitRecord(ctx, tx, r)
	}
	return nil
}

// mustAwaitAttempt reports whether a running attempt to send a reply has to end before an action is applied. A typed text is ordered
// before or after that reply, and Undo has to know whether the reply was sent. Only attempts that began after the action was stored
// count. The exception is an emoji that the attempt itself has found in the chat (OriginFoundEmoji), which waits for any attempt.
func mustAwaitAttempt(w *work, r Request) bool {
	stored := w.Event
	switch {
	case r.Origin == bridge.OriginFoundEmoji:
		stored.ReceivedAt = time.Time{} // earlier than any attempt
	case !r.Typed() && r.Verb != bridge.VerbUndo && r.Verb != bridge.VerbOops:
		return false
	}
	return w.Outbox.HasAttemptSince(r.Conversation, stored)
}

// mayGetConversation reports whether the conversation of an action may become known a moment later: the action was done in a thread
// that Parley opened, and the thread's first message may not be recorded yet. An emoji counts as done in one, because some surfaces
// don't report its thread.
func mayGetConversation(w *work, r Request, use *useCase) bool {
	mayBeInThread := r.OwnThread || r.IsEmoji()
	return mayBeInThread && !use.NoConversation && !w.IsOrphaned(r)
}

// mayLeaveTrace reports whether an action may become visible in its conversation, even if it is refused. An action typed outside the
// conversation's thread ("!close #12") may not, unless its actor is allowed to use the verb there.
func mayLeaveTrace(w *work, r Request) bool {
	if r.Conversation == nil {
		return false
	}
	wasTypedElsewhere := r.Typed() && !w.Posts.IsShownInThread(r)
	return !wasTypedElsewhere || w.Authorize(r, r.Verb) == nil
}

// applySpeech applies a text for the customer or for colleagues. It was typed in the conversation's thread, written in a form, or
// typed elsewhere with the conversation's number.
func (w *work) applySpeech(ctx context.Context, tx pgx.Tx, r Request) error {
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
	if answered != nil && answered.IdentityID != nil { // the sender decides whether the answered message may be quoted
		if _, err := w.People.SenderOf(ctx, tx, answered); err != nil {
			return err
		}
	}

	return w.SayOutsideThread(ctx, tx, r)
}

// applyTyped applies a text that was typed in the conversation's thread.
func (w *work) applyTyped(ctx context.Context, tx pgx.Tx, r Request) error {
	isReply := r.Verb == bridge.VerbReply
	isEmpty := r.Text == "" && len(r.Files) == 0
	if isReply && isEmpty {
		w.Refuse(r, bridge.ReasonEmpty, "There is no text to send.", "For example: !reply We are on it.")
		return nil
	}

	if w.Posts.WasHandled(r) {
		return nil
	}
	if problem := w.AuthorizeReading(r); problem != nil { // typed in a thread from which the conversation has moved away
		w.Posts.RememberHandled(r)
		refuseFor(w, r, problem)
		return nil
	}

	r.Explicit = r.Explicit || isReply
	return w.Say(ctx, tx, r)
}

// applySpeechElsewhere applies a text that belongs to no known conversation: it was typed in a channel, or in a thread that Parley
// doesn't know. A text for a conversation number that doesn't exist is answered to its author alone, since nobody else has seen it.
func (w *work) applySpeechElsewhere(ctx context.Context, tx pgx.Tx, r Request) error {
	if r.Args.Conversation != 0 {
		refuseFor(w, r, noSuchConversation(r.Args.Conversation))
		return nil
	}
	if w.IsOrphaned(r) {
		w.TellOrphaned(r, "This thread is newer than the backup that I was restored from: I don't know it.",
			"Go on in the customer's other thread, or write to them yourself.")
		return nil
	}

	isUnknown, err := isInUnknownThread(ctx, tx, w, r)
	if err != nil {
		return err
	}
	if isUnknown {
		w.TellOrphaned(r, "I don't know this thread: it isn't a customer's, or a double of one.",
			"If a customer's card begins it, go on in the customer's other thread.")
		return nil
	}

	isBelowRoot := r.Place.Thread != "" && r.Place.Thread != r.Place.Message
	isPersonsReply := r.Verb == bridge.VerbReply && r.Actor.Kind == bridge.ActorPerson
	if r.Typed() && isBelowRoot && isPersonsReply { // in the thread of a list, or of a question which customer is meant
		return w.answerWithoutConversation(ctx, tx, r)
	}
	return w.TopLevel(ctx, tx, r)
}

// isInUnknownThread reports whether a text was typed in a thread that belongs to no known conversation, so that nobody receives it.
func isInUnknownThread(ctx context.Context, tx pgx.Tx, w *work, r Request) (bool, error) {
	if r.Typed() && w.Posts.IsUnknownThread(r) {
		return true, nil
	}
	return w.Posts.MayBeUnderDouble(ctx, tx, r)
}
