package slackfake

import (
	"cmp"
	"maps"
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
	threads  map[threadKey]*ThreadBadge
}

// threadKey names a thread by its channel and root.
type threadKey struct{ channel, ts string }

// inboxOf returns a person's inbox. Caller holds the lock.
func (i *Inboxes) inboxOf(user string) *inbox {
	b := i.byUser[user]
	if b == nil {
		b = &inbox{channels: map[string]*Badge{}, threads: map[threadKey]*ThreadBadge{}}
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
	key := threadKey{channel, ts}
	t := b.threads[key]
	if t == nil {
		t = &ThreadBadge{Channel: channel, Thread: ts}
		b.threads[key] = t
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

	mentioned := kit.Mentions(m.Text, m.Blocks)
	t := ch.threads[m.ThreadTS]
	if t != nil && m.ThreadTS != "" {
		i.addFollowers(t, ch, mentioned, m)
	}

	for _, id := range ch.Members {
		if id == m.User || !canBeNotified(i.people.users[id]) {
			continue
		}
		isFollowing := t != nil && t.followers[id]
		isConcerned := !m.IsReply() || isFollowing || mentioned.Users[id]
		switch {
		case isConcerned:
			i.tellMember(ch, m, id, reasonToNotify(ch, m, id, mentioned))
		case m.Subtype == "thread_broadcast":
			i.inboxOf(id).channelBadge(ch.ID).Unread++
		}
	}
	i.markAsSeen(ch, m)
}

// markAsSeen clears what is unread for the author of a message where it stands: who writes has seen what is there.
func (i *Inboxes) markAsSeen(ch *channel, m *Message) {
	switch {
	case m.User == "":
		return
	case m.IsReply():
		delete(i.inboxOf(m.User).threads, threadKey{ch.ID, m.ThreadTS})
	default:
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

// addFollowers adds who follows a thread from now on: with its first reply also the author of its root, and whom the root mentions.
func (i *Inboxes) addFollowers(t *thread, ch *channel, mentioned kit.Mentioned, m *Message) {
	users := append(slices.Collect(maps.Keys(mentioned.Users)), m.User)
	isFirst := len(t.replies) == 1
	if isFirst {
		inRoot := kit.Mentions(t.root.Text, t.root.Blocks)
		users = append(users, t.root.User)
		users = append(users, slices.Collect(maps.Keys(inRoot.Users))...)
	}

	for _, id := range users {
		u := i.people.users[id]
		isPerson := u != nil && !u.Bot
		if isPerson && ch.members[id] {
			t.followers[id] = true
		}
	}
}

// Why a person is notified of a message, as Notification.Kind says it.
const (
	byMention     = "mention"
	byHere        = "here" // also @channel and @everyone
	byDM          = "dm"
	byThreadReply = "thread_reply"
)

// reasonToNotify returns the strongest reason for which a member is notified of a message, or "" if there is none.
func reasonToNotify(ch *channel, m *Message, member string, mentioned kit.Mentioned) string {
	switch {
	case mentioned.Users[member]:
		return byMention
	case mentioned.All:
		return byHere
	case ch.IM:
		return byDM
	case m.IsReply():
		return byThreadReply
	}
	return ""
}

// tellMember counts a message for a member and, if there is a reason, notifies them.
func (i *Inboxes) tellMember(ch *channel, m *Message, member, reason string) {
	box := i.inboxOf(member)
	if m.IsReply() {
		b := box.threadBadge(ch.ID, m.ThreadTS)
		b.Unread++
		if reason == byMention || reason == byHere {
			b.Mentions++
		}
	}
	if !m.IsReply() || m.Subtype == "thread_broadcast" {
		b := box.channelBadge(ch.ID)
		b.Unread++
		if reason != "" && reason != byThreadReply {
			b.Mentions++
		}
	}

	if reason == "" {
		return
	}
	box.notes = append(box.notes, Notification{
		At:      i.Now(),
		Kind:    reason,
		Channel: ch.ID,
		TS:      m.TS,
		Thread:  m.ThreadTS,
		From:    cmp.Or(m.Username, m.Author()),
		Text:    m.Text,
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
