package engine

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"

	"parley/bridge"
	"parley/bridge/engine/outbound"
	"parley/store"
)

// mostOffered is how many conversations are offered at most as those that a text in the channel may
// be meant for.
const mostOffered = 5

// channelText is what an agent typed in a team's channel, outside any conversation, as it says now:
// kept with its post until somebody chooses who is to get it.
type channelText struct {
	Action bridge.Action `json:"action"`
	Line   int64         `json:"line,omitempty"` // the delivery of the line that asks; 0 = nobody was asked yet
}

// keepChannelText notes what a post in the channel says.
func (ps *posts) keepChannelText(p *store.Post, text channelText) {
	body, err := json.Marshal(text)
	if err != nil {
		panic("engine: channel text: " + err.Error()) // our own plain struct
	}
	p.Early = body
	ps.change(p)
}

// channelTextOf reads what keepChannelText noted.
func channelTextOf(p *store.Post) (text channelText, ok bool) {
	if p == nil || p.Kind != humanMessage || len(p.Early) == 0 {
		return channelText{}, false
	}
	return text, json.Unmarshal(p.Early, &text) == nil
}

// topLevel answers a text that an agent typed in a team's channel outside any thread, and that
// reached no customer for that reason. Once a day it asks, in the message's own thread, which customer
// is meant; for further texts, the menu of the message asks.
func (w *work) topLevel(ctx context.Context, tx pgx.Tx, r request) error {
	r.agent = w.dir.AgentOf(r.surface, r.Actor.ID)
	if r.agent == nil || r.Actor.Kind != bridge.ActorPerson || r.Place.Thread != "" && r.Place.Thread != r.Place.Message ||
		w.dir.TeamOfChannel(r.surface, r.Place.Channel) == nil || w.posts.rows[postKey{r.surface, r.Place.Channel, r.Place.Message}] != nil {
		return nil
	}
	if r.Verb == bridge.VerbNote || r.Marker == bridge.MarkNote || r.Marker == bridge.MarkColleagues || len(r.Mentions) > 0 {
		return nil // plainly for colleagues
	}
	post := w.posts.remember(store.Post{AccountID: r.surface, Channel: r.Place.Channel, Message: r.Place.Message, Kind: humanMessage})
	r.Place.Thread = r.Place.Message // where its thread would be
	w.posts.keepChannelText(post, channelText{Action: r.Action})
	if !w.posts.toldFirst(r) {
		return nil
	}
	return w.askWhoIsMeant(ctx, tx, post)
}

// askWhoIsMeant posts, in the thread of a text in the channel, to whom it may be sent.
func (w *work) askWhoIsMeant(ctx context.Context, tx pgx.Tx, p *store.Post) error {
	text, _ := channelTextOf(p)
	a := text.Action
	var offered bridge.TopLevelLine
	line := bridge.Line{Content: &offered, Mentions: []bridge.AgentRef{{User: a.Actor.ID, Name: "you"}}, Text: a.Text,
		Args: bridge.Args{Typed: &bridge.Place{Channel: p.Channel, Message: p.Message}}}
	if agent := w.dir.AgentOf(p.AccountID, a.Actor.ID); agent != nil && a.Verb != bridge.VerbUnknown && (a.Text != "" || len(a.Files) > 0) {
		line.Mentions = []bridge.AgentRef{w.dir.Ref(p.AccountID, agent.ID)}
		ids, err := store.AnswerableConversations(ctx, tx, w.e.reader(agent), p.AccountID, p.Channel, mostOffered)
		if err != nil {
			return err
		}
		if offered.Rows, err = w.e.facts(ctx, tx, p.AccountID, agent, ids...); err != nil {
			return err
		}
		offered.Rows = slices.DeleteFunc(offered.Rows, func(f bridge.Facts) bool { return f.AccountMode == "watch" })
	}
	text.Line = w.channelLine(p.AccountID, bridge.Place{Channel: p.Channel, Thread: p.Message}, line).ID
	w.posts.keepChannelText(p, text)
	return nil
}

// askAgain does Send from the menu of a message in the channel: it asks which customer is meant,
// unless that was asked already. It says no to any other action.
func (w *work) askAgain(ctx context.Context, tx pgx.Tx, r request) (bool, error) {
	p := w.posts.rows[postKey{r.surface, r.Place.Channel, r.Place.Message}]
	text, ok := channelTextOf(p)
	switch {
	case !ok || r.Verb != bridge.VerbSend:
		return false, nil
	case text.Line != 0:
		w.refuse(r, "asked", "Who is to get it is asked in its thread.", "Choose there.")
		return true, nil
	}
	return true, w.askWhoIsMeant(ctx, tx, p)
}

