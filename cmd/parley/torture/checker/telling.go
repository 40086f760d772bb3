package checker

import (
	"math"
	"time"
)

// An emulated chat may tell Parley late, or never, that somebody wrote, edited or deleted a message. If Parley
// couldn't know of a change before the reply left, the customer's old copy isn't Parley's fault. This file finds
// these cases, and marks them in the Expectation as excused.

// Telling says when Parley was told of what people did. From it Excuse decides whether Parley could know in time.
type Telling struct {
	// How long it took to tell Parley of messages, edits and deletions, by the ids of the messages. What took less
	// than PromptDelay is in none of these. What Parley wasn't told took NotTold.
	Written, Edited, Deleted map[string]time.Duration
	Hold                     time.Duration // of replies
	Jumps                    []ClockJump   // which ended holds early
	HidesChanges             bool          // Parley can't find edits and deletions that it wasn't told
}

const (
	// PromptDelay is the shortest delay that the emulators remember.
	PromptDelay = 250 * time.Millisecond
	// NotTold is the delay of what Parley wasn't told.
	NotTold = time.Duration(math.MaxInt64)
)

// ClockJump is a jump of Parley's clock, which ends all holds. It came at some time between two others.
type ClockJump struct {
	After  time.Time `json:"after"`
	Before time.Time `json:"before"`
}

// Excuse fills in which deviations from the history are excused because of what Parley was told late. To Excused it adds
//   - replies of which Parley was told so late that later ones may have left before them,
//   - replies of whose deletion Parley was told so late that they may have left already.
func (e *Expectation) Excuse(t Telling) {
	e.LateEvents, e.LateEdits, e.LostEvents = map[string]bool{}, map[string]bool{}, map[string]bool{}
	for id := range t.Written {
		e.LateEvents[id] = true
	}

	posts := map[string]Operation{} // by their ids
	for _, op := range e.History {
		switch op.Kind {
		case OpPost:
			posts[op.ID] = op
			mustArrive := op.Marker.Kind != Deleted
			if mustArrive && t.isTooLate(op, op, t.Written) {
				e.Excused[op.Marker] = true
			}
		case OpEdit:
			e.excuseEdit(t, posts[op.ID], op)
		case OpDelete:
			e.excuseDeletion(t, posts[op.ID], op)
		case OpWrite, OpResolve, OpHandOver, OpUnassign, OpSnooze: // have no hold
		}
	}
}

// excuseEdit notes whether Parley was told of the edit of a reply too late, or never.
func (e *Expectation) excuseEdit(t Telling, reply, edit Operation) {
	if t.isTooLate(reply, edit, t.Edited) {
		e.LateEdits[edit.ID] = true
	}
	if t.HidesChanges && t.Edited[edit.ID] == NotTold {
		e.LostEvents[edit.ID] = true
	}
}

// excuseDeletion notes whether Parley was told of the deletion of a reply too late, or never.
func (e *Expectation) excuseDeletion(t Telling, reply, deletion Operation) {
	mustStay := reply.Marker.Kind == Deleted
	if mustStay && t.isTooLate(reply, deletion, t.Deleted) {
		e.Excused[reply.Marker] = true
	}
	if t.HidesChanges && t.Deleted[deletion.ID] == NotTold {
		e.LostEvents[deletion.ID] = true
	}
}

// isTooLate reports whether Parley was told of op (a reply, or a change of it) when the hold of the reply was nearly
// over, or when the clock had jumped over it. What Parley was told sooner it must heed before the reply leaves.
// delays are those of operations like op.
func (t Telling) isTooLate(reply, op Operation, delays map[string]time.Duration) bool {
	toldAt := op.At.Add(max(delays[op.ID], PromptDelay)) // or sooner
	if toldAt.Sub(reply.BeganAt) > t.Hold*3/4 {
		return true
	}
	for _, jump := range t.Jumps {
		isHeld := reply.BeganAt.Before(jump.Before)
		if isHeld && toldAt.After(jump.After) {
			return true
		}
	}
	return false
}
