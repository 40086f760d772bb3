package teams

import (
	"context"
	"slices"
	"strconv"
	"time"

	"parley/bot/recent"
	"parley/bot/sweep"
	"parley/bot/teams/connector"
	"parley/bot/teams/fact"
	"parley/bridge"
)

// maxRecordDelay is how long a root may stand in a channel before it is recorded. It is as long as it may take to find
// out whether a post was made.
const maxRecordDelay = 11 * time.Minute

// postRecords says whether the message at a place is a post of our own that is recorded.
type postRecords interface {
	Posted(ctx context.Context, at bridge.Place) (bool, error)
}

// threads knows which threads were begun by us, and which messages of others concern us.
type threads struct {
	posts postRecords
	desk  sweep.Desk
	roots *recent.Map[bool] // whether a post of ours began the thread, by fact.OrderKey
}

// isOurThread reports whether the thread of a place was begun by a post of ours, which Teams doesn't tell:
//   - yes if its root is recorded as a post of ours;
//   - no if its root is stored as a person's message;
//   - as long as its root is neither, yes if the message at the place was written soon after the root, in a channel in which
//     threads of ours open. The engine then waits a little for the record, so that no reply is lost.
//
// Errors: the desk's.
func (t *threads) isOurThread(ctx context.Context, at bridge.Place) (bool, error) {
	if at.Thread == "" {
		return false, nil
	}

	key := fact.OrderKey(at.Channel, at.Thread)
	if ours, ok := t.roots.Get(key); ok {
		return ours, nil
	}

	root := bridge.Place{Channel: at.Channel, Message: at.Thread}
	recorded, err := t.posts.Posted(ctx, root)
	if err != nil {
		return false, err
	}
	if recorded {
		t.roots.Put(key, true)
		return true, nil
	}

	id := fact.MessageID(at.Channel, at.Thread)
	seen, err := t.desk.Seen(ctx, []string{id})
	if err != nil {
		return false, err
	}

	if seen[id] { // a person wrote the root, unless ours was recorded between the two questions
		recorded, err := t.posts.Posted(ctx, root)
		if err == nil {
			t.roots.Put(key, recorded)
		}
		return recorded, err
	}

	if !isWithin(at.Thread, at.Message, maxRecordDelay) {
		return false, nil
	}

	return t.isOurChannel(ctx, at.Channel)
}

// isWithin reports whether a message was written at most span after another one. The id of a message is its time in
// milliseconds; it returns false if that can't be read.
func isWithin(earlier, later string, span time.Duration) bool {
	began, err := strconv.ParseInt(earlier, 10, 64)
	if err != nil {
		return false
	}
	answered, err := strconv.ParseInt(later, 10, 64)
	if err != nil {
		return false
	}
	return time.Duration(answered-began)*time.Millisecond <= span
}

// isOurChannel reports whether threads of ours open in a channel.
func (t *threads) isOurChannel(ctx context.Context, channel string) (bool, error) {
	list, err := t.desk.Channels(ctx)
	return slices.Contains(list, channel), err
}

// concernsUs reports whether a message is to be stored. Everything else that people say in their teams is not. A message
// is stored
//   - if it is in a thread of ours (inOurThread);
//   - if it mentions the app;
//   - if it stands at the top level of a channel in which threads of ours open: its author may think that it reaches a
//     customer.
//
// Errors: the desk's.
func (t *threads) concernsUs(ctx context.Context, p fact.Payload, at bridge.Place, a *connector.Activity, inOurThread bool) (bool, error) {
	if inOurThread || p.Text(a).Bot {
		return true, nil
	}
	if at.Thread != "" {
		return false, nil
	}
	return t.isOurChannel(ctx, at.Channel)
}

// isOursOrStored reports whether a message is in a thread of ours (inOurThread) or stored, so that its changes count.
func (t *threads) isOursOrStored(ctx context.Context, channel, message string, inOurThread bool) (bool, error) {
	if inOurThread {
		return true, nil
	}
	id := fact.MessageID(channel, message)
	known, err := t.desk.Seen(ctx, []string{id})
	return known[id], err
}

// maxReactionLead is how long after a message was written a reaction to it may arrive before the message is recorded.
const maxReactionLead = time.Minute

// concernsReaction decides whether a reaction is to be stored (keep). Teams doesn't tell the thread of a reaction, only the message
// to which it was added. It is stored
//   - if that message is stored, or recorded as a post of ours;
//   - if that message isn't recorded yet, but so young that it may be a post of ours (mayBeOurs).
func (t *threads) concernsReaction(ctx context.Context, a *connector.Activity) (keep, mayBeOurs bool, err error) {
	at := fact.PlaceOf(a)
	const inOurThread = false // nobody knows it
	known, err := t.isOursOrStored(ctx, at.Channel, a.ReplyToID, inOurThread)
	if err != nil || known {
		return known, false, err
	}

	writtenAt, err := strconv.ParseInt(a.ReplyToID, 10, 64)
	if err != nil {
		return true, false, nil //nolint:nilerr // it is stored, and decoding reports it as unreadable
	}
	if a.At().Sub(time.UnixMilli(writtenAt)) > maxReactionLead {
		return false, false, nil
	}

	mayBeOurs, err = t.isOurChannel(ctx, at.Channel)
	return mayBeOurs, mayBeOurs, err
}
