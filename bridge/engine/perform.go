package engine

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"parley/bridge"
	"parley/store"
)

// applyAction does what a person did or asked for.
func (w *work) applyAction(ctx context.Context, tx pgx.Tx, account *store.Account, a bridge.Action) error {
	r := request{surface: account.ID, Action: a}
	w.typed = time.Time{}
	if a.Typed() { // a button's order is its message's
		w.typed = orderTime(a.Order)
	}
	switch a.Verb {
	case bridge.VerbEdit:
		w.edit(r)
		return nil
	case bridge.VerbDelete:
		return w.delete(r)
	case bridge.VerbMoveChannel:
		return store.BeginChannelMove(ctx, tx, r.surface, a.Place.Channel, a.Args.Note)
	case bridge.VerbReact, bridge.VerbUnreact:
		return nil // emoji that are verbs arrive as those verbs
	}
	if a.Actor.Kind != bridge.ActorPerson && a.Verb != bridge.VerbSay {
		return nil
	}
	r.conv = w.conversationAt(r)
	typed := a.Typed()
	if r.conv != nil && (typed || a.Verb == bridge.VerbUndo) && w.outbox.isPutOff(r.conv, w.event) {
		return w.wait(untilPutOff)
	}
	if r.conv != nil {
		w.formHandedIn(r)
	}
	mayConcern := a.OwnThread || a.Origin == bridge.OriginEmoji // a surface may not tell in which thread an emoji is
	if r.conv == nil && mayConcern && !useCaseOf(a.Verb).none && !w.orphaned(r) {
		if err := w.posts.awaitRecord(ctx, tx, r); err != nil {
			return err
		}
	}
	switch a.Verb {
	case bridge.VerbSay, bridge.VerbUnknown, bridge.VerbNote, bridge.VerbReply:
		return w.applySpeech(ctx, tx, r, typed && w.posts.inThread(r))
	}
	if typed && r.conv != nil {
		if w.posts.seen(r) {
			return nil
		}
		w.keepCommand(r)
	}
	if r.conv != nil {
		r.conv.clicked = true
		w.settleSlip(r)
	}
	return w.perform(ctx, tx, r)
}

// settleSlip keeps a mistyped command inside once somebody clicked the button of the command that was
// meant.
func (w *work) settleSlip(r request) {
	m := w.messages.rows[r.Args.Slip]
	r.agent = w.dir.AgentOf(r.surface, r.Actor.ID)
	if m != nil && m.ConversationID == r.conv.ID && m.Fate == store.FateAsk && w.authorize(r, r.Verb) == nil {
		m.Fate, m.Reason, m.dirty = store.FateInside, commandReason, true
		w.mark(r.conv, m, bridge.MarkInside)
	}
}

// commandReason marks a message that is a command, whether done or refused: it is not for the customer.
const commandReason string = "command"

// keepCommand stores a typed verb as a message that stays inside.
func (w *work) keepCommand(r request) {
	w.begun = true
	r.agent = w.dir.AgentOf(r.surface, r.Actor.ID)
	if r.Text == "" {
		r.Text = r.Raw
	}
	m := w.messages.addByPerson(r)
	m.Reason = commandReason
	w.posts.remember(store.Post{AccountID: r.surface, Channel: r.Place.Channel, Message: r.Place.Message, ConversationID: r.conv.ID,
		MessageID: m.ID, Kind: humanMessage})
}

// applySpeech deals with words for the customer or for colleagues.
func (w *work) applySpeech(ctx context.Context, tx pgx.Tx, r request, typed bool) error {
	if r.Verb == bridge.VerbUnknown && !typed {
		w.refuse(r, "unknown_verb", r.Args.Note, "Try: help")
		return nil
	}
	switch {
	case r.conv == nil && w.orphaned(r):
		w.tellOrphaned(r, "This thread is newer than the backup that I was restored from: I don't know it.",
			"Go on in the customer's other thread, or write to them yourself.")
		return nil
	case r.conv == nil && typed && w.posts.unknownThread(r):
		w.tellOrphaned(r, "I don't know this thread: it is no customer's, or a double of one.", "If a customer's card begins it, go on in the customer's other thread.")
		return nil
	case r.conv == nil:
		return w.topLevel(ctx, tx, r)
	}
	if typed && r.Verb == bridge.VerbReply && r.Text == "" && len(r.Files) == 0 {
		w.refuse(r, "empty", "There is no text to send.", "For example: !reply We are on it.")
		return nil
	}
	if typed {
		r.Explicit = r.Explicit || r.Verb == bridge.VerbReply
		w.say(r)
		return nil
	}
	r.agent = w.dir.AgentOf(r.surface, r.Actor.ID)
	if problem := w.authorize(r, r.Verb); problem != nil {
		w.refuse(r, problem.Code, problem.Text, problem.Hint)
		return nil
	}
	w.speakByForm(r)
	return nil
}

