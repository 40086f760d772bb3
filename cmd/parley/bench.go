//go:build !served

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"parley/cmd/parley/bench"
	"parley/cmd/parley/bench/rig"
)

// benchCommand is `parley bench`. kong, which parses the command line, fills its fields and calls Run.
type benchCommand struct {
	Quick bool     `help:"Within a minute: one round, short windows; what is left out is null."`
	JSON  string   `name:"json" placeholder:"FILE" help:"Write the figures there too."`
	Only  []string `placeholder:"GROUP" help:"Measure these groups alone: ${bench_groups}."`
	Dir   string   `placeholder:"DIR" help:"Where the database is made; names the storage that is measured. Default: the system's temporary folder."`

	Unanalysed bool `help:"Measure a Parley that doesn't analyse what customers write."`

	Serve      bool   `hidden:"" help:"Be the Parley that is measured."`
	CPUProfile string `hidden:"" name:"cpuprofile" placeholder:"FILE" help:"Profile the Parley that is measured."`
	Statements string `hidden:"" name:"statements" placeholder:"FILE" help:"Write there what each statement of the database costs a message: one that is accepted, or relayed."`
}

// Help is shown by `parley bench --help`.
func (benchCommand) Help() string {
	return `Starts a private durable PostgreSQL, emulators, and Parley as a process of its own, and measures Parley against
what the database can do on this machine at this moment. Exit status 1 if a target is missed.

Examples:
  parley bench --quick
  parley bench --json bench.json --only accept --only relay`
}

// Run measures and prints a table.
func (c benchCommand) Run(ctx context.Context) error {
	if c.Serve {
		return rig.Serve(ctx, rig.ServeOptions{CPUProfile: c.CPUProfile, Unanalysed: c.Unanalysed})
	}

	program, err := os.Executable()
	if err != nil {
		return fmt.Errorf("bench: %w", err)
	}

	report, failed := bench.Run(ctx, bench.Options{
		Only: c.Only,
		Options: rig.Options{
			Program:    program,
			Dir:        c.Dir,
			Quick:      c.Quick,
			Out:        os.Stderr,
			CPUProfile: c.CPUProfile,
			Statements: c.Statements,
			Unanalysed: c.Unanalysed,
		},
	})
	if errors.Is(failed, bench.ErrUnknownGroup) {
		return failed
	}
	if err := report.Table(os.Stdout); err != nil {
		return err
	}

	if c.JSON != "" {
		if err := report.Write(c.JSON); err != nil {
			return err
		}
	}

	if failed != nil {
		return failed
	}
	if missed := report.Missed(); len(missed) > 0 {
		fmt.Println("\nMissed: " + strings.Join(missed, ", "))
		return errReported
	}

	return nil
}
