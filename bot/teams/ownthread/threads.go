// Package ownthread decides which messages of people in Teams concern Parley, so that they may be stored: those in a
// thread that Parley began, and those that mention it.
//
// What does not belong here: how messages are read, and what is stored of them.
package ownthread

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

// Parley must not store what people say to each other in their teams. So for each message that Teams tells us, this
// file decides whether it concerns us: is it in a thread that Parley began, or does it mention Parley? Teams doesn't
// tell who began a thread. A thread is named by its first message, the root.

// maxRecordDelay is how long after Teams shows a root of ours it may not be recorded yet. Finding out whether a post
// was made may take so long.
const maxRecordDelay = 11 * time.Minute

// PostRecords knows which of our messages in Teams are recorded. IsOwnPost reports whether the message at a place is one
// of them.
type PostRecords interface {
	IsOwnPost(ctx context.Context, at bridge.Place) (bool, error)
}

// Threads decides what concerns us. It can be used by several goroutines at once.
type Threads struct {
	posts PostRecords
	desk  sweep.Desk
	roots *recent.Map[bool] // whether a post of ours began the thread, by fact.OrderKey
}

// New makes Threads that know of no thread yet.
func New(posts PostRecords, desk sweep.Desk) *Threads {
	return &Threads{posts: posts, desk: desk, roots: recent.New[bool]()}
}

// NoteOurs notes that a post of ours has just begun a thread. root is the id of that post.
func (t *Threads) NoteOurs(channel, root string) { t.roots.Put(fact.OrderKey(channel, root), true) }

// IsOurs reports whether a post of ours began the thread of a place. Teams doesn't tell, so:
//   - it did if the root is recorded as a post of ours;
//   - it didn't if the root is stored as a person's message;
//   - if the root is neither, it may have if the message at the place was written soon after the root, in a channel
//     in which we begin threads. The result is true then: the engine waits a little for the record, so that no reply
//     is lost.
//
// Errors: the desk's.
func (t *Threads) IsOurs(ctx context.Context, at bridge.Place) (bool, error) {
	if at.Thread == "" {
		return false, nil
	}

	key := fact.OrderKey(at.Channel, at.Thread)
	if ours, ok := t.roots.Get(key); ok {
		return ours, nil
	}

	root := bridge.Place{Channel: at.Channel, Message: at.Thread}
	recorded, err := t.posts.IsOwnPost(ctx, root)
	if err != nil {
		return false, err
	}
	if recorded {
		t.roots.Put(key, true)
		return true, nil
	}

	id := fact.MessageID(at.Channel, at.Thread)
	seen, err := t.desk.KnownFacts(ctx, []string{id})
	if err != nil {
		return false, err
	}

	if seen[id] { // a person wrote the root, unless ours was recorded between the two questions
		recorded, err := t.posts.IsOwnPost(ctx, root)
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

// isWithin reports whether a message was written at most span after an earlier one. The arguments are ids of
// messages, which are times in milliseconds. It returns false for ids that are no numbers.
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

func (t *Threads) isOurChannel(ctx context.Context, channel string) (bool, error) {
	list, err := t.desk.Channels(ctx)
	return slices.Contains(list, channel), err
}

// ConcernsUs reports whether a person's message is to be stored. It is
//   - if it is in a thread of ours (inOurThread);
//   - if it mentions the app;
//   - if it is outside any thread, in a channel in which we begin threads: its author may think that it reaches a
//     customer.
//
// Errors: the desk's.
func (t *Threads) ConcernsUs(ctx context.Context, p fact.Payload, at bridge.Place, a *connector.Activity, inOurThread bool) (bool, error) {
	if inOurThread || p.Text(a).Bot {
		return true, nil
	}
	if at.Thread != "" {
		return false, nil
	}
	return t.isOurChannel(ctx, at.Channel)
}

// IsOursOrStored reports whether changes of a message are to be stored: it is in a thread of ours (inOurThread), or
// stored itself.
func (t *Threads) IsOursOrStored(ctx context.Context, channel, message string, inOurThread bool) (bool, error) {
	if inOurThread {
		return true, nil
	}
	id := fact.MessageID(channel, message)
	known, err := t.desk.KnownFacts(ctx, []string{id})
	return known[id], err
}

// maxReactionLead is how long after one of our messages was posted a reaction to it may come before the message is
// recorded.
const maxReactionLead = time.Minute

// ConcernsReaction decides whether a reaction is to be stored (keep). Teams tells to which message it was added, but
// not in which thread. It is stored
//   - if that message is stored, or recorded as a post of ours;
//   - if that message may be a post of ours that isn't recorded yet (mayBeOurs): it is young, in a channel in which
//     we begin threads.
func (t *Threads) ConcernsReaction(ctx context.Context, a *connector.Activity) (keep, mayBeOurs bool, err error) {
	at := fact.PlaceOf(a)
	const inOurThread = false // nobody knows it
	known, err := t.IsOursOrStored(ctx, at.Channel, a.ReplyToID, inOurThread)
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
