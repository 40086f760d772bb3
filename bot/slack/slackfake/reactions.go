package slackfake

import (
	"regexp"
	"slices"
)

// A reaction is an emoji that a person or the app adds to a message. This file implements the Web API methods
// reactions.add and reactions.remove, and stores the reactions of each message.

// maxReactions is how many different emoji a message may have.
const maxReactions = 50

var emojiName = regexp.MustCompile(`^[a-z0-9_+'\-\p{L}]{1,100}(::skin-tone-[2-6])?$`)

// reactionTarget returns the message that a call names by its channel and timestamp.
func (a *chatAPI) reactionTarget(c *WebcallCall) (*channel, *Message, *WorkspaceRefusal) {
	ch, refusal := a.rooms.findChannel(c.Str("channel"))
	if refusal != nil {
		return nil, nil, refusal
	}
	if _, ok := ParseTS(c.Str("timestamp")); !ok {
		return nil, nil, Refuse("bad_timestamp")
	}
	m := ch.byTS[c.Str("timestamp")]
	if m == nil || m.Subtype == "tombstone" {
		return nil, nil, Refuse("message_not_found")
	}
	return ch, m, nil
}

func (a *chatAPI) addReaction(c *WebcallCall) (Reply, *WorkspaceRefusal) {
	ch, m, refusal := a.reactionTarget(c)
	if refusal != nil {
		return nil, refusal
	}
	if ch.Archived {
		return nil, Refuse("is_archived")
	}
	if !ch.members[a.Opt.BotUser] {
		return nil, Refuse("not_in_channel")
	}
	return Reply{}, a.board.addEmoji(ch, m, a.Opt.BotUser, c.Str("name"))
}

// maxPins is how many messages of a channel may be pinned.
const maxPins = 100

// addPin is pins.add.
// Source: docs.slack.dev/reference/methods/pins.add, read 2026-11.
func (a *chatAPI) addPin(c *WebcallCall) (Reply, *WorkspaceRefusal) {
	ch, m, refusal := a.reactionTarget(c)
	pinned := 0
	if ch != nil {
		for _, other := range ch.byTS {
			pinned += len(other.PinnedTo)
		}
	}
	switch {
	case refusal != nil:
		return nil, refusal
	case !ch.members[a.Opt.BotUser]:
		return nil, Refuse("not_in_channel")
	case m.Subtype == "channel_join" || m.Subtype == "group_join":
		return nil, Refuse("not_pinnable")
	case len(m.PinnedTo) > 0:
		return nil, Refuse("already_pinned")
	case pinned >= maxPins:
		return nil, Refuse("too_many_pins")
	}
	m.PinnedTo = []string{ch.ID}
	return Reply{}, nil
}

func (a *chatAPI) removeReaction(c *WebcallCall) (Reply, *WorkspaceRefusal) {
	ch, m, refusal := a.reactionTarget(c)
	if refusal != nil {
		return nil, refusal
	}
	return Reply{}, a.board.removeEmoji(ch, m, a.Opt.BotUser, c.Str("name"))
}

// addEmoji adds a user's emoji to a message and sends the event to the app. The caller holds the lock.
func (b *board) addEmoji(ch *channel, m *Message, user, name string) *WorkspaceRefusal {
	if !emojiName.MatchString(name) {
		return Refuse("invalid_name")
	}
	if ch.isLocked(m.ThreadTS) {
		return Refuse("thread_locked")
	}

	name = CanonicalEmoji(name)
	i := slices.IndexFunc(m.Reactions, func(r Reaction) bool { return r.Name == name })
	if i >= 0 && slices.Contains(m.Reactions[i].Users, user) {
		return Refuse("already_reacted")
	}
	if i < 0 && len(m.Reactions) >= maxReactions {
		return Refuse("too_many_reactions")
	}
	if i < 0 {
		m.Reactions = append(m.Reactions, Reaction{Name: name})
		i = len(m.Reactions) - 1
	}

	m.Reactions[i].Users = append(m.Reactions[i].Users, user)
	m.Reactions[i].Count++
	b.emitReaction("reaction_added", ch, m, user, name)
	return nil
}

// removeEmoji removes a user's emoji from a message and sends the event to the app. The caller holds the lock.
func (b *board) removeEmoji(ch *channel, m *Message, user, name string) *WorkspaceRefusal {
	name = CanonicalEmoji(name)
	i := slices.IndexFunc(m.Reactions, func(r Reaction) bool { return r.Name == name && slices.Contains(r.Users, user) })
	if i < 0 {
		return Refuse("no_reaction")
	}
	reaction := &m.Reactions[i]
	reaction.Users = slices.DeleteFunc(reaction.Users, func(u string) bool { return u == user })
	reaction.Count--
	if reaction.Count == 0 {
		m.Reactions = slices.Delete(m.Reactions, i, i+1)
	}
	b.emitReaction("reaction_removed", ch, m, user, name)
	return nil
}

// emitReaction sends an event for a reaction. As in Slack, the event has no thread_ts; the app must know the
// message.
func (b *board) emitReaction(kind string, ch *channel, m *Message, user, name string) {
	b.Note(Change{Kind: "reaction", Channel: ch.ID, TS: m.TS, Thread: m.ThreadTS, User: user})
	event := map[string]any{
		"type": kind, "user": user, "reaction": name, "event_ts": FormatTS(b.Now().UnixMicro()),
		"item": map[string]any{"type": "message", "channel": ch.ID, "ts": m.TS},
	}
	if m.User != "" {
		event["item_user"] = m.User
	}
	b.events.Emit(kind, &ch.Channel, event)
}
