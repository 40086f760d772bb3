package engine

import (
	"os"
	"regexp"
	"testing"
	"time"

	"parley/bridge"
	"parley/store"
	"parley/store/storetest"
)

// Each verb has a line in the table: else its clicks and words would be applied without doing anything.
func TestEveryVerbHasAUseCase(t *testing.T) {
	t.Parallel()
	src := storetest.Must(os.ReadFile("../action.go"))(t)
	verbs := regexp.MustCompile(`(?m)^\tVerb\w+ +Verb = "(\w+)"`).FindAllStringSubmatch(string(src), -1)
	if len(verbs) < 30 {
		t.Fatalf("only %d verbs found, want at least 30", len(verbs))
	}
	for _, m := range verbs {
		use := allUseCases()[bridge.Verb(m[1])]
		if use == nil {
			t.Errorf("the verb %s has no line in the table", m[1])
			continue
		}
		if hasUse := use.IsSpeech || use.DoFirst != nil || use.DoAnywhere != nil || use.Do != nil || use.DoInTx != nil; !hasUse {
			t.Errorf("the line of the verb %s in the table says nothing that does it", m[1])
		}
	}
}

// The clock goes a day ahead, timers fire, the clock is put right, and they are set for the same times again: a snooze ends then,
// and the day's evening list is posted, though its timer has fired once when it was too late for a list. A list that was posted is
// not posted again.
func TestTimerThatFiresAgain(t *testing.T) {
	t.Parallel()
	due := time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC)
	nameOf := func(kind store.FactKind, late time.Duration) string {
		return (&Engine{}).Timer(store.Timer{ConversationID: 7, Kind: kind, DueAt: due, FiredAt: due.Add(late)}).ExternalID
	}
	for _, tt := range []struct {
		kind          store.FactKind
		first, second time.Duration // how late it fires each time
		isNew         bool          // the second fact, so that it counts
	}{
		{kind: "snooze", isNew: true},
		{kind: "snooze", first: 24 * time.Hour, isNew: true},
		{kind: "evening:1:2026-11-20", first: 24 * time.Hour, isNew: true},
		{kind: "evening:1:2026-11-20", second: time.Minute, isNew: false},
		{kind: "week:1:2026-11-20T09:00:00Z", second: time.Minute, isNew: false},
	} {
		if isNew := nameOf(tt.kind, tt.first) != nameOf(tt.kind, tt.second); isNew != tt.isNew {
			t.Errorf("%s, %v and %v late: a new fact is %v, want %v", tt.kind, tt.first, tt.second, isNew, tt.isNew)
		}
	}
}
