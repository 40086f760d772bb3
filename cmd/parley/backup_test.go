package main

import (
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
)

// These tests do what docs/backup.md says, with the program, beside a Parley that serves.

const (
	rightPassphrase = "PARLEY_BACKUP_PASSPHRASE=correct horse battery"
	wrongPassphrase = "PARLEY_BACKUP_PASSPHRASE=correct cow battery"
	shortPassphrase = "PARLEY_BACKUP_PASSPHRASE=horse"
)

// backupTest is a serving Parley with its embedded database, and a folder for backups.
type backupTest struct {
	t       *testing.T
	base    string // PARLEY_DATA is the folder old in it
	serving *exec.Cmd
}

// serveForBackup starts a Parley and waits until it serves.
func serveForBackup(t *testing.T) *backupTest {
	t.Helper()
	b := &backupTest{t: t, base: folderForServer(t)}
	t.Setenv("PARLEY_LISTEN", "127.0.0.1:0")
	b.serving, _ = startParley(t, b.path("old"), "serve")
	waitFor(t, "serve is ready", func() bool {
		_, succeeded := b.in("old", "PARLEY_LISTEN=").run("health")
		return succeeded
	})
	return b
}

func (b *backupTest) path(elements ...string) string {
	return filepath.Join(append([]string{b.base}, elements...)...)
}

// in returns the commands of a Parley with one of the data folders, and with further variables.
func (b *backupTest) in(folder string, env ...string) cli {
	return cli{t: b.t, data: b.path(folder), env: env}
}

// Requirement R-275: Backup, restore, upgrade.
func TestBackupAndRestore(t *testing.T) {
	b := serveForBackup(t)
	file, secret := b.path("acme.parley"), b.path("passphrase")
	mustWriteFile(t, secret, "correct horse battery\n")
	passphraseFile := "PARLEY_BACKUP_PASSPHRASE_FILE=" + secret

	wantText(t, b.in("old", passphraseFile).mustRun("backup", file), "sealed with the passphrase")
	wantText(t, b.in("old").mustRun("backup", "--verify", file), "It is whole")
	testRefusals(t, b, file)
	wantText(t, b.in("new", passphraseFile).mustRun("restore", file), "Nothing is sent again")
	wantText(t, b.in("new").mustRun("doctor"), "master key: fits")
	if got, want := mustReadFile(t, b.path("new", "master.key")), mustReadFile(t, b.path("old", "master.key")); got != want {
		t.Error("the restored Parley has another master key than the old one, want the same")
	}

	check(t, b.serving.Process.Signal(syscall.SIGTERM))
	if err := b.serving.Wait(); err != nil {
		t.Errorf("the Parley that was backed up ended with %v, want a clean end", err)
	}
}

// testRefusals calls for backups and restores that can't be made, and checks that Parley says what to do. They change
// nothing: the caller restores into the folder new afterwards.
func testRefusals(t *testing.T, b *backupTest, file string) {
	t.Helper()
	bare, noBackup := b.path("bare.parley"), b.path("notes.txt")
	wantText(t, b.in("old").mustRun("backup", "--without-key", bare), "NOT in it")
	mustWriteFile(t, noBackup, "not a backup\n")

	for _, tt := range []struct {
		name string
		data string
		env  []string
		args []string
		want string
	}{
		{
			name: "backup without a passphrase, or a terminal to ask for it",
			data: "old",
			args: []string{"backup", b.path("refused.parley")},
			want: "PARLEY_BACKUP_PASSPHRASE",
		},
		{
			name: "backup with a short passphrase",
			data: "old",
			env:  []string{shortPassphrase},
			args: []string{"backup", b.path("refused.parley")},
			want: "at least 10",
		},
		{
			name: "backup to a file that holds something else",
			data: "old",
			env:  []string{rightPassphrase},
			args: []string{"backup", noBackup},
			want: "--overwrite",
		},
		{
			name: "restore into the folder of a Parley",
			data: "old",
			env:  []string{rightPassphrase},
			args: []string{"restore", file},
			want: "mv " + b.path("old"),
		},
		{name: "restore without a passphrase", data: "new", args: []string{"restore", file}, want: "set PARLEY_BACKUP_PASSPHRASE"},
		{
			name: "restore with a wrong passphrase",
			data: "new",
			env:  []string{wrongPassphrase},
			args: []string{"restore", file},
			want: "Nothing was changed",
		},
		{name: "restore of a backup without the key", data: "bare", args: []string{"restore", bare}, want: "PARLEY_MASTER_KEY"},
		{name: "restore of a file that isn't a backup", data: "bare", args: []string{"restore", noBackup}, want: "a backup of Parley"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			parley := b.in(tt.data, tt.env...)
			parley.t = t
			wantText(t, parley.mustFail(tt.args...), tt.want)
		})
	}
}
