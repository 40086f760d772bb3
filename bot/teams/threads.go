package teams

import (
	"context"
	"slices"
	"strconv"
	"time"

	"parley/bot/sweep"
	"parley/bot/teams/connector"
	"parley/bot/teams/fact"
	"parley/bot/teams/recent"
	"parley/bridge"
)

// rootWait is how long a root may stand in a channel before it is recorded: as long as it may take to
// find out whether a post was made.
const rootWait = 11 * time.Minute

// posts tells whether the message at a place is a post of our own that is recorded.
type posts interface {
	Posted(ctx context.Context, at bridge.Place) (bool, error)
}

// threads tells which threads were begun by us, and which messages of others concern us.
type threads struct {
	posts posts
	desk  sweep.Desk
	roots *recent.Map[bool] // by fact.OrderKey: whether we began it
}

// ours tells whether the thread of a place was begun by a post of ours, which Teams doesn't say. A young
// thread whose root isn't recorded counts as ours, in a channel in which threads of ours open: the
// engine then waits a little for the record, so that no reply is lost.
// Errors: the desk's.
func (t *threads) ours(ctx context.Context, at bridge.Place) (bool, error) {
	if at.Thread == "" {
		return false, nil
	}
	key := fact.OrderKey(at.Channel, at.Thread)
	if own, ok := t.roots.Get(key); ok {
		return own, nil
	}
	own, err := t.posts.Posted(ctx, bridge.Place{Channel: at.Channel, Message: at.Thread})
	if err != nil {
		return false, err
	}
	if own {
		t.roots.Put(key, true)
		return true, nil
	}
	id := fact.MessageID(at.Channel, at.Thread)
	said, err := t.desk.Seen(ctx, []string{id})
	if err != nil {
		return false, err
	}
	if said[id] { // somebody else's, unless ours was recorded just now
		own, err := t.posts.Posted(ctx, bridge.Place{Channel: at.Channel, Message: at.Thread})
		if err == nil {
			t.roots.Put(key, own)
		}
		return own, err
	}
	began, err := strconv.ParseInt(at.Thread, 10, 64)
	answered, errAnswered := strconv.ParseInt(at.Message, 10, 64)
	if err != nil || errAnswered != nil || time.Duration(answered-began)*time.Millisecond > rootWait {
		return false, nil
	}
	return t.isOurs(ctx, at.Channel)
}

// isOurs tells whether threads of ours open in a channel.
func (t *threads) isOurs(ctx context.Context, channel string) (bool, error) {
	list, err := t.desk.Channels(ctx)
	return slices.Contains(list, channel), err
}

// concernsUs tells whether a message is to be kept: it is in a thread of ours, mentions the app, or
// stands at the top level of a channel in which threads of ours open, where its author may think that it
// reached a customer. All else that people say in their teams is not kept.
// Errors: the desk's.
func (t *threads) concernsUs(ctx context.Context, p fact.Payload, at bridge.Place, a *connector.Activity, own bool) (bool, error) {
	if own || p.Text(a).Bot {
		return true, nil
	}
	if at.Thread != "" {
		return false, nil
	}
	return t.isOurs(ctx, at.Channel)
}

// knownOr tells whether a changed message is to be looked at: it is in a thread of ours (own), or it is stored.
func (t *threads) knownOr(ctx context.Context, channel, message string, own bool) (bool, error) {
	if own {
		return true, nil
	}
	id := fact.MessageID(channel, message)
	known, err := t.desk.Seen(ctx, []string{id})
	return known[id], err
}

// justSaid is how old a message may be to arrive later than a reaction to it.
const justSaid = time.Minute

// concernsReaction tells whether a reaction is to be kept; Teams doesn't tell its thread. early means that
// its message isn't recorded yet, but is so young that it may be ours.
func (t *threads) concernsReaction(ctx context.Context, a *connector.Activity) (keep, early bool, err error) {
	at := fact.PlaceOf(a)
	if known, err := t.knownOr(ctx, at.Channel, a.ReplyToID, false); err != nil || known {
		return known, false, err
	}
	said, err := strconv.ParseInt(a.ReplyToID, 10, 64)
	if err != nil {
		return true, false, nil //nolint:nilerr // kept as what it is: unreadable
	}
	if a.At().Sub(time.UnixMilli(said)) > justSaid {
		return false, false, nil
	}
	early, err = t.isOurs(ctx, at.Channel)
	return early, early, err
}
