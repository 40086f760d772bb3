package main

import (
	"strings"
	"testing"
)

// "parley help serve" prints what "parley serve --help" prints, and "parley --version" what "parley version" does.
func TestHelpWithoutDashes(t *testing.T) {
	t.Parallel()
	parley := cli{t: t, data: t.TempDir()}
	for _, tt := range []struct {
		args string
		same string // as
	}{
		{args: "help", same: "--help"},
		{args: "help manifest", same: "manifest --help"},
		{args: "--version", same: "version"},
	} {
		if got, want := parley.mustRun(strings.Fields(tt.args)...), parley.mustRun(strings.Fields(tt.same)...); got != want {
			t.Errorf("parley %s printed\n%s\nwant what parley %s prints:\n%s", tt.args, got, tt.same, want)
		}
	}
	wantText(t, parley.mustRun("help", "manifest", "slack"), "parley manifest slack")
}

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
