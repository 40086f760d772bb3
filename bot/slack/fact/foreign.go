package fact

import (
	"bytes"
	"slices"
)

// isForeign reports whether the author of m, or the person who added an emoji, belongs to another organisation. Such people
// must not cause replies to customers. Within an Enterprise organisation, Slack may name another of a colleague's
// workspaces, or the organisation itself; s.Colleagues has those people.
func (s *Self) isForeign(m *Message) bool {
	if slices.Contains(s.Strangers, m.User) {
		return true
	}
	isOther := func(team string) bool { return team != "" && team != s.Team }
	namesOther := slices.ContainsFunc([]string{m.Team, m.UserTeam, m.SourceTeam}, isOther)
	return namesOther && !slices.Contains(s.Colleagues, m.User)
}

// ForeignAuthor returns the person who wrote the message in a callback, if Slack names another workspace as theirs. It
// returns "" for a message of our own workspace, or of no person, and for what isn't a message.
func (s *Self) ForeignAuthor(callback []byte) string {
	const team = `team":"` // of team, user_team and source_team
	named, ours := bytes.Count(callback, []byte(team)), bytes.Count(callback, []byte(team+s.Team+`"`))
	if named == ours { // the usual case, without decoding
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

// Reactor returns the person who added or took back the emoji in a callback, or "" if the callback is about no emoji.
func (s *Self) Reactor(callback []byte) string {
	if !bytes.Contains(callback, []byte(`"reaction_`)) { // the usual case, without decoding
		return ""
	}
	ev, _, err := readEvent(callback)
	isReaction := err == nil && (ev.Type == "reaction_added" || ev.Type == "reaction_removed")
	if !isReaction || ev.User == s.User {
		return ""
	}
	return ev.User
}
