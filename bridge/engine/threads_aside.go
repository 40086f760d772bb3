package engine

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"

	"parley/bridge"
	"parley/store"
)

// A question aside is one about a conversation to somebody other than the customer: to a channel or a person of the chat, in a thread
// of its own, or by mail, in a conversation of its own. Whoever is asked reads what was chosen, and nothing else of the conversation. What
// is answered becomes a note, and nothing else. The conversation's trait TraitAsked lists its questions until it ends.

// SetAsides replaces the questions of a conversation.
func SetAsides(c *Conversation, list []bridge.Aside) {
	value := ""
	if len(list) > 0 {
		row, _ := json.Marshal(list) // it has only strings, numbers and times
		value = string(row)
	}
	if c.SetTrait(bridge.TraitAsked, value) {
		c.RefreshCard()
	}
}

// PostAside queues the first post of a question's thread: in a channel, or, with to, as a direct message.
func (th *Writer) PostAside(
	c *Conversation, surface store.AccountID, channel string, to bridge.SurfaceUser, question *Message, line bridge.Line,
) *Delivery {
	p := Payload{Place: bridge.Place{Channel: channel}, To: to, Line: &line, Aside: true}
	lane := th.asideLane(c, surface, cmp.Or(channel, DirectChannel(to)), question.ID)
	return th.Outbox.Enqueue(lane, string(bridge.PostLine), question.ID, p, nil)
}

func (th *Writer) asideLane(c *Conversation, surface store.AccountID, channel string, question store.MessageID) *Lane {
	class := laneClass(fmt.Sprintf("aside%d", question))
	gate, request := th.budgetOf(surface, bridge.PostLine, channel)
	key := LaneKey{Account: surface, Key: conversationLane(c.ID, class)}
	return th.Outbox.LaneOf(key, c.ID, store.PrioritySay, gate, request)
}

// NoteAnswer keeps what was answered to a question aside as a note, and shows it to the conversation's agents. r.Conversation is the one
// about which was asked, and r.Text the answer. isIt tells the question that was answered.
func (th *Writer) NoteAnswer(r Request, isIt func(bridge.Aside) bool, line bridge.Line) *Message {
	c := r.Conversation
	m := th.Messages.AddByPerson(r.OutsideThread())
	m.Reason = bridge.ReasonNote
	th.Log.Note(c, r.Agent, m)
	list := bridge.AsidesOf(c.Traits)
	for i := range list {
		if isIt(list[i]) {
			list[i].Answered = true
			line.Content = &bridge.AskedLine{Whom: list[i].Whom, Answer: true}
			line.Mentions = []bridge.AgentRef{th.Dir.Ref(AnySurface, list[i].By)}
		}
	}
	SetAsides(c, list)
	if line.Content == nil { // the conversation has ended since
		line.Content, line.Mentions = &bridge.AskedLine{Answer: true}, th.Conversations.Owners(c)
	}
	line.Mentions = slices.DeleteFunc(line.Mentions, func(ref bridge.AgentRef) bool { return r.Agent != nil && ref.ID == r.Agent.ID })
	line.Verb, line.Text = bridge.VerbAsk, r.Text
	th.Line(c, line)
	return m
}

// CloseAsides says in the threads of a conversation's questions that nobody waits for an answer any more, and forgets the questions. It
// returns the conversations with those who were asked by mail.
func (th *Writer) CloseAsides(c *Conversation) (byMail []*Conversation) {
	over := bridge.Line{Content: &bridge.AsideLine{Over: true}}
	for _, a := range bridge.AsidesOf(c.Traits) {
		if a.Conversation == 0 {
			lane := th.asideLane(c, a.Surface, "aside", a.Message)
			th.Outbox.Enqueue(lane, string(bridge.PostLine), NoMessage, Payload{Line: &over, Below: a.Delivery}, nil)
			continue
		}
		if asked := th.Conversations.Get(a.Conversation); asked != nil && asked.BridgeStatus().Open() {
			th.Line(asked, bridge.Line{Content: over.Content, Other: th.ReferFrom(asked, c)})
			byMail = append(byMail, asked)
		}
	}
	SetAsides(c, nil)
	return byMail
}
