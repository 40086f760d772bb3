//go:build served

package main

import (
	"errors"

	"github.com/alecthomas/kong"

	"parley/cmd/parley/app"
)

// tryingCommands and testingCommands keep the names of the commands that need emulators: whoever
// calls one is told how to build a program that has it.
type (
	tryingCommands struct {
		Demo leftOutCommand `cmd:"" hidden:""`
	}
	testingCommands struct {
		Fakes   leftOutCommand `cmd:"" hidden:""`
		Torture leftOutCommand `cmd:"" hidden:""`
		Bench   leftOutCommand `cmd:"" hidden:""`
	}
)

// leftOutCommand stands for a command that this program was built without. It takes any arguments.
type leftOutCommand struct {
	Args []string `arg:"" optional:"" passthrough:""`
}

// Run says what to do instead.
func (leftOutCommand) Run() error {
	return errors.New("this program was built for servers, without emulators; build it with make build to use demo, " +
		"fakes, torture and bench")
}

// TortureFlags is empty, since a program without emulators is never started by parley torture. In a program with
// emulators it has flags of serve.
type TortureFlags struct{}

// applyTo returns the options as they are.
func (TortureFlags) applyTo(o app.Options, _ app.Env) app.Options { return o }

func emulatorVars() kong.Vars { return kong.Vars{} }
