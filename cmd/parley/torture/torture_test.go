package torture_test

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"slices"
	"strconv"
	"syscall"
	"testing"

	"parley/cmd/parley/app"
	"parley/cmd/parley/torture"
	"parley/store/storetest"
)

// TestMain lets the test's binary be each process of a run. It has the same sub-commands as the program.
func TestMain(m *testing.M) {
	if len(os.Args) < 2 || os.Args[1] != "serve" && os.Args[1] != "torture" {
		os.Exit(m.Run())
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := runSubcommand(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1) //nolint:gocritic // the process ends
	}
}

// runSubcommand runs a Parley, the oracle or the emulators of a run.
func runSubcommand(ctx context.Context, args []string) error {
	if args[0] == "serve" {
		return serve(ctx, args)
	}
	if slices.Contains(args, "--oracle") {
		return torture.RunOracle(ctx, os.Stdin, os.Stdout)
	}
	return torture.RunEmulators(ctx, args[len(args)-1]) // torture --fakes OPTIONS
}

func serve(ctx context.Context, args []string) error {
	env, err := app.LoadEnv(os.LookupEnv)
	if err != nil {
		return err
	}
	log := slog.New(slog.NewJSONHandler(os.Stderr, &slog.HandlerOptions{Level: env.Log}))
	o := app.Options{MovedTime: true}
	if slices.Contains(args, "--short-waits") {
		o = torture.ShortenWaits(o, env)
	}
	return app.Serve(ctx, env, log, func(string) {}, o)
}

// TestTorture plays a short run for each chat in which agents work, with a fixed seed, so that a failure can be repeated. It fails on
// violated invariants, never on speed. The long form has more ways of running Parley.
func TestTorture(t *testing.T) {
	t.Parallel()
	type run struct {
		name string
		opt  torture.Options
	}
	runs := []run{
		{name: "replicas", opt: torture.Options{Replicas: 2, Chats: true}},
		{name: "teams", opt: torture.Options{Replicas: 2, Teams: true}},
	}
	if storetest.LongForm() {
		runs = append(runs,
			run{name: "three replicas", opt: torture.Options{Replicas: 3}},
			run{name: "alone", opt: torture.Options{Replicas: 1}},
			run{name: "mail", opt: torture.Options{Replicas: 2}},
			run{name: "teams blind", opt: torture.Options{Replicas: 1, Teams: true, Blind: true}},
		)
	}
	for _, r := range runs {
		t.Run(r.name, func(t *testing.T) {
			t.Parallel()
			runShort(t, r.opt)
		})
	}
}

// runShort plays a run, and checks that it put the invariants to the test. Run itself fails if one was violated.
func runShort(t *testing.T, o torture.Options) {
	o.Program, o.Seed, o.Out = storetest.Must(os.Executable())(t), 7, t.Output()
	o = torture.Quick(o)
	if !storetest.LongForm() {
		o = torture.Shorten(o)
	}
	if text := os.Getenv("PARLEY_TEST_SEED"); text != "" {
		o.Seed = storetest.Must(strconv.ParseUint(text, 10, 64))(t)
	}
	r := storetest.Must(torture.Run(t.Context(), o))(t)
	if got, want := r.Injected[torture.FaultKill], o.Faults[torture.FaultKill]; got != want {
		t.Errorf("got %d kills, want %d", got, want)
	}
	const minKillsAndStops = 6 // of the eight planned, since some may wait in vain for their trigger
	if r.KillsAndStops < minKillsAndStops {
		t.Errorf("got %d kills and stops, want at least %d: %v", r.KillsAndStops, minKillsAndStops, r.Injected)
	}
	if fewest := 3; r.Workload.Ended < fewest { // each of the commands that all chats have
		t.Errorf("got %d conversations that were ended for good, want at least %d", r.Workload.Ended, fewest)
	}
	if r.Verdict.Replies == 0 {
		t.Error("got no replies, want some")
	}
	if r.Verdict.Internal == 0 {
		t.Error("got no internal messages, want some")
	}
}
