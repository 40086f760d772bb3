package bridge_test

import (
	"testing"

	"parley/bridge"
)

// A text that an earlier version of Parley has stored is the same text.
func TestSameText(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, read, stored string
		want               bool
	}{
		{name: "indented lines", read: "Look:\n\n\u00a0\u00a0\u00a0\u00a0file\\_name", stored: "Look:\n\n    file\\_name", want: true},
		{name: "a mark that is escaped now", read: `Neu\![hier](<https://a.test>)`, stored: "Neu![hier](<https://a.test>)", want: true},
		{name: "other words", read: "It costs 1000", stored: "It costs 100"},
		{name: "another link", read: "[here](<https://a.test>)", stored: "[here](<https://b.test>)"},
	}
	for _, tt := range tests {
		if got := bridge.SameText(tt.read, tt.stored); got != tt.want {
			t.Errorf("%s: got %v, want %v", tt.name, got, tt.want)
		}
	}
}
