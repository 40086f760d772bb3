package bench

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"parley/cmd/parley/lab"
)

// This file measures how long Parley takes from the start of its process until /readyz answers 200, on a new
// database and on an existing one, and the size of its binary.

const (
	startMSTarget    = 150 // ms, at most
	startFreshTarget = 2   // seconds, at most
	binaryTarget     = 40  // MB, at most
	startsPerRound   = 5
	buildTimeout     = 10 * time.Minute
)

// MeasureStart returns the figures start_ms (existing database), start_fresh_s (new database) and binary_mb.
func MeasureStart(ctx context.Context, b *Rig) (map[string]Figure, error) {
	warm, err := startWarm(ctx, b)
	if err != nil {
		return nil, err
	}

	fresh := make([]float64, b.Rounds())
	for i := range fresh {
		if fresh[i], err = startFresh(ctx, b); err != nil {
			return nil, err
		}
	}

	binary, err := binarySize(ctx, b)
	if err != nil {
		return nil, err
	}

	return map[string]Figure{
		"start_ms":      warm,
		"start_fresh_s": AtMost(startFreshTarget, "seconds", fresh...),
		"binary_mb":     binary,
	}, nil
}

// startWarm measures starts on a migrated database, with Slack and a mailbox configured. The value of a round
// is the median of several starts.
func startWarm(ctx context.Context, b *Rig) (_ Figure, err error) {
	w, err := startMailWorld(ctx, b, mailOptions{boxes: 1, viaSocket: true})
	if err != nil {
		return Figure{}, err
	}
	defer func() { err = errors.Join(err, w.close()) }()
	starts := Choose(b, startsPerRound, startsPerRound, 1)
	var medians, all []float64
	for range b.Rounds() {
		var times []float64
		for range starts {
			took, err := timeStart(ctx, w.World)
			if err != nil {
				return Figure{}, err
			}
			times = append(times, MS(took))
		}

		medians, all = append(medians, Median(times)), append(all, times...)
	}

	return AtMost(startMSTarget, "ms", medians...).With(map[string]float64{"slowest_ms": Percentile(all, 1)}), nil
}

// startFresh measures the first start on an empty database, migrations included, in seconds.
func startFresh(ctx context.Context, b *Rig) (seconds float64, err error) {
	w, err := StartWorld(ctx, b, WorldOptions{Slack: &SlackOptions{Sockets: true}, Empty: true})
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, w.Close()) }()
	took, err := timeStart(ctx, w)
	return took.Seconds(), err
}

// timeStart starts a Parley, measures the time until it is ready, and stops it.
func timeStart(ctx context.Context, w *World) (time.Duration, error) {
	c, err := w.StartParley(ctx, ParleyOptions{NoWait: true})
	if err != nil {
		return 0, err
	}
	defer c.End()
	if err := c.Ready(ctx); err != nil {
		return 0, err
	}
	return time.Since(c.Started), nil
}

// binarySize returns the size of the binary that is deployed. It builds that binary, stripped, if the source
// code and a compiler are available. Otherwise it takes the running program. The note of the figure says which.
func binarySize(ctx context.Context, b *Rig) (Figure, error) {
	path, note := findBinary(ctx, b)
	info, err := os.Stat(path)
	if err != nil {
		return Figure{}, fmt.Errorf("bench: binary: %w", err)
	}

	f := AtMost(binaryTarget, "MB", float64(info.Size())/megabyte)
	return f.WithNote(note), nil
}

// findBinary returns the path of the binary to measure, and the note for the figure.
func findBinary(ctx context.Context, b *Rig) (path, note string) {
	const running = "the running program"
	if b.Opt.Quick {
		return b.Opt.Program, running + ", not stripped: --quick builds nothing"
	}
	goTool, err := exec.LookPath("go")
	source := sourceTree()
	if err != nil || source == "" {
		return b.Opt.Program, running + ": there is no source or no compiler here"
	}

	built := filepath.Join(b.Scratch.Dir, "parley-stripped")
	if err := buildProgram(ctx, goTool, source, built); err != nil { // modules may be missing
		b.Say("        %v", err)
		return b.Opt.Program, running + ", not stripped: it can't be built here"
	}
	return built, "built with -tags served -trimpath -ldflags '-s -w'"
}

// buildProgram builds the stripped binary into the file path.
func buildProgram(ctx context.Context, goTool, source, path string) error {
	ctx, cancel := context.WithTimeout(ctx, buildTimeout)
	defer cancel()
	args := []string{"build", "-tags", "served", "-trimpath", "-ldflags", "-s -w", "-o", path, "./cmd/parley"}
	cmd := exec.CommandContext(ctx, goTool, args...) //nolint:gosec // go itself
	cmd.Dir = source
	cmd.Env = append(lab.CleanEnv(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("bench: build: %w: %s", err, bytes.TrimSpace(out))
	}
	return nil
}

// sourceTree returns the folder with Parley's go.mod: the current folder or the nearest parent; "" if there is
// none.
func sourceTree() string {
	dir, err := os.Getwd()
	if err != nil {
		return ""
	}

	for {
		body, err := os.ReadFile(filepath.Join(filepath.Clean(dir), "go.mod"))
		if err == nil && bytes.HasPrefix(body, []byte("module parley\n")) {
			return dir
		}

		parent := filepath.Dir(dir)
		if parent == dir {
			return ""
		}

		dir = parent
	}
}
