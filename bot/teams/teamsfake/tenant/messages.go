package tenant

import (
	"fmt"
	"strings"
	"time"

	"parley/bot/teams/teamsfake/client"
)

// Put stores a message under its id; a root's Root becomes its own id, except in a personal
// chat. Caller holds the lock.
func (o *Directory) Put(ch *Room, m *Message) {
	m.Channel = ch.ID
	if m.Root == "" && ch.Person == "" {
		m.Root = m.ID
	}
	ch.Messages = append(ch.Messages, m)
	ch.ByID[m.ID] = m
	if m.Root != "" {
		ch.Threads[m.Root] = append(ch.Threads[m.Root], m)
	}
	o.Note(Change{Kind: "message", Channel: ch.ID, Message: m.ID, Root: m.Root, User: m.User})
}

// Erase removes what a message says; a tombstone stays. Caller holds the lock.
func (o *Directory) Erase(ch *Room, m *Message) {
	m.DeletedAt = o.Now()
	m.Text = ""
	m.HTML = ""
	m.Cards = nil
	m.Pictures = nil
	m.Files = nil
	m.View = nil
	m.Mentions = nil
	m.Attachments = nil
	m.Raw = nil
	o.Note(Change{Kind: "deleted", Channel: ch.ID, Message: m.ID, Root: m.Root, User: m.User})
}

// TakeBack erases a message so that its author may bring it back. Caller holds the lock.
func (o *Directory) TakeBack(ch *Room, m *Message) {
	before := m.Clone()
	o.Erase(ch, m)
	m.erased = before
}

// BringBack undoes TakeBack. Errors: ErrNoMessage, ErrNotYours. Caller holds the lock.
func (o *Directory) BringBack(user, place, id string) (*Room, *Message, error) {
	ch := o.Channels[place]
	if ch == nil {
		return nil, nil, ErrNoMessage
	}

	m := ch.ByID[id]
	if m == nil || m.erased == nil {
		return nil, nil, ErrNoMessage
	}
	if m.User != user {
		return nil, nil, ErrNotYours
	}

	*m = *m.erased
	m.RestoredAt = o.Now()
	o.Note(Change{Kind: "changed", Channel: ch.ID, Message: m.ID, Root: m.Root, User: user})
	return ch, m, nil
}

// TargetedLife is how long a targeted message stays visible.
// Source: "Targeted messages", read 2026-11.
const TargetedLife = 24 * time.Hour

// SeenBy are the cards that somebody sees. Caller holds the lock.
func (m *Message) SeenBy(user string) []Object {
	if view := m.View[user]; view != nil {
		return []Object{client.Decode(view)}
	}
	var out []Object
	for _, raw := range m.Cards {
		out = append(out, client.Decode(raw))
	}
	return out
}

// FindPostable finds the channel or chat of a post, if its author may write there. Caller holds the lock.
func (o *Directory) FindPostable(user string, in Post) (*Room, error) {
	u := o.Users[user]
	if u == nil {
		return nil, fmt.Errorf("teamsfake: %w: %s", ErrNoUser, user)
	}
	if strings.TrimSpace(in.Text+in.HTML) == "" && len(in.Files) == 0 {
		return nil, ErrEmpty
	}

	if in.Channel == "" || in.Channel == o.Opt.PersonalID(user) {
		if !o.HasApp(user) {
			return nil, ErrNoApp
		}
		return o.Personal(user), nil
	}

	ch := o.Channels[in.Channel]
	if !isTeamChannel(ch) {
		return nil, fmt.Errorf("teamsfake: %w: %s", ErrNoChannel, in.Channel)
	}
	if !u.Bot && !o.IsMember(ch, user) {
		return nil, fmt.Errorf("teamsfake: %w: %s", ErrNoChannel, in.Channel)
	}
	if in.Root != "" && !ch.IsRoot(in.Root) {
		return nil, fmt.Errorf("teamsfake: %w: %s", ErrNoThread, in.Root)
	}

	return ch, nil
}

// isTeamChannel reports whether there is such a room, and it is a channel of a team that was not deleted.
func isTeamChannel(ch *Room) bool {
	if ch == nil || ch.Deleted {
		return false
	}
	return ch.Person == ""
}

// FindOwn finds a message of somebody's own. Caller holds the lock.
func (o *Directory) FindOwn(user, channel, id string) (*Room, *Message, error) {
	ch, m, err := o.FindVisible(user, channel, id)
	if err != nil {
		return ch, m, err
	}
	if m.User != user || m.Guise != "" {
		return ch, m, ErrNotYours
	}
	return ch, m, nil
}

// FindVisible finds a message that a person sees. Caller holds the lock.
func (o *Directory) FindVisible(user, channel, id string) (*Room, *Message, error) {
	if o.Users[user] == nil {
		return nil, nil, ErrNoUser
	}
	if channel == "" {
		channel = o.Opt.PersonalID(user)
	}

	ch := o.Channels[channel]
	if ch == nil || !o.IsMember(ch, user) {
		return nil, nil, ErrNoChannel
	}

	m := ch.ByID[id]
	if m == nil || m.Deleted() {
		return nil, nil, ErrNoMessage
	}
	if !o.CanSee(user, m) {
		return nil, nil, ErrNoMessage
	}

	return ch, m, nil
}

// FindLive is FindVisible for what works only while the app is installed there. Caller holds the lock.
func (o *Directory) FindLive(user, channel, id string) (*Room, *Message, error) {
	ch, m, err := o.FindVisible(user, channel, id)
	if err == nil && !o.IsReachable(ch) {
		err = ErrNoApp
	}
	return ch, m, err
}

// CanSee reports whether a person sees a message: one for everybody, or one for that person alone that isn't too old.
func (o *Directory) CanSee(user string, m *Message) bool {
	if m.Targeted == "" {
		return true
	}
	return m.Targeted == user && o.Now().Sub(m.At) < TargetedLife
}

// Messages returns the wanted messages of a channel or personal chat in order of posting.
func (o *Directory) Messages(channel string, want func(*Message) bool) []*Message {
	o.Mu.Lock()
	defer o.Mu.Unlock()
	ch := o.Channels[channel]
	if ch == nil {
		return nil
	}
	var out []*Message
	for _, m := range ch.Messages {
		if want(m) && !m.System {
			out = append(out, m.Clone())
		}
	}
	return out
}
