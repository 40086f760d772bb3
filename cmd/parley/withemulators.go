//go:build !served

package main

import (
	"strings"

	"github.com/alecthomas/kong"

	"parley/cmd/parley/app"
	"parley/cmd/parley/bench"
	"parley/cmd/parley/torture"
)

// tryingCommands and testingCommands bring emulators. A program that was built with the tag served
// has neither them nor the emulators.
type (
	tryingCommands struct {
		Demo demoCommand `cmd:"" help:"Try Parley: emulated mail, phones, Slack and Teams, an own database, one page. Needs no account."`
	}
	testingCommands struct {
		Fakes   fakesCommand   `cmd:"" help:"Run the emulators alone, for trying and testing."`
		Torture tortureCommand `cmd:"" help:"Kill Parley at random while mails and replies flow, and let an oracle judge."`
		Bench   benchCommand   `cmd:"" help:"Measure Parley against what this machine's PostgreSQL can do."`
	}
)

// TortureFlags are the flags of serve that parley torture alone sets, on the replicas that it starts.
type TortureFlags struct {
	ShortWaits bool `hidden:"" help:"Wait seconds where production waits minutes (torture --quick)."`
}

// applyTo returns the options, changed as the flags ask.
func (f TortureFlags) applyTo(o app.Options, env app.Env) app.Options {
	if f.ShortWaits {
		o = torture.ShortenWaits(o, env)
	}
	return o
}

// emulatorVars returns the words that the help of these commands fills in.
func emulatorVars() kong.Vars { return kong.Vars{"bench_groups": strings.Join(bench.Groups(), ", ")} }
