package engine

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"parley/bridge"
	"parley/store"
)

// rootWait is how long a reply may wait for the record of the root it answers: as long
// as nobody may know whether a post was made.
const rootWait = 11 * time.Minute

// disorderWait is how long it waits though no root is under way: what a surface tells may come
// before what it should have told first.
const disorderWait = 15 * time.Second

// rootLook is how often it is looked whether a root is still under way.
const rootLook = 5 * time.Second

// emojiWait is how long an emoji may wait for the record of the post that it is under. Nobody
// knows for sure whose that is, so that it isn't worth as much.
const emojiWait = time.Minute

// applyAction does what a person did or asked for.
func (w *work) applyAction(ctx context.Context, tx pgx.Tx, account *store.Account, a bridge.Action) error {
	surface := account.ID
	w.typed = time.Time{}
	if a.Typed() { // a button's order is its message's
		w.typed = orderTime(a.Order)
	}
	switch a.Verb {
	case bridge.VerbEdit:
		w.edit(surface, a)
		return nil
	case bridge.VerbDelete:
		return w.delete(surface, a)
	case bridge.VerbMoveChannel:
		return store.BeginChannelMove(ctx, tx, surface, a.Place.Channel, a.Args.Note)
	case bridge.VerbReact, bridge.VerbUnreact:
		return nil // emoji that are verbs arrive as those verbs
	}
	if a.Actor.Kind != bridge.ActorPerson && a.Verb != bridge.VerbSay {
		return nil
	}
	c := w.conversationAt(surface, a)
	if c != nil {
		w.formHandedIn(c, surface, a)
	}
	typed := a.Typed()
	if c == nil && a.OwnThread && !useCaseOf(a.Verb).none && !w.orphaned(surface, a) {
		if err := w.awaitRecord(ctx, tx, surface, a); err != nil {
			return err
		}
	}
	switch a.Verb {
	case bridge.VerbSay, bridge.VerbUnknown, bridge.VerbNote, bridge.VerbReply:
		return w.applySpeech(ctx, tx, c, surface, a, typed && w.inThread(c, surface, a))
	}
	if typed && c != nil {
		if w.seen(surface, a) {
			return nil
		}
		w.keepCommand(c, surface, a)
	}
	if c != nil {
		c.clicked = true
		w.settleSlip(c, surface, a)
	}
	return w.perform(ctx, tx, c, surface, a)
}

// settleSlip keeps a mistyped command inside when the one that was meant is done by its button.
func (w *work) settleSlip(c *conv, surface int64, a bridge.Action) {
	m := w.messages[a.Args.Slip]
	agent := w.dir.AgentOf(surface, a.Actor.ID)
	if m != nil && m.ConversationID == c.ID && m.Fate == store.FateAsk && w.authorize(agent, a.Verb, c, surface, a) == nil {
		m.Fate, m.Reason, m.dirty = store.FateInside, commandReason, true
		w.mark(c, m, bridge.MarkInside)
	}
}

// awaitRecord has an action wait for the record of what it is under, if that may be about to
// be written.
// Errors: notYet; the database's.
func (w *work) awaitRecord(ctx context.Context, tx pgx.Tx, surface int64, a bridge.Action) error {
	under, age := cmp.Or(a.Place.Thread, a.Place.Message), w.age()
	most := disorderWait - age
	switch {
	case w.posts[postKey{surface, a.Place.Channel, under}] != nil, age >= rootWait:
		return nil
	case a.Origin == bridge.OriginEmoji: // which may be under any post
		if most = emojiWait - age; most <= 0 {
			return nil
		}
	case age >= disorderWait:
		if coming, err := store.RootComing(ctx, tx, surface, a.Place.Channel, under, w.event.ID); err != nil || !coming {
			return err
		}
		most = rootLook
	}
	return w.waitForPost(surface, a.Place.Channel, under, most)
}

