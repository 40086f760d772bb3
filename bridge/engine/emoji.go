package engine

import (
	"slices"

	"parley/bridge"
	"parley/bridge/engine/directory"
)

// teamEmoji gives emoji the verbs that a team has chosen for its channels, in place of the usual ones.
func teamEmoji(d *directory.Directory, surface bridge.AccountID, actions []bridge.Action) []bridge.Action {
	for i, a := range actions {
		if a.Origin != bridge.OriginEmoji || a.Verb == bridge.VerbUnreact {
			continue
		}
		team := d.TeamOfChannel(surface, a.Place.Channel)
		if team == nil {
			continue
		}
		verb := bridge.Verb(team.Emoji[bridge.EmojiName(a.Args.Emoji)])
		if verb == "" {
			continue
		}
		name := a.Args.Emoji
		a.Verb, a.Args = bridge.VerbReact, bridge.Args{}
		if verb != bridge.NoVerb {
			a.Verb, a.Args = verb, bridge.EmojiArgs(verb)
		}
		a.Args.Emoji = name
		actions = slices.Clone(actions) // others may read them
		actions[i] = a
	}
	return actions
}
