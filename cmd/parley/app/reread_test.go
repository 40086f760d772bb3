package app

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

// However many calls come for names that no account has, the directory is looked at only once in a while. A look that is
// older than a call isn't used to say that an account doesn't exist.
func TestRereadIsBounded(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name      string
		fault     error         // of each look
		pause     time.Duration // between two calls
		wantLooks int
		wantSure  int // calls that know what was stored before they came
	}{
		{name: "a flood", pause: time.Microsecond, wantLooks: 1, wantSure: 1},
		{name: "a hundred within a second", pause: time.Millisecond, wantLooks: 1, wantSure: 1},
		{name: "one in two seconds", pause: 2 * time.Second, wantLooks: 100, wantSure: 100},
		{name: "a flood while the database is away", pause: time.Microsecond, fault: errors.New("no database"), wantLooks: 1},
	}

	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				looks, sure := 0, 0
				l := &reread{read: func(context.Context) error {
					looks++
					return tt.fault
				}}

				for range 100 {
					arrived := time.Now()
					<-time.After(time.Microsecond)
					if l.lookForNew(t.Context(), arrived) {
						sure++
					}
					<-time.After(tt.pause)
				}

				if looks != tt.wantLooks || sure != tt.wantSure {
					t.Errorf("of 100 calls: got %d looks and %d sure answers, want %d and %d", looks, sure, tt.wantLooks, tt.wantSure)
				}
			})
		})
	}
}

// Calls that came before a look began share its answer.
func TestCallsShareALook(t *testing.T) {
	t.Parallel()
	l := &reread{read: func(context.Context) error { return nil }}
	before := time.Now().Add(-time.Millisecond)
	for range 3 {
		if !l.lookForNew(t.Context(), before) {
			t.Error("a call that came before the look began isn't answered by it")
		}
	}
}
