package teamsfake

import (
	"fmt"
	"strings"
	"time"
)

// This file keeps the messages of the emulated organisation: it stores, deletes and restores them, and finds them for a
// person who may see them. A Room is a channel of a team or somebody's personal chat with the app; both have an id of a
// channel. Directory holds all rooms and people.
//
// A method whose name ends in Locked must be called with Directory.Mu held.

// TargetedLife is how long a targeted message stays visible.
// Source: "Targeted messages", read 2026-11.
const TargetedLife = 24 * time.Hour

// PutLocked appends a message to a room. In a channel, a message without Root begins a thread: its Root becomes its
// own id. A personal chat has no threads.
func (d *Directory) PutLocked(room *Room, m *Message) {
	m.Channel = room.ID
	if m.Root == "" && room.Person == "" {
		m.Root = m.ID
	}

	room.Messages = append(room.Messages, m)
	room.ByID[m.ID] = m
	if m.Root != "" {
		room.Threads[m.Root] = append(room.Threads[m.Root], m)
	}
	d.Note(Change{Kind: "message", Channel: room.ID, Message: m.ID, Root: m.Root, User: m.User})
}

// EraseLocked deletes a message for good. Its id, author and times stay as a tombstone.
func (d *Directory) EraseLocked(room *Room, m *Message) {
	m.DeletedAt = d.Now()
	m.Text = ""
	m.HTML = ""
	m.Summary = ""
	m.Cards = nil
	m.Pictures = nil
	m.Files = nil
	m.View = nil
	m.Mentions = nil
	m.Attachments = nil
	m.Raw = nil
	d.Note(Change{Kind: "deleted", Channel: room.ID, Message: m.ID, Root: m.Root, User: m.User})
}

// TakeBackLocked deletes a message so that its author can restore it with BringBackLocked.
func (d *Directory) TakeBackLocked(room *Room, m *Message) {
	before := m.Clone()
	d.EraseLocked(room, m)
	m.erased = before
}

// BringBackLocked restores a message that TakeBackLocked has deleted.
// Errors: ErrNoMessage, also for a message that isn't deleted; ErrNotYours.
func (d *Directory) BringBackLocked(user, channel, id string) (*Room, *Message, error) {
	room := d.Channels[channel]
	if room == nil {
		return nil, nil, errorAbout(ErrNoMessage, id)
	}

	m := room.ByID[id]
	if m == nil || m.erased == nil {
		return nil, nil, errorAbout(ErrNoMessage, id)
	}
	if m.User != user {
		return nil, nil, errorAbout(ErrNotYours, id)
	}

	*m = *m.erased
	m.RestoredAt = d.Now()
	d.Note(Change{Kind: "changed", Channel: room.ID, Message: m.ID, Root: m.Root, User: user})
	return room, m, nil
}

// CardsForLocked returns the cards of a message as one person sees them: the bot can replace them for single people.
func (m *Message) CardsForLocked(user string) []Object {
	if view := m.View[user]; view != nil {
		return []Object{Decode(view)}
	}

	var cards []Object
	for _, raw := range m.Cards {
		cards = append(cards, Decode(raw))
	}
	return cards
}

// FindPostableLocked returns the room in which a post would appear.
// Errors: ErrNoUser, ErrEmpty, ErrNoApp, ErrNoThread; ErrNoChannel, also if the author may not write there.
func (d *Directory) FindPostableLocked(user string, in Post) (*Room, error) {
	author := d.Users[user]
	if author == nil {
		return nil, errorAbout(ErrNoUser, user)
	}
	if strings.TrimSpace(in.Text+in.HTML) == "" && len(in.Files) == 0 {
		return nil, ErrEmpty
	}

	if in.Channel == "" || in.Channel == d.Opt.PersonalID(user) {
		if !d.HasApp(user) {
			return nil, errorAbout(ErrNoApp, user)
		}
		return d.Personal(user), nil
	}

	room := d.Channels[in.Channel]
	if !isTeamChannel(room) {
		return nil, errorAbout(ErrNoChannel, in.Channel)
	}
	if !author.Bot && !d.IsMember(room, user) {
		return nil, errorAbout(ErrNoChannel, in.Channel)
	}
	if in.Root != "" && !room.IsRoot(in.Root) {
		return nil, errorAbout(ErrNoThread, in.Root)
	}
	return room, nil
}

// isTeamChannel reports whether a room exists and is a channel of a team that was not deleted. The room may be nil.
func isTeamChannel(room *Room) bool {
	if room == nil || room.Deleted {
		return false
	}
	return room.Person == ""
}

// FindOwnLocked finds a message that a person has written and can change.
// Errors: those of FindVisibleLocked; ErrNotYours.
func (d *Directory) FindOwnLocked(user, channel, id string) (*Room, *Message, error) {
	room, m, err := d.FindVisibleLocked(user, channel, id)
	if err != nil {
		return nil, nil, err
	}
	if m.User != user || m.PostedAs != "" {
		return nil, nil, errorAbout(ErrNotYours, id)
	}
	return room, m, nil
}

// FindVisibleLocked finds a message that a person sees. With channel "" it looks in the personal chat.
// Errors: ErrNoUser; ErrNoChannel, also for somebody who isn't a member; ErrNoMessage, also for one that is deleted
// or that only somebody else sees.
func (d *Directory) FindVisibleLocked(user, channel, id string) (*Room, *Message, error) {
	if d.Users[user] == nil {
		return nil, nil, errorAbout(ErrNoUser, user)
	}
	if channel == "" {
		channel = d.Opt.PersonalID(user)
	}

	room := d.Channels[channel]
	if room == nil || !d.IsMember(room, user) {
		return nil, nil, errorAbout(ErrNoChannel, channel)
	}

	m := room.ByID[id]
	if m == nil || m.Deleted() || !d.CanSeeLocked(user, m) {
		return nil, nil, errorAbout(ErrNoMessage, id)
	}
	return room, m, nil
}

// FindLiveLocked is FindVisibleLocked for what works only where the app is installed: the buttons of a card, for
// example.
// Errors: those of FindVisibleLocked; ErrNoApp.
func (d *Directory) FindLiveLocked(user, channel, id string) (*Room, *Message, error) {
	room, m, err := d.FindVisibleLocked(user, channel, id)
	if err != nil {
		return nil, nil, err
	}
	if !d.IsReachable(room) {
		return nil, nil, errorAbout(ErrNoApp, room.ID)
	}
	return room, m, nil
}

// CanSeeLocked reports whether a member of a message's room sees the message. A targeted one is shown to one person
// only, for as long as TargetedLife.
func (d *Directory) CanSeeLocked(user string, m *Message) bool {
	if m.Targeted == "" {
		return true
	}
	return m.Targeted == user && d.Now().Sub(m.At) < TargetedLife
}

// Messages returns copies of a room's messages for which want returns true, oldest first, without those of the
// system. It takes the lock, and calls want while it holds the lock. An unknown room has no messages.
func (d *Directory) Messages(channel string, want func(*Message) bool) []*Message {
	d.Mu.Lock()
	defer d.Mu.Unlock()

	room := d.Channels[channel]
	if room == nil {
		return nil
	}

	var wanted []*Message
	for _, m := range room.Messages {
		if want(m) && !m.System {
			wanted = append(wanted, m.Clone())
		}
	}
	return wanted
}

// errorAbout adds the id of the person, room or message to an error.
func errorAbout(err error, id string) error { return fmt.Errorf("teamsfake: %w: %s", err, id) }
