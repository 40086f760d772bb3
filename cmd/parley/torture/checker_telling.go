package torture

import (
	"math"
	"time"
)

// The emulated chat may notify Parley late, or never, that somebody wrote, edited or deleted a message. If Parley
// couldn't have known of a change in time, its result isn't Parley's fault. This file finds these cases and marks them
// as excused in the Expectation.
//
// Example: replies are held back for 8 seconds so that agents can take them back. Ann deletes a reply after 3
// seconds, but the notification takes 10. The customer receives the reply, and that is excused.

// Telling describes when Parley was notified of (told) what people did. Expectation.Excuse uses it.
type Telling struct {
	// Written, Edited and Deleted are the delays of the notifications of new messages, edits and deletions, by message
	// id. A delay below PromptDelay is left out. The delay of a notification that never arrived is NotTold.
	Written, Edited, Deleted map[string]time.Duration
	Hold                     time.Duration // for which replies are held back
	HidesChanges             bool          // Parley can't look up edits and deletions whose notification was lost
}

const (
	// PromptDelay is the shortest delay that the emulators record.
	PromptDelay = 250 * time.Millisecond
	// NotTold is the delay of a notification that never arrived.
	NotTold = time.Duration(math.MaxInt64)
)

// Excuse fills in which deviations from the history are excused by late or lost notifications: it sets LateEvents,
// LateEdits and LostEvents, and adds two kinds of replies to Excused, which must not be nil:
//   - those whose notification was so late that later replies may have been sent before them,
//   - those that may already have been sent when the notification of their deletion arrived.
func (e *Expectation) Excuse(t Telling) {
	e.LateEvents, e.LateEdits, e.LostEvents = map[string]bool{}, map[string]bool{}, map[string]bool{}
	e.telling, e.posts = t, map[Marker]Operation{}
	for id := range t.Written {
		e.LateEvents[id] = true
	}

	posts := map[string]Operation{} // by their ids
	for _, op := range e.History {
		switch op.Kind {
		case OpPost:
			posts[op.ID], e.posts[op.Marker] = op, op
			mustArrive := op.Marker.Kind != Deleted
			if mustArrive && t.isTooLate(op, op, t.Written) {
				e.Excused[op.Marker] = true
			}
		case OpEdit:
			e.excuseEdit(t, posts[op.ID], op)
		case OpDelete:
			e.excuseDeletion(t, posts[op.ID], op)
		case OpWrite, OpResolve, OpHandOver, OpUnassign, OpSnooze, OpOrder, OpEnd: // are not held back
		}
	}
}

// mayBeOvertaken reports whether Parley was notified of a reply so late that another, which was typed after it, may have been
// sent before: when the other's hold was nearly over.
func (e *Expectation) mayBeOvertaken(late, other Marker) bool {
	if !e.Excused[late] {
		return false
	}
	overtaker, isKnown := e.posts[other]
	return !isKnown || e.telling.isTooLate(overtaker, e.posts[late], e.telling.Written)
}

// excuseEdit records whether the notification of an edit was too late or lost.
func (e *Expectation) excuseEdit(t Telling, reply, edit Operation) {
	if t.isTooLate(reply, edit, t.Edited) {
		e.LateEdits[edit.ID] = true
	}
	if t.HidesChanges && t.Edited[edit.ID] == NotTold {
		e.LostEvents[edit.ID] = true
	}
}

// excuseDeletion records whether the notification of a deletion was too late or lost.
func (e *Expectation) excuseDeletion(t Telling, reply, deletion Operation) {
	mustStay := reply.Marker.Kind == Deleted
	if mustStay && t.isTooLate(reply, deletion, t.Deleted) {
		e.Excused[reply.Marker] = true
	}
	if t.HidesChanges && t.Deleted[deletion.ID] == NotTold {
		e.LostEvents[deletion.ID] = true
	}
}

// isTooLate reports whether Parley was notified of op (a reply, or an edit or deletion of it) in the last quarter of the
// reply's hold or later. Otherwise Parley must act on it before it sends the reply. delays are those of operations of op's kind.
func (t Telling) isTooLate(reply, op Operation, delays map[string]time.Duration) bool {
	toldAt := op.At.Add(max(delays[op.ID], PromptDelay)) // or sooner
	return toldAt.Sub(reply.BeganAt) > t.Hold*3/4
}
