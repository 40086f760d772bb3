package rig

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
	CPUProfile string // file that gets a profile of the whole life; "" means none
	Unanalysed bool   // what customers write is not analysed
}

// Serve is `parley serve` with the loopback channel beside the product's own. Child.Hold tells it by signals to hold the
// appliers or to let them go on.
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

// heldBySignal begins to listen to the signals of Hold. isHeld tells what the latest one said.
func heldBySignal() (isHeld func() bool, stopListening func()) {
	var on atomic.Bool
	const maxUnread = 4 // signals beyond that would be lost
	signals, done := make(chan os.Signal, maxUnread), make(chan struct{})
	signal.Notify(signals, syscall.SIGUSR1, syscall.SIGUSR2)
	go func() {
		defer close(done)
		for s := range signals {
			on.Store(s == syscall.SIGUSR1)
		}
	}()

	return on.Load, func() {
		signal.Stop(signals)
		close(signals)
		<-done
	}
}

// Profile writes a CPU profile of this process into a file until stop is called; "" means that nothing is written.
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

// Hold keeps the appliers of a child that runs Serve from beginning a batch, or lets them go on.
func (c *Child) Hold(on bool) {
	if on {
		c.Signal(syscall.SIGUSR1)
	} else {
		c.Signal(syscall.SIGUSR2)
	}
}
