package slackfake

import (
	"slices"
	"strings"
	"time"

	"parley/bot/slack/slackfake/kit"
)

// Notification is a message that Slack pushes to a person's desktop or phone. A test reads them to see who
// would have been disturbed.
type Notification struct {
	At      time.Time `json:"at"`
	Kind    string    `json:"kind"` // mention, here (all of @here, @channel, @everyone), thread_reply, dm
	Channel string    `json:"channel"`
	TS      string    `json:"ts"`
	Thread  string    `json:"thread,omitempty"`
	From    string    `json:"from"`
	Text    string    `json:"text"` // of the message; what the banner shows
}

// Badge is what a person's side bar shows beside a channel.
type Badge struct {
	Unread   int `json:"unread"`   // top-level messages since last read: the name is bold
	Mentions int `json:"mentions"` // red number; direct messages count all
}

// ThreadBadge is an entry of the Threads view.
type ThreadBadge struct {
	Channel  string `json:"channel"`
	Thread   string `json:"thread"`
	Unread   int    `json:"unread"` // replies since last read
	Mentions int    `json:"mentions"`
}

// Badges is everything unread of one person.
type Badges struct {
	Channels map[string]Badge `json:"channels"` // only channels with something unread
	Threads  []ThreadBadge    `json:"threads"`  // only threads with something unread, by channel and ts
}

// Inboxes hold what people have not read and what was pushed to them. The lock, workspace.Ground.Mu, guards
// them.
type Inboxes struct {
	*ground
	people *directory
	byUser map[string]*inbox
}

// reset empties all inboxes. Caller holds the lock.
func (i *Inboxes) reset() { i.byUser = map[string]*inbox{} }

// inbox is the unread state of one person. Guarded by the lock.
type inbox struct {
	notes    []Notification
	channels map[string]*Badge
	threads  map[string]*ThreadBadge
}

// inboxOf returns a person's inbox. Caller holds the lock.
func (i *Inboxes) inboxOf(user string) *inbox {
	b := i.byUser[user]
	if b == nil {
		b = &inbox{channels: map[string]*Badge{}, threads: map[string]*ThreadBadge{}}
		i.byUser[user] = b
	}
	return b
}

// channelBadge returns the badge of a channel, and makes it if there is none.
func (b *inbox) channelBadge(id string) *Badge {
	c := b.channels[id]
	if c == nil {
		c = &Badge{}
		b.channels[id] = c
	}
	return c
}

// threadBadge returns the entry of a thread, and makes it if there is none.
func (b *inbox) threadBadge(channel, ts string) *ThreadBadge {
	t := b.threads[channel+"|"+ts]
	if t == nil {
		t = &ThreadBadge{Channel: channel, Thread: ts}
		b.threads[channel+"|"+ts] = t
	}
	return t
}

// notify applies Slack's rules for one new message. Caller holds the lock.
//
//   - Authors of a root or reply and everybody mentioned in a thread follow it.
//   - Followers get a reply as unread in the Threads view and as a notification.
//   - A mention notifies a member and counts in the channel, or in the thread.
//   - A direct message notifies and counts.
//   - Other top-level messages only make the channel bold.
//
// Source: slack.com/help/articles/115000769927 and 201895138, read 2026-11.
func (i *Inboxes) notify(ch *channel, m *Message) {
	if m.System() {
		return
	}

	users, all := kit.Mentions(m.Text, m.Blocks)
	t := ch.threads[m.ThreadTS]
	if t != nil && m.ThreadTS != "" {
		i.addFollowers(t, ch, users, m)
	}

	for _, id := range ch.Members {
		if id == m.User || !canBeNotified(i.people.users[id]) {
			continue
		}

		isFollowing := t != nil && t.followers[id]
		isConcerned := isFollowing || users[id]
		if m.IsReply() && !isConcerned {
			if m.Subtype == "thread_broadcast" {
				i.inboxOf(id).channelBadge(ch.ID).Unread++
			}
			continue
		}

		i.tellMember(ch, m, id, users[id], all)
	}

	if m.User == "" {
		return
	}

	if m.IsReply() { // who writes has seen what is there
		delete(i.inboxOf(m.User).threads, ch.ID+"|"+m.ThreadTS)
	} else {
		i.inboxOf(m.User).channelBadge(ch.ID).clear()
	}
}

// canBeNotified reports whether u, which may be nil, is a person who still is here.
func canBeNotified(u *User) bool {
	if u == nil {
		return false
	}
	return !u.Bot && !u.Deleted
}

func (b *Badge) clear() { b.Unread, b.Mentions = 0, 0 }

// addFollowers adds who follows a thread from now on.
func (i *Inboxes) addFollowers(t *thread, ch *channel, users map[string]bool, m *Message) {
	first := len(t.replies) == 1
	add := func(id string) {
		u := i.people.users[id]
		isPerson := u != nil && !u.Bot
		if isPerson && ch.members[id] {
			t.followers[id] = true
		}
	}

	add(m.User)

	if first {
		add(t.root.User)
		inRoot, _ := kit.Mentions(t.root.Text, t.root.Blocks)
		for id := range inRoot {
			add(id)
		}
	}

	for id := range users {
		add(id)
	}
}

// tellMember counts a message for a member and, if that is called for, notifies them. mentioned says that the
// message names the member, all that it names everybody.
func (i *Inboxes) tellMember(ch *channel, m *Message, id string, mentioned, all bool) {
	box := i.inboxOf(id)
	kind := ""
	switch { // of several reasons the strongest counts
	case mentioned:
		kind = "mention"
	case all:
		kind = "here"
	case ch.IM:
		kind = "dm"
	case m.IsReply():
		kind = "thread_reply"
	}

	if m.IsReply() {
		b := box.threadBadge(ch.ID, m.ThreadTS)
		b.Unread++
		if mentioned || all {
			b.Mentions++
		}
	}

	if !m.IsReply() || m.Subtype == "thread_broadcast" {
		b := box.channelBadge(ch.ID)
		b.Unread++
		if kind != "" && kind != "thread_reply" {
			b.Mentions++
		}
	}

	if kind == "" {
		return
	}

	from := m.Author()
	if m.Username != "" {
		from = m.Username
	}

	box.notes = append(box.notes, Notification{
		At: i.Now(), Kind: kind, Channel: ch.ID, TS: m.TS, Thread: m.ThreadTS, From: from, Text: m.Text,
	})
}

// Notifications returns what was pushed to a person, oldest first.
func (i *Inboxes) Notifications(user string) []Notification {
	i.Mu.Lock()
	defer i.Mu.Unlock()
	return slices.Clone(i.inboxOf(user).notes)
}

// Badges returns what is unread for a person.
func (i *Inboxes) Badges(user string) Badges {
	i.Mu.Lock()
	defer i.Mu.Unlock()
	box := i.inboxOf(user)
	out := Badges{Channels: map[string]Badge{}}
	for id, b := range box.channels {
		if b.Unread > 0 || b.Mentions > 0 {
			out.Channels[id] = *b
		}
	}

	for _, t := range box.threads {
		if t.Unread > 0 {
			out.Threads = append(out.Threads, *t)
		}
	}

	slices.SortFunc(out.Threads, func(a, b ThreadBadge) int {
		return strings.Compare(a.Channel+a.Thread, b.Channel+b.Thread)
	})

	return out
}
