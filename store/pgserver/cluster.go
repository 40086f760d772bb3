package pgserver

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"time"
)

// A cluster is the folder with all data of a PostgreSQL server. PostgreSQL's program initdb creates it once. This file
// creates the cluster, and ends a server that is still running on it although its owner (the Parley process that started
// it) was killed.

const initTimeout = 3 * time.Minute

// access is the content of pg_hba.conf. It admits everybody who can open the server's Unix socket, which is in a closed
// folder. It admits nobody over a network, even if a person starts the server by hand.
const access = "# written by parley: the socket's folder is the gate\nlocal all all trust\n"

// ensureCluster creates the cluster if it doesn't exist. It creates the cluster under a temporary name and then renames it,
// so that the remains of an interrupted attempt are never mistaken for a cluster.
func ensureCluster(ctx context.Context, o Options, home string, acct account, bin install) error {
	cluster := filepath.Join(home, "pg")
	if hasCluster(cluster) {
		return repairOwner(cluster, acct)
	}

	names, err := os.ReadDir(cluster)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("cluster: %w", err)
	}
	if len(names) > 0 {
		return fmt.Errorf("cluster: %s holds files, but no database", cluster)
	}

	next := cluster + ".new"
	if err := os.RemoveAll(next); err != nil {
		return fmt.Errorf("cluster: %w", err)
	}
	if err := os.Mkdir(next, 0o700); err != nil {
		return fmt.Errorf("cluster: %w", err)
	}
	if err := acct.chown(next); err != nil {
		return fmt.Errorf("cluster: %w", err)
	}
	if err := makeCluster(ctx, o, next, acct, bin); err != nil {
		return err
	}

	hba := filepath.Join(next, "pg_hba.conf")
	if err := os.WriteFile(hba, []byte(access), 0o600); err != nil {
		return fmt.Errorf("cluster: %w", err)
	}

	err = os.Remove(cluster) // checked above: it doesn't exist or is empty
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("cluster: %w", err)
	}
	if err := os.Rename(next, cluster); err != nil {
		return fmt.Errorf("cluster: %w", err)
	}

	return nil
}

// initdb creates a cluster in an empty folder. Without Options.Durable it doesn't sync the files to disk.
func initdb(ctx context.Context, o Options, dir string, acct account, bin install) error {
	ctx, cancel := context.WithTimeout(ctx, initTimeout)
	defer cancel()
	args := append([]string{"-D", dir, "-U", Superuser, "--auth=trust", "--encoding=UTF8"}, localeOptions(runtime.GOOS, bin.major)...)
	if !o.Durable {
		args = append(args, "--no-sync")
	}

	// Like the server, initdb is started by spawn, so that it ends if this process is killed.
	cmd := prepareCommand(ctx, acct, filepath.Join(bin.dir, "initdb"), args...)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	p, err := spawn(cmd)
	if err != nil {
		return fmt.Errorf("initdb: %w", err)
	}

	<-p.done

	if p.err != nil {
		return fmt.Errorf("initdb: %w: %s", errors.Join(p.err, ctx.Err()), lastLines(out.Bytes(), shownLines))
	}

	return nil
}

// localeOptions returns initdb's options for a locale that sorts by code point and classifies Unicode letters. Sorting must
// be the same on every machine, because indexes depend on it. Since version 17, the server has a built-in locale of that
// kind. Earlier versions use the operating system's, which has another name on macOS.
func localeOptions(goos string, major int) []string {
	const firstWithBuiltin = 17 // the first major version with a built-in locale
	if major >= firstWithBuiltin {
		return []string{"--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"}
	}
	if goos == "darwin" {
		return []string{"--locale=C", "--lc-ctype=UTF-8"}
	}
	return []string{"--locale=C.UTF-8"}
}

// repairOwner changes the owner of a cluster to the account that runs the server. That is needed if root copied the cluster
// here.
func repairOwner(cluster string, acct account) error {
	info, err := os.Stat(cluster)
	if err != nil {
		return fmt.Errorf("cluster: %w", err)
	}

	if !acct.isForeign || ownerOf(info).uid == acct.uid {
		return nil
	}

	return filepath.WalkDir(cluster, func(path string, _ fs.DirEntry, err error) error {
		if err != nil {
			return fmt.Errorf("cluster: %w", err)
		}
		return acct.chown(path)
	})
}

// endOrphan ends a server that a killed owner left running on the cluster. It also removes the server's postmaster.pid,
// because the process ID in it may have been reused. Only the holder of the data folder's lock may call it.
func endOrphan(ctx context.Context, o Options, cluster string) error {
	path := filepath.Join(cluster, "postmaster.pid")
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("cluster: %w", err)
	}

	first, _, _ := strings.Cut(string(b), "\n")
	pid, err := strconv.Atoi(strings.TrimSpace(first))
	isPostmaster := err == nil && pid > 1 // 1 is init, so the file would be damaged
	if isPostmaster && isServing(ctx, pid, cluster) {
		o.Log.Warn("ending a database server that an earlier process left behind", "pid", pid)
		gone, cancel := watchUntil(ctx, func() bool { return !isServing(ctx, pid, cluster) })
		defer cancel()

		if err := endProcess(ctx, pid, gone); err != nil {
			return fmt.Errorf("orphaned server: %w", err)
		}
	}

	err = os.Remove(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) { // the server may have removed it on shutdown
		return fmt.Errorf("cluster: %w", err)
	}

	return nil
}

// watchUntil polls a condition in a goroutine and closes the channel gone once it holds. cancel stops the goroutine and
// waits until it has ended. The end of ctx doesn't stop it.
func watchUntil(ctx context.Context, cond func() bool) (gone <-chan struct{}, cancel func()) {
	ctx, stop := context.WithCancel(context.WithoutCancel(ctx))
	result, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		tick := time.NewTicker(pollInterval)
		defer tick.Stop()

		for !cond() {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
		}

		close(result)
	}()

	return result, func() {
		stop()
		<-ended
	}
}

// shownLines is how many lines of a program's output an error includes, counted from the end.
const shownLines = 5

// lastLines returns the last n lines of an output, joined by " | ".
func lastLines(b []byte, n int) string {
	lines := strings.Split(strings.TrimSpace(string(b)), "\n")
	return strings.Join(lines[max(0, len(lines)-n):], " | ")
}
