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

// Serve is `parley serve` with the loopback channel beside the product's own. SIGUSR1
// holds the appliers, SIGUSR2 lets them go on.
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
	log := slog.New(slog.NewJSONHandler(os.Stderr, &slog.HandlerOptions{Level: env.Log}))
	held, end := heldBySignal()
	defer end()
	options := app.Options{Specs: append(app.Specs(), channelstest.Spec())}
	if !o.Unanalysed {
		analyzer, end, err := app.NewAnalyzer(ctx, env, log)
		if err != nil {
			return err
		}
		defer end()
		options.Analyzer = analyzer
	}

	options.Relay.Held = held
	return app.Serve(ctx, env, log, func(string) {}, options)
}

// heldBySignal returns a function that says whether the appliers are held. end stops listening to the signals.
func heldBySignal() (held func() bool, end func()) {
	var on atomic.Bool
	const mostWaiting = 4 // signals that come faster than they are read
	signals, done := make(chan os.Signal, mostWaiting), make(chan struct{})
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

// Profile writes a CPU profile into a file until stop is called.
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

// Hold keeps a served Parley's appliers from beginning, or lets them go on.
func (c *Child) Hold(on bool) {
	if on {
		c.Signal(syscall.SIGUSR1)
	} else {
		c.Signal(syscall.SIGUSR2)
	}
}
