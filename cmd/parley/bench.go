//go:build !served

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"parley/cmd/parley/bench"
)

// benchCommand is `parley bench`. It measures how fast Parley accepts and relays messages, and compares the figures with
// targets. The targets are relative to the speed of the database, so that they hold on any machine. kong, which parses
// the command line, fills the fields and calls Run.
//
// The Parley that is measured is a process of its own: bench starts its own program again with --serve.
type benchCommand struct {
	Quick bool     `help:"Take less than a minute: one round, short windows. Figures that need more time are null."`
	JSON  string   `name:"json" placeholder:"FILE" help:"Also write the figures to FILE."`
	Only  []string `placeholder:"GROUP" help:"Measure only these groups: ${bench_groups}."`
	Dir   string   `placeholder:"DIR" help:"Create the database in DIR, and so measure its storage. Default: the system's temporary folder."`

	Unanalysed bool `help:"Measure Parley without the analysis of customers' messages."`

	Serve      bool   `hidden:"" help:"Be the Parley that is measured."`
	CPUProfile string `hidden:"" name:"cpuprofile" placeholder:"FILE" help:"Profile the Parley that is measured."`
	Statements string `hidden:"" name:"statements" placeholder:"FILE" help:"Write to FILE what each SQL statement costs per accepted or relayed message."`
}

// Help is shown by `parley bench --help`.
func (benchCommand) Help() string {
	return `Starts a private durable PostgreSQL, emulators, and Parley as a process of its own. Measures Parley in relation
to what the database can do on this machine at this moment. Exit status 1 if a target is missed.

Examples:
  parley bench --quick
  parley bench --json bench.json --only accept --only relay`
}

// Run measures and prints a table.
// Errors: errReported if a target was missed; a group could not be measured.
func (c benchCommand) Run(ctx context.Context) error {
	if c.Serve {
		return bench.Serve(ctx, bench.ServeOptions{CPUProfile: c.CPUProfile, Unanalysed: c.Unanalysed})
	}

	program, err := os.Executable()
	if err != nil {
		return fmt.Errorf("bench: %w", err)
	}

	report, runErr := bench.Run(ctx, bench.Options{
		Only: c.Only,
		RigOptions: bench.RigOptions{
			Program:    program,
			Dir:        c.Dir,
			Quick:      c.Quick,
			Out:        os.Stderr,
			CPUProfile: c.CPUProfile,
			Statements: c.Statements,
			Unanalysed: c.Unanalysed,
		},
	})
	if errors.Is(runErr, bench.ErrUnknownGroup) {
		return runErr
	}
	if err := report.Table(os.Stdout); err != nil { // also after an error: the groups that were measured
		return err
	}

	if c.JSON != "" {
		if err := report.Write(c.JSON); err != nil {
			return err
		}
	}

	if runErr != nil {
		return runErr
	}
	if missed := report.Missed(); len(missed) > 0 {
		fmt.Println("\nMissed: " + strings.Join(missed, ", "))
		return errReported
	}

	return nil
}
