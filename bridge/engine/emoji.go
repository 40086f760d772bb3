package engine

import (
	"context"
	"slices"

	"github.com/jackc/pgx/v5"

	"parley/bridge"
	"parley/store"
)

// This file handles emoji reactions of agents in a chat (a surface). Some emoji stand for a verb, a command: for example, ✅ on a
// thread resolves the conversation. The surface's decoder has already turned those into actions with that verb. All other emoji are
// meant for people, so their verbs, react and unreact, do nothing.

func reactVerb() useCase { return useCase{Rules: Rules{Name: bridge.VerbReact}, DoFirst: ignore} }

func unreactVerb() useCase {
	return useCase{Rules: Rules{Name: bridge.VerbUnreact}, DoFirst: ignore}
}

func ignore(*work, context.Context, pgx.Tx, Request) error { return nil }

// teamEmoji replaces the default verbs of emoji by those that the team of the channel has chosen. An emoji for which the team chose
// bridge.NoVerb becomes a plain reaction. The given slice is not modified, because it may be applied again in another batch.
func teamEmoji(d *Directory, surface bridge.AccountID, actions []bridge.Action) []bridge.Action {
	for i, a := range actions {
		if !a.IsEmoji() || a.Verb == bridge.VerbUnreact {
			continue
		}

		team := d.TeamOfChannel(surface, a.Place.Channel)
		if team == nil {
			continue
		}

		verb := bridge.Verb(team.Emoji[bridge.EmojiName(a.Args.Emoji)])
		if verb == "" {
			continue // the team chose nothing: the default verb stays
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

// hasNothingToDo reports whether an action is an emoji to be ignored: its effect has been achieved already, or it was found too late.
//
// An emoji is "found" if Parley learns of it by reading the chat again, after it had missed the event. Slack doesn't report when such
// an emoji was added. So a found emoji counts only if it stops a reply. If a person sent that reply by a click, the click wins,
// because it may be newer than the emoji.
func (w *work) hasNothingToDo(r Request) bool {
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
	waitsOrLeft := m.Fate == store.FateWaiting || m.Fate == store.FateOut // once it has left, the actor is told that it is too late
	if !stopsReply || !waitsOrLeft || wasSentByClick(w.Outbox, m) {
		return true
	}
	return w.Authorize(r, r.Verb) != nil // a refusal was reported to the actor when the emoji was added
}

// wasSentByClick reports whether a person sent or resent a reply by a click.
func wasSentByClick(o *Outbox, m *Message) bool {
	if m.Reason == bridge.ReasonClicked || m.Reason == bridge.ReasonRevived {
		return true
	}
	return slices.ContainsFunc(o.PartsOf(m), func(d *Delivery) bool { return d.DecodedPayload().Clicked })
}
