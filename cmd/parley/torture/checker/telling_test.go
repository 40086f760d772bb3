package checker

import (
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"
)

// The chat of a run may tell Parley late of what people wrote, edited or deleted. These tests check which deviations
// Excuse excuses for that reason. A reply's hold is the time that it waits so that its author can take it back.

// A reply is excused if Parley learned of it, or of its change, when its hold was nearly over.
func TestExcuse(t *testing.T) {
	t.Parallel()
	const (
		hold    = 8 * time.Second
		isLate  = true
		replyID = "3"
	)
	start := time.Unix(1_700_000_000, 0)
	typed := posted(outboundTo(1, 2), "1", replyID)
	typed.BeganAt, typed.At = start, start.Add(10*time.Millisecond)
	for _, tt := range []struct {
		name  string
		delay time.Duration // until Parley learns of a change made a second after the reply was typed; 0 means at once
		want  bool
	}{
		{name: "told at once"},
		{name: "told in time", delay: 4 * time.Second},
		{name: "told when the hold is nearly over", delay: 6 * time.Second, want: isLate},
		{name: "never told", delay: NotTold, want: isLate},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			telling := Telling{Hold: hold}
			delays := map[string]time.Duration{}
			if tt.delay > 0 {
				delays[replyID] = tt.delay
			}

			doneAt := start.Add(time.Second)
			late, gone := typed, typed
			late.At = doneAt // when the platform accepted it
			gone.Marker.Kind = Deleted
			edit := Operation{Kind: OpEdit, At: doneAt, ID: replyID}
			deletion := Operation{Kind: OpDelete, At: doneAt, ID: replyID}

			e := Expectation{Excused: map[Marker]bool{}, History: History{late, edit}}
			telling.Written, telling.Edited = delays, delays
			e.Excuse(telling)
			if got := e.Excused[late.Marker]; got != tt.want {
				t.Errorf("the order of a reply: excused %t, want %t", got, tt.want)
			}
			if got := e.LateEdits[replyID]; got != tt.want {
				t.Errorf("an edit: late %t, want %t", got, tt.want)
			}

			e.History = History{gone, deletion}
			telling.Written, telling.Deleted = map[string]time.Duration{replyID: NotTold}, delays
			e.Excuse(telling)
			if got := e.Excused[gone.Marker]; got != tt.want {
				t.Errorf("a deletion: excused %t, want %t", got, tt.want)
			}
		})
	}
}

// A reply of which Parley learned late may be overtaken by one whose hold was nearly over then, and by none that was typed later.
func TestMayBeOvertaken(t *testing.T) {
	t.Parallel()
	start := time.Unix(1_700_000_000, 0)
	typed := func(number int, at time.Duration) Operation {
		op := posted(outboundTo(1, number), "1", fmt.Sprint(number))
		op.BeganAt, op.At = start.Add(at), start.Add(at)
		return op
	}
	e := Expectation{Excused: map[Marker]bool{}, History: History{typed(1, 0), typed(2, time.Second), typed(3, 10*time.Second)}}
	e.Excuse(Telling{Hold: 8 * time.Second, Written: map[string]time.Duration{"1": 12 * time.Second}})
	for other, want := range map[int]bool{2: true, 3: false} {
		if got := e.mayBeOvertaken(outboundTo(1, 1), outboundTo(1, other)); got != want {
			t.Errorf("overtaken by reply %d: got %t, want %t", other, got, want)
		}
	}
}

// Delayed events count as late. Events of edits and deletions that never came count as lost if Parley can't find these
// changes itself.
func TestExcuseLostEvents(t *testing.T) {
	t.Parallel()
	for _, hidesChanges := range []bool{false, true} {
		e := Expectation{
			Excused: map[Marker]bool{},
			History: History{
				posted(outboundTo(1, 2), "1", "3"),
				posted(Marker{Deleted, 1, 3}, "1", "4"),
				{Kind: OpEdit, ID: "3"},
				{Kind: OpDelete, ID: "4"},
			},
		}
		e.Excuse(Telling{
			Written:      map[string]time.Duration{"3": PromptDelay, "9": NotTold},
			Edited:       map[string]time.Duration{"3": NotTold},
			Deleted:      map[string]time.Duration{"4": PromptDelay},
			HidesChanges: hidesChanges,
		})
		if want := map[string]bool{"3": true, "9": true}; !maps.Equal(e.LateEvents, want) {
			t.Errorf("late: got %v, want %v", e.LateEvents, want)
		}
		if got := e.LostEvents["3"]; got != hidesChanges {
			t.Errorf("an edit that never came: lost %t, want %t", got, hidesChanges)
		}
		if e.LostEvents["4"] {
			t.Error("a deletion that came late counts as lost")
		}
	}
}

// Parley must have a record of each announced message. A record may be missing only if Parley was not told of the message,
// and either can't read the channel or the message was deleted before Parley looked.
func TestMessagesToRecord(t *testing.T) {
	t.Parallel()
	h := History{
		posted(outboundTo(1, 2), "1", "told"),
		posted(Marker{Internal, 1, 3}, "1", "lost"),
		posted(Marker{Deleted, 1, 4}, "1", "deleted"),
		{Kind: OpResolve, Root: "1", ID: "unannounced"},
		{Kind: OpDelete, Root: "1", ID: "deleted", Announced: true},
	}
	delays := map[string]time.Duration{"lost": NotTold, "deleted": NotTold}
	for _, tt := range []struct {
		isBlind bool
		want    []string
	}{
		{isBlind: false, want: []string{"told", "lost"}},
		{isBlind: true, want: []string{"told"}},
	} {
		if got := h.MessagesToRecord(delays, tt.isBlind); !slices.Equal(got, tt.want) {
			t.Errorf("where Parley is blind (%t): got %q, want %q", tt.isBlind, got, tt.want)
		}
	}
}
