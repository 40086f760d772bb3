package pgserver

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// keptClusters is an environment variable that names a cache folder for new clusters (PostgreSQL data folders). If it is set,
// initdb runs only once for each PostgreSQL installation and account, and every new cluster is a copy of the cached one. That
// saves tests, which start many servers, one or two seconds of CPU time for each. Only tests may set it, because all copies
// share one system identifier, which must be unique for real clusters.
const keptClusters = "PARLEY_TEST_CLUSTERS"

// makeCluster creates a cluster in an empty folder of the server's account: by initdb, or as a copy of a cached cluster.
func makeCluster(ctx context.Context, o Options, dir string, acct account, bin install) error {
	folder := os.Getenv(keptClusters)
	if folder == "" {
		return initdb(ctx, o, dir, acct, bin)
	}
	binName := strings.ReplaceAll(bin.dir, string(filepath.Separator), "_")
	name := strings.Join([]string{strconv.Itoa(bin.major), strconv.Itoa(acct.uid), binName}, "-")
	kept := filepath.Join(folder, name)
	if !hasCluster(kept) {
		if err := keepCluster(ctx, o, kept, acct, bin); err != nil {
			return err
		}
	}
	return copyCluster(ctx, kept, dir, acct)
}

// keepCluster creates the cached cluster. Several processes may do so at once; the first to finish wins, and the others
// delete theirs.
func keepCluster(ctx context.Context, o Options, kept string, acct account, bin install) error {
	next, err := os.MkdirTemp(filepath.Dir(kept), filepath.Base(kept)+".")
	if err != nil {
		return fmt.Errorf("cluster: %w", err)
	}
	if err := acct.chown(next); err != nil {
		return fmt.Errorf("cluster: %w", err)
	}
	if err := initdb(ctx, o, next, acct, bin); err != nil {
		return errors.Join(err, os.RemoveAll(next))
	}

	err = os.Rename(next, kept)
	if errors.Is(err, fs.ErrExist) {
		err = os.RemoveAll(next)
	}
	if err != nil {
		return fmt.Errorf("cluster: %w", err)
	}

	return nil
}

// copyCluster copies a cluster into an empty folder. No server may run on it, and the account must own both folders.
func copyCluster(ctx context.Context, from, to string, acct account) error {
	cmd := prepareCommand(ctx, acct, "cp", "-Rp", from+"/.", to)
	var out bytes.Buffer
	cmd.Stderr = &out
	p, err := spawn(cmd)
	if err != nil {
		return fmt.Errorf("cluster: %w", err)
	}
	<-p.done
	if p.err != nil {
		return fmt.Errorf("cluster: copy: %w: %s", errors.Join(p.err, ctx.Err()), lastLines(out.Bytes(), shownLines))
	}
	return nil
}
