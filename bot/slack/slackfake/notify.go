package slackfake

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"
)

// This file emulates Slack's notifications and unread counts, so that a test can check who was disturbed by a
// message. For example, a reply in a thread notifies the thread's followers, and changes nothing for other
// members of the channel.

// Notification is a message that Slack pushes to a person's desktop or phone.
type Notification struct {
	At      time.Time `json:"at"`
	Kind    string    `json:"kind"` // mention, here (all of @here, @channel, @everyone), thread_reply, dm
	Channel string    `json:"channel"`
	TS      string    `json:"ts"`
	Thread  string    `json:"thread,omitempty"`
	From    string    `json:"from"`
	Text    string    `json:"text"` // the message, as the banner shows it
}

// Badge is the unread state of a channel in a person's sidebar.
type Badge struct {
	Unread   int `json:"unread"`   // top-level messages since last read; if there are any, the channel's name is bold
	Mentions int `json:"mentions"` // the number in the red badge; in direct channels every message counts
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

// Inboxes holds the unread state and the notifications of all people. It is guarded by the lock,
// workspace.Ground.Mu.
type Inboxes struct {
	*Ground
	people *directory
	byUser map[string]*inbox
}

// reset empties all inboxes. The caller holds the lock.
func (i *Inboxes) reset() { i.byUser = map[string]*inbox{} }

// inbox is the state of one person.
type inbox struct {
	pushed   []Notification
	channels map[string]*Badge
	threads  map[threadKey]*ThreadBadge
}

// threadKey names a thread by its channel and root.
type threadKey struct{ channel, ts string }

// inboxOf returns a person's inbox. The caller holds the lock.
func (i *Inboxes) inboxOf(user string) *inbox {
	box := i.byUser[user]
	if box == nil {
		box = &inbox{channels: map[string]*Badge{}, threads: map[threadKey]*ThreadBadge{}}
		i.byUser[user] = box
	}
	return box
}

// channelBadge returns the badge of a channel, creating it if necessary.
func (box *inbox) channelBadge(id string) *Badge {
	badge := box.channels[id]
	if badge == nil {
		badge = &Badge{}
		box.channels[id] = badge
	}
	return badge
}

// threadBadge returns the entry of a thread, creating it if necessary.
func (box *inbox) threadBadge(channel, ts string) *ThreadBadge {
	key := threadKey{channel, ts}
	badge := box.threads[key]
	if badge == nil {
		badge = &ThreadBadge{Channel: channel, Thread: ts}
		box.threads[key] = badge
	}
	return badge
}

// notify applies Slack's rules to a new message. The caller holds the lock.
//
//   - The author of a thread's root, the authors of replies and everybody mentioned in the thread follow it.
//   - A reply notifies the followers and is unread in their Threads view.
//   - A mention notifies a member and counts in the channel's or thread's badge.
//   - A direct message notifies and counts.
//   - Any other top-level message only makes the channel's name bold.
//
// Source: slack.com/help/articles/115000769927 and 201895138, read 2026-11.
func (i *Inboxes) notify(ch *channel, m *Message) {
	if m.System() {
		return
	}

	mentioned := Mentions(m.Text, m.Blocks)
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
			i.deliver(ch, m, id, reasonToNotify(ch, m, id, mentioned))
		case m.Subtype == "thread_broadcast":
			i.inboxOf(id).channelBadge(ch.ID).Unread++
		}
	}
	i.markAsSeen(ch, m)
}

// markAsSeen clears the author's unread state of the thread or channel that a message was posted to.
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

// canBeNotified reports whether u is an active person. u may be nil.
func canBeNotified(u *User) bool {
	if u == nil {
		return false
	}
	return !u.Bot && !u.Deleted
}

func (b *Badge) clear() { b.Unread, b.Mentions = 0, 0 }

// addFollowers adds the new followers of a thread after the reply m: its author and everybody it mentions.
// The first reply also adds the author of the root and everybody the root mentions.
func (i *Inboxes) addFollowers(t *thread, ch *channel, mentioned Mentioned, m *Message) {
	users := append(slices.Collect(maps.Keys(mentioned.Users)), m.User)
	isFirst := len(t.replies) == 1
	if isFirst {
		inRoot := Mentions(t.root.Text, t.root.Blocks)
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

// Values of Notification.Kind: why a person is notified.
const (
	byMention     = "mention"
	byHere        = "here" // also @channel and @everyone
	byDM          = "dm"
	byThreadReply = "thread_reply"
)

// reasonToNotify returns the strongest reason to notify a member of a message, or "".
func reasonToNotify(ch *channel, m *Message, member string, mentioned Mentioned) string {
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

// deliver counts a message as unread for a member and, unless reason is "", notifies them.
func (i *Inboxes) deliver(ch *channel, m *Message, member, reason string) {
	box := i.inboxOf(member)
	if m.IsReply() {
		badge := box.threadBadge(ch.ID, m.ThreadTS)
		badge.Unread++
		if reason == byMention || reason == byHere {
			badge.Mentions++
		}
	}
	if !m.IsReply() || m.Subtype == "thread_broadcast" {
		badge := box.channelBadge(ch.ID)
		badge.Unread++
		if reason != "" && reason != byThreadReply {
			badge.Mentions++
		}
	}

	if reason == "" {
		return
	}
	box.pushed = append(box.pushed, Notification{
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
	return slices.Clone(i.inboxOf(user).pushed)
}

// Badges returns the unread channels and threads of a person.
func (i *Inboxes) Badges(user string) Badges {
	i.Mu.Lock()
	defer i.Mu.Unlock()
	box := i.inboxOf(user)
	out := Badges{Channels: map[string]Badge{}}
	for id, badge := range box.channels {
		if badge.Unread > 0 || badge.Mentions > 0 {
			out.Channels[id] = *badge
		}
	}

	for _, badge := range box.threads {
		if badge.Unread > 0 {
			out.Threads = append(out.Threads, *badge)
		}
	}

	slices.SortFunc(out.Threads, func(a, b ThreadBadge) int {
		return strings.Compare(a.Channel+a.Thread, b.Channel+b.Thread)
	})

	return out
}
