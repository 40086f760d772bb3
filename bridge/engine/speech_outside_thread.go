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
func (sp *SpeechUseCases) SayOutsideThread(ctx context.Context, tx pgx.Tx, r Request) error {
	r, edit := WithEarlyEdit(sp.Posts, r)
	if edit == NothingToApply {
		return nil
	}
	if r.Verb == bridge.VerbNote {
		sp.outside.keepNote(r)
		return nil
	}
	return sp.outside.applyReply(ctx, tx, r, edit)
}

// applyReply turns a reply into one or two messages and decides about each. It looks for doubts first, because
// the first message changes the conversation.
func (sp outsideThread) applyReply(ctx context.Context, tx pgx.Tx, r Request, edit EarlyEdit) error {
	sp.settleSuggestion(r)
	sp.replies.RecipientsOfForm(r)
	isTakenBack := sp.TakeBackEarlierSubmission(r)
	doubt := sp.doubtAbout(r, edit, isTakenBack)
	var other bridge.Facts
	var why bridge.Reason
	if home := r.Conversation.Home(sp.Dir); doubt == "" && home != nil {
		there := r.OutsideThread()
		there.Explicit, there.Surface, there.Place.Channel = true, home.AccountID, home.Channel
		var err error
		if other, why, err = otherGreeted(ctx, tx, sp.SpeechUseCases, there); err != nil {
			return err
		}
	}

	answered := sp.Messages.AnsweredBy(r.Conversation, r.Action)
	parts := sp.replies.MessagesOfForm(r.Conversation, r.Action, answered)
	for nth, part := range parts {
		m := sp.Messages.AddOutsideThread(r.With(part))
		sp.Posts.RememberForm(r, nth, m)
		if other.ID != 0 {
			askAboutGreeting(sp.SpeechUseCases, r.Conversation, m, other, why)
			continue
		}
		leaves := sp.decideFate(r.With(part), m, answered, doubt)
		isLast := nth == len(parts)-1
		if leaves && isLast {
			sp.offerNext(r, m, len(parts) == 1)
		}
	}
	return nil
}

// offerNext leads on from a reply whose form was not opened in the conversation's thread, where its author doesn't see it. isWhole is
// false if the reply is of two messages, of which Undo would take back only this one.
func (sp outsideThread) offerNext(r Request, m *Message, isWhole bool) {
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
	sp.Confirm(r, bridge.Line{
		Customer: c.Customer(),
		Other:    sp.Refer(c, r.Surface),
		Verbs:    verbs,
		Args:     bridge.Args{Conversation: c.ID, Message: m.ID},
	})
}

// doubtAbout returns the reason to ask the author before the reply leaves, or "". isTakenBack is false if the
// same form was submitted before and the customer may have that reply.
func (sp outsideThread) doubtAbout(r Request, edit EarlyEdit, isTakenBack bool) bridge.Reason {
	switch {
	case edit == EditedBefore:
		return bridge.ReasonEditedElsewhere
	case r.Typed() && sp.HasMovedOn(r.Conversation, r.Action) && !answersOwnReply(sp.SpeechUseCases, r):
		return bridge.ReasonLate
	case !isTakenBack:
		return bridge.ReasonHandedIn
	case sp.wasAnsweredMeanwhile(r):
		return bridge.ReasonAnsweredMeanwhile
	default:
		return ""
	}
}

// wasAnsweredMeanwhile reports whether a colleague, who owns the conversation now, has answered since the
// author opened the form. The author hasn't seen that answer.
func (sp outsideThread) wasAnsweredMeanwhile(r Request) bool {
	if r.Origin != bridge.OriginForm || r.Agent == nil || r.OpenedAt.IsZero() {
		return false
	}
	c := r.Conversation
	isColleagues := len(c.Assignees) > 0 && !c.IsAssignee(r.Agent.ID)
	return isColleagues && c.LastFrom == store.FromAgent && c.LastAt.After(r.OpenedAt)
}

// decideFate decides about one message of a reply, and sends it if nothing speaks against that. answered is the
// message that it answers, or nil. doubt is the reason to ask its author first, or "". leaves is true if it is sent.
func (sp outsideThread) decideFate(r Request, m, answered *Message, doubt bridge.Reason) (leaves bool) {
	c := r.Conversation
	r.Explicit = true
	decision, reason := Speak(sp.speechOf(r.OutsideThread()))
	m.Reason = reason
	if decision != Out {
		sp.TellInside(c, m, reason)
		return false
	}

	line := bridge.RepliedLine{Count: sp.replies.ManyTexts(c, r.Text)}
	if sp.replies.MayReferTo(c, answered) {
		m.ReplyTo, line.Answered = answered.ExternalID, Excerpt(answered)
	}
	if sp.holdBack(c, m, doubt) {
		return false
	}

	sp.Line(c, bridge.Line{
		Content: &line,
		Verb:    bridge.VerbReply,
		By:      sp.Dir.Ref(r.Surface, r.Agent.ID),
		Text:    r.Text,
		Rich:    r.Rich,
		Files:   sp.Files.Attached(&m.Message),
		Verbs:   []bridge.Verb{bridge.VerbUndo},
		Args:    bridge.Args{Conversation: c.ID, Message: m.ID},
	})
	sp.replies.SendToCustomer(r, m, cmp.Or(r.TypedOrder(), sp.FormOrder()))
	return true
}

// holdBack keeps a message from leaving if there is a doubt, if somebody has to take the conversation first, or if
// the channel can't send it now. It tells or asks the author, and reports whether it has held the message back.
func (sp outsideThread) holdBack(c *Conversation, m *Message, doubt bridge.Reason) bool {
	switch {
	case doubt == bridge.ReasonLate:
		sp.replies.Park(c, m, doubt)
	case doubt != "":
		m.Fate, m.Reason = store.FateAsk, doubt
		sp.TellAuthor(c, m, &bridge.AskLine{Why: bridge.Because(doubt)}, bridge.VerbSend, bridge.VerbKeep)
	case sp.MustBeTaken(c):
		sp.AskToTake(c, m)
	default:
		return sp.replies.KeepIfBlocked(c, m)
	}
	return true
}

// settleSuggestion records whether the author used the reply that the form suggested as it was or edited.
func (sp outsideThread) settleSuggestion(r Request) {
	s := r.Args.Suggestion
	wasSuggested := s != nil && s.Shown != ""
	if !wasSuggested {
		return
	}
	fate := store.SuggestionEdited
	if s.Shown == bridge.SumOf(r.Text) {
		fate = store.SuggestionUsed
	}
	sp.Suggestions.Settle(r.Conversation, store.SuggestsReply, strconv.FormatInt(int64(s.ID), 10), fate)
}

// keepNote stores a note and shows it in the thread. Colleagues whom it names ("@ben") are mentioned if they
// may read the conversation.
func (sp outsideThread) keepNote(r Request) {
	m := sp.Messages.AddByPerson(r.OutsideThread())
	m.Reason = bridge.ReasonNote
	sp.Log.Note(r.Conversation, r.Agent, m)
	line := bridge.Line{Content: bridge.LineDone, Verb: bridge.VerbNote, By: sp.Dir.Ref(r.Surface, r.Agent.ID), Text: r.Text}
	for _, named := range sp.Dir.NamedIn(r.Text) {
		if named.ID != r.Agent.ID && sp.Reading.As(named).May(r.Conversation.Conversation) {
			line.Mentions = append(line.Mentions, sp.Dir.Ref(r.Surface, named.ID))
		}
	}
	sp.Line(r.Conversation, line)
}
