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

// keptClusters names the environment variable with a folder in which new clusters are kept: each further cluster is a copy of
// what initdb made first. That saves tests, which start many servers, a second or two of a processor with each. Only tests set the
// variable: all copies have one identity, which a cluster that somebody relies on must not share.
const keptClusters = "PARLEY_TEST_CLUSTERS"

// makeCluster makes a cluster in an empty folder of the server's account.
func makeCluster(ctx context.Context, o Options, dir string, acct account, bin install) error {
	folder := os.Getenv(keptClusters)
	if folder == "" {
		return initdb(ctx, o, dir, acct, bin)
	}
	place := strings.ReplaceAll(bin.dir, string(filepath.Separator), "_")
	name := strings.Join([]string{strconv.Itoa(bin.major), strconv.Itoa(acct.uid), place}, "-")
	kept := filepath.Join(folder, name)
	if !hasCluster(kept) {
		if err := keepCluster(ctx, o, kept, acct, bin); err != nil {
			return err
		}
	}
	return copyCluster(ctx, kept, dir, acct)
}

// keepCluster makes the cluster that others will be copies of. Several processes may do so at once: the first one's stays.
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

// copyCluster copies a cluster in which no server runs into an empty folder, both of the server's account.
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
