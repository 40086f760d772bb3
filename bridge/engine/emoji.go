package engine

import (
	"slices"

	"parley/bridge"
	"parley/bridge/engine/directory"
)

// teamEmoji replaces the usual verbs of emoji by those that a team has chosen for its channels. An emoji without a verb there
// becomes a mere reaction.
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
		actions = slices.Clone(actions) // the decoded actions may be applied again in another batch
		actions[i] = a
	}

	return actions
}
