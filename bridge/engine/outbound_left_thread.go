package engine

import (
	"cmp"
	"strings"

	"parley/bridge"
	"parley/channels"
	"parley/store"
)

// A conversation that is handed over to another team may leave its thread, and go on in another channel or
// another chat. Posts that were queued before may still be for the former thread. For example, conversation #12
// moves from a team in Slack to one in Teams while Slack can't be reached. A customer's message that waits for
// Slack is then posted in Teams, the root (first message) of a Slack thread is given up, and the update of the
// card in Slack is retried until it shows where the conversation is.

// otherHome returns the chat in which the delivery's conversation is worked on now, if that isn't the delivery's
// own chat, and 0 otherwise.
func (a *postAttempt) otherHome() store.AccountID {
	conv := a.conversations[a.claim.ConversationID]
	if conv == nil {
		return 0
	}
	t := a.threads.Home(a.engine.Directory(), conv)
	if t == nil || t.AccountID == a.claim.AccountID {
		return 0
	}
	return t.AccountID
}

// isUnseen reports whether a post goes where agents no longer look: to a thread that the conversation has left, or, as a
// mark (an emoji), to a message outside of the conversation's thread.
func (a *postAttempt) isUnseen(p bridge.Post, t *store.Thread) bool {
	isInOtherThread := t != nil && p.Place.Thread != t.Root
	isMarkElsewhere := p.Kind == bridge.PostMark && (isInOtherThread || a.otherHome() != 0)
	return isMarkElsewhere || a.isInLeftThread(p, t)
}

// isInLeftThread reports whether a post goes to a thread that the conversation has left: it announces that, it
// changes a line in such a thread, or it updates the card in a chat that the conversation has left.
func (a *postAttempt) isInLeftThread(p bridge.Post, t *store.Thread) bool {
	isChangeElsewhere := a.body.Changes != 0 && t != nil && p.Place.Thread != t.Root
	isCardElsewhere := p.Kind == bridge.PostCard && a.otherHome() != 0
	return a.body.Left || isChangeElsewhere || isCardElsewhere
}

// isForUnopened reports whether a post belongs to a thread that never opened, in a chat that its conversation has
// left. It is false for a root, which may open the thread, and for an erasure, which deletes what may be there
// nevertheless.
func (a *postAttempt) isForUnopened() bool {
	kind := bridge.PostKind(a.claim.Kind)
	if kind == bridge.PostRoot || kind == bridge.PostErased {
		return false
	}
	t := a.threads.ThreadIn(a.claim.AccountID, a.claim.ConversationID)
	return t != nil && t.Root == "" && a.otherHome() != 0
}

// GoesOnElsewhere is the hint of a post that has failed permanently only because its conversation has left the
// chat. If the conversation is back when the failure is applied, the post is made there after all.
const GoesOnElsewhere = "The conversation goes on in another chat."

// giveUpIfMoved returns the result of an attempt that failed with err:
//   - err, so that the post is tried again, unless isGivenUp;
//   - for a customer's message, a permanent failure: it is posted where the conversation goes on;
//   - nil for all other posts, which nobody misses.
func (a *postAttempt) giveUpIfMoved(err error) error {
	if !a.isGivenUp() {
		return err
	}
	if !ShowsSaid(&a.claim.Delivery) {
		return nil
	}
	return &channels.SendError{
		Class: channels.BadContent,
		Text:  "The chat that was left takes no posts.",
		Hint:  GoesOnElsewhere,
		Cause: err,
	}
}

// isGivenUp reports whether a post is given up because its conversation has left the chat. Otherwise a customer's
// messages might wait behind it forever.
func (a *postAttempt) isGivenUp() bool {
	if a.otherHome() == 0 {
		return false
	}

	kind := bridge.PostKind(a.claim.Kind)
	t := a.threads.ThreadIn(a.claim.AccountID, a.claim.ConversationID)
	isUnopened := t != nil && t.Root == ""
	switch {
	case kind == bridge.PostErased: // what it deletes is still there
		return false
	case isUnopened, kind == bridge.PostRoot, ShowsSaid(&a.claim.Delivery):
		return true
	case strings.HasSuffix(a.claim.Key, ":"+CardLane):
		return false // a wrong card must be corrected, and no customer's messages wait in this lane
	case kind == bridge.PostLine, kind == bridge.PostCard:
		isConnected := a.engine.Surface(a.claim.AccountID) != nil
		return isConnected || store.Seconds(a.claim.FirstAgo) > maxBestEffort
	default:
		return false
	}
}

// isOutdated reports whether a post of a hand-over is wrong by now, because the conversation was handed over
// again before it could be posted:
//   - a root in a chat that isn't the right one any more, or in a channel that has the thread already;
//   - a line that announces that the conversation has left a thread to which it has returned.
func (a *postAttempt) isOutdated(p bridge.Post, t *store.Thread) bool {
	homeSurface, channel := a.home()
	if homeSurface == 0 || t == nil {
		return false
	}

	isFurtherRoot := p.Kind == bridge.PostRoot && t.Root != "" // a first root is never outdated, since other posts wait for it
	if isFurtherRoot && a.body.Place.Channel != "" {
		isThreadThere := a.engine.Directory().ChannelNow(homeSurface, t.Channel) == channel
		return homeSurface != a.claim.AccountID || isThreadThere
	}
	if a.body.Left && homeSurface == a.claim.AccountID {
		return t.Root == cmp.Or(p.Place.Message, p.Place.Thread)
	}
	return false
}
