package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
	"time"

	"parley/cmd/parley/app"
	"parley/cmd/parley/operate"
	"parley/store"
)

// This file has the commands that look into a Parley to find out what is wrong: doctor checks the set-up, replay lists
// events that could not be processed, and explain shows what happened to a conversation. An event is one thing that a
// provider or a chat reported, such as a new mail. An event that can't be processed is put into quarantine, until
// somebody removes the cause and has it processed again with replay.

// doctorCommand is `parley doctor`.
type doctorCommand struct{}

// Help is shown by `parley doctor --help`.
func (doctorCommand) Help() string {
	return "Changes nothing, except that it stores a small object in the object store (S3_BUCKET) and removes it again, " +
		"and asks the model (OPENAI_MODEL) one short question. " +
		"Exit status 1 if anything is broken; each finding says what to do."
}

// Run checks everything and prints the findings.
// Errors: errReported if anything is broken.
func (doctorCommand) Run(ctx context.Context) error {
	env, log, err := readEnvironment()
	if err != nil {
		return err
	}

	db, err := app.OpenExistingDatabase(ctx, env, log, printRemark)
	if err != nil {
		return err
	}
	defer db.Close()
	report, err := db.Examine(ctx, env, findChats(ctx, env, db, log), log)
	if err != nil {
		return err
	}
	if _, err := io.WriteString(os.Stdout, printable(report.Text())); err != nil {
		return err
	}
	if report.IsBroken() {
		return errReported
	}

	return nil
}

// findChats returns the configured chats, without changing anything in them.
func findChats(ctx context.Context, env app.Env, db *app.Database, log *slog.Logger) app.SetUpChats {
	if err := db.UnlockReadOnly(ctx, env); err != nil {
		return app.SetUpChats{Fault: err}
	}
	const readOnly = true
	lookup, err := app.NewLookup(ctx, env, db, log, readOnly)
	if err != nil {
		return app.SetUpChats{Fault: err}
	}
	return app.SetUpChats{Surfaces: lookup.Surfaces()}
}

// replayCommand is `parley replay`.
type replayCommand struct {
	Events []store.EventID `arg:"" optional:"" name:"event" help:"Numbers of quarantined events; none lists them."`
}

// Help is shown by `parley replay --help`.
func (replayCommand) Help() string { return "Examples:\n  parley replay\n  parley replay 4711 4712" }

// Run puts events back into their queues or, without arguments, lists the quarantine.
// Errors: errReported if an event could not be put back.
func (c replayCommand) Run(ctx context.Context) error {
	use := databaseUse{readOnly: len(c.Events) == 0}
	return withDatabase(ctx, use, func(ctx context.Context, _ app.Env, db *app.Database, _ *slog.Logger) error {
		if len(c.Events) == 0 {
			text, err := operate.Quarantined(ctx, db.Pool, time.Local)
			if err != nil {
				return err
			}
			_, err = io.WriteString(os.Stdout, printable(text))
			return err
		}

		results, err := operate.Replay(ctx, db.Pool, db.Sealer, app.Specs(), c.Events)
		if err != nil {
			return err
		}

		var failed error
		for _, r := range results {
			fmt.Println(r.Text())
			willBeApplied := r.State == operate.ReplayQueued || r.State == operate.ReplayHandedOver
			if !willBeApplied {
				failed = errReported
			}
		}
		return failed
	})
}

// explainCommand is `parley explain`.
type explainCommand struct {
	What string `arg:"" help:"A conversation (#12, in quotes) or an event of the journal (345)."`
}

// Help is shown by `parley explain --help`.
func (explainCommand) Help() string { return "Examples:\n  parley explain '#12'\n  parley explain 345" }

// Run prints what happened to the conversation or event, step by step.
func (c explainCommand) Run(ctx context.Context) error {
	return withDatabase(ctx, databaseUse{readOnly: true}, func(ctx context.Context, _ app.Env, db *app.Database, _ *slog.Logger) error {
		text, err := operate.Explain(ctx, db.Pool, c.What, time.Local)
		if err != nil {
			return err
		}
		_, err = io.WriteString(os.Stdout, printable(strings.TrimRight(text, "\n"))+"\n")
		return err
	})
}
