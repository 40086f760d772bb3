package slack

import (
	"bytes"
	"slices"
)

// A channel in Slack can be shared with another company. Its people can type in it and add emoji, but must not be able to
// send a reply to our customers. This file recognises them by the workspace that Slack names in an event.
//
// That isn't always enough. In an Enterprise organisation, Slack may name the organisation or another workspace even for
// our own people. Events about emoji name no workspace at all. In these cases Slack was asked before the event was stored,
// and the answers are in Self.Colleagues and Self.Strangers.

// isForeign reports whether the author of m belongs to another company. In an event about an emoji, m.User is the person
// who added or removed it.
func (s *Self) isForeign(m *Message) bool {
	if slices.Contains(s.Strangers, m.User) {
		return true
	}
	isOther := func(team string) bool { return team != "" && team != s.Team }
	namesOther := slices.ContainsFunc([]string{m.Team, m.UserTeam, m.SourceTeam}, isOther)
	return namesOther && !slices.Contains(s.Colleagues, m.User)
}

// ForeignAuthor returns the user id of the person who wrote the message in a callback, if Slack names another workspace
// than ours as theirs. Otherwise, and if the callback isn't about a message of a person, it returns "".
func (s *Self) ForeignAuthor(callback []byte) string {
	const team = `team":"` // the end of the keys team, user_team and source_team
	named := bytes.Count(callback, []byte(team))
	ours := bytes.Count(callback, []byte(team+s.Team+`"`))
	if named == ours { // the common case, without decoding
		return ""
	}

	ev, _, err := readEvent(callback)
	if err != nil {
		return ""
	}

	for _, m := range []*Message{&ev.Message, ev.Changed, ev.Previous} {
		if m != nil && !s.IsOwnMessage(m) && !isByBot(m) && s.isForeign(m) {
			return m.User
		}
	}

	return ""
}

// Reactor returns the user id of the person who added or removed an emoji. It returns "" if the callback isn't about an
// emoji, or is about our own.
func (s *Self) Reactor(callback []byte) string {
	if !bytes.Contains(callback, []byte(`"reaction_`)) { // the common case, without decoding
		return ""
	}
	ev, _, err := readEvent(callback)
	if err != nil || ev.User == s.User {
		return ""
	}
	switch ev.Type {
	case "reaction_added", "reaction_removed":
		return ev.User
	}
	return ""
}
