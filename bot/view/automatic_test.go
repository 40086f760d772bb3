package view

import (
	"testing"

	"parley/bridge"
)

// The root of a day's thread of automatic mail is one line without buttons, since nobody takes or resolves it.
func TestAutomaticRoot(t *testing.T) {
	t.Parallel()
	wantOneLine(t, Root(bridge.Facts{
		ID:        3,
		Automatic: true,
		Status:    bridge.StatusOpen,
		Subject:   "Automatic mail, Friday 20 November",
		Account:   bridge.Account{Name: "support-mail"},
	}))
}
