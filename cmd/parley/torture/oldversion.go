package torture

import (
	"bytes"
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
	// laterCommits is how many commits after the latest change of the schema are tried if that commit doesn't build.
	laterCommits = 8
)

// errNone is returned, wrapped with a reason, if no earlier version can be built.
var errNone = errors.New("no earlier version")

// Build builds the program from an earlier commit into dir, and returns its path and the commit. source is any folder in
// the repository. from is the commit; if it is "", Build takes the first of listCommits that builds.
func Build(ctx context.Context, source, from, dir string) (program, commit string, err error) {
	ctx, cancel := context.WithTimeout(ctx, buildTimeout)
	defer cancel()
	if source, err = runGit(ctx, source, "rev-parse", "--show-toplevel"); err != nil {
		return "", "", fmt.Errorf("%w: no repository here: %w", errNone, err)
	}

	list := []string{from}
	if from == "" {
		if list, err = listCommits(ctx, source); err != nil {
			return "", "", err
		}
	}

	for _, commit := range list {
		if program, err = buildCommit(ctx, source, commit, dir); err == nil {
			return program, commit, nil
		}
	}

	return "", "", fmt.Errorf("%w: %w", errNone, err)
}

// listCommits returns the commits with which a run may begin, best first:
//   - the one before the latest change of the schema, if that change only added migrations: then the run tests them,
//   - the commit that made this change, whose schema is the current one,
//   - the commits after it.
func listCommits(ctx context.Context, source string) ([]string, error) {
	shallow, err := runGit(ctx, source, "rev-parse", "--is-shallow-repository")
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errNone, err)
	}
	if shallow == "true" {
		return nil, fmt.Errorf("%w: this clone has no history", errNone)
	}

	last, err := runGit(ctx, source, "log", "-1", "--format=%H", "--", migrationsPath)
	if err != nil || last == "" {
		return nil, fmt.Errorf("%w: no commit changed %s", errNone, migrationsPath)
	}

	list := []string{last}
	if hasOnlyAddedMigrations(ctx, source, last) {
		list = []string{last + "^", last}
	}

	later, err := runGit(ctx, source, "rev-list", "--reverse", "--first-parent", last+"..HEAD")
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errNone, err)
	}
	if fields := strings.Fields(later); len(fields) > 0 {
		list = append(list, fields[:min(laterCommits, len(fields))]...)
	}

	return list, nil
}

// hasOnlyAddedMigrations reports whether a schema existed before the commit, and the commit neither changed nor removed any
// of its migrations.
func hasOnlyAddedMigrations(ctx context.Context, source, commit string) bool {
	before, err := runGit(ctx, source, "ls-tree", "--full-tree", "--name-only", commit+"^", migrationsPath+"/")
	if err != nil || before == "" { // an error means that the commit has no parent
		return false
	}
	changes, err := runGit(ctx, source, "diff", "--name-status", commit+"^", commit, "--", migrationsPath)
	isOther := func(line string) bool { return line != "" && !strings.HasPrefix(line, "A") }
	return err == nil && !slices.ContainsFunc(strings.Split(changes, "\n"), isOther)
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