// conversationAt finds what an action is about: named by number, by a button, or by
// where it happened.
func (w *work) conversationAt(surface int64, a bridge.Action) *conv {
	if a.Args.Conversation != 0 {
		return w.convs[a.Args.Conversation]
	}
	for _, m := range []string{a.Place.Thread, a.Place.Message} {
		if p := w.posts[postKey{surface, a.Place.Channel, m}]; p != nil && m != "" {
			if c := w.convs[p.ConversationID]; c != nil {
				return c
			}
		}
	}
	return nil
}

// inThread says that something was not typed elsewhere, naming the conversation: the thread
// would not show it.
func (w *work) inThread(c *conv, surface int64, a bridge.Action) bool {
	if c == nil || a.Args.Conversation == 0 {
		return true
	}
	p := w.posts[postKey{surface, a.Place.Channel, a.Place.Thread}]
	return p != nil && p.ConversationID == c.ID
}

// seen says that a typed fact was dealt with before, by another way.
func (w *work) seen(surface int64, a bridge.Action) bool {
	p := w.posts[postKey{surface, a.Place.Channel, a.Place.Message}]
	return p != nil && p.Kind == humanMessage
}

// commandReason marks a message that is a command, done or refused: nothing to be sent.
const commandReason = "command"

// keepCommand remembers a typed verb as what it is: inside, done.
func (w *work) keepCommand(c *conv, surface int64, a bridge.Action) {
	w.begun = true
	agent := w.dir.AgentOf(surface, a.Actor.ID)
	if a.Text == "" {
		a.Text = a.Raw
	}
	m := w.saidByPerson(c, surface, a, agent)
	m.Reason = commandReason
	w.remember(store.Post{AccountID: surface, Channel: a.Place.Channel, Message: a.Place.Message, ConversationID: c.ID,
		MessageID: m.ID, Kind: humanMessage})
}

// applySpeech deals with words for the customer or for colleagues.
func (w *work) applySpeech(ctx context.Context, tx pgx.Tx, c *conv, surface int64, a bridge.Action, typed bool) error {
	if a.Verb == bridge.VerbUnknown && !typed {
		w.refuse(c, surface, a, "unknown_verb", a.Args.Note, "Try: help")
		return nil
	}
	switch {
	case c == nil && w.orphaned(surface, a):
		w.tellOrphaned(surface, a, "This thread is newer than the backup that I was restored from: I don't know it.",
			"Go on in the customer's other thread, or write to them yourself.")
		return nil
	case c == nil && typed && w.unknownThread(surface, a):
		w.tellOrphaned(surface, a, "I don't know this thread: it is no customer's, or a double of one.", "If a customer's card begins it, go on in the customer's other thread.")
		return nil
	case c == nil:
		return w.topLevel(ctx, tx, surface, a)
	}
	if typed && a.Verb == bridge.VerbReply && a.Text == "" && len(a.Files) == 0 {
		w.refuse(c, surface, a, "empty", "There is no text to send.", "For example: !reply We are on it.")
		return nil
	}
	if typed {
		a.Explicit = a.Explicit || a.Verb == bridge.VerbReply
		w.say(c, surface, a)
		return nil
	}
	agent := w.dir.AgentOf(surface, a.Actor.ID)
	if problem := w.authorize(agent, a.Verb, c, surface, a); problem != nil {
		w.refuse(c, surface, a, problem.Code, problem.Text, problem.Hint)
		return nil
	}
	w.speakByForm(c, agent, surface, a)
	return nil
}

// speakByForm keeps what was written in a form; the thread shows it as the customer gets it.
func (w *work) speakByForm(c *conv, agent *store.Agent, surface int64, a bridge.Action) {
	a.Place.Message = ""
	if a.Verb == bridge.VerbNote {
		w.noteByForm(c, agent, surface, a)
		return
	}
	answered := w.answeredBy(c, a)
	w.recipientsOfForm(c, agent, surface, a)
	first := w.takeFormBack(c, surface, a)
	for i, one := range w.fitting(c, a, answered) {
		w.rememberForm(surface, a, i, w.replyByForm(c, agent, surface, one, answered, first))
	}
}

