package torture

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
)

// A run that ended before the oracle had looked prints no verdict, whose zeros would look like success.
func TestNoVerdictOfNothing(t *testing.T) {
	t.Parallel()
	for _, judged := range []bool{false, true} {
		var printed strings.Builder
		line := func(format string, args ...any) { fmt.Fprintf(&printed, format+"\n", args...) }
		reportText{Report: &Report{Judged: judged}, printLine: line}.print()
		if got := strings.Contains(printed.String(), "lost 0"); got != judged {
			t.Errorf("judged %t: a verdict is printed: %t; %s", judged, got, printed.String())
		}
	}
}

// A look that fails is tried again. It ends the run only if that goes on.
func TestFailedLookIsTriedAgain(t *testing.T) {
	t.Parallel()
	var printed strings.Builder
	s := &session{opt: Options{Out: &printed}}
	looks := 0
	isSettled, err := s.tryAgain(t.Context(), func() (bool, error) {
		if looks++; looks < 3 {
			return false, errors.New("the connection broke")
		}
		return true, nil
	})
	if !isSettled || err != nil || looks != 3 {
		t.Errorf("got %t, %v after %d looks, want that the third one counts", isSettled, err, looks)
	}

	ended, end := context.WithCancel(t.Context())
	end()
	if _, err := s.tryAgain(ended, func() (bool, error) { return false, context.Canceled }); err == nil {
		t.Error("after the end of the run it is tried on without an error")
	}
}
