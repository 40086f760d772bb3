package speech

import (
	"cmp"
	"strconv"

	"parley/bridge"
	"parley/bridge/engine/book"
	"parley/store"
	"parley/store/suggestion"
)

// ByForm applies what the form of a reply or a note asks for, or a reply that was typed with the number of its conversation,
// outside of the thread. A reply becomes one or two messages, which the thread shows as the customer gets them. Its author is
// asked before they are sent in four cases:
//   - It was typed outside of the thread, and was edited before it was applied.
//   - It was typed there, came late, and something was said in the conversation since.
//   - The same form was submitted before, and what it sent can't be taken back any more.
//   - A colleague has taken the conversation and answered while the form was open.
func (sp *UseCases) ByForm(r book.Request) {
	typed := sp.Posts.KeyOfTypedText(r)
	earlyEdit := ApplyEarlyEdit(sp.Posts, &r)
	if earlyEdit == NothingToApply {
		return
	}

	source := r.TypedPlace()
	mayNotFit := r.Typed() && sp.HasMovedOn(r.Conversation, r.Action) && !answersOwnReply(sp, r)
	r.Place.Message = ""
	if r.Verb == bridge.VerbNote {
		sp.noteByForm(r)
		return
	}

	sp.settleSuggestion(r)
	answered := sp.Messages.AnsweredBy(r.Conversation, r.Action)
	sp.replies.RecipientsOfForm(r)
	canReplace := sp.TakeFormBack(r)
	var doubt bridge.Reason // the reason why its author is asked first
	switch {
	case earlyEdit == EditedBefore:
		doubt = bridge.ReasonEditedElsewhere
	case mayNotFit:
		doubt = bridge.ReasonLate
	case !canReplace:
		doubt = bridge.ReasonHandedIn
	case wasAnsweredMeanwhile(sp, r):
		doubt = bridge.ReasonAnsweredMeanwhile
	}

	for nth, part := range sp.replies.MessagesOfForm(r.Conversation, r.Action, answered) {
		m := sp.replyByForm(r.With(part), answered, doubt, source)
		sp.Posts.RememberForm(r, nth, m)
		sp.Posts.RememberElsewhere(typed, m)
	}
}

// wasAnsweredMeanwhile reports whether a colleague, who has the conversation now, has answered since the author of a form opened it. The
// author hasn't seen that answer, and of two plain texts only the first would leave.
func wasAnsweredMeanwhile(sp *UseCases, r book.Request) bool {
	if r.Origin != bridge.OriginForm || r.Agent == nil {
		return false
	}
	c := r.Conversation
	opened := sp.Replying.OpenedAt(c, r.Agent)
	isColleagues := len(c.Assignees) > 0 && !c.IsAssignee(r.Agent.ID)
	return !opened.IsZero() && isColleagues && c.LastFrom == store.FromAgent && c.LastAt.After(opened)
}

// settleSuggestion notes whether a reply was sent as it was suggested in its form, or edited.
func (sp *UseCases) settleSuggestion(r book.Request) {
	s := r.Args.Suggestion
	wasSuggested := s != nil && s.Shown != ""
	if !wasSuggested {
		return
	}
	fate := suggestion.Edited
	if s.Shown == bridge.SumOf(r.Text) {
		fate = suggestion.Used
	}
	sp.Suggestions.Settle(r.Conversation, suggestion.Reply, strconv.FormatInt(int64(s.ID), 10), fate)
}

// replyByForm sends one message of a form, unless it has to wait or stays inside.
//   - answered is the message that it answers, or nil.
//   - doubt is the reason why its author is asked first; "" if there is none.
//   - source is where it was typed; zero for a form.
func (sp *UseCases) replyByForm(r book.Request, answered *book.Message, doubt bridge.Reason, source bridge.Place) *book.Message {
	c := r.Conversation
	m := sp.Messages.AddByPerson(r)
	m.Elsewhere = source
	r.Explicit = true
	if decision, reason := Speak(sp.speechOf(r)); decision != Out {
		m.Reason = reason
		sp.TellInside(c, m, reason)
		return m
	}

	m.Reason = bridge.ReasonExplicit
	replied := &bridge.RepliedLine{Count: sp.replies.ManyTexts(c, r.Text)}
	if sp.replies.MayReferTo(c, answered) {
		m.ReplyTo, replied.Answered = answered.ExternalID, book.Excerpt(answered)
	}

	if doubt == bridge.ReasonLate {
		sp.replies.Park(c, m, doubt)
		return m
	}
	if doubt != "" {
		m.Fate, m.Reason = store.FateAsk, doubt
		sp.TellAuthor(c, m, &bridge.AskLine{Why: bridge.Because(doubt)}, bridge.VerbSend, bridge.VerbKeep)
		return m
	}

	if sp.MustBeTaken(c) {
		sp.AskToTake(c, m)
		return m
	}
	if sp.replies.KeepIfBlocked(c, m) {
		return m
	}

	sp.Line(c, bridge.Line{
		Content: replied,
		Verb:    bridge.VerbReply,
		By:      sp.Dir.Ref(r.Surface, r.Agent.ID),
		Text:    r.Text,
		Rich:    r.Rich,
		Files:   sp.Files.Attached(&m.Message),
		Verbs:   []bridge.Verb{bridge.VerbUndo},
		Args:    bridge.Args{Conversation: c.ID, Message: m.ID},
	})
	sp.replies.SendToCustomer(c, r.Agent, r.Surface, m, cmp.Or(r.TypedOrder(), sp.FormOrder()))
	return m
}
