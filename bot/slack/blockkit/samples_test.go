package blockkit

import (
	"testing"
	"time"

	"parley/bot/view/viewtest"
	"parley/bridge"
)

func when() time.Time { return viewtest.When() }

// samples are what surfaces show, here in Slack's ids.
func samples() viewtest.Samples {
	return viewtest.Samples{
		Ann: bridge.AgentRef{ID: 1, Name: "Ann", User: "U0ANN"}, Ben: bridge.AgentRef{ID: 2, Name: "Ben", User: "U0BEN"},
		Root:  bridge.Place{Channel: "C0SUPPORT", Message: "1700000000.000100"},
		Other: bridge.Place{Channel: "C1", Thread: "1700000002.000100", Message: "1700000002.000100"},
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