// editChannelText keeps up with what a text in the channel says, while nobody chose who gets it.
func (ps *posts) editChannelText(p *store.Post, a bridge.Action) {
	text, ok := channelTextOf(p)
	if !ok || p.MessageID != 0 || a.Version <= p.Version {
		return
	}
	p.Version = a.Version
	text.Action.Text, text.Action.Raw, text.Action.Files = a.Text, a.Raw, a.Files
	ps.keepChannelText(p, text)
}

// dropChannelText forgets a text in the channel that its author deleted.
func (ps *posts) dropChannelText(p *store.Post) {
	if _, ok := channelTextOf(p); ok {
		p.Early = nil
		ps.change(p)
	}
}

// sendChannelText sends what was typed in the channel to the customer whom somebody chose, as if its
// author had typed it in the conversation's thread. Anybody else who clicks is asked first.
func (w *work) sendChannelText(r request) {
	c, agent, surface := r.conv, r.agent, r.surface
	p := w.posts.rows[postKey{surface, r.Args.Typed.Channel, r.Args.Typed.Message}]
	if p != nil && p.MessageID != 0 {
		if m := w.messages.rows[p.MessageID]; m != nil && w.convs.rows[p.ConversationID] != nil {
			w.refuseDecided(r.about(w.convs.rows[p.ConversationID]), m)
			return
		}
	}
	text, ok := channelTextOf(p)
	author := w.dir.AgentOf(surface, text.Action.Actor.ID)
	if !ok || author == nil {
		r.Place.Thread = "" // with the message its thread is gone
		w.refuse(r.about(nil), "unknown_message", "That message was deleted, or I don't know it any more.", "Type it in the conversation's thread.")
		return
	}
	if t := c.threads[surface]; t == nil || t.Channel != p.Channel { // handed over since, or never offered
		w.refuse(r.about(nil), "another_channel", fmt.Sprintf("#%d is not answered in that channel.", c.ID), "Type it in the conversation's thread.")
		return
	}
	m := &message{Message: store.Message{Fate: store.FateAsk, AgentID: &author.ID}}
	if w.refuseKept(r, m) {
		return
	}
	if author.ID != agent.ID && !r.Args.Sure {
		w.whisper(nil, surface, r.Action, bridge.Line{Content: bridge.LineSendAs, By: w.dir.Ref(surface, author.ID),
			Text: text.Action.Text, Customer: c.customer(),
			Verbs: []bridge.Verb{bridge.VerbSend}, Args: bridge.Args{Conversation: c.ID, Typed: r.Args.Typed, Sure: true}})
		return
	}
	m = w.messages.addByPerson(request{conv: r.conv, agent: author, surface: r.surface, Action: text.Action})
	m.Fate = store.FateAsk
	p.ConversationID, p.MessageID, p.Early = c.ID, m.ID, nil
	w.posts.change(p)
	r.Args.Sure = true
	w.sendKept(r, m)
	if author.ID == agent.ID && m.Fate == store.FateWaiting { // else tellSentAs did, or a line asks for more
		w.lineAbout(c, m, bridge.Line{Content: &bridge.RepliedLine{}, Verb: bridge.VerbReply, By: w.dir.Ref(surface, agent.ID),
			Text: m.Text, Files: w.e.files.Attached(&m.Message),
			Verbs: []bridge.Verb{bridge.VerbUndo}, Args: bridge.Args{Conversation: c.ID, Message: m.ID}})
	}
	w.settleAsked(c, agent, surface, m, text.Line)
}

// settleAsked replaces the line that asked who is meant by one that leads to the conversation.
func (w *work) settleAsked(c *conv, agent *store.Agent, surface int64, m *message, line int64) {
	t := c.threads[surface]
	if t == nil || line == 0 {
		return
	}
	said := bridge.Line{Content: &bridge.TopLevelLine{}, By: w.dir.Ref(surface, *m.AgentID), Text: m.Text, Customer: c.customer(),
		Other: bridge.Facts{ID: c.ID, Root: bridge.Place{Channel: t.Channel, Thread: t.Root, Message: t.Root}}, Outcome: &bridge.Outcome{State: bridge.OutcomeChosen, By: w.dir.Ref(surface, agent.ID)}}
	w.outbox.enqueue(w.changesLane(c, t), string(bridge.PostLine), 0, outbound.Payload{Left: true, Place: bridge.Place{Channel: m.Channel, Thread: m.Place}, Line: &said, Changes: line}, nil)
}
