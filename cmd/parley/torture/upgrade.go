package torture

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

const (
	migrationsPath = "store/migrations"
	buildTimeout   = 10 * time.Minute
	laterCommits   = 8 // how many are tried when the chosen one does not build
	// maxStopTime is the longest that a Parley may take to finish its sends and end.
	maxStopTime = 30 * time.Second
)

// errNoOldVersion is returned with the reason why there is no earlier version with which to begin.
var errNoOldVersion = errors.New("no earlier version")

// buildOld builds the program of an earlier commit into dir and reports which one it is.
// Errors: errNoOldVersion with the reason.
func buildOld(ctx context.Context, o Options, dir string) (program, commit string, err error) {
	ctx, cancel := context.WithTimeout(ctx, buildTimeout)
	defer cancel()
	source := cmp.Or(o.Source, ".")
	if source, err = runGit(ctx, source, "rev-parse", "--show-toplevel"); err != nil {
		return "", "", fmt.Errorf("%w: no repository here: %w", errNoOldVersion, err)
	}

	list := []string{o.From}
	if o.From == "" {
		if list, err = listOldCommits(ctx, source); err != nil {
			return "", "", err
		}
	}

	for _, commit := range list {
		if program, err = buildCommit(ctx, source, commit, dir); err == nil {
			return program, commit, nil
		}
	}

	return "", "", fmt.Errorf("%w: %w", errNoOldVersion, err)
}

// listOldCommits returns the commits with which a run may begin, the best first:
//   - the one before the last commit that changed the schema, if that commit only added migrations,
//   - that last commit itself, whose schema is still ours,
//   - those that came after it.
func listOldCommits(ctx context.Context, source string) ([]string, error) {
	shallow, err := runGit(ctx, source, "rev-parse", "--is-shallow-repository")
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errNoOldVersion, err)
	}
	if shallow == "true" {
		return nil, fmt.Errorf("%w: this clone has no history", errNoOldVersion)
	}

	last, err := runGit(ctx, source, "log", "-1", "--format=%H", "--", migrationsPath)
	if err != nil || last == "" {
		return nil, fmt.Errorf("%w: no commit changed %s", errNoOldVersion, migrationsPath)
	}

	var list []string
	changes, err := runGit(ctx, source, "diff", "--name-status", last+"^", last, "--", migrationsPath)
	before, _ := runGit(ctx, source, "ls-tree", "--full-tree", "--name-only", last+"^", migrationsPath+"/") // an error, too, means that there was none
	isOther := func(line string) bool { return line != "" && !strings.HasPrefix(line, "A") }
	onlyAdded := before != "" && !slices.ContainsFunc(strings.Split(changes, "\n"), isOther)
	if err == nil && onlyAdded {
		list = append(list, last+"^")
	}

	list = append(list, last)
	later, err := runGit(ctx, source, "rev-list", "--reverse", "--first-parent", last+"..HEAD")
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errNoOldVersion, err)
	}
	if fields := strings.Fields(later); len(fields) > 0 {
		list = append(list, fields[:min(laterCommits, len(fields))]...)
	}

	return list, nil
}

// buildCommit unpacks a commit and builds its program.
func buildCommit(ctx context.Context, source, commit, dir string) (string, error) {
	tree, program := filepath.Join(dir, "old", "tree"), filepath.Join(dir, "old", "parley")
	if err := errors.Join(os.RemoveAll(filepath.Join(dir, "old")), os.MkdirAll(tree, 0o700)); err != nil {
		return "", err
	}

	archive := exec.CommandContext(ctx, "git", "-C", source, "archive", "--format=tar", commit) //nolint:gosec // our own arguments
	unpack := exec.CommandContext(ctx, "tar", "-x", "-C", tree)                                 //nolint:gosec // likewise
	pipe, err := archive.StdoutPipe()
	if err != nil {
		return "", err
	}

	unpack.Stdin = pipe
	if err := unpack.Start(); err != nil {
		return "", err
	}
	if err := errors.Join(archive.Run(), unpack.Wait()); err != nil {
		return "", fmt.Errorf("unpack %.12s: %w", commit, err)
	}

	build := exec.CommandContext(ctx, "go", "build", "-o", program, "./cmd/parley") //nolint:gosec // likewise
	build.Dir = tree
	if output, err := build.CombinedOutput(); err != nil {
		first, _, _ := bytes.Cut(bytes.TrimSpace(output), []byte("\n"))
		return "", fmt.Errorf("%.12s does not build: %w: %s", commit, err, first)
	}

	return program, os.RemoveAll(tree)
}

func runGit(ctx context.Context, source string, args ...string) (string, error) {
	out, err := exec.CommandContext(ctx, "git", append([]string{"-C", source}, args...)...).Output() //nolint:gosec // our own arguments
	return strings.TrimSpace(string(out)), err
}

// rollUpgrade replaces the program of all replicas, one after the other.
func (in *injector) rollUpgrade(ctx context.Context) error {
	defer close(in.upgraded)
	for _, r := range in.replicas {
		if err := in.restartReplica(ctx, fault{Kind: faultUpgrade, Replica: r.index}, in.upgradeProgram); err != nil {
			return err
		}
	}
	return nil
}

// restartReplica asks a Parley to end, and measures how long nobody answers at its address. What runs next is program, with
// env added to its environment; nil means the same program and environment as before.
func (in *injector) restartReplica(ctx context.Context, f fault, program []string, env ...string) error {
	in.restarting.Lock()
	defer in.restarting.Unlock()
	before := in.countDisturbances()
	m := in.endpoints.measureRestart(ctx, f.Replica, func() { in.replicas[f.Replica].replace(program, env...) })
	m.IsValid = m.IsValid && in.countDisturbances() == before
	in.endpoints.recordRestart(m)
	in.recordInjected(f)
	return ctx.Err()
}

// countDisturbances counts the faults that disturb a restart at the same time.
func (in *injector) countDisturbances() int {
	in.mu.Lock()
	defer in.mu.Unlock()
	n := 0
	disturbing := append([]string{faultReset, faultBlackhole, faultFillDisk, faultLoseCommitAnswer, faultReadTables}, killsAndStops()...)
	for _, kind := range disturbing {
		n += in.injected[kind]
	}
	return n
}
