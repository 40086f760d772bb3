package blockkit

import (
	"testing"
	"time"

	"parley/bot/view/viewtest"
)

func when() time.Time { return viewtest.When() }

// samples are what surfaces show, here in Slack's ids.
func samples() viewtest.Samples { return viewtest.InSlack() }

func noError(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
