package teams

import (
	"context"
	"slices"
	"strconv"
	"time"

	"parley/bot/forms"
	"parley/bridge"
)

// A thread's id is the id of its first message, the root. Neither says who wrote the root, so Threads looks up whether
// Parley has a record of posting it. The record may be missing for some minutes: if the answer to our post is lost, we first
// have to find out whether Teams has made it.

// maxRecordDelay is the maximum time between a root of ours appearing in Teams and its record.
const maxRecordDelay = 11 * time.Minute

// Threads decides which messages, edits and reactions concern us. It is safe for concurrent use.
type Threads struct {
	desk  Desk
	roots forms.Map[bool] // cache: whether the thread is ours, by fact.OrderKey
}

// NoteOurs records in the cache that a post of ours has just begun a thread. root is the id of that post.
func (t *Threads) NoteOurs(channel, root string) { t.roots.Put(OrderKey(channel, root), true) }

// IsOurs reports whether the thread of a message was begun by a post of ours:
//   - yes if the root is recorded as a post of ours;
//   - no if the root is stored as a person's message;
//   - otherwise the record may still be missing. Then the answer is yes if the message was written within maxRecordDelay of
//     the root, in a channel where we begin threads. The engine waits for the record, so that no agent's reply is lost.
//
// Errors: the desk's.
func (t *Threads) IsOurs(ctx context.Context, at bridge.Place) (bool, error) {
	if at.Thread == "" {
		return false, nil
	}

	key := OrderKey(at.Channel, at.Thread)
	if isOurs, isCached := t.roots.Get(key); isCached {
		return isOurs, nil
	}

	root := bridge.Place{Channel: at.Channel, Message: at.Thread}
	isRecorded, err := t.desk.IsOwnPost(ctx, root)
	if err != nil {
		return false, err
	}
	if isRecorded {
		t.roots.Put(key, true)
		return true, nil
	}

	isStored, err := t.isStored(ctx, at.Channel, at.Thread)
	if err != nil {
		return false, err
	}

	if isStored { // by a person, unless our post was recorded between the two lookups
		isRecorded, err := t.desk.IsOwnPost(ctx, root)
		if err == nil {
			t.roots.Put(key, isRecorded)
		}
		return isRecorded, err
	}

	if !isWithin(at.Thread, at.Message, maxRecordDelay) {
		return false, nil
	}

	return t.isOurChannel(ctx, at.Channel)
}

// isStored reports whether a message is stored, as a post of ours or as a person's message.
func (t *Threads) isStored(ctx context.Context, channel, message string) (bool, error) {
	id := MessageID(channel, message)
	known, err := t.desk.KnownFacts(ctx, []string{id})
	return known[id], err
}

// isWithin reports whether a message was written at most span after an earlier one. The arguments are ids of messages,
// which are times in milliseconds. It returns false for ids that aren't numbers.
func isWithin(earlier, later string, span time.Duration) bool {
	first, second := timeWritten(earlier), timeWritten(later)
	return !first.IsZero() && !second.IsZero() && second.Sub(first) <= span
}

// isOurChannel reports whether we begin threads in a channel.
func (t *Threads) isOurChannel(ctx context.Context, channel string) (bool, error) {
	ourChannels, err := t.desk.Channels(ctx)
	return slices.Contains(ourChannels, channel), err
}

// ConcernsUs reports whether a person's message should be stored. It should if
//   - it is in a thread of ours (inOurThread), or
//   - it mentions the app, or
//   - it is outside any thread, in a channel where we begin threads: its author may believe that it reaches a customer.
//
// Errors: the desk's.
func (t *Threads) ConcernsUs(
	ctx context.Context, payload Payload, at bridge.Place, activity *Activity, inOurThread bool,
) (bool, error) {
	mentionsUs := payload.Text(activity).Bot
	if inOurThread || mentionsUs {
		return true, nil
	}
	if at.Thread != "" {
		return false, nil
	}
	return t.isOurChannel(ctx, at.Channel)
}

// maxReactionLead is how long after we posted a message a reaction to it may arrive before the message is recorded.
const maxReactionLead = time.Minute

// ConcernsReaction decides whether a reaction should be stored (keep). Teams reports the message to which it was added, but
// not the thread. It should be stored if
//   - the message is stored, as a post of ours or as a person's message, or
//   - the message may be a post of ours that isn't recorded yet (mayBeOurs): it is at most maxReactionLead old, in a channel
//     where we begin threads.
//
// Errors: the desk's.
func (t *Threads) ConcernsReaction(ctx context.Context, reaction *Activity) (keep, mayBeOurs bool, err error) {
	at := PlaceOf(reaction)
	isStored, err := t.isStored(ctx, at.Channel, reaction.ReplyToID)
	if err != nil || isStored {
		return isStored, false, err
	}

	postedMS, err := strconv.ParseInt(reaction.ReplyToID, 10, 64)
	if err != nil {
		return true, false, nil //nolint:nilerr // stored anyway: decoding it reports the malformed id
	}
	if reaction.At().Sub(time.UnixMilli(postedMS)) > maxReactionLead {
		return false, false, nil
	}

	mayBeOurs, err = t.isOurChannel(ctx, at.Channel)
	return mayBeOurs, mayBeOurs, err
}
