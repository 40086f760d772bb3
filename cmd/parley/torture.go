package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"time"

	"parley/cmd/parley/torture"
)

// tortureCommand is `parley torture`.
type tortureCommand struct {
	Quick     bool          `help:"A short form, about a minute; Parley waits seconds where production waits minutes."`
	Seed      uint64        `help:"Seed of the schedule; 0 = by chance."`
	Mails     int           `default:"500" help:"Mails that customers write."`
	Replies   int           `default:"500" help:"Replies that agents type."`
	Kills     int           `default:"10" help:"SIGKILLs to Parley, at random."`
	Stops     int           `default:"2" help:"SIGSTOPs to Parley, for 30 s."`
	Replicas  int           `default:"1" help:"Parleys on one database."`
	Flow      time.Duration `default:"3m" help:"In which everything is said and breaks."`
	OwnCopies bool          `help:"The mail server does not file what it sends: then a lost answer is truly ambiguous."`
	Keep      string        `placeholder:"DIR" help:"Keep data and logs there, also after a good run."`

	Oracle bool   `hidden:"" help:"Be the oracle of a run."`
	Fakes  string `hidden:"" placeholder:"FILE" help:"Be the emulators of a run."`
}

// Help is shown by `parley torture --help`.
func (tortureCommand) Help() string {
	return `Starts a durable PostgreSQL, emulators of mail and Slack, and Parley, each as a process of its own;
lets customers and agents talk while Parley and PostgreSQL are killed and all providers fail; waits until
everything has arrived; and lets an oracle, which sees only mailboxes and threads, count what was lost,
doubled, reordered or leaked. Exit status 1 if anything was.

Examples:
  parley torture --quick
  parley torture --seed 7 --replicas 3 --keep ./torture-7`
}

// Run plays one run, or one of its other processes.
func (c tortureCommand) Run(ctx context.Context) error {
	switch {
	case c.Oracle:
		return torture.Oracle(ctx, os.Stdin, os.Stdout)
	case c.Fakes != "":
		return torture.Fakes(ctx, torture.FakesOptions{Env: c.Fakes, Seed: c.Seed, SaveSent: !c.OwnCopies})
	}
	program, err := os.Executable()
	if err != nil {
		return fmt.Errorf("torture: %w", err)
	}
	o := torture.Options{Program: program, Seed: c.Seed, Mails: c.Mails, Replies: c.Replies, Kills: c.Kills, Freezes: c.Stops, BaseKills: 2,
		FreezeFor: 30 * time.Second, Replicas: max(c.Replicas, 1), Flow: c.Flow, Settle: 15 * time.Minute, OwnCopies: c.OwnCopies,
		Keep: c.Keep, Out: io.Writer(os.Stdout)}
	if c.Quick {
		o = torture.Quick(o)
	}
	if o.Seed == 0 {
		o.Seed = uint64(rand.Uint32()) + 1 //nolint:gosec // any will do
	}
	_, err = torture.Run(ctx, o)
	if errors.Is(err, torture.ErrVerdict) {
		return errReported
	}
	return err
}
