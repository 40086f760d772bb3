package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// parleyIn runs a sub-command to its end, without a terminal, and gives what it said.
func parleyIn(t *testing.T, data string, env []string, args ...string) (said string, ok bool) {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), exe, args...)
	cmd.Env = append(os.Environ(), asParley+"=yes", "PARLEY_DATA="+data, "PARLEY_LISTEN=127.0.0.1:0", "GORACE=atexit_sleep_ms=0")
	cmd.Env = append(cmd.Env, env...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true} // no terminal to ask on
	out, err := cmd.CombinedOutput()
	return string(out), err == nil
}

// openFolder is a folder that the database's account may enter.
func openFolder(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for d := dir; d != os.TempDir() && d != "/"; d = filepath.Dir(d) {
		if err := os.Chmod(d, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// TestBackupAndRestore does what docs/backup.md says, with the program: a backup while
// Parley serves, a trial, a restore elsewhere.
//
func TestBackupAndRestore(t *testing.T) {
	base := openFolder(t)
	old, file := filepath.Join(base, "old"), filepath.Join(base, "acme.parley")
	secret := filepath.Join(base, "passphrase")
	if err := os.WriteFile(secret, []byte("correct horse battery\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	passphrase := []string{"PARLEY_BACKUP_PASSPHRASE_FILE=" + secret}
	t.Setenv("PARLEY_LISTEN", "127.0.0.1:0")
	serve, _ := program(t, old, "serve")
	until(t, "serve waits for its first night", func() bool {
		_, err := os.Stat(filepath.Join(old, "backups", ".status.json"))
		return err == nil
	})
	for _, step := range []struct {
		name, data string
		env        []string
		args       []string
		ok         bool
		says       string
	}{
		{"nobody to ask", old, nil, []string{"backup", file}, false, "PARLEY_BACKUP_PASSPHRASE"},
		{"short", old, []string{"PARLEY_BACKUP_PASSPHRASE=horse"}, []string{"backup", file}, false, "at least 10"},
		{"backup", old, passphrase, []string{"backup", file}, true, "sealed with the passphrase"},
		{"verify", old, nil, []string{"backup", "--verify", file}, true, "It is whole"},
		{"without the key", old, nil, []string{"backup", "--without-key", file + ".bare"}, true, "NOT in it"},
		{"not empty", old, passphrase, []string{"restore", file}, false, "mv " + old},
		{"no passphrase", filepath.Join(base, "new"), nil, []string{"restore", file}, false, "set PARLEY_BACKUP_PASSPHRASE"},
		{"wrong", filepath.Join(base, "new"), []string{"PARLEY_BACKUP_PASSPHRASE=correct cow battery"}, []string{"restore", file}, false, "Nothing was changed"},
		{"restore", filepath.Join(base, "new"), passphrase, []string{"restore", file}, true, "Nothing is sent again"},
		{"doctor", filepath.Join(base, "new"), nil, []string{"doctor"}, true, "master key: fits"},
		{"no key at all", filepath.Join(base, "bare"), nil, []string{"restore", file + ".bare"}, false, "PARLEY_MASTER_KEY"},
		{"no backup", filepath.Join(base, "bare"), nil, []string{"restore", secret}, false, "no backup of Parley"},
	} {
		said, ok := parleyIn(t, step.data, step.env, step.args...)
		if ok != step.ok || !strings.Contains(said, step.says) {
			t.Errorf("%s: ended well: %v, and said\n%s", step.name, ok, said)
		}
	}
	one, err1 := os.ReadFile(filepath.Join(old, "master.key"))
	two, err2 := os.ReadFile(filepath.Join(base, "new", "master.key"))
	if err1 != nil || err2 != nil || !bytes.Equal(one, two) {
		t.Errorf("the key is another one: %v, %v", err1, err2)
	}
	if err := serve.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := serve.Wait(); err != nil {
		t.Errorf("serve: %v", err)
	}
}