// speakByForm does what a form of a reply or a note asks for. The thread shows a reply as the customer
// gets it, in one or two messages.
func (w *work) speakByForm(r request) {
	r.Place.Message = ""
	if r.Verb == bridge.VerbNote {
		w.noteByForm(r)
		return
	}
	answered := w.messages.answeredBy(r.conv, r.Action)
	w.recipientsOfForm(r)
	first := w.takeFormBack(r)
	for i, one := range w.fitting(r.conv, r.Action, answered) {
		w.posts.rememberForm(r, i, w.replyByForm(r.with(one), answered, first))
	}
}

// replyByForm sends one message of a form. first means that the customer can have nothing of the form
// yet; otherwise the author is asked.
func (w *work) replyByForm(r request, answered *message, first bool) *message {
	c, agent, surface := r.conv, r.agent, r.surface
	m := w.messages.addByPerson(r)
	r.Explicit = true
	if decision, reason := w.speak(r); decision != Out {
		m.Reason = reason
		w.tellInside(c, m, reason)
		return m
	}
	m.Reason = "explicit"
	replied := &bridge.RepliedLine{Count: w.manyTexts(c, r.Text)}
	if w.mayName(c, answered) {
		m.ReplyTo, replied.Answered = answered.ExternalID, excerpt(answered)
	}
	switch {
	case !first:
		m.Fate, m.Reason = store.FateAsk, formReason
		w.tellAuthor(c, m, &bridge.AskLine{Reason: formReason}, bridge.VerbSend, bridge.VerbKeep)
	case w.mustBeTaken(c):
		w.askToTake(c, m)
	case w.parkForWindow(c, m) || w.tooLateToPromote(c, m) || w.keptByLimits(c, m):
	default:
		w.line(c, bridge.Line{Content: replied, Verb: bridge.VerbReply, By: w.dir.Ref(surface, agent.ID), Text: r.Text, Rich: r.Rich,
			Files: w.e.files.Attached(&m.Message), Verbs: []bridge.Verb{bridge.VerbUndo}, Args: bridge.Args{Conversation: c.ID, Message: m.ID}})
		w.sendToCustomer(c, agent, surface, m, w.formOrder())
	}
	return m
}

// perform does a verb.
func (w *work) perform(ctx context.Context, tx pgx.Tx, r request) error {
	r.agent = w.dir.AgentOf(r.surface, r.Actor.ID)
	if r.Verb == bridge.VerbNew {
		return w.start(ctx, tx, r)
	}
	if done, err := w.administer(ctx, tx, r); done || err != nil {
		return err
	}
	if done, err := w.answer(ctx, tx, r); done || err != nil {
		return err
	}
	if r.conv == nil && r.Origin == bridge.OriginEmoji {
		return nil // an emoji under a message of no conversation is meant for people
	}
	if r.conv == nil {
		return w.aboutNothing(ctx, tx, r)
	}
	if problem := w.authorize(r, r.Verb); problem != nil {
		w.refuse(r, problem.Code, problem.Text, problem.Hint)
		return nil
	}
	use := useCaseOf(r.Verb)
	if r.conv.Kind == "automatic" && !use.mail {
		what := "automatic mail"
		if r.conv.Collects != nil {
			what = "mails of people who opened very many conversations"
		}
		w.refuse(r, "automatic", "This thread collects "+what+": it is no conversation.", "Make one of a mail first: its button under the mail, or @Parley promote")
		return nil
	}
	if use.open && !r.conv.status().Open() {
		w.refuse(r, "not_open", "This conversation is "+r.conv.Status+".", r.conv.afterTheEnd())
		return nil
	}
	switch {
	case use.do != nil:
		use.do(w, r)
	case use.read != nil:
		return use.read(w, ctx, tx, r)
	}
	return nil
}

// aboutNothing answers a verb that is about no conversation, though it should be.
func (w *work) aboutNothing(ctx context.Context, tx pgx.Tx, r request) error {
	if done, err := w.askAgain(ctx, tx, r); done || err != nil {
		return err
	}
	if r.Args.Conversation != 0 {
		problem := noSuchConversation(r.Args.Conversation)
		w.refuse(r, problem.Code, problem.Text, problem.Hint)
		return nil
	}
	w.refuse(r, "no_conversation", "That is not in a conversation's thread.", "Say which one: #12, or use the thread's buttons.")
	return nil
}
