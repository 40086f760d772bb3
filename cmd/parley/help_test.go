package main

import (
	"strings"
	"testing"
)

// Help is there with and without dashes, and a command that doesn't exist is answered with the nearest
// one that does.
func TestHelp(t *testing.T) {
	t.Parallel()
	all, _ := parleyIn(t, t.TempDir(), nil, "--help")
	manifest, _ := parleyIn(t, t.TempDir(), nil, "manifest", "--help")
	for _, tt := range []struct {
		args string
		ok   bool
		says string
	}{
		{"help", true, all},
		{"help manifest", true, manifest},
		{"help manifest slack", true, "parley manifest slack"},
		{"servve", false, "parley: unknown command servve, did you mean \"serve\"?\nparley --help lists all commands\n"},
		{"help bakup", false, "parley: unknown command bakup, did you mean \"backup\"?\nparley --help lists all commands\n"},
		{"nonsense", false, "parley: unknown command nonsense\nparley --help lists all commands\n"},
		{"manifest slak", false, "did you mean \"slack\"?"},
	} {
		said, ok := parleyIn(t, t.TempDir(), nil, strings.Fields(tt.args)...)
		if ok != tt.ok || !strings.Contains(said, tt.says) {
			t.Errorf("parley %s: ended well: %v, and said\n%s", tt.args, ok, said)
		}
	}
}
