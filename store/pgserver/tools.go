package pgserver

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
)

// Tools locates the client programs of one PostgreSQL installation, which Parley runs for backup and restore.
type Tools struct {
	Dir   string // holds pg_dump and pg_restore
	Major int
}

// toolVersion matches the major version in `pg_dump (PostgreSQL) 16.4 (Debian …)`.
var toolVersion = regexp.MustCompile(`^pg_dump \(.*?\) (\d+)`)

// FindTools returns the oldest pg_dump and pg_restore that work with a server of the given major version. pg_dump can read
// servers of its own version and older ones, but the output of a newer pg_dump may not load into an older server. For
// example, with versions 15, 16 and 18 on this machine, FindTools returns 16 for a server of version 16.
//
// It searches prefer (a Server's BinDir, or ""), then PATH, then common folders. If it finds no suitable version, the error
// names the package to install.
func FindTools(ctx context.Context, major int, prefer string) (Tools, error) {
	t, err := findTools(ctx, thisMachine(), major, prefer)
	if err != nil {
		return Tools{}, fmt.Errorf("pgserver: tools: %w", err)
	}
	return t, nil
}

func findTools(ctx context.Context, m machine, major int, prefer string) (Tools, error) {
	dirs := append([]string{prefer}, filepath.SplitList(m.path)...)
	for _, glob := range m.bins {
		found, err := filepath.Glob(glob)
		if err != nil {
			continue // Glob fails only for a malformed pattern
		}
		dirs = append(dirs, found...)
	}

	var newer []Tools
	var tooOld []string // their major versions
	for _, dir := range dirs {
		t, ok := toolsIn(ctx, dir)
		if !ok {
			continue
		}
		if t.Major == major {
			return t, nil
		}

		if t.Major > major {
			newer = append(newer, t)
		} else {
			tooOld = append(tooOld, strconv.Itoa(t.Major))
		}
	}

	if ctx.Err() != nil {
		return Tools{}, ctx.Err()
	}
	if len(newer) > 0 {
		return slices.MinFunc(newer, func(a, b Tools) int { return a.Major - b.Major }), nil
	}

	slices.Sort(tooOld)
	has := "none"
	if len(tooOld) > 0 {
		has = strings.Join(slices.Compact(tooOld), ", ")
	}

	return Tools{}, fmt.Errorf("a server of PostgreSQL %d needs pg_dump and pg_restore %d or newer, this machine has %s: %s",
		major, major, has, clientHint(runtime.GOOS, osRelease(), major))
}

// toolsIn returns the tools in a folder, or false if they are missing or don't run.
func toolsIn(ctx context.Context, dir string) (Tools, bool) {
	if !filepath.IsAbs(dir) {
		return Tools{}, false
	}

	for _, name := range []string{"pg_dump", "pg_restore"} {
		if _, err := os.Stat(filepath.Join(dir, name)); err != nil {
			return Tools{}, false
		}
	}

	ctx, cancel := context.WithTimeout(ctx, versionTimeout)
	defer cancel()
	out, err := exec.CommandContext(ctx, filepath.Join(dir, "pg_dump"), "--version").Output()
	if err != nil {
		return Tools{}, false
	}

	match := toolVersion.FindSubmatch(out)
	if match == nil {
		return Tools{}, false
	}

	major, err := strconv.Atoi(string(match[1]))
	return Tools{Dir: dir, Major: major}, err == nil
}

// clientHint returns how to install the client programs of a major version, which include pg_dump.
func clientHint(goos, release string, major int) string {
	client := packages{
		brew:   "postgresql@%d",
		apt:    "postgresql-client-%d",
		dnf:    "postgresql%d",
		apk:    "postgresql%d-client",
		zypper: "postgresql%d",
		other:  "the client programs of PostgreSQL %[1]d (often called postgresql-client-%[1]d)",
	}
	return client.hint(goos, release, major)
}
