//go:build !served

package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"time"

	"parley/cmd/parley/torture"
)

// tortureCommand is `parley torture`, a fault-injection test. It runs several Parleys on one database, lets emulated
// customers and agents write thousands of messages, and meanwhile kills processes and cuts connections.
// In the end a test oracle checks from outside that no message was lost, duplicated or reordered. kong, which parses the
// command line, fills the fields and calls Run.
//
// The emulators and the oracle run as separate processes: torture starts its own program again with --fakes and --oracle.
type tortureCommand struct {
	Quick     bool          `help:"A short run of about a minute, in which Parley waits seconds where it waits minutes in production."`
	Seed      uint64        `help:"Seed of the random schedule; 0 = a random one."`
	Flow      time.Duration `default:"3m" help:"How long messages are written and faults injected. The number of both grows with it."`
	Replicas  int           `default:"3" help:"Number of Parleys on one database."`
	Mails     int           `help:"Number of mails from customers; 0 = 60 a minute."`
	Replies   int           `help:"Number of replies from agents; 0 = 60 a minute."`
	Kills     int           `default:"-1" help:"SIGKILLs to Parley at random times; -1 = one per 9 s. Others wait for a trigger."`
	Stops     int           `default:"-1" help:"SIGSTOPs to Parley, for 30 s each; -1 = one per 45 s, with a single replica one per 2 minutes."`
	Upgrade   bool          `default:"true" negatable:"" help:"Start with the version before the last change of the schema, built from git, and upgrade to this one under load. Ignored with --quick."`
	From      string        `placeholder:"COMMIT" help:"Start with the version of this commit instead."`
	Webhooks  bool          `help:"Slack sends requests, through a load balancer, instead of using Socket Mode."`
	Chats     bool          `help:"Two thirds of the customers use WhatsApp, Messenger and SMS instead of mail."`
	Teams     bool          `help:"Agents work in Microsoft Teams instead of Slack."`
	Graph     bool          `default:"true" negatable:"" help:"In Teams the app may read its channels (ChannelMessage.Read.Group), so it receives every message and can look up missed ones through Graph. Without it, agents mention the app."`
	Rate      float64       `help:"Parley's SLACK_RATE or TEAMS_RATE; above 0 the emulators also enforce the published rate limits."`
	OwnCopies bool          `help:"The mail server doesn't store copies of sent mails, so Parley can't find out what became of a mail whose response was lost."`
	Keep      string        `placeholder:"DIR" help:"Keep data and logs in DIR, even after a successful run."`

	Oracle bool   `hidden:"" help:"Be the test oracle of a run."`
	Fakes  string `hidden:"" placeholder:"JSON" help:"Be the emulators of a run, with these options."`
}

// Help is shown by `parley torture --help`.
func (tortureCommand) Help() string {
	return `Tests Parley by fault injection. Starts a durable PostgreSQL, emulators of mail and of Slack or Teams, and
Parley, each as a process of its own. Customers and agents write while

  - Parley and PostgreSQL are killed, stopped and restarted,
  - connections break or hang, and providers fail,
  - customers send floods of messages, a transaction holds a snapshot, the data folder fills up (as root).

Then the faults end, and everything has time to arrive. A test oracle, which sees only mailboxes and
threads, counts lost, duplicated, reordered, leaked and forgotten messages. Parley's tables must show that
each event was applied once, in the order of its queue. With --no-graph two things are counted separately:
messages that Parley posted again and marked as such, and messages that Teams stopped trying to deliver.

Exit status 1 if an invariant was violated, or wasn't tested by the run. Then the journal, the state of the
emulators and all logs are kept in a folder that the output names.

Examples:
  parley torture --quick
  parley torture --quick --chats
  parley torture --quick --rate 1
  parley torture --quick --teams --no-graph
  parley torture --seed 7 --replicas 1 --keep ./torture-7
  parley torture --flow 30m`
}

// Run carries out a run, or is one of the processes that a run starts.
// Errors: errReported if the run failed (torture.ErrVerdict); it could not be carried out.
func (c tortureCommand) Run(ctx context.Context) error {
	if c.Oracle {
		return torture.RunOracle(ctx, os.Stdin, os.Stdout)
	}
	if c.Fakes != "" {
		return torture.RunEmulators(ctx, c.Fakes)
	}

	program, err := os.Executable()
	if err != nil {
		return fmt.Errorf("torture: %w", err)
	}

	o := c.longForm(program)
	if c.Quick {
		o = torture.Quick(o)
	}

	o = torture.Plan(o)
	if o.Seed == 0 {
		o.Seed = uint64(rand.Uint32()) + 1 //nolint:gosec // needs no secure randomness
	}

	_, err = torture.Run(ctx, o)
	if errors.Is(err, torture.ErrVerdict) {
		return errReported
	}

	return err
}

// longForm returns the options of a run in which Parley's timeouts are those of production. torture.Options explains how
// long each fault has to last then.
func (c tortureCommand) longForm(program string) torture.Options {
	return torture.Options{
		Program: program,
		Keep:    c.Keep,
		Out:     os.Stdout,
		Seed:    c.Seed,

		Mails:   c.Mails,
		Replies: c.Replies,
		Flow:    c.Flow,
		Settle:  15 * time.Minute,

		Faults:       c.plannedFaults(),
		StopFor:      30 * time.Second,
		ClaimStopFor: 160 * time.Second,
		BlackholeFor: 40 * time.Second,
		RequestDelay: 25 * time.Second,

		Replicas: max(c.Replicas, 1),
		Upgrade:  c.Upgrade || c.From != "",
		From:     c.From,

		Teams:    c.Teams,
		Blind:    c.Teams && !c.Graph,
		Webhooks: c.Webhooks,
		Rate:     c.Rate,

		Chats:     c.Chats,
		OwnCopies: c.OwnCopies,
	}
}

// plannedFaults returns how many faults of each kind the command line asks for. The map lacks kinds for which the default
// is to be used.
func (c tortureCommand) plannedFaults() map[string]int {
	planned := map[string]int{}
	if c.Kills >= 0 {
		planned[torture.FaultKill] = c.Kills
	}
	if c.Stops >= 0 {
		planned[torture.FaultStop] = c.Stops
	}
	return planned
}
