package bench

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"runtime/pprof"
	"sync/atomic"
	"syscall"

	"parley/channels/channelstest"
	"parley/cmd/parley/app"
)

// ServeOptions say how a Parley that is measured differs from `parley serve`.
type ServeOptions struct {
	CPUProfile string // path for a CPU profile of the whole run; "" means none
	Unanalysed bool   // turns off the analysis of customers' messages
}

// Serve runs in the child processes that a benchmark measures. It is `parley serve` with two additions: the
// loopback channel, which stands in for a real provider, and signals that pause the appliers, the workers that
// process accepted events. Pausing them lets a benchmark measure the acceptance of events alone. See
// Child.Hold.
func Serve(ctx context.Context, o ServeOptions) (err error) {
	env, err := app.LoadEnv(os.LookupEnv)
	if err != nil {
		return err
	}

	stop, err := Profile(o.CPUProfile)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, stop()) }()
	isHeld, stopListening := heldBySignal()
	defer stopListening()
	log := slog.New(slog.NewJSONHandler(os.Stderr, &slog.HandlerOptions{Level: env.Log}))
	options := app.Options{Specs: append(app.Specs(), channelstest.Spec())}
	options.Relay.Held = isHeld
	if !o.Unanalysed {
		analyzer, end, err := app.NewAnalyzer(ctx, env, log)
		if err != nil {
			return err
		}
		defer end()
		options.Analyzer = analyzer
	}

	return app.Serve(ctx, env, log, func(string) {}, options)
}

// heldBySignal listens for the signals that Child.Hold sends: SIGUSR1 pauses the appliers, SIGUSR2 resumes
// them. isHeld reports whether they are paused.
func heldBySignal() (isHeld func() bool, stopListening func()) {
	var held atomic.Bool
	const maxUnread = 4 // further signals would be lost
	signals, done := make(chan os.Signal, maxUnread), make(chan struct{})
	signal.Notify(signals, syscall.SIGUSR1, syscall.SIGUSR2)
	go func() {
		defer close(done)
		for s := range signals {
			held.Store(s == syscall.SIGUSR1)
		}
	}()

	return held.Load, func() {
		signal.Stop(signals)
		close(signals)
		<-done
	}
}

// Profile writes a CPU profile of this process to a file until stop is called. If path is "", it does nothing.
func Profile(path string) (stop func() error, err error) {
	if path == "" {
		return func() error { return nil }, nil
	}

	file, err := os.Create(filepath.Clean(path))
	if err != nil {
		return nil, fmt.Errorf("bench: profile: %w", err)
	}
	if err := pprof.StartCPUProfile(file); err != nil {
		return nil, errors.Join(fmt.Errorf("bench: profile: %w", err), file.Close())
	}

	return func() error {
		pprof.StopCPUProfile()
		return file.Close()
	}, nil
}

// Hold pauses (true) or resumes (false) the appliers of a child that runs Serve. Paused ones finish the current batch of
// events and begin no other one. Hold returns before the child has reacted.
func (c *Child) Hold(on bool) {
	if on {
		c.Signal(syscall.SIGUSR1)
	} else {
		c.Signal(syscall.SIGUSR2)
	}
}
