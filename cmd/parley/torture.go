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
	"parley/cmd/parley/torture/emulators"
	"parley/cmd/parley/torture/oracle"
)

// tortureCommand is `parley torture`. kong, which parses the command line, fills its fields and calls Run.
type tortureCommand struct {
	Quick     bool          `help:"A short form, about a minute; Parley waits seconds where production waits minutes."`
	Seed      uint64        `help:"Seed of the schedule; 0 = by chance."`
	Flow      time.Duration `default:"3m" help:"How long messages are written and faults injected. The number of both grows with it."`
	Replicas  int           `default:"3" help:"Parleys on one database."`
	Mails     int           `help:"Mails that customers write; 0 = 60 a minute."`
	Replies   int           `help:"Replies that agents type; 0 = 60 a minute."`
	Kills     int           `default:"-1" help:"SIGKILLs to Parley at any time; -1 = one in 9 s. Others wait for a trigger."`
	Stops     int           `default:"-1" help:"SIGSTOPs to Parley, for 30 s; -1 = one in 45 s, with a single replica one in 2 minutes."`
	Upgrade   bool          `default:"true" negatable:"" help:"Begin with the version before the last change of the schema, built from git, and roll to this one under load. The short form doesn't."`
	From      string        `placeholder:"COMMIT" help:"Begin with the version of this commit instead."`
	Webhooks  bool          `help:"Slack sends requests, through a balancer, instead of Socket Mode."`
	Chats     bool          `help:"Two of three customers write by WhatsApp, Messenger and SMS."`
	Model     bool          `help:"A model reads what customers write, and fails by chance: errors, 429, cut streams, malformed JSON, no answer."`
	Teams     bool          `help:"Agents work in Microsoft Teams instead of Slack."`
	Graph     bool          `default:"true" negatable:"" help:"In Teams the app may read its channels (ChannelMessage.Read.Group): it is told every message, and looks up by Graph what it missed. Without, agents mention it."`
	Rate      float64       `help:"Parley's SLACK_RATE or TEAMS_RATE; above 0 the emulators keep to their published limits, too."`
	OwnCopies bool          `help:"The mail server does not file what it sends: then a lost answer is truly ambiguous."`
	Keep      string        `placeholder:"DIR" help:"Keep data and logs there, also after a good run."`

	Oracle bool   `hidden:"" help:"Be the test oracle of a run."`
	Fakes  string `hidden:"" placeholder:"JSON" help:"Be the emulators of a run, with these options."`
}

// Help is shown by `parley torture --help`.
func (tortureCommand) Help() string {
	return `Tests Parley by fault injection. Starts a durable PostgreSQL, emulators of mail and of Slack or Teams, and
Parley, each as a process of its own. Customers and agents write while

  - Parley and PostgreSQL are killed, stopped and restarted,
  - connections break or go silent, and providers fail,
  - customers flood, somebody holds a snapshot, the data folder fills up (as root) and the clock jumps.

Then the faults end, and everything has time to arrive. A test oracle, which observes only mailboxes and
threads, counts what was lost, doubled, reordered, leaked or forgotten. Parley's tables must show that
events were applied once, in the order of their queues. With --no-graph two things are counted apart: what
Parley posted again and marked as such, and messages of which Teams gave up telling it.

Exit status 1 if an invariant was violated, or the run did not put it to the test. Then the journal, what
the emulators showed and all logs stay in a folder that the output names.

Examples:
  parley torture --quick
  parley torture --quick --chats
  parley torture --quick --model
  parley torture --quick --rate 1
  parley torture --quick --teams --no-graph
  parley torture --seed 7 --replicas 1 --keep ./torture-7
  parley torture --flow 30m`
}

// Run plays a run, or is one of the other processes of a run.
func (c tortureCommand) Run(ctx context.Context) error {
	if c.Oracle {
		return oracle.Run(ctx, os.Stdin, os.Stdout)
	}
	if c.Fakes != "" {
		return emulators.Run(ctx, c.Fakes)
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
		o.Seed = uint64(rand.Uint32()) + 1 //nolint:gosec // any will do
	}

	_, err = torture.Run(ctx, o)
	if errors.Is(err, torture.ErrVerdict) {
		return errReported
	}

	return err
}

// longForm returns the options of a run in which Parley waits as it does in production. torture.Options says how long each
// fault has to last for that.
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
		Model:     c.Model,
		OwnCopies: c.OwnCopies,
	}
}

// plannedFaults returns how many faults of each kind the command line asks for. A kind that it leaves to the plan is
// missing.
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
