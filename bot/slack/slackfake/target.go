package slackfake

import (
	"encoding/json"
	"fmt"
)

// This file finds the message, modal or home tab in which a person clicks, and describes it for the payload
// that Slack sends to the app.

// Target is where a person clicks: a message, which may be ephemeral, a modal or the home tab.
type Target struct {
	Channel string `json:"channel,omitempty"`
	TS      string `json:"ts,omitempty"`
	View    string `json:"view,omitempty"` // view id, or "home" for the person's home tab
}

// targetContent is the content of a target.
type targetContent struct {
	blocks json.RawMessage
	state  State  // what the person has entered or chosen so far
	view   *View  // nil for a message
	fields Object // the fields of the payload that describe the target
}

// findElement returns the element with an action id; see kit.Find.
func (at *targetContent) findElement(action string) (Element, error) {
	e, ok := Find(at.blocks, action)
	if !ok {
		return Element{}, fmt.Errorf("no element %q there", action)
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

// keepChoice stores at.state, which a person changed, with the view or message. The caller holds the lock.
func (s *clicks) keepChoice(user string, t Target, at *targetContent) {
	if at.view != nil {
		at.view.State = at.state
		return
	}
	s.selected[choiceKey{user, t.Channel, t.TS}] = at.state
}

// lookAt returns the content of a target, if the person can see it. The caller holds the lock.
// Errors: user_not_found, not_found for a view, channel_not_found, message_not_found.
func (s *clicks) lookAt(user string, t Target) (*targetContent, error) {
	if s.people.users[user] == nil {
		return nil, Refuse("user_not_found")
	}
	if t.View != "" {
		return s.lookAtView(user, t.View)
	}

	ch := s.rooms.channels[t.Channel]
	if ch == nil || !ch.members[user] {
		return nil, Refuse("channel_not_found")
	}
	if m := ch.byTS[t.TS]; m != nil {
		link := &responseURL{user: user, channel: ch, ts: t.TS, thread: m.ThreadTS}
		at := s.describeMessage(link, AllBlocks(m.Blocks, m.Attachments))
		at.fields["message"] = eventMessage(m)
		return at, nil
	}
	if e := s.findEphemeral(ch.ID, user, t.TS); e != nil {
		link := &responseURL{user: user, channel: ch, ts: t.TS, thread: e.ThreadTS, ephemeral: e}
		return s.describeMessage(link, e.Blocks), nil
	}
	return nil, Refuse("message_not_found")
}

// describeMessage returns the content of the message that link belongs to, and registers link as its
// response_url. The caller holds the lock.
func (s *clicks) describeMessage(link *responseURL, blocks json.RawMessage) *targetContent {
	container := Object{
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
		fields: Object{
			"container":    container,
			"channel":      Object{"id": link.channel.ID, "name": payloadName(link.channel)},
			"response_url": s.newResponseURL(link),
		},
	}
}

// lookAtView returns the content of a person's modal, or of the home tab if id is its id or "home". The
// caller holds the lock.
func (s *clicks) lookAtView(user, id string) (*targetContent, error) {
	v, home := s.screens.Views[id], s.screens.Homes[user]
	isHomeID := v == nil && home != nil && home.ID == id
	if id == "home" || isHomeID {
		v = home
	}
	if v == nil || v.User != user {
		return nil, Refuse("not_found")
	}

	return &targetContent{
		blocks: v.Blocks,
		state:  v.State,
		view:   v,
		fields: Object{"container": Object{"type": "view", "view_id": v.ID}},
	}, nil
}

// findEphemeral returns a message that only this user sees, or nil.
func (s *clicks) findEphemeral(channel, user, ts string) *Ephemeral {
	for _, e := range s.ephs {
		isNamed := e.Channel == channel && e.TS == ts
		isVisible := e.User == user && !e.Deleted
		if isNamed && isVisible {
			return e
		}
	}
	return nil
}

// payloadName returns the name of a channel in payloads, where Slack hides the names of private channels.
func payloadName(ch *channel) string {
	if ch.IM {
		return "directmessage"
	}
	if ch.Private {
		return "privategroup"
	}
	return ch.Name
}

// showEphemeral adds a message to a channel that only the user e.User sees. The caller holds the lock.
func (s *clicks) showEphemeral(ch *channel, e *Ephemeral) {
	e.Channel, e.TS = ch.ID, ch.nextTS(s.Now())
	s.ephs = append(s.ephs, e)
	s.Note(Change{Kind: "ephemeral", Channel: ch.ID, TS: e.TS, Thread: e.ThreadTS, User: e.User})
}
