package fact

import (
	"bytes"
	"slices"
)

// isForeign reports whether the author of m, or the person who added an emoji, belongs to another organisation. Such people
// must not cause replies to customers. Within an Enterprise organisation, Slack may name another of a colleague's
// workspaces, or the organisation itself; me.Colleagues has those people.
func (me *Self) isForeign(m *Message) bool {
	if slices.Contains(me.Strangers, m.User) {
		return true
	}
	isOther := func(team string) bool { return team != "" && team != me.Team }
	namesOther := slices.ContainsFunc([]string{m.Team, m.UserTeam, m.SourceTeam}, isOther)
	return namesOther && !slices.Contains(me.Colleagues, m.User)
}

// ForeignAuthor returns the person who wrote the message in a callback, if Slack names another workspace as theirs. It
// returns "" for a message of our own workspace, or of no person, and for what isn't a message.
func (me *Self) ForeignAuthor(callback []byte) string {
	const team = `team":"` // of team, user_team and source_team
	named, ours := bytes.Count(callback, []byte(team)), bytes.Count(callback, []byte(team+me.Team+`"`))
	if named == ours { // the usual case, without decoding
		return ""
	}

	ev, _, err := readEvent(callback)
	if err != nil {
		return ""
	}

	for _, m := range []*Message{&ev.Message, ev.Changed, ev.Previous} {
		if m != nil && !me.Wrote(m) && !isByBot(m) && me.isForeign(m) {
			return m.User
		}
	}

	return ""
}

// Reactor returns the person who added or took back the emoji in a callback, or "" if the callback is about no emoji.
func (me *Self) Reactor(callback []byte) string {
	if !bytes.Contains(callback, []byte(`"reaction_`)) { // the usual case, without decoding
		return ""
	}
	ev, _, err := readEvent(callback)
	isReaction := err == nil && (ev.Type == "reaction_added" || ev.Type == "reaction_removed")
	if !isReaction || ev.User == me.User {
		return ""
	}
	return ev.User
}
