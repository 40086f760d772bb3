package slackfake

import (
	"regexp"
	"slices"
)

var emojiName = regexp.MustCompile(`^[a-z0-9_+'\-\p{L}]{1,100}(::skin-tone-[2-6])?$`)

func (a *chatAPI) reactionTarget(c *call) (*channel, *Message, *apiError) {
	ch, err := a.rooms.findChannel(c.str("channel"))
	if err != nil {
		return nil, nil, err
	}
	if _, ok := parseTS(c.str("timestamp")); !ok {
		return nil, nil, refuse("bad_timestamp")
	}
	m := ch.byTS[c.str("timestamp")]
	if m == nil || m.Subtype == "tombstone" {
		return nil, nil, refuse("message_not_found")
	}
	return ch, m, nil
}

func (a *chatAPI) addReaction(c *call) (reply, *apiError) {
	ch, m, err := a.reactionTarget(c)
	if err != nil {
		return nil, err
	}
	if ch.Archived {
		return nil, refuse("is_archived")
	}
	if !ch.members[a.opt.BotUser] {
		return nil, refuse("not_in_channel")
	}
	return reply{}, a.board.react(ch, m, a.opt.BotUser, c.str("name"))
}

func (a *chatAPI) removeReaction(c *call) (reply, *apiError) {
	ch, m, err := a.reactionTarget(c)
	if err != nil {
		return nil, err
	}
	return reply{}, a.board.unreact(ch, m, a.opt.BotUser, c.str("name"))
}

func (a *chatAPI) getReactions(c *call) (reply, *apiError) {
	ch, m, err := a.reactionTarget(c)
	if err != nil {
		return nil, err
	}
	return reply{"type": "message", "channel": ch.ID, "message": m.clone()}, nil
}

// react adds user's emoji to m and tells the app. Caller holds the lock.
func (b *board) react(ch *channel, m *Message, user, name string) *apiError {
	if !emojiName.MatchString(name) {
		return refuse("invalid_name")
	}
	i := slices.IndexFunc(m.Reactions, func(r Reaction) bool { return r.Name == name })
	switch {
	case i >= 0 && slices.Contains(m.Reactions[i].Users, user):
		return refuse("already_reacted")
	case i < 0 && len(m.Reactions) >= maxReactionsOnOne:
		return refuse("too_many_reactions")
	case i < 0:
		m.Reactions = append(m.Reactions, Reaction{Name: name})
		i = len(m.Reactions) - 1
	}
	m.Reactions[i].Users = append(m.Reactions[i].Users, user)
	m.Reactions[i].Count++
	b.reactionEvent("reaction_added", ch, m, user, name)
	return nil
}

// unreact takes user's emoji off m and tells the app. Caller holds the lock.
func (b *board) unreact(ch *channel, m *Message, user, name string) *apiError {
	i := slices.IndexFunc(m.Reactions, func(r Reaction) bool { return r.Name == name && slices.Contains(r.Users, user) })
	if i < 0 {
		return refuse("no_reaction")
	}
	r := &m.Reactions[i]
	r.Users = slices.DeleteFunc(r.Users, func(u string) bool { return u == user })
	if r.Count--; r.Count == 0 {
		m.Reactions = slices.Delete(m.Reactions, i, i+1)
	}
	b.reactionEvent("reaction_removed", ch, m, user, name)
	return nil
}

// reactionEvent has no thread_ts, as in Slack: the app must know its messages.
func (b *board) reactionEvent(kind string, ch *channel, m *Message, user, name string) {
	b.note(Change{Kind: "reaction", Channel: ch.ID, TS: m.TS, Thread: m.ThreadTS, User: user})
	ev := map[string]any{
		"type": kind, "user": user, "reaction": name, "event_ts": formatTS(b.now().UnixMicro()),
		"item": map[string]any{"type": "message", "channel": ch.ID, "ts": m.TS},
	}
	if m.User != "" {
		ev["item_user"] = m.User
	}
	b.events.emit(kind, ch, ev)
}
