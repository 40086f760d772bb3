package main

import (
	"strings"
	"testing"
)

// A command that doesn't exist is answered with the nearest one that does.
func TestUnknownCommand(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		args string
		want string
	}{
		{args: "servve", want: "parley: unknown command servve, did you mean \"serve\"?\nparley --help lists all commands\n"},
		{args: "help bakup", want: "parley: unknown command bakup, did you mean \"backup\"?\nparley --help lists all commands\n"},
		{args: "nonsense", want: "parley: unknown command nonsense\nparley --help lists all commands\n"},
		{args: "manifest slak", want: "did you mean \"slack\"?"},
	} {
		t.Run(tt.args, func(t *testing.T) {
			t.Parallel()
			parley := cli{t: t, data: t.TempDir()}
			wantText(t, parley.mustFail(strings.Fields(tt.args)...), tt.want)
		})
	}
}
