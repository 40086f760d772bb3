package speech

import (
	"strconv"

	"parley/bridge"
	"parley/bridge/engine/book"
	"parley/store"
	"parley/store/suggestion"
)

// ByForm applies what a form of a reply or a note asks for. The thread shows a reply as the customer gets it, in one or two
// messages.
func (sp *UseCases) ByForm(r book.Request) {
	typed := sp.Posts.KeyOfTypedText(r)
	proceed, edited := ApplyEarlyEdit(sp.Posts, &r)
	if !proceed {
		return
	}
	r.Place.Message = ""
	if r.Verb == bridge.VerbNote {
		sp.noteByForm(r)
		return
	}
	s := r.Args.Suggestion
	if s != nil && s.Shown != "" {
		fate := suggestion.Edited
		if s.Shown == bridge.SumOf(r.Text) {
			fate = suggestion.Used
		}
		sp.Suggestions.Settle(r.Conversation, suggestion.Reply, strconv.FormatInt(int64(s.ID), 10), fate)
	}
	answered := sp.Messages.AnsweredBy(r.Conversation, r.Action)
	sp.replies.RecipientsOfForm(r)
	canReplace := sp.TakeFormBack(r)
	doubt := ""
	if edited {
		doubt = elsewhereReason
	} else if !canReplace {
		doubt = book.FormReason
	}
	for i, one := range sp.replies.MessagesOfForm(r.Conversation, r.Action, answered) {
		m := sp.replyByForm(r.With(one), answered, doubt)
		sp.Posts.RememberForm(r, i, m)
		sp.Posts.RememberElsewhere(typed, m)
	}
}

// replyByForm sends one message of a form. doubt is the reason for which its author is asked first; with "" it is sent at once.
func (sp *UseCases) replyByForm(r book.Request, answered *book.Message, doubt string) *book.Message {
	c := r.Conversation
	m := sp.Messages.AddByPerson(r)
	r.Explicit = true
	if decision, reason := Speak(sp.speechOf(r)); decision != Out {
		m.Reason = reason
		sp.TellInside(c, m, reason)
		return m
	}
	m.Reason = "explicit"
	replied := &bridge.RepliedLine{Count: sp.replies.ManyTexts(c, r.Text)}
	if sp.replies.MayReferTo(c, answered) {
		m.ReplyTo, replied.Answered = answered.ExternalID, book.Excerpt(answered)
	}
	if doubt != "" {
		m.Fate, m.Reason = store.FateAsk, doubt
		sp.TellAuthor(c, m, &bridge.AskLine{Reason: doubt}, bridge.VerbSend, bridge.VerbKeep)
		return m
	}
	if sp.MustBeTaken(c) {
		sp.AskToTake(c, m)
		return m
	}
	if sp.replies.KeepIfBlocked(c, m) {
		return m
	}
	sp.Line(c, bridge.Line{Content: replied, Verb: bridge.VerbReply, By: sp.Dir.Ref(r.Surface, r.Agent.ID), Text: r.Text, Rich: r.Rich,
		Files: sp.Files.Attached(&m.Message), Verbs: []bridge.Verb{bridge.VerbUndo}, Args: bridge.Args{Conversation: c.ID, Message: m.ID}})
	sp.replies.SendToCustomer(c, r.Agent, r.Surface, m, sp.FormOrder())
	return m
}
