package engine

import (
	"cmp"
	"context"
	"strconv"

	"github.com/jackc/pgx/v5"

	"parley/bridge"
	"parley/store"
)

// An agent can also write a reply or a note outside of the conversation's thread: in a form, or anywhere in the
// chat with the conversation's number ("@Parley #12 reply: It left today"). A line in the thread then shows the
// text. Such a reply may come from somebody who hasn't seen the latest messages. If there is a doubt, it isn't
// sent, and its author is asked.

// SayOutsideThread applies a reply or note that was written outside of the conversation's thread.
// Errors: the database's.
func (w *work) SayOutsideThread(ctx context.Context, tx pgx.Tx, r Request) error {
	r, edit := WithEarlyEdit(w.Posts, r)
	if edit == NothingToApply {
		return nil
	}
	if r.Verb == bridge.VerbNote {
		w.keepNote(r)
		return nil
	}
	return w.applyReply(ctx, tx, r, edit)
}

// applyReply turns a reply into one or two messages and decides about each. It looks for doubts first, because
// the first message changes the conversation.
func (w *work) applyReply(ctx context.Context, tx pgx.Tx, r Request, edit EarlyEdit) error {
	w.settleSuggestion(r)
	w.RecipientsOfForm(r)
	isTakenBack := w.TakeBackEarlierSubmission(r)
	doubt := w.doubtAbout(r, edit, isTakenBack)
	var other bridge.Facts
	var why bridge.Reason
	if home := r.Conversation.Home(w.Dir); doubt == "" && home != nil {
		there := r.OutsideThread()
		there.Explicit, there.Surface, there.Place.Channel = true, home.AccountID, home.Channel
		var err error
		if other, why, err = otherGreeted(ctx, tx, w, there); err != nil {
			return err
		}
	}

	answered := w.Messages.AnsweredBy(r.Conversation, r.Action)
	parts := w.MessagesOfForm(r.Conversation, r.Action, answered)
	for nth, part := range parts {
		m := w.Messages.AddOutsideThread(r.With(part))
		w.Posts.RememberForm(r, nth, m)
		if other.ID != 0 {
			askAboutGreeting(w, r.Conversation, m, other, why)
			continue
		}
		leaves := w.decideFateOutside(r.With(part), m, answered, doubt)
		isLast := nth == len(parts)-1
		if leaves && isLast {
			w.offerNext(r, m, len(parts) == 1)
		}
	}
	return nil
}

// offerNext leads on from a reply whose form was not opened in the conversation's thread, where its author doesn't see it. isWhole is
// false if the reply is of two messages, of which Undo would take back only this one.
func (w *work) offerNext(r Request, m *Message, isWhole bool) {
	c := r.Conversation
	t := c.Threads[r.Surface]
	isInThread := t != nil && r.Place.Channel == t.Channel && cmp.Or(r.Place.Thread, r.Place.Message) == t.Root
	if r.Origin != bridge.OriginForm || isInThread {
		return
	}
	verbs := []bridge.Verb{bridge.VerbNext}
	if isWhole {
		verbs = []bridge.Verb{bridge.VerbUndo, bridge.VerbNext}
	}
	r.Conversation = nil // else it is told in the conversation's thread
	w.Confirm(r, bridge.Line{
		Customer: c.Customer(),
		Other:    w.Refer(c, r.Surface),
		Verbs:    verbs,
		Args:     bridge.Args{Conversation: c.ID, Message: m.ID},
	})
}

// doubtAbout returns the reason to ask the author before the reply leaves, or "". isTakenBack is false if the
// same form was submitted before and the customer may have that reply.
func (w *work) doubtAbout(r Request, edit EarlyEdit, isTakenBack bool) bridge.Reason {
	switch {
	case edit == EditedBefore:
		return bridge.ReasonEditedElsewhere
	case r.Typed() && w.HasMovedOn(r.Conversation, r.Action) && !answersOwnReply(w, r):
		return bridge.ReasonLate
	case !isTakenBack:
		return bridge.ReasonHandedIn
	case w.wasAnsweredMeanwhile(r):
		return bridge.ReasonAnsweredMeanwhile
	default:
		return ""
	}
}

