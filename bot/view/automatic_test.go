package view

import (
	"testing"

	"parley/bridge"
)

// the daily thread of automatic mail is one line; nobody takes or resolves it.
func TestAutomaticRoot(t *testing.T) {
	t.Parallel()
	c := Root(bridge.Facts{
		ID:        3,
		Automatic: true,
		Status:    bridge.StatusOpen,
		Subject:   "Automatic mail, Friday 20 November",
		Account:   bridge.Account{Name: "support-mail"},
	})
	if len(c.Blocks) != 1 || len(c.Buttons) != 0 {
		t.Errorf("%d lines, %d buttons", len(c.Blocks), len(c.Buttons))
	}
}