// replyByForm sends one message of a form; first says that the customer has nothing of it yet.
func (w *work) replyByForm(c *conv, agent *store.Agent, surface int64, a bridge.Action, answered *message, first bool) *message {
	m := w.saidByPerson(c, surface, a, agent)
	a.Explicit = true
	if decision, reason := w.speak(c, agent, surface, a); decision != Out {
		m.Reason = reason
		w.tellInside(c, m, reason)
		return m
	}
	m.Reason = "explicit"
	line := bridge.Line{Kind: bridge.LineDone, Verb: bridge.VerbReply, By: w.dir.Ref(surface, agent.ID), Text: a.Text, Rich: a.Rich, Verbs: []bridge.Verb{bridge.VerbUndo},
		Count: w.manyTexts(c, a.Text), Files: w.e.files.Attached(&m.Message), Args: bridge.Args{Conversation: c.ID, Message: m.ID}}
	if w.mayName(c, answered) {
		m.ReplyTo, line.Quoted = answered.ExternalID, excerpt(answered)
	}
	switch {
	case !first:
		m.Fate, m.Reason = store.FateAsk, formReason
		w.tellAuthor(c, m, bridge.LineAsk, formReason, bridge.VerbSend, bridge.VerbKeep)
	case w.mustBeTaken(c):
		w.askToTake(c, m)
	case w.parkForWindow(c, m) || w.tooLateToPromote(c, m) || w.keptByLimits(c, m):
	default:
		w.line(c, line)
		w.sendToCustomer(c, agent, surface, m, w.formOrder())
	}
	return m
}

// formOrder places a form's reply among typed ones: by when it was submitted, in the
// form of the surface's order (seconds, a dot, microseconds).
func (w *work) formOrder() string {
	at := w.event.ReceivedAt
	return fmt.Sprintf("%d.%06d", at.Unix(), at.Nanosecond()/1000)
}

// perform does a verb.
func (w *work) perform(ctx context.Context, tx pgx.Tx, c *conv, surface int64, a bridge.Action) error {
	agent := w.dir.AgentOf(surface, a.Actor.ID)
	if a.Verb == bridge.VerbNew {
		return w.start(ctx, tx, agent, surface, a)
	}
	if done, err := w.administer(ctx, tx, agent, surface, a); done || err != nil {
		return err
	}
	if done, err := w.answer(ctx, tx, c, agent, surface, a); done || err != nil {
		return err
	}
	if c == nil && a.Origin == bridge.OriginEmoji {
		return nil // under some other message: meant for people
	}
	if c == nil {
		return w.aboutNothing(ctx, tx, surface, a)
	}
	if problem := w.authorize(agent, a.Verb, c, surface, a); problem != nil {
		w.refuse(c, surface, a, problem.Code, problem.Text, problem.Hint)
		return nil
	}
	use := useCaseOf(a.Verb)
	if c.Kind == "automatic" && !use.mail {
		what := "automatic mail"
		if c.Collects != nil {
			what = "mails of people who opened very many conversations"
		}
		w.refuse(c, surface, a, "automatic", "This thread collects "+what+": it is no conversation.", "Make one of a mail first: its button under the mail, or @Parley promote")
		return nil
	}
	if use.open && !c.status().Open() {
		w.refuse(c, surface, a, "not_open", "This conversation is "+c.Status+".", c.afterTheEnd())
		return nil
	}
	switch {
	case use.do != nil:
		use.do(w, c, agent, surface, a)
	case use.read != nil:
		return use.read(w, ctx, tx, c, agent, surface, a)
	}
	return nil
}

// aboutNothing answers a verb that is about no conversation, though it should be.
func (w *work) aboutNothing(ctx context.Context, tx pgx.Tx, surface int64, a bridge.Action) error {
	if done, err := w.askAgain(ctx, tx, surface, a); done || err != nil {
		return err
	}
	if a.Args.Conversation != 0 {
		problem := noSuchConversation(a.Args.Conversation)
		w.refuse(nil, surface, a, problem.Code, problem.Text, problem.Hint)
		return nil
	}
	w.refuse(nil, surface, a, "no_conversation", "That is not in a conversation's thread.", "Say which one: #12, or use the thread's buttons.")
	return nil
}
