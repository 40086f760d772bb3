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

// A cluster is the folder with all data of a PostgreSQL server. initdb makes it once. Its server can be reached
// only through a socket in a closed folder.

const initTimeout = 3 * time.Minute

// access is the content of pg_hba.conf. It lets in everybody who can open the socket, and nobody over a
// network, even if a person starts the server by hand.
const access = "# written by parley: the socket's folder is the gate\nlocal all all trust\n"

// ensureCluster makes the cluster if there is none. It makes the cluster under another name and renames it, so
// that an interrupted attempt is not taken for a cluster.
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

	err = os.Remove(cluster) // there is none, or an empty folder: seen above
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("cluster: %w", err)
	}
	if err := os.Rename(next, cluster); err != nil {
		return fmt.Errorf("cluster: %w", err)
	}

	return nil
}

// initdb makes a cluster in an empty folder. Without Options.Durable it doesn't wait for the disk.
func initdb(ctx context.Context, o Options, dir string, acct account, bin install) error {
	ctx, cancel := context.WithTimeout(ctx, initTimeout)
	defer cancel()
	args := append([]string{"-D", dir, "-U", Superuser, "--auth=trust", "--encoding=UTF8"}, localeOptions(runtime.GOOS, bin.major)...)
	if !o.Durable {
		args = append(args, "--no-sync")
	}

	// initdb is started by spawn for the same reason as the server: it dies with us.
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

// localeOptions returns initdb's options for a locale that sorts by code point and knows Unicode's letters. The order is the
// same on every machine, because an index must not depend on the system's libraries. From 17 on the server itself has
// such a locale. Before, the system's is taken, which on macOS has another name.
func localeOptions(goos string, major int) []string {
	const firstWithBuiltin = 17 // the first major whose server has its own locale
	if major >= firstWithBuiltin {
		return []string{"--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"}
	}
	if goos == "darwin" {
		return []string{"--locale=C", "--lc-ctype=UTF-8"}
	}
	return []string{"--locale=C.UTF-8"}
}

// repairOwner gives a cluster that root copied here to the account that runs the server.
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

// endOrphan ends a server that a killed owner left on the cluster. It also removes its postmaster.pid, whose
// number may belong to another process by now. Only the holder of the folder's lock may call it.
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
	isPostmaster := err == nil && pid > 1 // 1 is init: then the file is damaged
	if isPostmaster && isServing(ctx, pid, cluster) {
		o.Log.Warn("ending a database server that an earlier process left behind", "pid", pid)
		gone, cancel := watchUntil(ctx, func() bool { return !isServing(ctx, pid, cluster) })
		defer cancel()

		if err := endProcess(ctx, pid, gone); err != nil {
			return fmt.Errorf("orphaned server: %w", err)
		}
	}

	err = os.Remove(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) { // the server may have removed it when it ended
		return fmt.Errorf("cluster: %w", err)
	}

	return nil
}

// watchUntil closes the channel gone once the condition holds. cancel ends the watch and waits for its end.
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

// shownLines is how many of the last lines of an output an error shows.
const shownLines = 5

// lastLines returns the last n lines of an output in one line, for errors.
func lastLines(b []byte, n int) string {
	lines := strings.Split(strings.TrimSpace(string(b)), "\n")
	return strings.Join(lines[max(0, len(lines)-n):], " | ")
}