// wasAnsweredMeanwhile reports whether a colleague, who owns the conversation now, has answered since the
// author opened the form. The author hasn't seen that answer.
func (w *work) wasAnsweredMeanwhile(r Request) bool {
	if r.Origin != bridge.OriginForm || r.Agent == nil || r.OpenedAt.IsZero() {
		return false
	}
	c := r.Conversation
	isColleagues := len(c.Assignees) > 0 && !c.IsAssignee(r.Agent.ID)
	return isColleagues && c.LastFrom == store.FromAgent && c.LastAt.After(r.OpenedAt)
}

// decideFateOutside decides about one message of a reply, and sends it if nothing speaks against that. answered is the
// message that it answers, or nil. doubt is the reason to ask its author first, or "". leaves is true if it is sent.
func (w *work) decideFateOutside(r Request, m, answered *Message, doubt bridge.Reason) (leaves bool) {
	c := r.Conversation
	r.Explicit = true
	decision, reason := Speak(w.speechOf(r.OutsideThread()))
	m.Reason = reason
	if decision != Out {
		w.TellInside(c, m, reason)
		return false
	}

	line := bridge.RepliedLine{Count: w.ManyTexts(c, r.Text)}
	if w.MayReferTo(c, answered) {
		m.ReplyTo, line.Answered = answered.ExternalID, Excerpt(answered)
	}
	if w.holdBack(c, m, doubt) {
		return false
	}

	w.Line(c, bridge.Line{
		Content: &line,
		Verb:    bridge.VerbReply,
		By:      w.Dir.Ref(r.Surface, r.Agent.ID),
		Text:    r.Text,
		Rich:    r.Rich,
		Files:   w.Files.Attached(&m.Message),
		Verbs:   []bridge.Verb{bridge.VerbUndo},
		Args:    bridge.Args{Conversation: c.ID, Message: m.ID},
	})
	w.SendToCustomer(r, m, cmp.Or(r.TypedOrder(), w.FormOrder()))
	return true
}

// holdBack keeps a message from leaving if there is a doubt, if somebody has to take the conversation first, or if
// the channel can't send it now. It tells or asks the author, and reports whether it has held the message back.
func (w *work) holdBack(c *Conversation, m *Message, doubt bridge.Reason) bool {
	switch {
	case doubt == bridge.ReasonLate:
		w.Park(c, m, doubt)
	case doubt != "":
		m.Fate, m.Reason = store.FateAsk, doubt
		w.TellAuthor(c, m, &bridge.AskLine{Why: bridge.Because(doubt)}, bridge.VerbSend, bridge.VerbKeep)
	case w.MustBeTaken(c):
		w.AskToTake(c, m)
	default:
		return w.KeepIfBlocked(c, m)
	}
	return true
}

// settleSuggestion records whether the author used the reply that the form suggested as it was or edited.
func (w *work) settleSuggestion(r Request) {
	s := r.Args.Suggestion
	wasSuggested := s != nil && s.Shown != ""
	if !wasSuggested {
		return
	}
	fate := store.SuggestionEdited
	if s.Shown == bridge.SumOf(r.Text) {
		fate = store.SuggestionUsed
	}
	w.Suggestions.Settle(r.Conversation, store.SuggestsReply, strconv.FormatInt(int64(s.ID), 10), fate)
}

// keepNote stores a note and shows it in the thread. Colleagues whom it names ("@ben") are mentioned if they
// may read the conversation.
func (w *work) keepNote(r Request) {
	m := w.Messages.AddByPerson(r.OutsideThread())
	m.Reason = bridge.ReasonNote
	w.Log.Note(r.Conversation, r.Agent, m)
	line := bridge.Line{Content: bridge.LineDone, Verb: bridge.VerbNote, By: w.Dir.Ref(r.Surface, r.Agent.ID), Text: r.Text}
	for _, named := range w.Dir.NamedIn(r.Text) {
		if named.ID != r.Agent.ID && w.Reading.As(named).May(r.Conversation.Conversation) {
			line.Mentions = append(line.Mentions, w.Dir.Ref(r.Surface, named.ID))
		}
	}
	w.Line(r.Conversation, line)
}
