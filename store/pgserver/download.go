package pgserver

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	embeddedpostgres "github.com/fergusstrange/embedded-postgres"
)

// On a machine without PostgreSQL, Parley downloads its binaries once, into the folder bin of the server's home.

const downloadTimeout = 10 * time.Minute

// downloadMajor is the major version of a new cluster if nothing is installed.
const downloadMajor = 18

// downloadsFolder returns the folder of downloaded binaries. It has a subfolder for each version.
func downloadsFolder(home string) string { return filepath.Join(home, "bin") }

// release returns the build that the module embedded-postgres offers for a major version.
func release(major int) (embeddedpostgres.PostgresVersion, bool) {
	switch major {
	case 15:
		return embeddedpostgres.V15, true
	case 16:
		return embeddedpostgres.V16, true
	case 17:
		return embeddedpostgres.V17, true
	case 18:
		return embeddedpostgres.V18, true
	}
	return "", false
}

// download fetches the binaries of a major version. Major 0 means downloadMajor.
func download(ctx context.Context, o Options, m machine, home string, major int) error {
	major = cmp.Or(major, downloadMajor)
	v, ok := release(major)
	if !ok {
		return fmt.Errorf("the database was made by PostgreSQL %d, which this machine does not have: %s", major, installHint(major))
	}

	o.Say(fmt.Sprintf("No PostgreSQL found on this machine: downloading version %s into %s, once.", v, downloadsFolder(home)))

	if err := os.MkdirAll(downloadsFolder(home), 0o755); err != nil {
		return fmt.Errorf("download: %w", err)
	}

	temp, err := os.MkdirTemp(home, "download-")
	if err != nil {
		return fmt.Errorf("download: %w", err)
	}

	defer func() {
		if err := os.RemoveAll(temp); err != nil {
			o.Log.Warn("could not remove a temporary folder of the embedded database", "error", err)
		}
	}()

	if err := fetch(ctx, m, temp, v); err != nil {
		return fmt.Errorf("no PostgreSQL %d or newer on this machine and the download failed (%s, or set DATABASE_URL): %w",
			minMajor, installHint(major), err)
	}

	unpacked := filepath.Join(temp, "unpacked")
	if err := os.Chmod(unpacked, 0o755); err != nil {
		return fmt.Errorf("download: %w", err)
	}

	// The rename is atomic, so an interrupted download never leaves an incomplete installation.
	if err := os.Rename(unpacked, filepath.Join(downloadsFolder(home), string(v))); err != nil {
		return fmt.Errorf("download: %w", err)
	}

	return nil
}

// fetch makes the module download the binaries and unpack them into temp/unpacked.
//
// The module can't only download: it goes on to run initdb. fetch makes initdb fail by passing a locale that doesn't
// exist, so the module neither creates a cluster nor opens a port. The module accepts no context. If ctx ends first, its
// goroutine keeps running until the module returns.
func fetch(ctx context.Context, m machine, temp string, v embeddedpostgres.PostgresVersion) error {
	ctx, cancel := context.WithTimeout(ctx, downloadTimeout)
	defer cancel()
	config := embeddedpostgres.DefaultConfig().Version(v).Port(0).Locale("no-such-locale").Logger(io.Discard).
		CachePath(filepath.Join(temp, "cache")).RuntimePath(filepath.Join(temp, "runtime")).
		DataPath(filepath.Join(temp, "data")).BinariesPath(filepath.Join(temp, "unpacked"))
	if m.repository != "" {
		config = config.BinaryRepositoryURL(m.repository)
	}

	result := make(chan error, 1)
	go func() { result <- embeddedpostgres.NewDatabase(config).Start() }()

	select {
	case <-ctx.Done():
		return ctx.Err()
	case err := <-result:
		if err != nil && strings.HasPrefix(err.Error(), "unable to init database") {
			return nil // everything before initdb went well
		}
		if err == nil {
			return fmt.Errorf("initdb took a locale that does not exist")
		}
		return err
	}
}
