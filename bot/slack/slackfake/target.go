package slackfake

import (
	"encoding/json"
	"fmt"

	"parley/bot/slack/slackfake/kit"
	"parley/bot/slack/slackfake/workspace"
)

// This file finds what a person clicks on, and how interactions describe it to the app.

// Target is where a person clicks: a message, an ephemeral one, a modal or the home tab.
type Target struct {
	Channel string `json:"channel,omitempty"`
	TS      string `json:"ts,omitempty"`
	View    string `json:"view,omitempty"` // view id; "home" is the person's home tab
}

// targetContent is what a target shows.
type targetContent struct {
	blocks json.RawMessage
	state  kit.State // what was chosen there
	view   *View     // nil means a message
	fields object    // how payloads describe it
}

// findElement finds an element by its action id (see kit.Find).
func (at *targetContent) findElement(action string) (kit.Element, error) {
	e, ok := kit.Find(at.blocks, action)
	if !ok {
		return kit.Element{}, fmt.Errorf("no element %q there", action)
	}
	return e, nil
}

// viewID returns the id of the view, or "" for a message.
func (at *targetContent) viewID() string {
	if at.view == nil {
		return ""
	}
	return at.view.ID
}

// keepChoice keeps what a person chose where the choice shows. Caller holds the lock.
func (s *clicks) keepChoice(user string, t Target, at *targetContent) {
	if at.view != nil {
		at.view.State = at.state
		return
	}
	s.selected[choiceKey{user, t.Channel, t.TS}] = at.state
}

// lookAt finds what a person can click on. Caller holds the lock.
// Errors: user_not_found, not_found for a view, channel_not_found, message_not_found.
func (s *clicks) lookAt(user string, t Target) (*targetContent, error) {
	if s.people.users[user] == nil {
		return nil, workspace.Refuse("user_not_found")
	}
	if t.View != "" {
		return s.lookAtView(user, t.View)
	}

	ch := s.rooms.channels[t.Channel]
	if ch == nil || !ch.members[user] {
		return nil, workspace.Refuse("channel_not_found")
	}
	if m := ch.byTS[t.TS]; m != nil {
		link := &responseURL{user: user, channel: ch, ts: t.TS, thread: m.ThreadTS}
		at := s.lookThrough(link, kit.AllBlocks(m.Blocks, m.Attachments))
		at.fields["message"] = eventMessage(m)
		return at, nil
	}
	if e := s.findEphemeral(ch.ID, user, t.TS); e != nil {
		link := &responseURL{user: user, channel: ch, ts: t.TS, thread: e.ThreadTS, ephemeral: e}
		return s.lookThrough(link, e.Blocks), nil
	}
	return nil, workspace.Refuse("message_not_found")
}

// lookThrough returns what the message of a response_url shows, and registers the address. Caller holds the lock.
func (s *clicks) lookThrough(link *responseURL, blocks json.RawMessage) *targetContent {
	container := object{
		"type":         "message",
		"message_ts":   link.ts,
		"channel_id":   link.channel.ID,
		"is_ephemeral": link.ephemeral != nil,
	}
	if link.thread != "" {
		container["thread_ts"] = link.thread
	}
	return &targetContent{
		blocks: blocks,
		state:  s.selected[choiceKey{link.user, link.channel.ID, link.ts}],
		fields: object{
			"container":    container,
			"channel":      object{"id": link.channel.ID, "name": payloadName(link.channel)},
			"response_url": s.newResponseURL(link),
		},
	}
}

// lookAtView finds one of a person's modals by its id, or her home tab by its id or the word home. Caller holds the lock.
func (s *clicks) lookAtView(user, id string) (*targetContent, error) {
	v, home := s.screens.Views[id], s.screens.Homes[user]
	isHomeID := v == nil && home != nil && home.ID == id
	if id == "home" || isHomeID {
		v = home
	}
	if v == nil || v.User != user {
		return nil, workspace.Refuse("not_found")
	}

	return &targetContent{
		blocks: v.Blocks,
		state:  v.State,
		view:   v,
		fields: object{"container": object{"type": "view", "view_id": v.ID}},
	}, nil
}

func (s *clicks) findEphemeral(channel, user, ts string) *Ephemeral {
	for _, e := range s.ephs {
		isThere := e.Channel == channel && e.TS == ts
		isShown := e.User == user && !e.Deleted
		if isThere && isShown {
			return e
		}
	}
	return nil
}

// payloadName returns the name that payloads have for a channel. Slack hides the names of private ones.
func payloadName(ch *channel) string {
	if ch.IM {
		return "directmessage"
	}
	if ch.Private {
		return "privategroup"
	}
	return ch.Name
}

// showEphemeral shows e to its user only. Caller holds the lock.
func (s *clicks) showEphemeral(ch *channel, e *Ephemeral) {
	e.Channel, e.TS = ch.ID, ch.nextTS(s.Now())
	s.ephs = append(s.ephs, e)
	s.Note(Change{Kind: "ephemeral", Channel: ch.ID, TS: e.TS, Thread: e.ThreadTS, User: e.User})
}
