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

	proc "parley/cmd/parley/child"
)

const (
	startMSTarget    = 150
	startFreshTarget = 2
	binaryTarget     = 40
	buildTimeout     = 10 * time.Minute
)

// startGroup measures how soon Parley is ready, and how big it is.
func startGroup(b *bench, ctx context.Context) (map[string]Figure, error) {
	warm, err := startWarm(ctx, b)
	if err != nil {
		return nil, err
	}
	fresh := make([]float64, b.rounds())
	for i := range fresh {
		if fresh[i], err = startFresh(ctx, b); err != nil {
			return nil, err
		}
	}
	binary, err := binarySize(ctx, b)
	if err != nil {
		return nil, err
	}
	return map[string]Figure{"start_ms": warm, "start_fresh_s": atMost(startFreshTarget, "seconds", fresh...), "binary_mb": binary}, nil
}

// startWarm measures a start on a migrated database, from the program's start to the
// first 200 of /readyz, with Slack and a mailbox configured.
func startWarm(ctx context.Context, b *bench) (_ Figure, err error) {
	w, err := startMailWorld(ctx, b, 1, false, true)
	if err != nil {
		return Figure{}, err
	}
	defer func() { err = errors.Join(err, w.close()) }()
	rounds, starts := b.rounds(), 5
	if b.short {
		starts = 1
	}
	var medians, all []float64
	for range rounds {
		var times []float64
		for range starts {
			took, err := timeStart(ctx, w.world)
			if err != nil {
				return Figure{}, err
			}
			times = append(times, ms(took))
		}
		medians, all = append(medians, median(times)), append(all, times...)
	}
	return atMost(startMSTarget, "ms", medians...).with(map[string]float64{"slowest_ms": percentile(all, 1)}), nil
}

// startFresh measures the first start on an empty database, in seconds.
func startFresh(ctx context.Context, b *bench) (seconds float64, err error) {
	w, err := startWorld(ctx, b, worldOptions{slack: &slackOptions{sockets: true}, empty: true})
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, w.close()) }()
	took, err := timeStart(ctx, w)
	return took.Seconds(), err
}

// timeStart starts a Parley, waits until it is ready, and ends it.
func timeStart(ctx context.Context, w *world) (time.Duration, error) {
	c, err := w.parley(ctx, parleyOptions{start: true})
	if err != nil {
		return 0, err
	}
	if err := c.ready(ctx); err != nil {
		return 0, err
	}
	took := time.Since(c.started)
	c.stop()
	return took, nil
}

// binarySize builds the program that servers run, stripped, where its source and a compiler are at hand, else
// takes the running one as it is.
func binarySize(ctx context.Context, b *bench) (Figure, error) {
	path, note := b.opt.Program, "the running program"
	source, goTool := sourceTree(), ""
	if found, err := exec.LookPath("go"); err == nil {
		goTool = found
	}
	switch {
	case b.opt.Quick:
		note += ", not stripped: --quick builds nothing"
	case source == "" || goTool == "":
		note += ": there is no source or no compiler here"
	default:
		built := filepath.Join(b.scratch.Dir, "parley-stripped")
		if err := build(ctx, goTool, source, built); err != nil { // modules may be missing
			b.say("        %v", err)
			note += ", not stripped: it can't be built here"
			break
		}
		path, note = built, "built with -tags served -trimpath -ldflags '-s -w'"
	}
	info, err := os.Stat(path)
	if err != nil {
		return Figure{}, fmt.Errorf("bench: binary: %w", err)
	}
	f := atMost(binaryTarget, "MB", float64(info.Size())/megabyte)
	f.Note = note
	return f, nil
}

func build(ctx context.Context, goTool, source, path string) error {
	ctx, cancel := context.WithTimeout(ctx, buildTimeout)
	defer cancel()
	cmd := exec.CommandContext(ctx, goTool, "build", "-tags", "served", "-trimpath", "-ldflags", "-s -w", "-o", path, "./cmd/parley") //nolint:gosec // go itself
	cmd.Dir = source
	cmd.Env = append(proc.CleanEnv(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("bench: build: %w: %s", err, bytes.TrimSpace(out))
	}
	return nil
}

// sourceTree finds Parley's go.mod in the current folder or above; "" = not here.
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
