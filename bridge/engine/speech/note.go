package speech

import (
	"parley/bridge"
	"parley/bridge/engine/book"
)

// noteByForm keeps a note that was written in a form, and shows it in the thread. Colleagues whom it names by an @ are
// mentioned, if they may read the conversation.
func (sp *UseCases) noteByForm(r book.Request) {
	agent, surface := r.Agent, r.Surface
	m := sp.Messages.AddByPerson(r)
	m.Reason = bridge.ReasonNote
	sp.Log.Note(r.Conversation, agent, m)
	line := bridge.Line{Content: bridge.LineDone, Verb: bridge.VerbNote, By: sp.Dir.Ref(surface, agent.ID), Text: r.Text}
	for _, named := range sp.Dir.NamedIn(r.Text) {
		if named.ID != agent.ID && sp.Reading.As(named).May(r.Conversation.Conversation) {
			line.Mentions = append(line.Mentions, sp.Dir.Ref(surface, named.ID))
		}
	}
	sp.Line(r.Conversation, line)
}
