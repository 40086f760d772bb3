package teams

import (
	"context"
	"slices"
	"strconv"
	"time"

	"parley/bot/sweep"
	"parley/bot/teams/connector"
	"parley/bridge"
)

// rootWait is how long a root may be in a channel before its record is: as long as nobody
// may know whether a post was made.
const rootWait = 11 * time.Minute

// posts tells whether the message at a place is a post of our own that is recorded.
type posts interface {
	Posted(ctx context.Context, at bridge.Place) (bool, error)
}

// threads tells which of a channel's threads are ours, and what of the others concerns us.
type threads struct {
	posts posts
	desk  sweep.Desk
	roots *memory[bool] // by orderKey: whether we began it
}

// ours tells whether the thread that a place is in was begun by a post of ours. Teams
// doesn't say. Where it isn't recorded, a young thread of a channel of ours is taken for
// one: the engine then waits a little for its record, so that no reply is lost.
// Errors: the desk's.
func (t *threads) ours(ctx context.Context, at bridge.Place) (bool, error) {
	if at.Thread == "" {
		return false, nil
	}
	key := orderKey(at.Channel, at.Thread)
	if own, ok := t.roots.get(key); ok {
		return own, nil
	}
	own, err := t.posts.Posted(ctx, bridge.Place{Channel: at.Channel, Message: at.Thread})
	if err != nil {
		return false, err
	}
	if own {
		t.roots.put(key, true)
		return true, nil
	}
	id := messageID(at.Channel, at.Thread)
	said, err := t.desk.Seen(ctx, []string{id})
	if err != nil {
		return false, err
	}
	if said[id] { // somebody else's, unless ours was recorded just now
		own, err := t.posts.Posted(ctx, bridge.Place{Channel: at.Channel, Message: at.Thread})
		if err == nil {
			t.roots.put(key, own)
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

// concernsUs tells whether a message is any of our business: in a thread of ours, to us, or
// at the top level of a channel in which ours open, whose author may think that it reached
// somebody. All else that people say in their teams is not kept.
// Errors: the desk's.
func (t *threads) concernsUs(ctx context.Context, p payload, at bridge.Place, a *connector.Activity, own bool) (bool, error) {
	if own || p.text(a).Bot {
		return true, nil
	}
	if at.Thread != "" {
		return false, nil
	}
	return t.isOurs(ctx, at.Channel)
}

// knownOr tells whether a change is of a message in a thread of ours, or of one that is kept.
func (t *threads) knownOr(ctx context.Context, channel, message string, own bool) (bool, error) {
	if own {
		return true, nil
	}
	id := messageID(channel, message)
	known, err := t.desk.Seen(ctx, []string{id})
	return known[id], err
}

// justSaid is how old a message is at most that may come later than what happens to it.
const justSaid = time.Minute

// concernsReaction tells the same of a reaction, of which Teams doesn't tell the thread; and
// whether its message is one that isn't recorded yet, and may be ours.
func (t *threads) concernsReaction(ctx context.Context, a *connector.Activity) (keep, early bool, err error) {
	at := place(a)
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
