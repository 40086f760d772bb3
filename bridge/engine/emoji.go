package engine

import (
	"context"
	"slices"

	"github.com/jackc/pgx/v5"

	"parley/bridge"
	"parley/bridge/engine/book"
	"parley/bridge/engine/directory"
	"parley/bridge/engine/verb"
	"parley/store"
)

// Emoji that stand for a verb arrive as that verb. All others are meant for people, and nothing is done with them.

func reactVerb() useCase { return useCase{Rules: verb.Rules{Name: bridge.VerbReact}, DoFirst: ignore} }

func unreactVerb() useCase {
	return useCase{Rules: verb.Rules{Name: bridge.VerbUnreact}, DoFirst: ignore}
}

func ignore(*work, context.Context, pgx.Tx, book.Request) error { return nil }

// teamEmoji returns actions in which emoji have the verbs that a team chose for its channels, in place of the usual ones. An emoji that
// the team chose to mean nothing (bridge.NoVerb) becomes a mere reaction. The given actions stay as they are, since they may be applied
// again in another batch.
func teamEmoji(d *directory.Directory, surface bridge.AccountID, actions []bridge.Action) []bridge.Action {
	for i, a := range actions {
		if !a.IsEmoji() || a.Verb == bridge.VerbUnreact {
			continue
		}

		team := d.TeamOfChannel(surface, a.Place.Channel)
		if team == nil {
			continue
		}

		verb := bridge.Verb(team.Emoji[bridge.EmojiName(a.Args.Emoji)])
		if verb == "" { // the team chose nothing for it: it keeps the usual verb
			continue
		}

		name := a.Args.Emoji
		a.Verb, a.Args = bridge.VerbReact, bridge.Args{}
		if verb != bridge.NoVerb {
			a.Verb, a.Args = verb, bridge.EmojiArgs(verb)
		}

		a.Args.Emoji = name
		actions = slices.Clone(actions)
		actions[i] = a
	}

	return actions
}

// hasNothingToDo reports whether an action is an emoji that asks for what has been done already, or was found too late to count.
//
// Slack doesn't tell when an emoji that it shows was added. So a found emoji counts only if it takes back a reply that waits, or
// keeps the reply inside. If a person sent that reply by a click, the click counts, since it may be newer than the emoji.
func (w *work) hasNothingToDo(r book.Request) bool {
	if r.Conversation == nil || !r.IsEmoji() {
		return false
	}

	m := w.MessageOfAction(r)
	wasFound := r.Origin == bridge.OriginFoundEmoji
	if m == nil {
		return wasFound
	}

	wasUndone := r.Verb == bridge.VerbUndo && m.Fate == store.FateUndone
	wasKept := r.Verb == bridge.VerbKeep && m.Fate == store.FateInside
	if wasUndone || wasKept {
		return true
	}
	if !wasFound {
		return false
	}

	stopsReply := w.Verbs.Of(r.Verb).TakesBack
	waitsOrLeft := m.Fate == store.FateWaiting || m.Fate == store.FateOut // if it has left, people are told that it is too late
	if !stopsReply || !waitsOrLeft || wasSentByClick(w.Outbox, m) {
		return true
	}
	return w.Authorize(r, r.Verb) != nil // whoever may not stop the reply was told so when the emoji came
}

// wasSentByClick reports whether a person sent a reply, or sent it again, by a click.
func wasSentByClick(o *book.Outbox, m *book.Message) bool {
	if m.Reason == bridge.ReasonClicked || m.Reason == bridge.ReasonRevived {
		return true
	}
	return slices.ContainsFunc(o.PartsOf(m), func(d *book.Delivery) bool { return d.DecodedPayload().Clicked })
}
